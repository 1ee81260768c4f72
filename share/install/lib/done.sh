# An installation that is through: say so, and clear what a run killed at its very end left beside the proof.
_leave_if_done() {
  if [ ! -e "$_state/done" ]; then return 0; fi
  for _file in "$_state"/* "$_state"/.*.new; do
    if [ "$_file" != "$_state/done" ]; then rm -f "$_file"; fi
  done
  _lock=$(_run_directory)/wghub.lock
  _owner=$(cat "$_lock/pid" 2>/dev/null)
  if [ -n "$_owner" ] && ! _installer_runs "$_owner"; then rm -rf "$_lock"; fi
  _interface=$(sed -n 2p "$_state/done")
  if grep -qs '^# managed-by: wghub ' "/etc/wireguard/$_interface.conf" && ! _start_again "$_interface"; then
    printf '[wghub] ERROR START_FAILED (50): %s did not start. Fix: see what wg-quick up %s says.\n' "$_interface" "$_interface" >&2
    exit 50
  fi
  printf '%s\n' '[wghub] already installed on this machine.'
  exit 0
}
