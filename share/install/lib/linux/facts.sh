# What the registration says about this machine beyond what all platforms say, and what a platform adds to the checks.

_host_name() { uname -n; }

# shellcheck disable=SC1091  # of the machine, not of this project
_system_name() { (. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}"); }

# Sets _more_metadata and _more_fields: JSON that goes on, with a comma first, in the metadata and in the body itself.
_platform_facts() {
  _proxmox=false
  if [ -d /etc/pve ] && command -v pveversion >/dev/null 2>&1; then
    _proxmox=true
    _reason='proxmox_host=true'
    _warn 'this is a Proxmox host; the Proxmox command would also show its cluster.'
  fi
  _more_metadata=",\"proxmoxHost\":$_proxmox"
  _more_fields=
}

# More networks that the hub's may not overlap, lines CIDR WHERE.
_more_routes() { :; }
