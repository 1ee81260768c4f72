# Writes what stays: the conf, what the init system needs, the uninstaller.

_configure() {
  _step "writing $_conf"
  _stage=configured
  _keep_old
  _changed=yes
  _stop
  if ! _write_conf || ! _write_service; then
    _fail 70 INTERNAL "cannot write $_conf or what starts it" 'see the log, make the folder writable, run the same command again'
  fi
  _write_uninstaller
  _progress configured
}

# Once per installation: a resumed one must not take its own half for the old state.
_keep_old() {
  [ ! -e "$_state/replaced" ] || return 0
  if [ -e "$_conf" ]; then
    cp -p "$_conf" "$_conf.bak.new" && mv -f "$_conf.bak.new" "$_conf.bak"
  else
    rm -f "$_conf.bak"
  fi
  : >"$_state/replaced"
}

# The /32 and AllowedIPs make the one route that is wanted. No DNS line: it would take over all names of this machine.
_write_conf() {
  {
    printf '%s\n[Interface]\nPrivateKey = ' "$_marker" && sed 1d "$_key" && printf 'Address = %s/32\n\n' "${_address%/*}" &&
      printf '[Peer]\nPublicKey = %s\nEndpoint = %s\n' "$_hub_key" "$_endpoint" &&
      printf 'AllowedIPs = %s\nPersistentKeepalive = %s\n' "$_network" "$_keepalive"
  } >"$_conf.new" && chmod 0600 "$_conf.new" && mv -f "$_conf.new" "$_conf"
}
