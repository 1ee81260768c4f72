#!/usr/bin/python3
# The kernel's interface changed behind the hub's back while spokes use it (D15, F9): peers taken off, changed, added by
# hand, wg0 deleted. Each time: how long until it is right again, who recorded it, and what the other spokes noticed.
# vm: --timeout 600 --memory 1536 --with python3 --with nsenter --add tests/lib:/tests/lib --add deploy/lib:/hub/lib
# vm: --add deploy/activate:/hub/activate --add share/install:/usr/share/wireguard-hub/install --add share/nft:/usr/share/wireguard-hub/nft --program BIN/wghub:/usr/bin/wghub
# vm: --program BIN/apid:/usr/libexec/wireguard-hub/apid --program BIN/wgprivd:/usr/libexec/wireguard-hub/wgprivd
# vm: --program BIN/wgprivd-engine:/usr/libexec/wireguard-hub/wgprivd-engine
import sys, time

sys.path.insert(0, "/tests/lib")
import guest_hub as hub
from figures import figure
from guest_hub import must, sh, show, within

COUNT = 3
GOAL, LIMIT = 10, 30  # design's seconds for a repair, and how long a test waits on a noisy machine
PING_LIMIT = 60  # a spoke whose session is gone makes a new one by itself 15 s after its first unanswered packet
ADDED, REMOVED, CORRECTED, RESTORED = "peer.added", "peer.removed", "peer.corrected", "interface.restored"


def state():
    """What must come back: keys, port and MTU of wg0, that it is up with its address, and each peer's addresses."""
    shown = sh("wg show wg0 dump && cat /sys/class/net/wg0/mtu && ip -o -4 address show dev wg0 up").stdout
    head, *lines = shown.splitlines() or [""]
    peers = {line.split("\t")[0]: line.split("\t")[3] for line in lines if "\t" in line}
    rest = [" ".join(line.split()[1:4]) if "inet" in line else line for line in lines if "\t" not in line]
    return head.split("\t")[:3], rest, peers


def index():
    return must("cat /sys/class/net/wg0/ifindex").strip()


def recorded(api, after):
    """(action, target) of the audit events behind that one."""
    return {(event["action"], event["target"]) for event in api.call("GET", "/api/audit?limit=200")[0]["events"] if event["id"] > after}


def newest(api):
    return api.call("GET", "/api/audit?limit=1")[0]["events"][0]["id"]


class Fault:
    """One change by hand: the command, what must be in the audit trail, words of apid's log, keys that the engine may touch."""

    def __init__(self, name, command, events, words, keys, victims):
        self.name, self.command, self.events, self.words, self.keys, self.victims = name, command, events, words, keys, victims

    def run(self, api, wanted):
        traffic = {number: hub.Traffic(number) for number in range(1, COUNT + 1)}
        if within(LIMIT, lambda: all(ping.answered_since(0, 5) for ping in traffic.values())) is None:
            show(False, f"{self.name}: every spoke's ping is answered before")
        before, apid_log, engine_log = newest(api), hub.log_size("apid"), hub.log_size("engine")
        began, began_wall = time.monotonic(), time.time()
        must(self.command)
        repaired = within(LIMIT, lambda: state() == wanted, 0.05)
        took, repaired_wall = time.monotonic() - began, time.time()
        show(repaired is not None, f"{self.name}: as it was {took:.1f} s after it (goal {GOAL})")
        figure("F8" if "deleted" in self.name else "F9 T15", f"{self.name}: as it was {took:.1f} s after it")
        within(5, lambda: self.events <= recorded(api, before))
        self.judge_records(recorded(api, before), hub.log("apid", apid_log), hub.log("engine", engine_log), wanted)
        self.judge_traffic(traffic, began_wall, repaired_wall)

    def judge_records(self, events, apid_log, engine_log, wanted):
        missing = self.events - events
        show(not missing, f"{self.name}: in the audit trail: {', '.join(sorted({action for action, _ in self.events}))}"
             + (f", but not {sorted(missing)}" if missing else ", each target named"))
        lines = [line for line in apid_log.splitlines() if any(word in line for word in self.words)]
        unsaid = [word for word in self.words if not any(word in line for line in lines)]
        show(not unsaid, f"{self.name}: apid's log says so" + (f", but not {unsaid}" if unsaid else ""))
        show(all(key in engine_log for key in self.keys), f"{self.name}: the engine's log names each key")
        untouched = set(wanted[2]) - set(self.keys)
        show(not any(key in engine_log for key in untouched), f"{self.name}: the engine touched none of the other {len(untouched)} peers")

    def judge_traffic(self, traffic, began, repaired):
        for number, ping in sorted(traffic.items(), key=lambda item: item[0] not in self.victims):  # the untouched ping longest
            back = within(PING_LIMIT, lambda: ping.answered_since(repaired))
            sent, lost = ping.end()
            if number not in self.victims:
                show(back is not None and lost == 0, f"{self.name}: spoke {number}, untouched, lost {lost} of {sent} pings")
                continue
            first = min((at for at, _ in ping.replies() if at > repaired), default=repaired)
            show(back is not None, f"{self.name}: spoke {number} is answered again {first - began:.1f} s after it, lost {lost} of {sent}")


def foreign_key():
    return must("wg genkey | wg pubkey").strip()


def faults(spokes):
    key = {number: spoke["publicKey"] for number, spoke in spokes.items()}
    ids = {number: spoke["id"] for number, spoke in spokes.items()}
    address = spokes[3]["allowedIPs"][0].split("/")[0]
    plain, thief = foreign_key(), foreign_key()
    right, foreign, anew = "the interface was put right", "a peer that no spoke has was removed", "the interface was missing"
    flush = " ".join(f"peer '{each}' remove" for each in key.values())
    return [
        Fault("allowed-ips changed", f"wg set wg0 peer '{key[3]}' allowed-ips 10.83.0.99/32", {(CORRECTED, ids[3])}, [right], [key[3]], [3]),
        Fault("allowed-ips widened", f"wg set wg0 peer '{key[3]}' allowed-ips {address}/32,0.0.0.0/0", {(CORRECTED, ids[3])}, [right], [key[3]], []),
        Fault("a foreign peer", f"wg set wg0 peer '{plain}' allowed-ips 10.83.0.98/32", {(REMOVED, plain)}, [foreign, plain], [plain], []),
        Fault("a foreign peer with a spoke's address", f"wg set wg0 peer '{thief}' allowed-ips {address}/32",
              {(REMOVED, thief), (CORRECTED, ids[3])}, [foreign, thief, right], [thief, key[3]], [3]),
        Fault("one peer flushed", f"wg set wg0 peer '{key[3]}' remove", {(ADDED, ids[3])}, [right], [key[3]], [3]),
        Fault("all peers flushed", f"wg set wg0 {flush}", {(ADDED, each) for each in ids.values()}, [right], list(key.values()), list(key)),
        Fault("wg0 deleted", "ip link del wg0", {(RESTORED, "wg0")} | {(ADDED, each) for each in ids.values()}, [anew, right],
              list(key.values()), list(key)),
    ]


hub.make_network(COUNT)
hub.start_daemons()
api = hub.set_up()
spokes = hub.install(api, COUNT)
wanted, old_index = state(), index()
show(len(wanted[2]) == COUNT and len(wanted[1]) == 2, f"{COUNT} peers before: wg0 with {wanted[1]}")
for fault in faults(spokes):
    fault.run(api, wanted)
show(index() != old_index, "wg0 really was another interface at the end")
hub.finish()
