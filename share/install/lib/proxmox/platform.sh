# Which machines are Proxmox VE, and which version of it.

# Backup Server and Mail Gateway have neither /etc/pve nor pveversion. The program is perl and slow on a busy node.
_pve_version() {
  [ -d /etc/pve ] && command -v pveversion >/dev/null 2>&1 || return 1
  _version=$(_limited 20 pveversion 2>/dev/null | sed -n 's|^pve-manager/\([^/ ]*\).*|\1|p' | head -n 1)
  if [ -z "$_version" ]; then _version=$(dpkg-query -W -f='${Version}' pve-manager 2>/dev/null); fi
  [ -n "$_version" ]
}

_wrong_platform() {
  if [ "$(uname -s)" = Linux ] && _pve_version; then return 0; fi
  echo 'this is not a Proxmox VE host|use the command for this system (the Linux one on Proxmox Backup Server and Mail Gateway)'
}
