# Proxmox hosts with the real script, real tunnels and faked files of Proxmox VE, in network namespaces: how the hub groups them, and
# what their clusters' status is as nodes stop and return (D11 takes five minutes to call a node inactive). A part of its own.
#
#   hub 192.0.2.1 ---- 198.18.N.1 nodeN --- eth0 198.18.N.2, each with wg-quick and wireguard-go
import os, sys, time

import pytest

from hub import SOURCE, eventually
from proofs import figure
from test_install_script import issue

sys.path.append(f"{SOURCE}/tests/install")
from proxmox_files import corosync, members
from real_machine import RealMachine

EAST, WEST = ("pve1", "pve2", "pve3"), ("pve1", "pve2")  # two clusters of one name, as two sites with default names have
KEPT = ["/etc/resolv.conf", "/etc/network/interfaces", "/etc/hosts", "/etc/apt/sources.list", "/etc/apt/sources.list.d/pve-enterprise.list", "/etc/pve/corosync.conf"]


class Node:
    """A Proxmox host: its files, and the spoke that it becomes."""

    def __init__(self, number, name, cluster=None, nodes=(), offline=(), version="8.2.7"):
        self.name, self.gateway = name, f"198.18.{number}.1"
        self.machine = RealMachine(f"node{number}", self.gateway, f"198.18.{number}.2", ["192.0.2.0/24"], name=f"{name}.example.com", own_etc=True)
        self.write("/usr/local/sbin/pveversion", f"#!/bin/sh\necho 'pve-manager/{version}/0123456789abcdef (running kernel: 6.8.12-2-pve)'\n", 0o755)
        self.write("/etc/network/interfaces", f"auto vmbr0\niface vmbr0 inet static\n\taddress 198.18.{number}.2/24\n")
        self.write("/etc/apt/sources.list.d/pve-enterprise.list", "deb https://enterprise.example.com/debian/pve bookworm pve-enterprise\n")
        self.write("/etc/pve/.members", members(name, cluster, nodes, offline))
        if cluster:
            self.write("/etc/pve/corosync.conf", corosync(cluster, nodes))
        self.before = self.untouchable()

    def write(self, path, text, mode=0o644):
        file = self.machine.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def untouchable(self):
        """What an installation must leave as it is, byte for byte; and every route that is not the tunnel's."""
        files = {path: self.machine.file(path).read_bytes() for path in KEPT if self.machine.file(path).exists()}
        return files, [line for line in self.machine.run("ip route; ip -6 route").stdout.splitlines() if "dev wg0" not in line]

    def install(self, issued):
        self.issued = issued
        done = self.machine.run(issued.commands["proxmox"], check=False)
        assert done.returncode == 0, done.stdout
        assert self.untouchable() == self.before, f"{self.name} is not as it was"
        assert "DNS" not in self.machine.file("/etc/wireguard/wg0.conf").read_text()
        return done.stdout


@pytest.fixture
def site(wide):
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("not here: /dev/net/tun")
    nodes = {("east", name): Node(number, name, "prod", EAST, ["pve3"]) for number, name in enumerate(EAST, 1)}
    nodes |= {("west", name): Node(number, name, "prod", [f"{each}w" for each in WEST], version="9.1.4") for number, name in enumerate([f"{each}w" for each in WEST], 4)}
    nodes[None, "solo"] = Node(6, "solo", version="7.4-3")
    yield nodes
    for node in nodes.values():
        node.machine.end()


def clusters(hub):
    """Status and node names of each cluster."""
    answer = hub.another().get("/api/proxmox/clusters")
    assert answer.status == 200, answer
    found = {}
    for cluster in answer.json["clusters"]:
        nodes = hub.another().get(f"/api/proxmox/clusters/{cluster['id']}").json["nodes"]
        found[tuple(sorted(node["proxmoxNodeName"] for node in nodes))] = (cluster["clusterName"], cluster["status"], cluster["activeNodes"], cluster["inactiveNodes"])
    return found


def test_clusters_are_told_apart_and_their_status_follows_their_nodes(wide, site):
    for node, issued in zip(site.values(), issue(wide, len(site))):
        node.install(issued)
    east, west = EAST, tuple(f"{each}w" for each in WEST)
    eventually(lambda: clusters(wide) == {east: ("prod", "all-active", 3, 0), west: ("prod", "all-active", 2, 0)}, 30)
    solo = wide.another().get(f"/api/spoke/{site[None, 'solo'].issued.spoke_id}/status").json["spoke"]
    assert (solo["isProxmox"], solo["proxmoxClusterId"], solo["proxmoxVersion"], solo["proxmoxNodeName"]) == (True, None, "7.4-3", "solo")
    stopped = [site["east", "pve2"], *(site["west", name] for name in west)]
    for node in stopped:
        node.machine.run("wg-quick down wg0")
    began = time.monotonic()
    wanted = {east: ("prod", "degraded", 2, 1), west: ("prod", "critical", 0, 2)}
    eventually(lambda: clusters(wide) == wanted, 900, every=2)
    down = time.monotonic() - began
    for node in stopped:
        node.machine.run("wg-quick up wg0")
    up = eventually(lambda: clusters(wide) == {east: ("prod", "all-active", 3, 0), west: ("prod", "all-active", 2, 0)}, 45, every=0.5)
    for node in site.values():
        node.machine.run("wghub-uninstall && wghub-uninstall")
        assert node.untouchable() == node.before
        assert node.machine.run("find /etc/wireguard /var/lib /usr/local/sbin /run -type f ! -name pveversion").stdout == ""
    figure("R43 R44 R45 R50 R52", f"6 Proxmox hosts, two clusters of one name and one alone: all-active; 1 of 3 down: degraded, 2 of 2: critical, after {down:.0f} s; "
           f"all-active again {up:.1f} s after their return; 6 files and the routes of each unchanged")
