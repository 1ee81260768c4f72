"""Proxmox VE hosts by their files (R42 to R52): what is sent to the hub, what is refused, and that nothing of the host is changed.

Leaves real tunnels and the hub's view of whole clusters to tests/api/test_clusters_live.py.
"""
import json

from checking import contains, equal
from machine import Machine
from proxmox_files import corosync, members
from test_faults import CLEAN, expect, then_works

NODES = ["hp1", "hp2", "hp3"]
REAL = "pve-manager/{} (running kernel: 6.8.12-2-pve)"
RESOLV = "search example.com\nnameserver 192.0.2.53\n"
INTERFACES = "auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.7/24\n\tgateway 192.0.2.1\n"
ENTERPRISE = "Types: deb\nURIs: https://enterprise.example.com/debian/pve\nSuites: trixie\nComponents: pve-enterprise\n"


class Host(Machine):
    PLATFORM = "proxmox"


def host(machine, version="8.0.3/bbf3993334bfa916", files=(), own="hp2.example.com"):
    """A Proxmox VE host; files: paths below /etc with their texts."""
    standard = {"pve/.members": members("hp2"), "network/interfaces": INTERFACES, "resolv.conf": RESOLV, "hosts": "127.0.0.1 localhost\n192.0.2.7 hp2.example.com hp2\n",
                "apt/sources.list.d/pve-enterprise.sources": ENTERPRISE}
    for path, text in {**standard, **dict(files)}.items():
        file = machine.root / "etc" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (machine.root / "etc/pve").mkdir(exist_ok=True)
    program(machine, "pveversion", f"echo '{REAL.format(version)}'" if version else "exit 0")
    machine.set("hostname", own)


def program(machine, name, line):
    file = machine.fake / "bin" / name
    file.write_text(f"#!/bin/dash\n{line}\n")
    file.chmod(0o755)


def etc(machine):
    """Every file of the host's /etc but WireGuard's."""
    root = machine.root / "etc"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file() and "wireguard" not in path.parts and "ssl" not in path.parts}


def told(place, wanted, metadata, **options):
    """Installs on such a host: the fields of the registration, and of its metadata; nothing of the host's files is another."""
    before = {}

    def prepare(machine, _):
        host(machine, **options)
        before.update(etc(machine))

    machine, token, output = expect(place, 0, "connected", prepare=prepare, kind=Host)
    equal(etc(machine), before)
    body = token.bodies[0]
    found = {name: body.get(name, "absent") for name in ("os", "isProxmox", "proxmoxNodeName", "proxmoxClusterName", "proxmoxVersion")}
    equal(found, {"os": "proxmox", "isProxmox": True, "proxmoxNodeName": "hp2", **wanted})
    for name, value in metadata.items():
        equal(body["metadata"].get(name, "absent"), value, name)
    assert "DNS" not in machine.read("etc/wireguard/wg0.conf")
    equal(place.hub.bad_json, [])
    return machine, token, output


def standalone(version, shown):
    return lambda place: told(place, {"proxmoxClusterName": None, "proxmoxVersion": shown},
                              {"isClustered": False, "clusterNodes": "absent", "pveMembers": {"nodename": "hp2", "version": 0}}, version=version) and None


def clustered(files, nodes="hp1,hp2,hp3", name="prod-central", members_sent=True, **options):
    def test(place):
        sent = json.loads(files["pve/.members"]) if members_sent else "absent"
        told(place, {"proxmoxClusterName": name, "proxmoxVersion": "8.0.3"}, {"isClustered": True, "clusterName": name, "clusterNodes": nodes, "pveMembers": sent},
             files=files, **options)

    return test


FILES = {"pve/corosync.conf": corosync("prod-central", NODES), "pve/.members": members("hp2", "prod-central", NODES)}
QDEVICE = corosync("prod-central", NODES).replace("  provider: corosync_votequorum\n", "  device {\n    model: net\n    net {\n      algorithm: ffsplit\n      host: 192.0.2.99\n      tls: on\n    }\n"
                                                  "    votes: 1\n  }\n  provider: corosync_votequorum\n")
COMMENTED = ("# node {\n#   name: ghost\n# }\n" + corosync("prod-central", NODES)).replace("\n", "\r\n").replace("    name: hp1\r\n", "\tname:\thp1  \r\n# cluster_name: other\r\n")


def no_version_from_the_program(place):
    def prepare(machine, _):
        host(machine, version=None)
        program(machine, "dpkg-query", "printf 9.0.0~11")

    _, token, _ = expect(place, 0, "connected", prepare=prepare, kind=Host)
    equal(token.bodies[0]["proxmoxVersion"], "9.0.0~11")


def not_a_host(prepare):
    def test(place):
        _, token, _ = expect(place, 11, "not a Proxmox VE host", "Linux", prepare=lambda m, t: prepare(m), kind=Host, stage="preflight", left=CLEAN)
        equal(token.state, "unused")

    return test


def backup_server(machine):
    (machine.root / "etc/proxmox-backup").mkdir()


