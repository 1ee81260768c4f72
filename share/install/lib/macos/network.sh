# Devices, routes, names and pings, as macOS shows them.

# All that later stages need beside Homebrew is part of the system.
_missing_tool() { :; }

_link_exists() { _device_of "$1" >/dev/null; }

# The name by which wg and ifconfig know our interface, once it is up.
_device() { _device_of "$_interface"; }

_device_mtu() { ifconfig "$(_device)" 2>>"$_log" | sed -n 's/.* mtu \([0-9][0-9]*\).*/\1/p'; }

# _whole_destination TEXT: netstat leaves trailing zeros and the usual prefix away (10.0.1/24, 192.168.1, 10/24, 169.254).
# Sets _destination to A.B.C.D/P, or to nothing for what is no IPv4 network (link#6, masks with holes).
_whole_destination() {
  _bits=${1#*/}
  _destination=${1%%/*}
  case $1 in
    default)
      _destination=0.0.0.0/0
      return 0 ;;
    '' | *[!0-9./]* | */*/* | .* | *. | *..* | */) _bits=none ;;
  esac
  case $_bits:$_destination in
    none:*) _destination= ;;
    *:*.*.*.*) if [ "$_bits" = "$1" ]; then _bits=32; fi ;;
    *:*.*.*)
      if [ "$_bits" = "$1" ]; then _bits=24; fi
      _destination=$_destination.0 ;;
    *:*.*)
      if [ "$_bits" = "$1" ]; then _bits=16; fi
      _destination=$_destination.0.0 ;;
    *)
      if [ "$_bits" = "$1" ]; then _bits=8; fi
      _destination=$_destination.0.0.0 ;;
  esac
  _destination=${_destination:+$_destination/$_bits}
}

# _local_routes: lines DESTINATION WHERE, the routes of our own interface left out.
_local_routes() {
  _own=$(_device)
  netstat -rn -f inet 2>>"$_log" | while read -r _shown _gateway _flags _way; do
    case " $_gateway $_way " in
      *" ${_own:-none of them} "*) continue ;;
    esac
    _whole_destination "$_shown"
    if [ -n "$_destination" ]; then printf '%s via %s %s\n' "$_destination" "$_gateway" "$_way"; fi
  done
}

# _resolve NAME: its addresses, a line each; none when the name is unknown.
_resolve() { _limited 15 dscacheutil -q host -a name "$1" 2>>"$_log" | sed -n -e 's/^ip_address: //p' -e 's/^ipv6_address: //p' | sort -u; }

_ping() { ping -c 1 -t 2 "$1" >>"$_log" 2>&1; }

# _ping_whole BYTES ADDRESS: the same with that payload, in one piece or not at all.
_ping_whole() { ping -D -c 1 -t 2 -s "$1" "$2" >>"$_log" 2>&1; }

# The firewall of macOS asks about programs, not about networks.
_local_firewall() { :; }
