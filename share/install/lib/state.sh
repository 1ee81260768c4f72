# What outlives a run: the state directory, the log, the lock; and the way out of every run, planned or not.
# Files in the directory: install.sh (this script), interface (its name), new-key (the key was made for this), replaced (the old conf is kept as .bak), registering (the hub
# may know the key), registered (it does), reported (stages told), done (finished). Undoing is left to configure.sh and service.sh.

_begin() {
  set -u
  umask 077
  LC_ALL=C
  PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export LC_ALL PATH
  _code=
  _impl=kernel
  _persistent=true
  _changed=no
  _locked=no
  _lock=$(_run_directory)/wghub.lock
  _know_machine
  trap _leave EXIT
  trap '_interrupted' INT TERM HUP
  _answer=$_state/answer
  _scratch=$_state
  _open_log
  _take_lock
  _leave_if_done
}

_open_log() {
  _new_log=no
  [ -e /var/log/wghub-install.log ] || _new_log=yes
  if (: >>/var/log/wghub-install.log) 2>/dev/null; then _log=/var/log/wghub-install.log; fi
  if [ "$_new_log" = yes ]; then _note "$_marker"; fi
  _note "run of $(date -u '+%Y-%m-%dT%H:%M:%SZ') by process $$"
}

# Another run may be at work; a lock whose process is gone (kill -9, power cut) is nobody's.
_take_lock() {
  _waited=0
  until mkdir "$_lock" 2>/dev/null; do
    if [ "$_waited" -ge 120 ]; then
      _fail 70 BUSY "the lock $_lock cannot be had" 'wait for the other installation, run the same command again'
    fi
    _owner=$(cat "$_lock/pid" 2>/dev/null)
    if [ -n "$_owner" ] && _installer_runs "$_owner"; then
      if [ "$_waited" = 0 ]; then _step "another installation (process $_owner) is running; waiting for it."; fi
    elif [ -n "$_owner" ] || [ "$_waited" -ge 2 ]; then
      _drop_stale_lock
    fi
    sleep 1
    _waited=$((_waited + 1))
  done
  echo "$$" >"$_lock/pid"
  _locked=yes
}

# By rename, which only one of several waiting runs can win; a lock that changed hands meanwhile is put back.
_drop_stale_lock() {
  rm -rf "$_lock.$$"
  mv "$_lock" "$_lock.$$" 2>/dev/null || return 0
  if [ "$(cat "$_lock.$$/pid" 2>/dev/null)" = "$_owner" ]; then
    rm -rf "$_lock.$$"
  else
    mv "$_lock.$$" "$_lock"
  fi
}

# Tells the hub a stage once, however often the installation is resumed: it takes 20 reports a token.
_progress() {
  _stage=$1
  if grep -qx "$1" "$_state/reported" 2>/dev/null; then return 0; fi
  if _report "$1" 0 "$_reason"; then echo "$1" >>"$_state/reported"; fi
}

_interrupted() {
  _code=130
  _reason="INTERRUPTED: at $_stage"
  printf '[wghub] ERROR INTERRUPTED (130): stopped at %s, rolling back. Fix: run the same command again.\n' "$_stage" >&2
  exit 130
}

# Runs at every exit but kill -9.
_leave() {
  _status=$?
  trap - EXIT
  trap '' INT TERM HUP
  if [ "$_status" != 0 ] && [ -z "$_code" ]; then
    _code=70
    _reason="INTERNAL: unexpected end at $_stage, status $_status"
    printf '[wghub] ERROR INTERNAL (70): unexpected end at %s, status %s. Fix: see %s, run the same command again.\n' \
      "$_stage" "$_status" "$_log" >&2
  fi
  _code=${_code:-0}
  case $_code in
    0 | 60 | 61) ;;
    40 | 41 | 42 | 45) if [ -e "$_state/replaced" ]; then _undo; fi ;;
    *) if [ "$_changed" = yes ]; then _undo; fi ;;
  esac
  if [ "$_code" != 0 ]; then _tell_failure; fi
  rm -f "$_state/answer"
  if [ "$_locked" = yes ]; then rm -rf "$_lock"; fi
  exit "$_code"
}

# Codes 10 to 16 before registration give the token back, so nothing stays here. When the hub couldn't be told, or says that the
# token isn't free, the copy stays: then the same command goes on from it. Tokens that are dead for good leave nothing either.
_tell_failure() {
  : >"$_state/answer"
  _told=no
  if _report "$_stage" "$_code" "$_reason"; then _told=yes; fi
  case $_code in
    1[0-6])
      [ ! -e "$_state/registering" ] || return 0
      _released=$(_answered state)
      if [ "$_told:${_released:-unused}" = yes:unused ]; then
        _forget
      else
        printf '%s\n' '[wghub] The hub could not be told. Run the same command again here; for another machine ask for a new one (New token).' >&2
      fi ;;
    40 | 41 | 42 | 45) _forget ;;
    43) _forget_key ;;
  esac
}

# The key that an earlier run of this installation made, too, so its name comes from the state.
_forget_key() {
  if [ -e "$_state/new-key" ]; then rm -f "/etc/wireguard/$(tail -n 1 "$_state/interface").key"; fi
}

_forget() {
  _forget_key
  rm -rf "$_state"
  rmdir /var/lib/wghub-spoke 2>/dev/null
  if [ "$_code" -lt 20 ] && [ "$_new_log" = yes ]; then rm -f "$_log"; fi
  _log=/dev/null
}
