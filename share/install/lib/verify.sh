# Proves that the tunnel works: a handshake, then an answer from inside. What fails here stays installed, since it heals by itself.

_verify() {
  _step 'waiting for the first handshake'
  _stage=verified
  _handshake=no
  _poll_handshake 15
  if [ "$_handshake" = no ]; then
    _try_other_family
    _poll_handshake 15
  fi
  if [ "$_handshake" = no ]; then _no_handshake; fi
  _check_reachable
}

# _poll_handshake SECONDS: sets _handshake. Only the machine-readable time counts; 0 is never.
_poll_handshake() {
  _waited=0
  while [ "$_handshake" = no ]; do
    _last=$(wg show "$(_device)" latest-handshakes 2>>"$_log" | cut -f 2 | head -n 1)
    if [ "${_last:-0}" != 0 ]; then _handshake=yes; fi
    if [ "$_handshake" = yes ] || [ "$_waited" -ge "$1" ]; then return 0; fi
    sleep 1
    _waited=$((_waited + 1))
  done
}

# wg takes the first address of a name only; the other family may be the one that gets through.
_try_other_family() {
  _current=$(wg show "$(_device)" endpoints 2>>"$_log" | cut -f 2 | head -n 1)
  for _ip in $_endpoint_ips; do
    case $_current:$_ip in
      "["*:*:*) continue ;;
      "["*:*) _other_endpoint=$_ip:${_endpoint##*:} ;;
      *:*:*:*) _other_endpoint="[$_ip]:${_endpoint##*:}" ;;
      *) continue ;;
    esac
    _note "no handshake by $_current, trying $_other_endpoint"
    wg set "$(_device)" peer "$_hub_key" endpoint "$_other_endpoint" >>"$_log" 2>&1
    return 0
  done
}

_no_handshake() {
  _transfer=$(wg show "$(_device)" transfer 2>>"$_log" | head -n 1)
  _sent=$(printf '%s\n' "$_transfer" | cut -f 3)
  _received=$(printf '%s\n' "$_transfer" | cut -f 2)
  if [ "${_sent:-0}" = 0 ]; then
    _class="nothing could be sent to $_endpoint (no route, or the name does not resolve)"
  elif [ "${_received:-0}" = 0 ]; then
    _class="UDP to $_endpoint is blocked on the way, or the hub does not know this key"
  else
    _class="$_endpoint answers without a handshake (hub under load, or keys do not match)"
  fi
  _fail 60 NO_HANDSHAKE "registered, but no handshake in 30 s: $_class" \
    'open this UDP way out; the tunnel stays installed and connects by itself, or run the same command again to check'
}

# bash is here, wg-quick needs it. A refused connection is an answer too, and curl would not tell it from an unreachable host.
_tcp_answers() {
  _output=$(_limited 5 bash -c ": <>/dev/tcp/$_hub_address/443" 2>&1) && return 0
  case $_output in
    *refused*) return 0 ;;
  esac
  return 1
}

# A hub that does not answer pings is fine when TCP gets through.
_check_reachable() {
  for _ in 1 2 3; do
    if _ping "$_hub_address"; then
      _check_mtu
      return 0
    fi
  done
  if _tcp_answers; then
    _warn "the hub does not answer pings at $_hub_address, but TCP gets through."
    return 0
  fi
  _finish_files
  _fail 61 TRAFFIC_BLOCKED "handshake done, but $_hub_address does not answer through the tunnel" \
    'check the firewalls of hub and this machine for the interface; nothing needs to be installed again'
}

# Large packets can be lost where small ones pass (a narrow link on the way): a login works then, and a transfer hangs.
_check_mtu() {
  _mtu=$(_device_mtu)
  case $_mtu in
    '' | *[!0-9]*) return 0 ;;
  esac
  # Not every ping can be told to send a packet in one piece.
  _ping_whole 56 "$_hub_address" || return 0
  for _ in 1 2 3; do
    if _ping_whole $((_mtu - 28)) "$_hub_address"; then return 0; fi
  done
  _warn "packets of $_mtu bytes do not get through the tunnel: if transfers hang, put a smaller MTU (1280 always works) into $_conf."
  _reason="$_reason mtu=$_mtu"
}

# First the proof that it is done, then the copy with the token goes: killed in between, the same command still says installed.
_finish_files() {
  printf '%s\n%s\n' "$_marker" "$_interface" >"$_state/.done.new" && mv -f "$_state/.done.new" "$_state/done"
  rm -f "$_state/install.sh" "$_state/interface" "$_state/replaced" "$_state/registering" "$_state/registered" "$_state/new-key"
}

# State of older commands for the same interface: what they made is replaced, and their tokens are of no use.
_drop_older() {
  for _folder in /var/lib/wghub-spoke/*; do
    if [ "$_folder" != "$_state" ] && cat "$_folder/interface" "$_folder/done" 2>/dev/null | grep -qx "$_interface"; then rm -rf "$_folder"; fi
  done
}

_finish() {
  _finish_files
  _drop_older
  if [ -n "$_dns" ]; then
    _warn "DNS skipped: the name servers of this machine stay as they are (the hub names $_dns)."
    _reason="$_reason dns=skipped"
  fi
  _firewall=$(_local_firewall)
  if [ -n "$_firewall" ]; then
    _step "$_firewall is active on this machine: connections from the hub may need a rule on $_interface."
    _reason="$_reason firewall=$_firewall"
  fi
  _progress verified
  rm -f "$_state/reported"
  _step "connected: $_interface, address ${_address%/*}. To remove it: sudo /usr/local/sbin/wghub-uninstall"
}
