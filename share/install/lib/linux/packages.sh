# Gets wg and wg-quick from the distribution's own packages, never from elsewhere and never with a kernel. Changes no repository.

_packages() {
  _wanted=
  for _tool in wg wg-quick bash; do
    command -v "$_tool" >/dev/null 2>&1 || _wanted=wireguard-tools
  done
  if [ "$_impl" = userspace ] && ! command -v "$(_userspace_program)" >/dev/null 2>&1; then _wanted="${_wanted:+$_wanted }wireguard-go"; fi
  if [ -n "$_wanted" ]; then
    _progress packages
    _manager=$(_package_manager)
    _step "installing $_wanted with ${_manager:-nothing}"
    _install_packages
  fi
  _check_installed
}

_check_installed() {
  for _tool in wg wg-quick bash; do
    command -v "$_tool" >/dev/null 2>&1 || _fail 20 PACKAGES "the command $_tool is missing" 'install wireguard-tools and bash, run the same command again'
  done
  if [ "$_impl" = userspace ] && ! command -v "$(_userspace_program)" >/dev/null 2>&1; then _no_kernel_support; fi
}

# By distribution, then by the program that is there.
_package_manager() {
  # shellcheck disable=SC1091  # of the machine, not of this project
  _family=$(. /etc/os-release 2>/dev/null && echo " ${ID:-} ${ID_LIKE:-} ")
  for _pair in debian:apt-get ubuntu:apt-get fedora:dnf rhel:dnf suse:zypper opensuse:zypper arch:pacman alpine:apk; do
    case $_family in
      *" ${_pair%%:*} "*) if command -v "${_pair#*:}" >/dev/null 2>&1; then
        echo "${_pair#*:}"
        return 0
      fi ;;
    esac
  done
  for _name in apt-get dnf zypper pacman apk yum; do
    if command -v "$_name" >/dev/null 2>&1; then
      echo "$_name"
      return 0
    fi
  done
}

# Package scripts expect the usual umask, not ours.
_manage() {
  _note "\$ $*"
  (
    umask 022
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 ZYPP_LOCK_TIMEOUT=180
    export DEBIAN_FRONTEND NEEDRESTART_SUSPEND ZYPP_LOCK_TIMEOUT
    _limited 900 "$@"
  ) </dev/null >"$_state/answer" 2>&1
  _managed=$?
  cat "$_state/answer" >>"$_log"
  return "$_managed"
}

_said() { grep -Eiq "$1" "$_state/answer"; }

# _give_up: the last lines and the code that fits them.
_give_up() {
  tail -n 5 "$_state/answer" >&2
  if _said 'could not get lock|unable to (get|lock)|is locked by|exit_on_lock|waiting for process|system management is locked'; then
    _holder=$(sed -n 's/.*held by process \([0-9]* ([^)]*)\).*/\1/p; s/.*locked by the application with pid \([0-9]*.*\)/\1/p' "$_state/answer" | head -n 1)
    _fail 21 PACKAGES_BUSY "the package manager is in use${_holder:+ by process $_holder} (waited 180 s)" 'wait for it, run the same command again'
  elif _said 'mirrorlist|does not have a Release file|no longer has a Release file|No URLs in'; then
    _fail 22 END_OF_LIFE "the repositories of this release are gone" 'upgrade the distribution, run the same command again'
  fi
  _fail 20 PACKAGES "$_manager could not install $_wanted (status $_managed)" 'see the lines above; install them by hand, run the same command again'
}

_install_packages() {
  # shellcheck disable=SC2086  # a list of names
  case $_manager in
    apt-get) _install_by_apt ;;
    dnf) _install_by_dnf ;;
    zypper) _install_by_zypper ;;
    pacman) _manage pacman -S --needed --noconfirm $_wanted || _give_up ;;
    apk) _manage apk --wait 180 add $_wanted || _give_up ;;
    yum) _fail 22 END_OF_LIFE 'this release is no longer supported' 'upgrade the distribution, run the same command again' ;;
    *) _fail 20 PACKAGES 'no known package manager is here' 'install wireguard-tools by hand, run the same command again' ;;
  esac
}

_candidates() {
  for _package in $_wanted; do
    apt-cache policy "$_package" 2>/dev/null | grep -q 'Candidate: [^(]' || return 1
  done
}

# apt-get update fails when any repository does (a subscription that isn't there); what counts is that our packages can be had.
_install_by_apt() {
  if ! _candidates; then
    _manage apt-get -o DPkg::Lock::Timeout=180 update
    _candidates || _give_up
  fi
  _apt_install && return 0
  if _said '404 +Not Found|Unable to fetch'; then
    _manage apt-get -o DPkg::Lock::Timeout=180 update
    _apt_install && return 0
  fi
  _give_up
}

_apt_install() {
  # shellcheck disable=SC2086
  _manage apt-get -s install -y --no-install-recommends $_wanted || return 1
  if grep -Eq '^(Inst (linux-image|.*dkms)|Remv )' "$_state/answer"; then
    grep -E '^(Inst|Remv) ' "$_state/answer" >&2
    _fail 20 PACKAGES_DANGEROUS 'the installation would change the kernel or remove packages' 'install wireguard-tools by hand, run the same command again'
  fi
  # shellcheck disable=SC2086
  _manage apt-get -o DPkg::Lock::Timeout=180 install -y --no-install-recommends $_wanted
}

# dnf waits for a lock for ever unless told not to.
_install_by_dnf() {
  _tries=0
  # shellcheck disable=SC2086
  until _manage dnf -y --setopt=install_weak_deps=False --setopt=exit_on_lock=True install $_wanted; do
    _tries=$((_tries + 1))
    if [ "$_managed" != 200 ] || [ "$_tries" -ge 18 ]; then
      if [ "$_managed" = 200 ]; then echo 'exit_on_lock' >>"$_state/answer"; fi
      _give_up
    fi
    sleep 10
  done
}

# 102 and 103 mean done but restart something; 106: some repository was skipped, which _check_installed judges.
_install_by_zypper() {
  # shellcheck disable=SC2086
  _manage zypper --non-interactive install --no-recommends $_wanted
  case $_managed in
    0 | 102 | 103 | 106) ;;
    *) _give_up ;;
  esac
}
