# Can this machine run a WireGuard interface? Found out by making one, since versions and module lists mislead in containers.
# Leaves the installation of wireguard-go, where that is the only way, to packages.sh.

_kernel_has_wireguard() {
  modprobe wireguard >/dev/null 2>&1
  ip link del wgprobe0 >/dev/null 2>&1
  ip link add dev wgprobe0 type wireguard >>"$_log" 2>&1 && ip link del wgprobe0 >>"$_log" 2>&1
}

_tun_works() { [ -c /dev/net/tun ] && (: <>/dev/net/tun) 2>/dev/null; }

_userspace_program() { echo "${WG_QUICK_USERSPACE_IMPLEMENTATION:-wireguard-go}"; }

# Sets _impl to kernel or userspace.
_probe_kernel() {
  if _kernel_has_wireguard; then return 0; fi
  if [ ! -e /sys/module/wireguard ] && _tun_works; then
    _impl=userspace
    return 0
  fi
  _no_kernel_support
}

_in_container() {
  [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -e /run/systemd/container ] ||
    tr '\0' '\n' 2>/dev/null </proc/1/environ | grep -q '^container='
}

_no_kernel_support() {
  if [ -d /proc/vz ] && [ ! -d /proc/bc ]; then
    _fail 30 NO_KERNEL_SUPPORT 'OpenVZ container without WireGuard and TUN' 'ask the provider to enable TUN'
  elif grep -q microsoft-standard-WSL2 /proc/version 2>/dev/null; then
    _fail 30 NO_KERNEL_SUPPORT 'the WSL 2 kernel has no WireGuard' 'run wsl --update, or use the Windows command on Windows itself'
  elif [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
    _fail 30 NO_KERNEL_SUPPORT 'the container may not make interfaces' 'start it with --cap-add NET_ADMIN --device /dev/net/tun'
  elif _in_container; then
    _fail 30 NO_KERNEL_SUPPORT 'the container has neither WireGuard nor TUN' \
      'run modprobe wireguard on the host, or pass TUN in: lxc.cgroup2.devices.allow: c 10:200 rwm and a mount of /dev/net/tun'
  elif [ ! -d "/lib/modules/$(uname -r)" ]; then
    _fail 31 REBOOT_NEEDED "the modules of the running kernel $(uname -r) are gone" 'reboot, run the same command again'
  else
    _fail 30 NO_KERNEL_SUPPORT "kernel $(uname -r) cannot make a WireGuard interface" 'see the last lines of the log; a newer kernel has it'
  fi
}
