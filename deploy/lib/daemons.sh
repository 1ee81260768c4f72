# shellcheck shell=bash disable=SC2154,SC2034
# The daemons' life under quickstart: configuration, start, waiting, stop. Leaves the machine to machine.sh, on whose
# paths it builds. Sourced.
readonly pid_file=/run/wireguard-hub-activate.pid
changed=no

# Options given once hold for later runs: options and settings files of the state directory.
remember_options() {
  local options=$state/options setting
  [ ! -e "$options" ] || { port=${port:-$(sed -n 's/^port=//p' "$options")}; backend=${backend:-$(sed -n 's/^backend=//p' "$options")}; }
  port=${port:-8443} backend=${backend:-auto}
  printf 'port=%s\nbackend=%s\n' "$port" "$backend" >"$options"
  for setting in "${settings[@]}"; do printf '%s\n' "$setting" >>"$state/settings"; done
  touch "$state/settings"
}

# The later of two equal keys counts. A value that is no TOML number, boolean, list or quoted text is quoted.
render_settings() {
  awk -v FS='=' '
    function render(value) {
      if (value ~ /^(true|false|-?[0-9]+|\[.*\]|".*")$/) return value
      gsub(/\\/, "\\\\", value); gsub(/"/, "\\\"", value)
      return "\"" value "\""
    }
    { key = $1; if (!(key in values)) order[++count] = key; values[key] = substr($0, length(key) + 2) }
    END {
      for (i = 1; i <= count; i++) if (order[i] !~ /\./) print order[i] " = " render(values[order[i]])
      for (i = 1; i <= count; i++) if (split(order[i], part, ".") == 2 && !(part[1] in done)) {
        print "\n[" part[1] "]"
        for (j = i; j <= count; j++) if (index(order[j], part[1] ".") == 1)
          print substr(order[j], length(part[1]) + 2) " = " render(values[order[j]])
        done[part[1]] = 1
      }
    }'
}

write_configuration() {
  local new
  new=$(mktemp)
  {
    echo "# Written by deploy/quickstart from $state/options and settings; use --set."
    { printf '%s\n' "listen=0.0.0.0:$port" "state_directory=$api_state" "share_directory=$share" && cat "$state/settings"; } |
      render_settings
  } >"$new"
  copy 0640 "$new" "$etc/apid.toml"
  chgrp wghub "$etc/apid.toml"
  rm -f "$new"
  copy_programs
}

# The kernel's WireGuard where it works (a probe by doing, as a container may have it without a module), else wireguard-go.
backend_that_works() {
  [ "$backend" = auto ] || { echo "$backend" && return; }
  [ ! -e "$libexec/running" ] || { cat "$libexec/running" && return; }
  modprobe wireguard 2>/dev/null || true
  if ip link add dev wgprobe0 type wireguard 2>/dev/null; then
    ip link del dev wgprobe0
    echo kernel
  else
    echo userspace
  fi
}

# Spoke to spoke is closed before any peer exists.
load_isolation() {
  nft list table inet wghub >/dev/null 2>&1 || nft -f "$share/nft/isolate.nft" 2>/dev/null ||
    say 'WARNING: nftables does not work here: traffic from spoke to spoke is not filtered'
}

