# What runs on this machine already: another installation, a tunnel of before. Also in the script that a used token gets.

_run_directory() { echo /run; }

# _installer_runs PROCESS: is it an installation of ours?
_installer_runs() { grep -q wghub-spoke "/proc/$1/cmdline" 2>/dev/null; }

# _start_again INTERFACE: true when it runs, or was started. Where no init system starts it at boot, the known command does.
_start_again() {
  if wg show "$1" latest-handshakes >/dev/null 2>&1; then return 0; fi
  printf '[wghub] %s is not running, starting it.\n' "$1"
  if [ -d /run/systemd/system ]; then
    systemctl start --no-block "wg-quick@$1"
  elif [ -e "/etc/init.d/wg-quick.$1" ]; then
    rc-service "wg-quick.$1" start
  else
    WG_ENDPOINT_RESOLUTION_RETRIES=5 wg-quick up "$1"
  fi >/dev/null 2>&1
}
