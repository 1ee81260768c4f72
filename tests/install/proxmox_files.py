"""The files by which a Proxmox VE host is known, in their real shapes: /etc/pve/corosync.conf and /etc/pve/.members."""
import json


def corosync(cluster, nodes, addresses="192.168.15.{}", named=True, extra=""):
    """named: as since VE 5; older files know nodes by ring0_addr alone. Sections in another order than the documentation's, as found."""
    text = f"logging {{\n  debug: off\n  to_syslog: yes\n}}\n\n{extra}nodelist {{\n"
    for number, name in enumerate(nodes, 1):
        ring = addresses.format(90 + number) if named else name
        text += "  node {\n" + (f"    name: {name}\n" if named else "") + f"    nodeid: {number}\n    quorum_votes: 1\n    ring0_addr: {ring}\n  }}\n"
    return text + f"}}\n\nquorum {{\n  provider: corosync_votequorum\n}}\n\ntotem {{\n  cluster_name: {cluster}\n  config_version: {len(nodes)}\n  interface {{\n    linknumber: 0\n  }}\n  version: 2\n}}\n"


def members(own, cluster=None, nodes=(), offline=(), quorate=1):
    """Without a cluster, and also in one whose corosync has been down since boot, there are only two keys."""
    head = f'{{\n"nodename": {json.dumps(own)},\n"version": {len(nodes)}'
    if not cluster:
        return head + "\n}\n"
    lines = ",\n".join(f'  {json.dumps(name)}: {{ "id": {number}, "online": {int(name not in offline)}, "ip": "192.168.15.{90 + number}"}}' for number, name in enumerate(nodes, 1))
    return head + f',\n"cluster": {{ "name": {json.dumps(cluster)}, "version": {len(nodes)}, "nodes": {len(nodes)}, "quorate": {quorate} }},\n"nodelist": {{\n{lines}\n  }}\n}}\n'
