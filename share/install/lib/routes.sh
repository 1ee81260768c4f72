# Address arithmetic: does the hub's network collide with a route of this machine? IPv4, as the hub's networks are.

# _number A.B.C.D: sets _value.
_number() {
  _tail=$1
  _value=0
  for _ in 1 2 3 4; do
    _value=$((_value * 256 + ${_tail%%.*}))
    _tail=${_tail#*.}
  done
}

# _overlap A/P B/Q: true when one holds the other. A bare address is a /32.
_overlap() {
  _bits=${1#*/}
  _other=${2#*/}
  if [ "$_bits" = "$1" ]; then _bits=32; fi
  if [ "$_other" = "$2" ]; then _other=32; fi
  if [ "$_other" -lt "$_bits" ]; then _bits=$_other; fi
  _number "${1%/*}"
  _first=$_value
  _number "${2%/*}"
  [ $((_first >> (32 - _bits))) = $((_value >> (32 - _bits))) ]
}

# The first route of another interface that overlaps the network. A default route, also in two halves, is not one: ours is more exact.
_colliding_route() {
  {
    _local_routes
    _more_routes
  } | while read -r _destination _way; do
    case $_destination in
      default | 0.0.0.0/[01] | 128.0.0.0/1 | *[!0-9./]* | '') continue ;;
    esac
    if _overlap "$_destination" "$_network"; then
      printf '%s %s\n' "$_destination" "$_way"
      break
    fi
  done
}

_check_routes() {
  case $_network in
    *:*) return 0 ;;
  esac
  _route=$(_colliding_route)
  if [ -n "$_route" ]; then
    _fail 15 ADDRESS_CONFLICT "the hub's network $_network overlaps the local route $_route" \
      'give the hub or this network other addresses; the administrator chooses the hub network'
  fi
  for _ip in $_endpoint_ips; do
    case $_ip in
      *:*) continue ;;
    esac
    if _overlap "$_ip" "$_network"; then
      _fail 15 ADDRESS_CONFLICT "the hub's own address $_ip lies inside its network $_network" 'the administrator must correct the endpoint'
    fi
  done
}
