# What this machine and its system call themselves.

_host_name() { uname -n; }

# shellcheck disable=SC1091  # of the machine, not of this project
_system_name() { (. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}"); }
