#!/usr/bin/python3
# The attacker's sentences of design §5 against the kernel: as apid's user on the front's socket, as the front's user on the
# engine's, as anybody else on both, while spokes use wg0. Leaves what is tried to tests/attack.
# vm: --timeout 600 --memory 1536 --with python3 --with nsenter --add tests/lib:/tests/lib --add deploy/lib:/hub/lib
# vm: --add deploy/activate:/hub/activate --add share/install:/usr/share/wireguard-hub/install --add share/nft:/usr/share/wireguard-hub/nft --program BIN/wghub:/usr/bin/wghub
# vm: --program BIN/apid:/usr/libexec/wireguard-hub/apid --program BIN/wgprivd:/usr/libexec/wireguard-hub/wgprivd
# vm: --program BIN/wgprivd-engine:/usr/libexec/wireguard-hub/wgprivd-engine --program BIN/attack_client
import json, re, sys, time

sys.path.insert(0, "/tests/lib")
import guest_hub as hub
from figures import figure
from guest_hub import must, sh, show, within

COUNT = 2
FRONT, ENGINE = "/run/wireguard-hub/wgprivd.sock", "/run/wireguard-hub/engine.sock"
PRIVILEGED = "/var/lib/wireguard-hub-privileged"
# Why the engine refuses: each must be met, so that no check hides behind another.
REASONS = {"policy mismatch", "key exists", "invalid key", "hub key", "preshared key", "address outside", "address reserved",
           "address held", "replaces mismatch", "stale snapshot", "malformed"}
REASONS_WITHOUT_POLICY = {"network not allowed", "malformed"}


def machine():
    """All that an attacker may not change: name of the thing -> its text. The peers' counters aside."""
    dump = [line.split("\t") for line in must("wg show wg0 dump").splitlines()]
    return {"wg0's keys and port": dump[0][:3], "its peers and their addresses": sorted((peer[0], peer[1], peer[3]) for peer in dump[1:]),
            "every link": sorted(re.sub(r" qlen.*", "", line) for line in must("ip -o link").splitlines()),
            "every address": must("ip -o address | sed 's/valid_lft.*//'"), "every route": must("ip route show table all; ip -6 route show table all"),
            "every rule": must("ip rule; ip -6 rule"), "the filter": must("nft -s list ruleset"),
            "the engine's key and policy": must(f"cd {PRIVILEGED} && ls -A && sha256sum $(ls -A | grep -v journal)")}


def attack(user, arguments):
    return sh(f"timeout 120 setpriv --reuid={user} --regid=$(id -g {user}) --init-groups -- attack_client {arguments}")


def refusals(name, begin):
    return [json.loads(line) for line in hub.log(name, begin).splitlines() if "refused" in line]


def taken_over(name, user, socket, least, reasons, options=""):
    """All that the attacker tries in the place of that user's daemon; claims that it's refused, and why is logged."""
    logged = {log: hub.log_size(log) for log in ("wgprivd", "engine")}
    began = time.monotonic()
    done = attack(user, f"{name} --socket {socket} {options}")
    refused = len(re.findall(r"^refused: ", done.stdout, re.MULTILINE))
    through = [line for line in done.stdout.splitlines() if line.startswith(("ALLOWED", "not tried"))] + [done.stderr] * bool(done.stderr)
    show(done.returncode == 0 and refused >= least and not through,
         f"as {user}: {refused} attempts refused in {time.monotonic() - began:.1f} s; got through: {through or 'none'}")
    figure("T12", f"kernel, as {user}: {refused} attempts refused, {len(through)} allowed")
    unmet = reasons - {line.get("reason") for line in refusals("engine", logged["engine"])}
    show(not unmet, f"as {user}: the engine logged refusals for {len(reasons)} different reasons" + (f", but not {unmet}" if unmet else ""))
    if socket == FRONT:
        show(any(line["message"] == "refused" for line in refusals("wgprivd", logged["wgprivd"])), f"as {user}: the front logged what it refused itself")
    return done.stdout


def hub_without_policy():
    """The network is the attacker's choice then: of allowed ones."""
    taken_over("engine", "wghub-front", ENGINE, 50, REASONS_WITHOUT_POLICY)
    show(sh("ip link show dev wg0").returncode != 0 and "policy" not in must(f"ls {PRIVILEGED}"), "no policy was accepted, no wg0 made")


def hub_with_spokes(name, user, socket, before):
    must(f"wg show wg0 private-key >/tmp/hub-key && chown {user} /tmp/hub-key && chmod 0400 /tmp/hub-key")
    said = taken_over(name, user, socket, 100, REASONS, "--private-key /tmp/hub-key")
    must("rm /tmp/hub-key")
    show("refused: read the hub's private key" in said, f"as {user}: the hub's private key is in no answer")
    same_as(before, f"as {user}")


def same_as(before, name):
    after = machine()
    changed = [thing for thing in before if after[thing] != before[thing]]
    show(not changed, f"{name}: {'changed: ' + ', '.join(changed) if changed else 'as before: ' + ', '.join(before)}")


def wrong_callers():
    for socket, kind, log, users in ((FRONT, "stream", "wgprivd", ["wghub-front", "wgprivd", "nobody", "root"]),
                                     (ENGINE, "seqpacket", "engine", ["wghub", "wgprivd", "nobody", "root"])):
        logged = hub.log_size(log)
        must(f"chmod 0777 /run/wireguard-hub {socket}")  # so that it's the daemon that refuses, not the file's mode
        refused = [user for user in users if "refused: call as another user" in attack(user, f"wrong-caller --socket {socket} --type {kind}").stdout]
        figure("T13", f"kernel, {kind} socket, mode widened: refused {', '.join(refused)}")
        show(refused == users, f"{socket}: refused {', '.join(refused)} of {', '.join(users)}")
        show(len(refusals(log, logged)) >= len(users), f"{socket}: and logged each")
    must(f"chmod 0750 /run/wireguard-hub && chmod 0660 {FRONT} && chmod 0600 {ENGINE}")


def judge(traffic):
    ended = time.time()
    for ping in traffic:
        back = within(30, lambda: ping.answered_since(ended))
        sent, lost = ping.end()
        show(back is not None and lost == 0, f"spoke {ping.number} lost {lost} of {sent} pings meanwhile")


hub.make_network(COUNT)
# "keep": the attacker's own peer must not go in the middle of an attack.
hub.start_daemons('foreign_peers = "keep"')
hub_without_policy()
api = hub.set_up()
spokes = hub.install(api, COUNT)
before = machine()
show(len(before["its peers and their addresses"]) == COUNT, f"{COUNT} spokes' peers before")
traffic = [hub.Traffic(number) for number in spokes]
hub_with_spokes("rpc", "wghub", FRONT, before)
hub_with_spokes("engine", "wghub-front", ENGINE, before)
wrong_callers()
same_as(before, "after all")
judge(traffic)
ready = within(30, lambda: sh(f"curl -skf --max-time 5 https://127.0.0.1:{hub.PORT}/api/health/ready").returncode == 0)
show(ready is not None, "the hub is ready")
hub.finish()
