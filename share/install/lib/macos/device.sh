# _device_of NAME: the utun that wg-quick made for this name; false when it is not up. What a crash left behind does not count:
# name and socket are written together, and the socket alone may be another tunnel's by now.
_device_of() {
  _name_file=/var/run/wireguard/$1.name
  _utun=$(cat "$_name_file" 2>/dev/null)
  if [ -z "$_utun" ] || [ ! -S "/var/run/wireguard/$_utun.sock" ]; then return 1; fi
  _apart=$(($(stat -f %m "/var/run/wireguard/$_utun.sock") - $(stat -f %m "$_name_file"))) || return 1
  if [ "$_apart" -ge 2 ] || [ "$_apart" -le -2 ]; then return 1; fi
  echo "$_utun"
}
