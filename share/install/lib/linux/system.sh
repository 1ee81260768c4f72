# Machines where the Linux script is the wrong way. Leaves packages and the kernel to later stages.

# _wrong_platform: says what to use instead (CAUSE|FIX), or nothing when this machine is right.
_wrong_platform() { _wrong_linux; }

_wrong_linux() {
  _system=$(uname -s)
  if [ "$_system" != Linux ]; then
    echo "this is $_system, the command is for Linux|use the command for $_system that the hub shows"
  elif grep -q Microsoft /proc/version 2>/dev/null; then
    echo "WSL 1 has no Linux kernel to run WireGuard|use the Windows command on Windows itself, or WSL 2"
  elif uname -a | grep -qi synology; then
    echo "Synology DSM has no WireGuard package|run the command in a virtual machine or on another host of that network"
  elif [ -e /run/ostree-booted ]; then
    echo "the system is an ostree image, packages cannot be installed in place|layer the tools (rpm-ostree install wireguard-tools), reboot and add the tunnel with wg-quick"
  elif grep -Eq '^ID="?nixos"?$' /etc/os-release 2>/dev/null; then
    echo "NixOS is configured by its own files|declare the tunnel in networking.wg-quick.interfaces"
  elif command -v transactional-update >/dev/null 2>&1; then
    echo "the system is updated by snapshots, packages cannot be installed in place|run transactional-update pkg install wireguard-tools, reboot and add the tunnel with wg-quick"
  fi
}
