# The uninstaller's first part: takes an interface away from systemd, OpenRC or the kernel.

_uninstaller_of_platform() {
  cat <<'_WGHUB_UNINSTALL_LINUX'
# Removes the WireGuard hub's tunnels from this machine, and only files that the installation marked. No package is removed.
# Remove the spoke on the hub too: this file cannot.

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

_remove_rest() { :; }
_WGHUB_UNINSTALL_LINUX
}