activate_runs() { [ -e "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; }
systemd_runs() { [ -d /run/systemd/system ]; }

start_daemons() {
  local chosen plan
  chosen=$(backend_that_works)
  [ "$chosen" = kernel ] || [ -c /dev/net/tun ] || fail 'neither WireGuard in the kernel nor /dev/net/tun: no backend works here'
  plan=$(mktemp)
  sed -e "s|@LIBEXEC@|$libexec|g; s|@STATE@|$state|g; s|@KEK@|$etc/kek|g; s|@CONFIG@|$etc/apid.toml|g" \
    -e "s|@BACKEND@|$chosen|g; s|^#USERSPACE# |$([ "$chosen" = kernel ] && echo '#')|" "$source_tree/deploy/lib/services.toml" >"$plan"
  copy 0644 "$plan" "$libexec/services.toml"
  rm -f "$plan"
  if daemons_run && [ "$changed" = no ]; then return; fi
  stop_daemons
  say "starting the daemons ($chosen backend)"
  echo "$chosen" >"$libexec/running"
  if systemd_runs; then start_units "$chosen"; else
    setsid "$libexec/activate" "$libexec/services.toml" </dev/null >>"$state/log/activate.log" 2>&1 &
  fi
}

daemons_run() {
  if systemd_runs; then systemctl -q is-active wireguard-hub-api.service; else activate_runs; fi
}

# The units of the package, with this copy's paths, for as long as the machine is up.
start_units() { # BACKEND
  local unit
  for unit in "$source_tree"/deploy/systemd/*.{service,socket,timer}; do
    sed -e "s|/usr/bin/wghub|/usr/local/bin/wghub|; s|/usr/libexec/wireguard-hub|$libexec|g; s|/usr/share/wireguard-hub|$share|g" "$unit" >"/run/systemd/system/${unit##*/}"
  done
  mkdir -p /run/systemd/system/wireguard-hub-{engine,restore}.service.d
  printf '[Service]\nEnvironment=WGHUB_BACKEND=%s\n' "$1" |
    tee /run/systemd/system/wireguard-hub-{engine,restore}.service.d/backend.conf >/dev/null
  systemctl daemon-reload
  [ "$1" = kernel ] || systemctl start wireguard-hub-userspace.service
  systemctl start wireguard-hub-restore.service || say 'WARNING: the restore failed; apid will set the peers itself'
  systemctl start wireguard-hub-engine.socket wireguard-hub-wgprivd.socket wireguard-hub-api.service
}

stop_daemons() {
  local waited=0
  if systemd_runs && [ -e /run/systemd/system/wireguard-hub-api.service ]; then
    systemctl stop 'wireguard-hub-*' || true
    rm -rf /run/systemd/system/wireguard-hub-*
    systemctl daemon-reload
  fi
  if activate_runs; then
    kill "$(cat "$pid_file")"
    while activate_runs && [ $((waited += 1)) -lt 150 ]; do sleep 0.1; done
    ! activate_runs || { kill -KILL "$(cat "$pid_file")" && sleep 0.5; }
  fi
  rm -rf "$pid_file" /run/wireguard-hub /run/wireguard-hub-api
}

# wg0 and the filter go only when quickstart made them.
forget_interface() {
  [ -e "$libexec/running" ] || return 0
  ip link del dev wg0 2>/dev/null || true
  nft delete table inet wghub 2>/dev/null || true
  rm -f /run/wireguard/wg0.sock "$libexec/running"
  rmdir /run/wireguard 2>/dev/null || true
}

stop_demo() { ! command -v python3 >/dev/null || python3 "$source_tree/deploy/lib/demo.py" stop; }

listen_host() {
  local host
  host=$(sed -n 's/^listen = "\(.*\):[0-9]*"$/\1/p' "$etc/apid.toml")
  echo "${host:-0.0.0.0}"
}
local_url() {
  local host
  host=$(listen_host)
  if [ "$host" = 0.0.0.0 ]; then host=127.0.0.1; fi
  echo "https://$host:$(sed -n 's/^listen = ".*:\([0-9]*\)"$/\1/p' "$etc/apid.toml")"
}

# The address that a browser elsewhere would use; loopback where the machine has no way out.
public_address() {
  local host
  host=$(listen_host)
  [ "$host" != 0.0.0.0 ] || host=$(ip -4 route get 203.0.113.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p' | head -n 1)
  echo "${host:-127.0.0.1}"
}

wait_until_live() {
  local waited=0
  until curl -sk --max-time 2 -o /dev/null --fail "$(local_url)/api/health/live"; do
    if [ $((waited += 1)) -gt 150 ]; then
      tail -n 5 "$state"/log/{activate,apid,wgprivd,engine}.log >&2 2>/dev/null
      fail "apid does not answer at $(local_url); its log is in $state/log"
    fi
    sleep 0.2
  done
}

setup_required() { curl -sk --max-time 5 "$(local_url)/api/setup" | grep -q '"required" *: *true'; }
