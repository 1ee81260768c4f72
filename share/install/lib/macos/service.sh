# A launchd job that keeps the tunnel up. It neither stays alive nor is kept alive: launchd runs a small script at boot and every
# minute, which does nothing while the tunnel is up. AbandonProcessGroup leaves wireguard-go alive when that script ends.

# Called first in every run.
_know_machine() { _find_tools || return 0; }

# Sets _label, _plist, _job and _job_log for the interface.
_name_job() {
  _label=org.wireguard-hub.$_interface
  _plist=/Library/LaunchDaemons/$_label.plist
  _job=/etc/wireguard/wghub-up-$_interface
  _job_log=/var/log/wghub-up-$_interface.log
}

# _other_obstacle NAME: a file that we would write and that is somebody else's.
_other_obstacle() {
  for _file in "/Library/LaunchDaemons/org.wireguard-hub.$1.plist" "/etc/wireguard/wghub-up-$1" "/var/log/wghub-up-$1.log"; do
    if [ -e "$_file" ] && ! head -n 5 "$_file" | grep -q '^# managed-by: wghub '; then
      echo "$_file"
      return 0
    fi
  done
}

# _put FILE MODE: stdin, at once or not at all, as root's. launchd refuses what another user could write.
_put() { cat >"$1.new" && chmod "$2" "$1.new" && chown 0:0 "$1.new" && mv -f "$1.new" "$1"; }

_write_service() {
  _name_job
  if [ ! -e "$_job_log" ]; then printf '%s\n' "$_marker" >"$_job_log"; fi
  _print_job | _put "$_job" 0755 && _print_plist | _put "$_plist" 0644 && plutil -lint "$_plist" >>"$_log" 2>&1
}

_print_job() {
  printf '#!/bin/sh\n%s\n# Brings the tunnel up unless it is up. launchd runs this at boot and every minute.\n\n' "$_marker"
  _device_text
  cat <<_WGHUB_JOB

if _device_of '$_interface' >/dev/null; then exit 0; fi
rm -f '/var/run/wireguard/$_interface.name'
if [ "\$(stat -f %z '$_job_log' 2>/dev/null || echo 0)" -gt 1000000 ]; then printf '%s\n' '$_marker' >'$_job_log'; fi
exec '$_prefix/bin/bash' '$_prefix/bin/wg-quick' up '/etc/wireguard/$_interface.conf'
_WGHUB_JOB
}

# No two hyphens may stand side by side in a comment.
_print_plist() {
  _comment=$(printf '%s\n' "$_marker" | sed -e 's/--/- -/g' -e 's/--/- -/g')
  cat <<_WGHUB_PLIST
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!--
$_comment
-->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>$_label</string>
  <key>ProgramArguments</key>
  <array>
    <string>/bin/sh</string>
    <string>$_job</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>$_prefix/bin:/usr/bin:/bin:/usr/sbin:/sbin</string>
    <key>WG_ENDPOINT_RESOLUTION_RETRIES</key>
    <string>15</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>StartInterval</key>
  <integer>60</integer>
  <key>AbandonProcessGroup</key>
  <true/>
  <key>StandardOutPath</key>
  <string>$_job_log</string>
  <key>StandardErrorPath</key>
  <string>$_job_log</string>
</dict>
</plist>
_WGHUB_PLIST
}

# wireguard-go ends when its socket is gone; that is what wg-quick does too, where it still can.
_stop() {
  _name_job
  _limited 30 launchctl bootout "system/$_label" >>"$_log" 2>&1
  _running=$(_device)
  if [ -n "$_running" ]; then
    if _find_tools; then _limited 60 "$_prefix/bin/bash" "$_prefix/bin/wg-quick" down "$_conf" >>"$_log" 2>&1; fi
    rm -f "/var/run/wireguard/$_running.sock"
  fi
  rm -f "/var/run/wireguard/$_interface.name"
}

_disable() {
  _name_job
  _limited 30 launchctl bootout "system/$_label" >>"$_log" 2>&1
  rm -f "$_plist" "$_job" "$_job_log"
}

# An earlier disable would outlast the file.
_enable() {
  _name_job
  _limited 30 launchctl enable "system/$_label" >>"$_log" 2>&1
  return 0
}

# bootstrap fails with 5 while the job is still being unloaded, and for good when owner or mode are wrong.
_load_job() {
  _limited 30 launchctl bootout "system/$_label" >>"$_log" 2>&1
  for _ in 1 2 3 4 5; do
    if _limited 30 launchctl bootstrap system "$_plist" >>"$_log" 2>&1; then return 0; fi
    sleep 1
  done
  return 1
}

_up() {
  if _load_job; then
    _await_device
  else
    _persistent=false
    _warn "launchd does not take the job, so the tunnel is not started at boot: see launchctl bootstrap system $_plist."
    (
      trap '' HUP
      WG_ENDPOINT_RESOLUTION_RETRIES=5
      export WG_ENDPOINT_RESOLUTION_RETRIES
      _limited 60 "$_prefix/bin/bash" "$_prefix/bin/wg-quick" up "$_conf"
    ) >>"$_log" 2>&1
  fi
}

# The device comes first and its address last; should a step between fail, wg-quick takes the device away again.
_is_set_up() { _running=$(_device) && ifconfig "$_running" 2>>"$_log" | grep -qF "inet ${_address%/*} "; }

# launchd starts the job by itself; its output is in a file of its own.
_await_device() {
  _waited=0
  while [ "$_waited" -lt 60 ]; do
    if _is_set_up && sleep 1 && _is_set_up; then return 0; fi
    case $(_limited 10 launchctl print "system/$_label" 2>>"$_log") in
      *'state = not running'*'last exit code = '[1-9]*) break ;;
    esac
    sleep 1
    _waited=$((_waited + 1))
  done
  tail -n 20 "$_job_log" >>"$_log" 2>/dev/null
  return 1
}
