# Starts the interface, and undoes a run that failed. Leaves the ways of the init system to the platform's own files.

_start() {
  _step "starting $_interface"
  _stage=started
  _enable
  if ! _up; then
    # A wg-quick whose script was killed may still be at work beside us: once more, from nothing.
    _stop
    sleep 2
    if ! _up; then
      tail -n 20 "$_log" >&2
      _fail 50 START_FAILED "$_interface did not start" 'see the lines above; everything is rolled back; run the same command again'
    fi
  fi
  _reason="impl=$_impl persistent=$_persistent${_reason:+ $_reason}"
  _progress started
}

# Back to what was there before this run, but for the key: a later run with it is the same spoke to the hub.
_undo() {
  _note 'rolling back'
  _stop
  _disable
  rm -f "$_conf"
  if [ -e "$_conf.bak" ] && _ours "$_conf.bak"; then
    mv -f "$_conf.bak" "$_conf"
    _write_service
    _enable 2>/dev/null
    _up
  elif ! grep -qs '^# managed-by: wghub ' /etc/wireguard/*.conf; then
    rm -f /usr/local/sbin/wghub-uninstall
  fi
  rm -f "$_state/replaced" "$_conf.new"
}
