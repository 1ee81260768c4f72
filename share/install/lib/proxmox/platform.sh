# Refuses machines that are not Proxmox VE, before anything is touched; reads its version.

# Backup Server and Mail Gateway have neither /etc/pve nor pveversion. The program is perl and slow on a busy node.
_pve_version() {
  [ -d /etc/pve ] && command -v pveversion >/dev/null 2>&1 || return 1
  _version=$(_limited 20 pveversion 2>/dev/null | sed -n 's|^pve-manager/\([^/ ]*\).*|\1|p' | head -n 1)
  if [ -z "$_version" ]; then _version=$(dpkg-query -W -f='${Version}' pve-manager 2>/dev/null); fi
  [ -n "$_version" ]
}

_check_platform() {
  if [ "$(uname -s)" = Linux ] && _pve_version; then return 0; fi
  _refuse 11 UNSUPPORTED 'this is not a Proxmox VE host' 'use the command for this system (Linux on Proxmox Backup Server and Mail Gateway).'
}
