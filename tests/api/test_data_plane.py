# Real packets between the hub and two spokes, each in a network namespace with wireguard-go: status, removal, foreign source
# addresses (T16), isolation (D18).
#
#   hub 10.84.0.1 on wg0; 192.0.2.1 on host0
#     |-- 198.51.100.1 --- 198.51.100.2 spoke 1, interface spoke1
#     `-- 198.51.100.5 --- 198.51.100.6 spoke 2, interface spoke2
import json, os, signal, subprocess, time

import pytest

from hub import SLOW, SOURCE, eventually, sh
from proofs import Events, figure, make_pair

PORT = 51820


class Spoke:
    """A machine with WireGuard and nothing else; the commands are a script's, by hand."""

    def __init__(self, hub, number):
        self.number, self.name, self.device = number, f"spoke-{number}", f"spoke{number}"
        gateway, own = f"198.51.100.{4 * number - 3}", f"198.51.100.{4 * number - 2}"
        sh(f"""ip netns add {self.name} && ip link add s{number} type veth peer name eth0 netns {self.name} &&
            ip address add {gateway}/30 dev s{number} && ip link set s{number} up && ip -n {self.name} link set lo up &&
            ip -n {self.name} address add {own}/30 dev eth0 && ip -n {self.name} link set eth0 up && ip -n {self.name} route add default via {gateway}""")
        self.process = subprocess.Popen(["ip", "netns", "exec", self.name, "wireguard-go", "-f", self.device],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: os.path.exists(f"/run/wireguard/{self.device}.sock"))
        private, self.key = make_pair()
        answer = hub.register(hub.token(self.name)["token"]["token"], self.key)
        assert answer.status == 201, answer
        self.id, self.address = answer.json["spoke"]["id"], answer.json["spoke"]["allowedIPs"][0].split("/")[0]
        hub_key = hub.admin.get("/api/hub/config").json["publicKey"]
        self.sh(f"""sh -c 'echo {private} | wg set {self.device} private-key /dev/stdin peer {hub_key} endpoint 192.0.2.1:{PORT} \
            allowed-ips 10.84.0.0/16 persistent-keepalive 25 && ip address add {self.address}/16 dev {self.device} && ip link set {self.device} mtu 1420 up'""")

    def sh(self, command, check=True):
        return sh(f"ip netns exec {self.name} {command}", check)

    def ping(self, address, seconds=1, options=""):
        return "bytes from" in self.sh(f"ping -n -c 1 -W {seconds} {options} {address}", check=False)

    def come_online(self):
        """Until the hub's address answers; when it does not, says what both ends look like."""
        try:
            return eventually(lambda: self.ping("10.84.0.1"), 15)
        except AssertionError as fault:
            views = [sh("wg show; ip address; ip route; ss -lun", check=False), self.sh("ip address", check=False), self.sh("ip route", check=False)]
            raise AssertionError("\n".join([str(fault), *views])) from None

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        sh(f"ip netns del {self.name}; ip link del s{self.number} 2>/dev/null", check=False)


@pytest.fixture
def two(wide):
    made = []
    try:
        for number in (1, 2):
            made.append(Spoke(wide, number))
        for spoke in made:
            spoke.come_online()
        yield made
    finally:
        sh("nft delete table inet wghub 2>/dev/null; nft delete table inet watch 2>/dev/null; sysctl -qw net.ipv4.ip_forward=0", check=False)
        for spoke in made:
            wide.admin.delete(f"/api/spoke/{spoke.id}")
            spoke.end()


def status_of(hub, spoke):
    return hub.admin.get(f"/api/spoke/{spoke.id}/status").json["spoke"]["status"]


def watch(spoke_namespace, rules):
    """Counts packets there; rules: name -> nftables match. Gives a function that reads a counter."""
    prefix = f"ip netns exec {spoke_namespace} " if spoke_namespace else ""
    text = "table inet watch {\n" + "".join(f"counter {name} {{}}\n" for name in rules)
    text += "chain prerouting { type filter hook prerouting priority -300;\n" + "".join(f"{match} counter name {name}\n" for name, match in rules.items()) + "}\n}\n"
    subprocess.run(f"{prefix}nft -f -", shell=True, input=text, text=True, check=True)

    def read(name):
        listed = json.loads(sh(f"{prefix}nft -j list counter inet watch {name}"))
        return listed["nftables"][1]["counter"]["packets"]
    return read


