# Writes /usr/local/sbin/wghub-uninstall, which removes every spoke of this machine and only files that carry the marker.
# _uninstaller_of_platform prints what only this system needs: _remove_interface, and _remove_rest for the end.

_write_uninstaller() {
  (umask 022 && mkdir -p /usr/local/sbin)
  { printf '#!/bin/sh\n%s\n' "$_marker" && _uninstaller_of_platform && _uninstaller; } >/usr/local/sbin/.wghub-uninstall.new &&
    chmod 0755 /usr/local/sbin/.wghub-uninstall.new && mv -f /usr/local/sbin/.wghub-uninstall.new /usr/local/sbin/wghub-uninstall
}

_uninstaller() {
  cat <<'_WGHUB_UNINSTALL'

_marked() { head -n 5 "$1" 2>/dev/null | grep -q '^# managed-by: wghub '; }

_remove_marked() {
  for _file in "$@"; do
    if [ -f "$_file" ] && _marked "$_file"; then rm -f "$_file" && _found=yes; fi
  done
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
  _remove_rest
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
