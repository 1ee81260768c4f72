# An installation that is through: say so, and clear what a run killed at its very end left beside the proof.
_leave_if_done() {
  if [ ! -e "$_state/done" ]; then return 0; fi
  for _file in "$_state"/* "$_state"/.*.new; do
    if [ "$_file" != "$_state/done" ]; then rm -f "$_file"; fi
  done
  _owner=$(cat /run/wghub.lock/pid 2>/dev/null)
  if [ -n "$_owner" ] && ! grep -q wghub-spoke "/proc/$_owner/cmdline" 2>/dev/null; then rm -rf /run/wghub.lock; fi
  _start_again
  printf '%s\n' '[wghub] already installed on this machine.'
  exit 0
}

# Where no init system starts the tunnel at boot, the command that is known does.
_start_again() {
  _interface=$(sed -n 2p "$_state/done")
  grep -qs '^# managed-by: wghub ' "/etc/wireguard/$_interface.conf" || return 0
  if wg show "$_interface" latest-handshakes >/dev/null 2>&1; then return 0; fi
  printf '[wghub] %s is not running, starting it.\n' "$_interface"
  if [ -d /run/systemd/system ]; then
    systemctl start --no-block "wg-quick@$_interface"
  elif [ -e "/etc/init.d/wg-quick.$_interface" ]; then
    rc-service "wg-quick.$_interface" start
  else
    WG_ENDPOINT_RESOLUTION_RETRIES=5 wg-quick up "$_interface"
  fi >/dev/null 2>&1 && return 0
  printf '[wghub] ERROR START_FAILED (50): %s did not start. Fix: see what wg-quick up %s says.\n' "$_interface" "$_interface" >&2
  exit 50
}
