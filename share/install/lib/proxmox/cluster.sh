# What a Proxmox VE host says about itself and its cluster, from files: they list nodes that are off, too, and can be read without
# quorum. Addresses that the VPN must never take, above all corosync's. Nothing here changes the host.

_corosync_file() {
  for _file in /etc/pve/corosync.conf /etc/corosync/corosync.conf; do
    # While /etc/pve is mounted, it alone decides: a node that left its cluster may have the other one still.
    if [ -r "$_file" ]; then
      echo "$_file"
      return 0
    fi
    if [ -e /etc/pve/.members ]; then return 0; fi
  done
}

# Lines "cluster NAME", "node NAME", "ring ADDRESS" of a corosync.conf. A node of an old file has no name but its first address.
_read_corosync() {
  # shellcheck disable=SC2016  # awk's
  _limited 10 awk '
    { sub(/\r$/, ""); sub(/^[ \t]+/, ""); sub(/[ \t]+$/, "") }
    /^#/ || /^$/ { next }
    /\{$/ { word = $0; sub(/[ \t]*\{$/, "", word); depth++; section[depth] = word; name = ""; ring = ""; next }
    /^\}/ {
      if (name == "" && ring !~ /^[0-9.]+$/ && ring !~ /:/) name = ring
      if (section[depth] == "node" && name != "") print "node " name
      if (depth > 0) depth--
      next
    }
    index($0, ":") {
      key = $0; sub(/[ \t]*:.*/, "", key)
      value = $0; sub(/^[^:]*:[ \t]*/, "", value)
      if (section[depth] == "totem" && key == "cluster_name") print "cluster " value
      if (section[depth] == "node" && key == "name") name = value
      if (section[depth] == "node" && key ~ /^ring[0-9]_addr$/) { print "ring " value; if (key == "ring0_addr") ring = value }
    }' "$1" 2>>"$_log" | head -n 200
}

_own_node() {
  _node=$(sed -n 's/.*"nodename" *: *"\([^"]*\)".*/\1/p' /etc/pve/.members 2>/dev/null | head -n 1)
  if [ -z "$_node" ]; then _node=$(_host_name); fi
  echo "${_node%%.*}"
}

# .members as it is, if the hub can take it: a JSON object, three levels deep, and with the nodes' names within 4 KiB of metadata.
_members() {
  [ -r /etc/pve/.members ] || return 1
  _members_text=$(head -c 3301 /etc/pve/.members 2>/dev/null | LC_ALL=C tr -cd '\040-\176')
  [ $((${#_members_text} + ${#_nodes})) -le 3300 ] || return 1
  # shellcheck disable=SC2016  # perl's
  printf '%s' "$_members_text" | _limited 10 perl -MJSON::PP -e '
    my $text = <STDIN>;
    my ($depth, $deepest) = (0, 0);
    for (split //, $text) { $depth += /[{[]/ - /[]}]/; $deepest = $depth if $depth > $deepest }
    exit(ref(decode_json($text)) eq "HASH" && $deepest <= 3 ? 0 : 1)' 2>>"$_log" || return 1
  printf '%s' "$_members_text"
}

# In place of Linux's: more for the metadata, and the fields by which the hub finds the cluster. No cluster is null, not "".
_platform_facts() {
  _pve_version || _version=
  _corosync=$(_corosync_file)
  _cluster=
  _nodes=
  if [ -n "$_corosync" ]; then
    _cluster=$(_read_corosync "$_corosync" | sed -n 's/^cluster //p' | head -n 1)
    _nodes=$(_read_corosync "$_corosync" | sed -n 's/^node \([^.]*\).*/\1/p' | tr '\n' ',' | cut -c 1-1000)
  fi
  _more_fields=",\"isProxmox\":true,\"proxmoxNodeName\":$(_fact "$(_own_node)" 128),\"proxmoxVersion\":$(_fact "$_version" 128)"
  if [ -n "$_cluster" ]; then
    _more_fields="$_more_fields,\"proxmoxClusterName\":$(_fact "$_cluster" 128)"
    _more_metadata=",\"isClustered\":true,\"clusterName\":$(_fact "$_cluster" 128),\"clusterNodes\":$(_fact "${_nodes%,}" 1000)"
  else
    _more_fields="$_more_fields,\"proxmoxClusterName\":null"
    _more_metadata=',"isClustered":false'
  fi
  if _found=$(_members); then _more_metadata="$_more_metadata,\"pveMembers\":$_found"; fi
  _advise
}

# What a person has to know and the script must not do itself: the firewall's sets belong to the whole cluster.
_advise() {
  if [ -n "$_cluster" ]; then _step 'keep corosync, migration and storage traffic off this VPN: it is for administration, its latency is too high.'; fi
  if grep -Eq '^[[:space:]]*enable:[[:space:]]*1' /etc/pve/firewall/cluster.fw 2>/dev/null; then
    _warn "the Proxmox firewall is on: to reach this node through the VPN, add $_network to the IPSet management."
    _reason="${_reason:+$_reason }pve-firewall=on"
  fi
}

# In place of Linux's: what no route of this moment may show: corosync's links (also the other nodes'), Ceph's
# networks, and interfaces that are configured and down. Names among corosync's addresses are looked up in /etc/hosts.
_more_routes() {
  _corosync=$(_corosync_file)
  if [ -n "$_corosync" ]; then
    _read_corosync "$_corosync" | sed -n 's/^ring //p' | while read -r _ring; do
      case $_ring in
        *:*) ;;
        *[!0-9.]*) awk -v name="$_ring" '!/^#/ { for (i = 2; i <= NF; i++) if ($i == name && $1 ~ /^[0-9.]+$/) print $1 " of a corosync link" }' /etc/hosts ;;
        *) echo "$_ring of a corosync link" ;;
      esac
    done
  fi
  sed -n 's/^[[:space:]]*\(public\|cluster\)[_ ]network[[:space:]]*=[[:space:]]*\(.*\)/\2/p' /etc/pve/ceph.conf 2>/dev/null | tr ',;' '\n' |
    sed -n 's/^[[:space:]]*\([0-9.]*\/[0-9]*\)[[:space:]]*$/\1 of Ceph/p'
  cat /etc/network/interfaces /etc/network/interfaces.d/* 2>/dev/null | awk '
    function bits(mask, part, i, n, count) {
      n = split(mask, part, ".")
      for (i = 1; i <= n; i++) while (part[i] > 0) { count += part[i] % 2; part[i] = int(part[i] / 2) }
      return count
    }
    function tell() { if (address != "") print address (index(address, "/") || mask == "" ? "" : "/" bits(mask)) " on " name " in /etc/network/interfaces"; address = ""; mask = "" }
    { sub(/\r$/, "") }
    $1 == "iface" { tell(); name = $2 }
    $1 == "address" && $2 ~ /^[0-9.]+(\/[0-9]+)?$/ { tell(); address = $2 }
    $1 == "netmask" && $2 ~ /^[0-9.]+$/ { mask = $2 }
    $1 == "netmask" && $2 ~ /^[0-9]+$/ { address = address "/" $2 }
    END { tell() }'
}
