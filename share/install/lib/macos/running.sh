# What runs on this Mac already: another installation, a tunnel of before. Also in the script that a used token gets.

_run_directory() { echo /var/run; }

# _installer_runs PROCESS: is it an installation of ours?
_installer_runs() { ps -p "$1" -o command= 2>/dev/null | grep -q wghub-spoke; }

# _start_again INTERFACE: true when it runs, or was started. launchd does that every minute, unless somebody unloaded the job.
_start_again() {
  if _device_of "$1" >/dev/null; then return 0; fi
  printf '[wghub] %s is not running, starting it.\n' "$1"
  _label=org.wireguard-hub.$1
  if ! launchctl print "system/$_label" >/dev/null 2>&1; then
    launchctl bootstrap system "/Library/LaunchDaemons/$_label.plist" >/dev/null 2>&1 || return 1
  fi
  # Fails when launchd is starting it at this moment, which is just as well.
  launchctl kickstart "system/$_label" >/dev/null 2>&1
  return 0
}
