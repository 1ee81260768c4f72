# Machines where the macOS script is the wrong way.

# _wrong_platform: says what to use instead (CAUSE|FIX), or nothing when this machine is right.
_wrong_platform() {
  _system=$(uname -s)
  if [ "$_system" != Darwin ]; then
    echo "this is $_system, the command is for macOS|use the command for $_system that the hub shows"
  fi
}
