# Writes /usr/local/sbin/wghub-uninstall, which removes every spoke of this machine and only files that carry the marker.

_write_uninstaller() {
  (umask 022 && mkdir -p /usr/local/sbin)
  { printf '#!/bin/sh\n%s\n' "$_marker" && _uninstaller; } >/usr/local/sbin/.wghub-uninstall.new &&
    chmod 0755 /usr/local/sbin/.wghub-uninstall.new && mv -f /usr/local/sbin/.wghub-uninstall.new /usr/local/sbin/wghub-uninstall
}

_uninstaller() {
  cat <<'_WGHUB_UNINSTALL'
# Removes the WireGuard hub's tunnels from this machine, and only files that the installation marked. No package is removed.
# Remove the spoke on the hub too: this file cannot.

_marked() { head -n 2 "$1" 2>/dev/null | grep -q '^# managed-by: wghub '; }

_remove_marked() {
  for _file in "$@"; do
    if [ -f "$_file" ] && _marked "$_file"; then rm -f "$_file" && _found=yes; fi
  done
}

_remove_interface() {
  if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
    systemctl disable --now "wg-quick@$1" >/dev/null 2>&1
  elif [ -e "/etc/init.d/wg-quick.$1" ]; then
    rc-service "wg-quick.$1" stop >/dev/null 2>&1
    rc-update del "wg-quick.$1" default >/dev/null 2>&1
    rm -f "/etc/init.d/wg-quick.$1"
  fi
  if ip link show dev "$1" >/dev/null 2>&1; then
    wg-quick down "$1" >/dev/null 2>&1 || ip link del "$1" >/dev/null 2>&1
  fi
  _remove_marked "/etc/systemd/system/wg-quick@$1.service.d/wghub.conf"
  rmdir "/etc/systemd/system/wg-quick@$1.service.d" 2>/dev/null
  printf '[wghub] removed %s\n' "$1"
}

_main() {
  PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export PATH
  if [ "$(id -u)" != 0 ]; then
    printf '%s\n' '[wghub] ERROR NOT_ROOT (10): this needs root. Fix: run it with sudo.' >&2
    exit 10
  fi
  _found=no
  for _conf in /etc/wireguard/*.conf; do
    if [ -f "$_conf" ] && _marked "$_conf"; then
      _name=${_conf##*/}
      _remove_interface "${_name%.conf}"
    fi
  done
  _remove_marked /etc/wireguard/*.conf /etc/wireguard/*.conf.bak /etc/wireguard/*.key /etc/wireguard/*.new /var/log/wghub-install.log
  for _folder in /var/lib/wghub-spoke/*; do
    if [ -d "$_folder" ]; then rm -rf "$_folder" && _found=yes; fi
  done
  rmdir /var/lib/wghub-spoke 2>/dev/null
  if [ "$_found" = yes ]; then
    printf '%s\n' '[wghub] uninstalled. Remove the spoke on the hub too. A second run removes this uninstaller.'
  else
    rm -f /usr/local/sbin/wghub-uninstall
    printf '%s\n' '[wghub] nothing is left of it on this machine.'
  fi
  exit 0
}

_main
_WGHUB_UNINSTALL
}
