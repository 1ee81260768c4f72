# Starts, stops and enables the interface with the init system that runs here: systemd, OpenRC, or none.

# Called first in every run.
_know_machine() { _init=$(_init_system); }

# _other_obstacle NAME: a file that we would write and that is somebody else's.
_other_obstacle() { :; }

_init_system() {
  if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
    echo systemd
  elif [ -x /sbin/openrc-run ] && command -v rc-update >/dev/null 2>&1; then
    echo openrc
  else
    echo none
  fi
}

# A drop-in where wg-quick would not find the implementation by itself, and the labels that SELinux wants on what was written.
_write_service() {
  if command -v restorecon >/dev/null 2>&1; then restorecon -RF /etc/wireguard >>"$_log" 2>&1; fi
  if [ "$_impl" = userspace ] && [ "$_init" = systemd ]; then _write_drop_in; fi
}

_write_drop_in() {
  _directory=/etc/systemd/system/wg-quick@$_interface.service.d
  (umask 022 && mkdir -p "$_directory") &&
    printf '%s\n[Service]\nEnvironment=WG_QUICK_USERSPACE_IMPLEMENTATION=%s\n' "$_marker" "$(_userspace_program)" >"$_directory/wghub.conf" &&
    chmod 0644 "$_directory/wghub.conf"
}

# Whatever is there of the interface: a unit, a link that wg-quick made, half a link of a killed run.
_stop() {
  case $_init in
    systemd) _limited 60 systemctl stop "wg-quick@$_interface" >>"$_log" 2>&1 ;;
    openrc) if [ -e "/etc/init.d/wg-quick.$_interface" ]; then _limited 60 rc-service "wg-quick.$_interface" stop >>"$_log" 2>&1; fi ;;
  esac
  if _link_exists "$_interface"; then
    _limited 60 wg-quick down "$_interface" >>"$_log" 2>&1 || ip link del "$_interface" >>"$_log" 2>&1
  fi
  return 0
}

_disable() {
  case $_init in
    systemd) systemctl disable "wg-quick@$_interface" >>"$_log" 2>&1 ;;
    openrc)
      rc-update del "wg-quick.$_interface" default >>"$_log" 2>&1
      rm -f "/etc/init.d/wg-quick.$_interface" ;;
  esac
  rm -rf "/etc/systemd/system/wg-quick@$_interface.service.d/wghub.conf"
  rmdir "/etc/systemd/system/wg-quick@$_interface.service.d" 2>/dev/null
  return 0
}

_enable() {
  _enabled=no
  case $_init in
    systemd)
      systemctl daemon-reload >>"$_log" 2>&1
      systemctl enable "wg-quick@$_interface" >>"$_log" 2>&1 && _enabled=yes ;;
    openrc)
      ln -sf /etc/init.d/wg-quick "/etc/init.d/wg-quick.$_interface" >>"$_log" 2>&1 &&
        rc-update add "wg-quick.$_interface" default >>"$_log" 2>&1 && _enabled=yes ;;
  esac
  if [ "$_enabled" = no ]; then
    _persistent=false
    _warn "the tunnel is not started at boot: start it with wg-quick up $_interface."
  fi
}

# The unit's own start would wait for ever on a name that does not resolve, so the wait is here.
_up_by_systemd() {
  systemctl reset-failed "wg-quick@$_interface" >>"$_log" 2>&1
  systemctl restart --no-block "wg-quick@$_interface" >>"$_log" 2>&1 || return 1
  _waited=0
  while [ "$_waited" -lt 60 ]; do
    case $(systemctl is-active "wg-quick@$_interface" 2>>"$_log") in
      active) return 0 ;;
      failed) break ;;
    esac
    sleep 1
    _waited=$((_waited + 1))
  done
  _limited 20 journalctl -u "wg-quick@$_interface" -n 20 --no-pager >>"$_log" 2>&1
  return 1
}

# The log takes wg-quick's output because a userspace implementation stays alive and would hold the caller's pipe open.
_up() {
  case $_init in
    systemd) _up_by_systemd ;;
    openrc) _limited 60 rc-service "wg-quick.$_interface" start >>"$_log" 2>&1 ;;
    *) _limited 60 env WG_ENDPOINT_RESOLUTION_RETRIES=5 wg-quick up "$_interface" >>"$_log" 2>&1 ;;
  esac
}