def collision(files, *texts, routes=None):
    """An address that must never move into the VPN: refused before anything is changed, with no way to insist."""
    def test(place):
        def prepare(machine, _):
            host(machine, files={**FILES, **files})
            if routes:
                machine.set("routes", routes)

        _, token, _ = expect(place, 15, "ADDRESS_CONFLICT (15)", *texts, prepare=prepare, kind=Host, stage="preflight", left=CLEAN)
        equal(token.state, "unused")

    return test


def elsewhere(place):
    """Addresses near the VPN's network and not in it."""
    files = {**FILES, "pve/corosync.conf": corosync("prod-central", NODES, "10.77.0.{}"), "network/interfaces": INTERFACES + "iface vmbr1 inet static\n\taddress 10.77.2.1\n\tnetmask 255.255.254.0\n",
             "pve/ceph.conf": "[global]\n\tpublic_network = 10.76.0.0/16\n"}
    told(place, {"proxmoxClusterName": "prod-central", "proxmoxVersion": "8.0.3"}, {}, files=files)


def firewall(place):
    machine, token, output = told(place, {"proxmoxClusterName": None, "proxmoxVersion": "8.0.3"}, {}, files={"pve/firewall/cluster.fw": "[OPTIONS]\n\nenable: 1\n"})
    contains(output, "WARNING: the Proxmox firewall is on", "IPSet management", "10.77.1.0/24")
    contains(token.reports[-1]["reason"], "pve-firewall=on")


def hostile(place):
    """Names that a shell, JSON or HTML could take for more than a name."""
    for number, name in enumerate(("$(touch /tmp/wghub-canary)", "`id`", "a\"b\\c", "';id;'", "<script>alert(1)</script>", "%s%n", "x" * 400, "m\u00fcnchen", "-n")):
        machine = Host(place.path(f"machine{number}"))
        nodes = [name.split(".")[0], "hp2"]
        host(machine, files={"pve/corosync.conf": corosync(name, nodes), "pve/.members": members("hp2", name, nodes)})
        token = place.hub.new_token()
        status, output = machine.install(token)
        equal(status, 0, output)
        plain = "".join(c for c in name.encode().decode("latin-1") if " " <= c <= "~")
        equal(token.bodies[0]["proxmoxClusterName"], plain[:128])
        equal(token.bodies[0]["metadata"]["clusterNodes"].split(",")[-1], "hp2" if len(name) < 400 else token.bodies[0]["metadata"]["clusterNodes"].split(",")[-1])
        assert not machine.exists("tmp/wghub-canary")
    equal(place.hub.bad_json, [])


def members_of_no_use(place):
    """What is no JSON, too long or too deep for the hub is left out; the registration goes on."""
    deep = '{"nodename": "hp2", "a": {"b": {"c": {"d": 1}}}}'
    for number, text in enumerate(("", "{", "not json", '["a"]', deep, members("hp2", "prod-central", [f"node{n}" for n in range(60)]), b"\xff\xfe\x00")):
        machine = Host(place.path(f"machine{number}"))
        host(machine, files={**FILES, "pve/.members": text})
        token = place.hub.new_token()
        status, output = machine.install(token)
        equal(status, 0, output)
        assert "pveMembers" not in token.bodies[0]["metadata"], text
        equal(token.bodies[0]["metadata"]["clusterNodes"], "hp1,hp2,hp3")
    equal(place.hub.bad_json, [])


def joins_later(place):
    """Installed alone, then in a cluster, then with the next command: the same key, now with the cluster."""
    machine, first, _ = told(place, {"proxmoxClusterName": None, "proxmoxVersion": "8.0.3"}, {})
    host(machine, files=FILES)
    second = place.hub.new_token()
    then_works(machine, second)
    equal((second.bodies[0]["proxmoxClusterName"], second.key), ("prod-central", first.key))


def largest_cluster(place):
    """32 nodes with long names: everything still fits what the hub takes."""
    nodes = [f"datacentre-rack-{n:02}" for n in range(31)] + ["hp2"]
    _, token, _ = told(place, {"proxmoxClusterName": "c" * 15, "proxmoxVersion": "8.0.3"}, {"clusterNodes": ",".join(nodes)},
                       files={"pve/corosync.conf": corosync("c" * 15, nodes), "pve/.members": members("hp2", "c" * 15, nodes)})
    assert len(json.dumps(token.bodies[0]["metadata"])) <= 4096


def without_subscription(place):
    """apt-get update ends with 100 for the enterprise repository; our package can be had; no source is touched."""
    def prepare(machine, _):
        machine.use_manager("apt-get")
        host(machine)
        machine.set("update.status", "100")
        machine.set("update.out", "E: Failed to fetch https://enterprise.example.com/debian/pve/dists/trixie/InRelease  401  Unauthorized")
        machine.set("update-brings", "")

    machine, _, _ = expect(place, 0, "connected", prepare=prepare, kind=Host, fresh=True)
    equal(machine.read("etc/apt/sources.list.d/pve-enterprise.sources"), ENTERPRISE)
    contains(machine.read("fake/packages"), "--no-install-recommends wireguard-tools")


