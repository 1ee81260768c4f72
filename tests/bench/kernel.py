#!/usr/bin/python3
# The rows that need the kernel's WireGuard: the helper alone (no apid) in the virtual machine, against bare netlink on an
# interface of its own beside it. Run by tests/bench/run through tests/vm/run; its times compare only with each other.
#   kernel.py SMALL MIDDLE LARGE      numbers of peers
import os, re, statistics, subprocess, sys, time

sys.path.insert(0, "/bench")
from rows import Rows

BASE = "/bench/state"
ENGINE, FRONT = "engine:/run/wireguard-hub/engine.sock", "rpc:/run/wireguard-hub/wgprivd.sock"
BARE, ROUNDS, SOME, REMOVALS = "wg1", 5, 200, 100
WORDS = {"@LIBEXEC@": "/usr/local/bin", "@STATE@": BASE, "@KEK@": f"{BASE}/kek", "@BACKEND@": "kernel", "#USERSPACE# ": "#"}


def sh(command):
    done = subprocess.run(command, shell=True, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        logs = subprocess.run(f"tail -n 5 {BASE}/log/*.log", shell=True, text=True, capture_output=True).stdout
        sys.exit(f"{command}\n{done.stdout}{done.stderr}\n{logs}")
    return done.stdout


def number_of(command):
    return float(sh(command))


def helper(target, arguments):
    user = "wghub" if target == FRONT else "wghub-front"
    return number_of(f"setpriv --reuid={user} --regid=$(id -g {user}) --groups=$(id -g wghub) -- bench_helper {target} {arguments}")


def bare(arguments):
    return number_of(f"bench_netlink {BARE} {arguments}")


class Daemons:
    """The services of deploy/lib/services.toml that are named, run by deploy/activate."""

    def __init__(self, *names):
        with open("/bench/services.toml") as file:
            plan = file.read()
        for word, value in WORDS.items():
            plan = plan.replace(word, value)
        head, *services = re.split(r"(?m)^(?=\[\[service\]\])", plan)
        kept = [service for service in services if any(f'name = "{name}"\n' in service for name in names)]
        with open("/bench/plan.toml", "w") as file:
            file.write(head + "".join(kept))
        self.process = subprocess.Popen(["/bench/activate", "/bench/plan.toml"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def wait_for(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("waited in vain")
        time.sleep(0.02)


def prepare():
    sh(f"""mkdir -p {BASE}/log /var/lib/wireguard-hub-privileged && chown wgprivd:wgprivd /var/lib/wireguard-hub-privileged &&
        chmod 0700 /var/lib/wireguard-hub-privileged && head -c 32 /dev/urandom >{BASE}/kek && chmod 0400 {BASE}/kek &&
        ip link add {BARE} type wireguard && wg genkey >/bench/key && wg set {BARE} private-key /bench/key && ip link set {BARE} up""")


def fill(first, behind):
    """Both interfaces up to that number of peers: seconds of each."""
    count = behind - first
    return helper(ENGINE, f"add {first} {count}"), bare(f"add {first} {count}")


def add_rounds(first):
    """Adds at about this size, ours and bare in turns; the peers go again."""
    pairs = []
    for _ in range(ROUNDS):
        ours, floor = fill(first, first + SOME)
        pairs.append((1e3 * ours / SOME, 1e3 * floor / SOME))
        helper(ENGINE, f"remove {first} {SOME}")
        bare(f"remove {first} {SOME}")
    return pairs


def queue_row(rows, size):
    """How much longer an add takes that comes while one call is removing a hundred peers."""
    pairs = []
    for _ in range(ROUNDS):
        alone = statistics.median(helper(FRONT, f"add {size + REMOVALS + number} 1") for number in range(1, 6))
        helper(ENGINE, f"add {size} {REMOVALS}")
        behind = helper(FRONT, f"behind {size} {REMOVALS}")
        helper(ENGINE, f"remove {size} {REMOVALS + 6}")
        add = helper(ENGINE, f"add {size} {SOME}") / SOME
        removal = helper(ENGINE, f"remove {size} {SOME}") / SOME
        pairs.append((1e3 * max(behind - alone, 0), 1e3 * (removal + 2 * add)))
    rows.add_rounds("kernel: an add's wait behind 100 removals", "<= one removal and two adds", pairs, "ms", most=1)


def restore_row(rows, size, floor):
    """The interface gone, the engine's program run once with --restore."""
    # Deleting a link waits for a grace period a peer, 20 ms in here; flushing them first waits for one in all.
    sh("wg setconf wg0 /dev/null && ip link del wg0")
    log = f"{BASE}/log/restore.log"
    began = time.monotonic()
    daemons = Daemons("restore")
    wait_for(lambda: os.path.exists(log) and "is restored" in open(log).read())
    seconds = time.monotonic() - began
    daemons.stop()
    found = int(sh("wg show wg0 peers | wc -l"))
    if found != size:
        sys.exit(f"restored {found} of {size}")
    rows.add(f"kernel: restore {size}", "(a bare fill)", seconds, floor, "s", most=1.3)


def main():
    small, middle, large = (int(size) for size in sys.argv[1:])
    rows = Rows()
    # All on one processor of the emulated two: waking the other one costs more there than what is measured.
    os.sched_setaffinity(0, {0})
    prepare()
    daemons = Daemons("engine", "wgprivd")
    wait_for(lambda: os.path.exists("/run/wireguard-hub/wgprivd.sock"))
    helper(ENGINE, "set-up 0")
    fill(0, small)
    near = add_rounds(small)
    rows.add_rounds("kernel: an add through the engine", "<= 1.2 of bare netlink", near, "ms", most=1.2)
    queue_row(rows, small)
    fill(small, middle)
    rpc = helper(FRONT, "hello 50") * (middle // 256 + 1)
    rows.add_rounds(f"kernel: a status of {middle} over RPC", "<= 3 (bare dump + its RPC)",
                    [(1e3 * helper(FRONT, "status 3"), 1e3 * (bare("dump 3") + rpc)) for _ in range(ROUNDS)], "ms", most=3)
    if large > middle:
        ours, floor = helper(FRONT, f"add {middle} {large - middle}"), bare(f"add {middle} {large - middle}")
        rows.add(f"kernel: fill from {middle} to {large}, in calls", "<= 1.3 of a bare fill", ours, floor, "s", most=1.3)
        far = add_rounds(large)
        rows.add(f"kernel: an add at {large}", f"<= 1.5 of that at {small}", statistics.median(pair[0] for pair in far),
                 statistics.median(pair[0] for pair in near), "ms", most=1.5, bare=far)
        floor *= large / (large - middle)
    else:
        floor = bare("add 0 0") + 1e-3 * large * statistics.median(pair[1] for pair in near)
    daemons.stop()
    restore_row(rows, large, floor)


main()