def test_a_spoke_turns_active_and_is_cut_off_when_removed(wide):
    events, began = Events(wide), time.monotonic()
    spoke = Spoke(wide, 1)
    try:
        spoke.come_online()
        pinged = time.monotonic() - began
        eventually(lambda: status_of(wide, spoke) == "active", 30)
        active = time.monotonic() - began
        eventually(lambda: events.count("spoke.status", spoke.id, '"active"') == 1, 3)
        peer = wide.admin.get(f"/api/spoke/{spoke.id}/status").json
        assert peer["spoke"]["lastHandshake"] and peer["wireguardPeer"]["endpoint"].startswith("198.51.100.2:"), peer
        listed = wide.admin.get("/api/spoke/list?status=active").json["spokes"]
        assert [item["id"] for item in listed] == [spoke.id]
        assert wide.admin.delete(f"/api/spoke/{spoke.id}").status == 200
        removed = time.monotonic()
        dead = eventually(lambda: not spoke.ping("10.84.0.1", 0.3), 6, 0.01)
        time.sleep(1)
        assert not spoke.ping("10.84.0.1", 0.5) and time.monotonic() > removed
        figure("", f"a spoke by hand: ping after {pinged:.1f} s, active after {active:.1f} s; ping dead {dead:.1f} s after its removal")
        assert active < 10 * SLOW + 2 and dead < 2 * SLOW
    finally:
        events.close()
        spoke.end()


def test_a_spoke_cannot_send_with_the_address_of_another(wide, two):
    first, second = two
    read = watch("", {"second": f'iifname "wg0" ip saddr {second.address}', "strange": 'iifname "wg0" ip saddr 203.0.113.0/24', "first": f'iifname "wg0" ip saddr {first.address}'})
    second.process.send_signal(signal.SIGSTOP)  # else its own packets would be counted
    try:
        for address in (second.address, "203.0.113.7"):
            first.sh(f"ip address add {address}/32 dev {first.device}")
            first.sh(f"ping -n -c 20 -i 0.05 -W 1 -I {address} 10.84.0.1", check=False)
        assert first.ping("10.84.0.1")
        sent = read("first")
        assert sent > 0 and read("second") == 0 and read("strange") == 0, (sent, read("second"), read("strange"))
    finally:
        second.process.send_signal(signal.SIGCONT)
    eventually(lambda: second.ping("10.84.0.1"), 10)
    assert read("second") > 0  # the counter counts
    figure("T16", "20 packets with another spoke's source address and 20 with a strange one: 0 arrived")


def test_spokes_are_kept_apart_even_with_forwarding_on(wide, two):
    first, second = two
    sh("sysctl -qw net.ipv4.ip_forward=1")
    # First without the rules: the test must be able to see a packet that gets through.
    assert first.ping(second.address, 3) and second.ping(first.address, 3)
    sh(f"nft -f {SOURCE}/share/nft/isolate.nft")
    reads = {spoke.number: watch(spoke.name, {"others": f'iifname "{spoke.device}" ip saddr {other.address}'}) for spoke, other in ((first, second), (second, first))}
    for spoke, other in ((first, second), (second, first)):
        spoke.sh(f"ping -n -c 20 -i 0.05 -W 1 {other.address}", check=False)
        assert spoke.ping("10.84.0.1", 3)
    assert [reads[number]("others") for number in (1, 2)] == [0, 0]
    dropped = json.loads(sh("nft -j list table inet wghub"))
    packets = [part["counter"]["packets"] for item in dropped["nftables"] if "rule" in item for part in item["rule"]["expr"] if "counter" in part]
    assert packets == [40]
    figure("", "isolation with ip_forward=1: 40 packets from spoke to spoke, 40 dropped, 0 arrived")
