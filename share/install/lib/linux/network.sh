# Links, routes, names and pings, as Linux shows them.

# _missing_tool: what later stages need and isn't here (WHAT|PACKAGE), or nothing.
_missing_tool() {
  if ! command -v ip >/dev/null 2>&1; then echo 'there is no ip command|iproute2 (or iproute)'; fi
}

_link_exists() { ip link show dev "$1" >/dev/null 2>&1; }

# The name by which wg and ip know our interface, once it is up.
_device() { echo "$_interface"; }

_device_mtu() { ip link show dev "$_interface" 2>>"$_log" | sed -n 's/.* mtu \([0-9]*\).*/\1/p'; }

# _local_routes: lines DESTINATION WHERE, the routes of our own interface left out. Routes without a device lead nowhere.
_local_routes() {
  ip -4 route show table main 2>>"$_log" | while read -r _destination _way; do
    case " $_way " in
      *" dev $_interface "*) ;;
      *) printf '%s %s\n' "$_destination" "$_way" ;;
    esac
  done
}

# _resolve NAME: its addresses, a line each; none when the name is unknown. False when there is no way to find out.
_resolve() {
  command -v getent >/dev/null 2>&1 || return 1
  _limited 15 getent ahosts "$1" 2>>"$_log" | cut -d ' ' -f 1 | sort -u
}

_ping() { ping -c 1 -W 2 "$1" >>"$_log" 2>&1; }

# _ping_whole BYTES ADDRESS: the same with that payload, in one piece or not at all.
_ping_whole() { ping -M 'do' -c 1 -W 2 -s "$1" "$2" >>"$_log" 2>&1; }

# The name of an active firewall that may keep the hub from reaching this machine; nothing is changed on it.
_local_firewall() {
  if command -v ufw >/dev/null 2>&1 && _limited 10 ufw status 2>>"$_log" | grep -q '^Status: active'; then
    echo ufw
  elif command -v firewall-cmd >/dev/null 2>&1 && _limited 10 firewall-cmd --state >>"$_log" 2>&1; then
    echo firewalld
  fi
}
