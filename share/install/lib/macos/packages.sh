# Gets wg, wg-quick, wireguard-go and a bash that wg-quick accepts (macOS has 3.2) from Homebrew, which refuses to run as root: it
# runs as the person who typed sudo. Homebrew itself is never installed, and an installation that is there is left as it is.

# A program under Rosetta is told that the processor is an Intel one.
_apple_silicon() { [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" = 1 ]; }

# Sets _prefix and PATH; false when a tool is missing.
_find_tools() {
  if _apple_silicon; then _places='/opt/homebrew /usr/local /opt/local'; else _places='/usr/local /opt/local'; fi
  for _prefix in $_places; do
    if [ -x "$_prefix/bin/wg" ] && [ -x "$_prefix/bin/wg-quick" ] && [ -x "$_prefix/bin/bash" ] && [ -x "$_prefix/bin/wireguard-go" ]; then
      PATH=$PATH:$_prefix/bin
      return 0
    fi
  done
  return 1
}

# The last step before anything is changed: are the tools there, or a Homebrew that can bring them?
_probe_kernel() {
  _impl=userspace
  if ! _find_tools; then _find_homebrew; fi
}

# Sets _brew and _brew_user.
_find_homebrew() {
  if _apple_silicon; then _brew=/opt/homebrew/bin/brew; else _brew=/usr/local/bin/brew; fi
  if [ ! -x "$_brew" ]; then
    _fail 23 HOMEBREW_NEEDED "wireguard-tools is not on this Mac, and there is no $_brew to install it" \
      'install Homebrew (brew.sh) and run the same command again; or make a tunnel in the WireGuard app of the App Store and give its public key to the administrator'
  fi
  _brew_user=${SUDO_USER:-root}
  for _owned in "${_brew%/bin/brew}" "$_brew"; do
    if [ "$_brew_user" = root ]; then _brew_user=$(stat -f %Su "$_owned" 2>>"$_log"); fi
  done
  if [ "${_brew_user:-root}" = root ]; then
    _fail 23 HOMEBREW_NEEDED 'Homebrew refuses to run as root, and no other user owns it here' \
      'run the same command with sudo as the user of Homebrew; or run brew install wireguard-tools as that user first'
  fi
}

_packages() {
  if _find_tools; then return 0; fi
  _progress packages
  _step "installing wireguard-tools with Homebrew as $_brew_user"
  _tries=0
  until _run_brew; do
    _tries=$((_tries + 1))
    if [ "$_tries" -ge 18 ] || ! _brew_is_busy; then _give_up; fi
    sleep 10
  done
  if ! _find_tools; then
    _managed=0
    _give_up
  fi
}

# Homebrew wants a folder that its user may read, and an Intel shell must not install for Apple's processor. A proxy may hold a
# password, so it goes by the environment and not as an argument.
_run_brew() {
  set -- env NONINTERACTIVE=1 HOMEBREW_NO_AUTO_UPDATE=1 "$_brew" install wireguard-tools
  if _apple_silicon && [ "$(uname -m)" != arm64 ]; then set -- arch -arm64 "$@"; fi
  if [ -n "${WGHUB_PROXY:-}" ]; then set -- --preserve-env=https_proxy "$@"; fi
  _note "\$ sudo -u $_brew_user -H $*"
  (
    umask 022
    cd / || exit 1
    _limited 900 sudo -u "$_brew_user" -H "$@"
  ) </dev/null >"$_state/answer" 2>&1
  _managed=$?
  cat "$_state/answer" >>"$_log"
  return "$_managed"
}

_brew_is_busy() { grep -Eiq 'already locked|already in progress|another active homebrew' "$_state/answer"; }

# _give_up: the last lines and the code that fits them.
_give_up() {
  tail -n 5 "$_state/answer" >&2
  if _brew_is_busy; then
    _fail 21 PACKAGES_BUSY 'Homebrew is at work already (waited 180 s)' 'wait for it, run the same command again'
  fi
  _fail 20 PACKAGES "Homebrew could not install wireguard-tools (status $_managed)" \
    'see the lines above; run brew install wireguard-tools by hand (brew update first, if a file was not found), then the same command again'
}
