# shellcheck shell=bash disable=SC2154,SC2034
# What quickstart does to the machine: packages, build, users, copies, mounts. Leaves the daemons' life to daemons.sh.
# Wants pipefail. Reads source_tree, state, and sets nothing but its own readonly paths. Sourced.
readonly libexec=/usr/local/libexec/wireguard-hub share=/usr/local/share/wireguard-hub etc=/etc/wireguard-hub
readonly api_state=/var/lib/wireguard-hub engine_state=/var/lib/wireguard-hub-privileged
readonly programs=(apid wgprivd wgprivd-engine)

say() { echo "[quickstart] $*" >&2; }
fail() { echo "[quickstart] ERROR: $*" >&2 && exit 1; }

# The state directory that the last run used, so that a plain 'stop' finds it.
state_of_last_run() { cat "$libexec/state" 2>/dev/null; }

# Another WireGuard on wg0, or an installed package, is never touched.
refuse_foreign() {
  [ ! -e /etc/wireguard/wg0.conf ] || fail '/etc/wireguard/wg0.conf exists: this machine has a wg0 of its own'
  [ ! -e /usr/libexec/wireguard-hub/apid ] || fail 'the package wireguard-hub is installed here'
  [ ! -e "$etc" ] || [ -e "$etc/made-by-quickstart" ] || fail "$etc exists and is not of quickstart"
  [ -e "$libexec/running" ] || ! ip link show dev wg0 >/dev/null 2>&1 || fail 'an interface wg0 exists already'
  local last
  last=$(state_of_last_run || true)
  [ -z "$last" ] || [ "$last" = "$state" ] || fail "a hub with its state in $last is here already: quickstart stop --purge"
}

# Names of the packages in the given sections of this release's list.
packages_of() {
  local release list
  release=$(. /etc/os-release && echo "${ID:-unknown}-${VERSION_ID:-}")
  list=$source_tree/deploy/packages/$release
  [ -e "$list" ] || list=$source_tree/deploy/packages/debian-13
  awk -v wanted=" $* " '/^#/ { on = index(wanted, " " $2 " ") && NF == 2; next } on { gsub(/[ \t]+/, "\n"); print }' "$list"
}