def kernel_plan(place):
    def prepare(machine, _):
        machine.use_manager("apt-get", plan="Remv proxmox-ve [8.2]\n")
        host(machine)
        (machine.fake / "candidate").touch()

    expect(place, 20, "PACKAGES_DANGEROUS (20)", "proxmox-ve", prepare=prepare, kind=Host, fresh=True, stage="packages")


def unchanged_and_uninstalled(place):
    machine, _, output = told(place, {"proxmoxClusterName": "prod-central", "proxmoxVersion": "8.0.3"}, {}, files=FILES)
    contains(output, "keep corosync", "off this VPN")
    before = etc(machine)
    for _ in range(2):
        status, output = machine.run("wghub-uninstall")
        equal(status, 0, output)
    equal((machine.leftovers(), etc(machine)), ([], before))


TESTS = [
    ("proxmox: VE 7, alone", standalone("7.2-5/12f1e639", "7.2-5")),
    ("proxmox: VE 8, alone", standalone("8.0.3/bbf3993334bfa916", "8.0.3")),
    ("proxmox: VE 9, alone", standalone("9.1.4/0123456789abcdef", "9.1.4")),
    ("proxmox: a version before its release", standalone("9.0.0~11/0123456789abcdef", "9.0.0~11")),
    ("proxmox: pveversion says nothing, dpkg knows", no_version_from_the_program),
    ("proxmox: three nodes", clustered(FILES)),
    ("proxmox: one node offline", clustered({**FILES, "pve/.members": members("hp2", "prod-central", NODES, ["hp3"])})),
    ("proxmox: not quorate", clustered({**FILES, "pve/.members": members("hp2", "prod-central", NODES, ["hp1", "hp3"], quorate=0)})),
    ("proxmox: a QDevice is no node", clustered({**FILES, "pve/corosync.conf": QDEVICE})),
    ("proxmox: corosync down since boot", clustered({**FILES, "pve/.members": members("hp2")})),
    ("proxmox: /etc/pve not mounted", clustered({"pve/.members": None, "corosync/corosync.conf": corosync("prod-central", NODES)}, members_sent=False)),
    ("proxmox: left its cluster, an old file remains", lambda place: told(place, {"proxmoxClusterName": None, "proxmoxVersion": "8.0.3"}, {"isClustered": False},
                                                                         files={"corosync/corosync.conf": corosync("old", NODES)}) and None),
    ("proxmox: an old file without names", clustered({**FILES, "pve/corosync.conf": corosync("prod-central", NODES, named=False)})),
    ("proxmox: comments and CRLF in corosync.conf", clustered({**FILES, "pve/corosync.conf": COMMENTED})),
    ("proxmox: the host name is an FQDN", clustered({"pve/.members": None, "corosync/corosync.conf": corosync("prod-central", NODES)}, members_sent=False, own="hp2.dc1.example.com")),
    ("proxmox: 11: another Debian machine", not_a_host(lambda machine: None)),
    ("proxmox: 11: Backup Server", not_a_host(backup_server)),
    ("proxmox: 11: /etc/pve but no pveversion", not_a_host(lambda machine: (machine.root / "etc/pve").mkdir())),
    ("proxmox: 11: macOS", not_a_host(lambda machine: machine.set("system", "Darwin"))),
    ("proxmox: 15: a corosync link lies in the network", collision({"pve/corosync.conf": corosync("prod-central", NODES, "10.77.1.{}")}, "10.77.1.91", "corosync")),
    ("proxmox: 15: a corosync link by name", collision({"pve/corosync.conf": corosync("prod-central", NODES, named=False), "hosts": "10.77.1.5 hp1.example.com hp1\n"}, "10.77.1.5", "corosync")),
    ("proxmox: 15: an interface that is down now", collision({"network/interfaces": INTERFACES + "iface vmbr1 inet static\n\taddress 10.77.0.1\n\tnetmask 255.255.0.0\n"}, "10.77.0.1/16", "vmbr1")),
    ("proxmox: 15: Ceph's network", collision({"pve/ceph.conf": "[global]\n\tauth = cephx\n\tpublic_network = 192.0.2.0/24,10.77.0.0/16\n"}, "10.77.0.0/16", "Ceph")),
    ("proxmox: 15: a route of a bridge", collision({}, "vmbr0", routes="default via 192.0.2.1 dev vmbr0\n10.77.0.0/16 dev vmbr0 proto kernel scope link")),
    ("proxmox: 0: neighbours of the network", elsewhere),
    ("proxmox: the firewall is on: said and reported, not touched", firewall),
    ("proxmox: hostile names", hostile),
    ("proxmox: a .members that is of no use is left out", members_of_no_use),
    ("proxmox: a node that joins a cluster later", joins_later),
    ("proxmox: a cluster of 32 nodes", largest_cluster),
    ("proxmox: no subscription", without_subscription),
    ("proxmox: 20: the plan would remove Proxmox", kernel_plan),
    ("proxmox: before and after are the same, and uninstalled", unchanged_and_uninstalled),
]
