# The outer script: checks root and platform, saves the real script (the text that _copy prints) where an unfinished installation
# can be resumed, and runs it. Leaves _wrong_platform, _run_directory and the like to the platform's own files.

_save_copy() {
  (umask 022 && mkdir -p /var/lib) && mkdir -p "$_state" && chmod 0700 /var/lib/wghub-spoke "$_state" &&
    _copy >"$_state/.install.sh.new" && mv -f "$_state/.install.sh.new" "$_state/install.sh"
}

_check_platform() {
  _wrong=$(_wrong_platform)
  if [ -n "$_wrong" ]; then _refuse 11 UNSUPPORTED "${_wrong%%|*}" "${_wrong#*|}."; fi
}

_check_root() {
  if [ "$(id -u)" != 0 ]; then
    _refuse 10 NOT_ROOT 'this needs root' "run exactly this, as a user who may use sudo:
  $_command"
  fi
}

_main() {
  set -u
  umask 077
  LC_ALL=C
  PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export LC_ALL PATH
  _values
  _check_platform
  _check_root
  _leave_if_done
  if ! _save_copy; then
    _refuse 70 INTERNAL "cannot write $_state" 'make /var/lib writable and ask for a new command.'
  fi
  exec /bin/sh "$_state/install.sh"
}