install_packages() {
  local missing
  command -v apt-get >/dev/null || { say 'no apt here: taking the build tools as given' && return; }
  mapfile -t missing < <(packages_of "$@" | while read -r name; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q '^install ok installed$' || echo "$name"
  done)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${#missing[@]} packages (the first time takes a few minutes)"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=180 update >&2 || say 'apt-get update had errors; going on with what is known'
  apt-get -y -o DPkg::Lock::Timeout=180 -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" </dev/null 2>&1 |
    tee "$(log_of install)" | progress '^(Get:|Setting up )' 40 ||
    { tail -n 20 "$(log_of install)" >&2 && fail 'apt-get could not install the packages'; }
}

# Of a long output, every Nth line that matches: enough to see that it moves.
progress() { awk -v wanted="$1" -v every="$2" '$0 ~ wanted && ++count % every == 0 { print "[quickstart]   " substr($0, 1, 100); fflush() }' >&2; }

log_of() { mkdir -p "$source_tree/build" && echo "$source_tree/build/quickstart-$1.log"; }

# As many jobs as cores, but 1.5 GB of memory for each.
jobs_that_fit() {
  local memory
  memory=$(awk '/^MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < $(nproc) ? memory : $(nproc)))
}

build_programs() {
  local tree=$source_tree/build/release
  if [ ! -e "$tree/build.ninja" ]; then
    say 'configuring the build'
    cmake -S "$source_tree" -B "$tree" -G Ninja -DCMAKE_BUILD_TYPE=Release -DWGHUB_TESTS=OFF >"$(log_of configure)" 2>&1 ||
      { tail -n 20 "$(log_of configure)" >&2 && fail 'cmake failed'; }
  fi
  say 'building (the first time takes several minutes)'
  NINJA_STATUS='[%p] ' ninja -C "$tree" -j "$(jobs_that_fit)" "${programs[@]}" wghub 2>&1 | tee "$(log_of build)" |
    progress '^\[' 15 ||
    { tail -n 40 "$(log_of build)" >&2 && fail 'the build failed'; }
}

build_dashboard() {
  [ -x "$source_tree/share/dashboard/build" ] || return 0 # a tree without its source
  say 'building the dashboard'
  "$source_tree/share/dashboard/build" >"$(log_of dashboard)" 2>&1 ||
    { tail -n 20 "$(log_of dashboard)" >&2 && fail 'the dashboard could not be built'; }
}

# Copies outside the checkout: nothing that runs needs to read it, it may lie below /root. Sets changed=yes when any differs.
copy_programs() {
  local name
  mkdir -p "$libexec" "$share" /usr/local/bin
  for name in "${programs[@]}"; do copy 0755 "$source_tree/build/release/bin/$name" "$libexec/$name"; done
  copy 0755 "$source_tree/build/release/bin/wghub" /usr/local/bin/wghub
  copy 0755 "$source_tree/deploy/activate" "$libexec/activate"
  for name in install nft; do copy_folder "$source_tree/share/$name" "$share/$name"; done
  copy_folder "$source_tree/share/dashboard/dist" "$share/dashboard"
  chmod -R u=rwX,go=rX "$share"
  echo "$state" >"$libexec/state"
}

copy_folder() { # SOURCE DEST
  [ -d "$1" ] || return 0
  diff -rq "$1" "$2" >/dev/null 2>&1 && return
  rm -rf "$2" && cp -r "$1" "$2" && changed=yes
}

copy() { # MODE SOURCE DEST
  cmp -s "$2" "$3" && return
  install -m "$1" "$2" "$3.new" && mv -f "$3.new" "$3"
  changed=yes
}

make_users() {
  local name
  for name in wghub wghub-front wgprivd; do
    getent passwd "$name" >/dev/null ||
      useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"
  done
  # Only to enter /run/wireguard-hub.
  usermod --append --groups wghub wghub-front
}

make_state() {
  mkdir -p "$state/log" && chmod 0755 "$state" && touch "$state/.wireguard-hub-state"
  # Not for the group: the front is in it, to enter /run/wireguard-hub.
  install -d -m 0700 -o wghub -g wghub "$state/api"
  install -d -m 0700 -o wgprivd -g wgprivd "$state/privileged"
  install -d -m 0755 "$etc" && touch "$etc/made-by-quickstart"
  # The key that opens the sealed key stays out of the state directory: a copy of that alone opens nothing.
  [ -e "$etc/kek" ] || (umask 0377 && head -c 32 /dev/urandom >"$etc/kek")
}

mount_state() {
  local pair
  for pair in "$state/api:$api_state" "$state/privileged:$engine_state"; do
    mkdir -p "${pair#*:}"
    mountpoint -q "${pair#*:}" || mount --bind "${pair%%:*}" "${pair#*:}"
  done
}

unmount_state() {
  local path
  for path in "$api_state" "$engine_state"; do
    if mountpoint -q "$path"; then umount "$path" 2>/dev/null || umount --lazy "$path"; fi
    rmdir "$path" 2>/dev/null || true
  done
}

purge_copies() {
  rm -rf "$libexec" "$share"
  [ ! -e "$etc/made-by-quickstart" ] || rm -rf "$etc" /usr/local/bin/wghub
  rmdir /usr/local/libexec 2>/dev/null || true
}

purge_state() { [ ! -e "$state/.wireguard-hub-state" ] || rm -rf "$state"; }

purge_users() {
  local name
  for name in wghub-front wghub wgprivd; do
    if getent passwd "$name" >/dev/null; then userdel "$name"; fi
    if getent group "$name" >/dev/null; then groupdel "$name"; fi
  done
}
