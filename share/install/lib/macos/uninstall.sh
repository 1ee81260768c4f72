# The uninstaller's first part: takes an interface away from launchd and wireguard-go.

_uninstaller_of_platform() {
  cat <<'_WGHUB_UNINSTALL_MACOS'
# Removes the WireGuard hub's tunnels from this Mac, and only files that the installation marked. Homebrew's packages stay.
# Remove the spoke on the hub too: this file cannot.

_WGHUB_UNINSTALL_MACOS
  _device_text
  cat <<'_WGHUB_UNINSTALL_MACOS_MORE'

_remove_interface() {
  launchctl bootout "system/org.wireguard-hub.$1" >/dev/null 2>&1
  _device=$(_device_of "$1")
  for _prefix in /opt/homebrew /usr/local /opt/local; do
    if [ -n "$_device" ] && [ -x "$_prefix/bin/bash" ] && [ -x "$_prefix/bin/wg-quick" ]; then
      PATH=$PATH:$_prefix/bin "$_prefix/bin/bash" "$_prefix/bin/wg-quick" down "/etc/wireguard/$1.conf" >/dev/null 2>&1
      break
    fi
  done
  if [ -n "$_device" ]; then rm -f "/var/run/wireguard/$_device.sock"; fi
  rm -f "/var/run/wireguard/$1.name"
  printf '[wghub] removed %s\n' "$1"
}

# Folders that macOS does not have by itself go when nothing else is in them.
_remove_rest() {
  for _plist in /Library/LaunchDaemons/org.wireguard-hub.*.plist; do
    _label=${_plist##*/}
    if [ -f "$_plist" ] && _marked "$_plist"; then launchctl bootout "system/${_label%.plist}" >/dev/null 2>&1; fi
  done
  _remove_marked /Library/LaunchDaemons/org.wireguard-hub.*.plist /Library/LaunchDaemons/org.wireguard-hub.*.new \
    /etc/wireguard/wghub-up-* /var/log/wghub-up-*.log
  rmdir /etc/wireguard /var/lib 2>/dev/null
}
_WGHUB_UNINSTALL_MACOS_MORE
}
