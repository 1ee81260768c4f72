# Chooses the interface and with it the files: CONF and key in /etc/wireguard. What doesn't carry our marker is never touched.

# _ours FILE: made by this script for this spoke or another one of the same hub.
_ours() { head -n 2 "$1" 2>/dev/null | grep -Eq "^# managed-by: wghub spoke=[^ ]* hub=$_hub_pattern\$"; }

# _ours_for_spoke FILE: made for this very spoke.
_ours_for_spoke() { head -n 2 "$1" 2>/dev/null | grep -qxF "$_marker"; }

# _taken NAME: says what stands in the way, or nothing. A link without our conf is somebody's tunnel.
_taken() {
  for _file in "/etc/wireguard/$1.conf" "/etc/wireguard/$1.key"; do
    if [ -e "$_file" ] && ! _ours "$_file"; then
      echo "$_file"
      return 0
    fi
  done
  if _link_exists "$1" && ! _ours "/etc/wireguard/$1.conf"; then
    echo "interface $1"
    return 0
  fi
  _other_obstacle "$1"
}

# The saved name first, then a tunnel of this hub that is to be replaced, then the first free name.
_pick_interface() {
  if [ -s "$_state/interface" ]; then
    tail -n 1 "$_state/interface"
    return 0
  fi
  for _name in wg0 wghub; do
    if _ours "/etc/wireguard/$_name.conf" || _ours "/etc/wireguard/$_name.key"; then
      echo "$_name"
      return 0
    fi
  done
  if [ -z "$(_taken wg0)" ]; then echo wg0; else echo wghub; fi
}

_choose_interface() {
  _hub_pattern=$(printf '%s' "$_hub_host" | sed 's/[].[]/\\&/g')
  if [ -n "${WGHUB_IFACE:-}" ]; then
    if ! printf '%s\n' "$WGHUB_IFACE" | grep -Eqx '[a-zA-Z0-9_=+.-]{1,15}'; then
      _fail 16 NAME_CONFLICT 'WGHUB_IFACE is not an interface name' 'use 1 to 15 letters, digits or _=+.-'
    fi
    _interface=$WGHUB_IFACE
  else
    _interface=$(_pick_interface)
  fi
  _conf=/etc/wireguard/$_interface.conf
  _key=/etc/wireguard/$_interface.key
  _obstacle=$(_taken "$_interface")
  if [ -n "$_obstacle" ]; then
    _fail 16 NAME_CONFLICT "$_obstacle exists and is not ours" 'choose another name: put WGHUB_IFACE=NAME between sudo and bash'
  fi
}

# Written before the first lasting change, so that every later run keeps to the same files.
_keep_interface() {
  printf '%s\n%s\n' "$_marker" "$_interface" >"$_state/.interface.new" && mv -f "$_state/.interface.new" "$_state/interface"
}
