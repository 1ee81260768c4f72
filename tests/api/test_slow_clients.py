# Clients that take their time or never finish, thousands of them, and a process out of descriptors (F11, F12): who asks properly is
# answered. Leaves the deadline of each phase to test_http.py.
import contextlib, os, signal, socket, subprocess, threading, time

import pytest

from hub import PORT, SLOW, Client, eventually, sh
from proofs import figure, share

MODES = {"headers": "-H -i 5 -t GET -u {base}/api/health/live",
         "body": "-B -i 5 -s 4096 -f application/json -u {base}/api/auth/login",
         "read": "-X -n 10 -w 10 -y 20 -z 5 -k 3 -u {base}/api/health/live"}
MACHINES = 21  # each with an address of its own: one address has 512 connections


@pytest.fixture
def crowd():
    """Machines beside the hub; gives the names of their namespaces, and the address each knows the hub by."""
    names = {f"slow{number}": f"198.51.100.{4 * number + 1}" for number in range(MACHINES)}
    try:
        for number, (name, gateway) in enumerate(names.items()):
            sh(f"""ip netns add {name} && ip link add {name} type veth peer name eth0 netns {name} &&
                ip address add {gateway}/30 dev {name} && ip link set {name} up &&
                ip -n {name} address add 198.51.100.{4 * number + 2}/30 dev eth0 && ip -n {name} link set eth0 up""")
        yield names
    finally:
        for name in names:
            sh(f"ip netns del {name}; ip link del {name} 2>/dev/null", check=False)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory(pid):
    """MiB that are the process's own or its share of what it has with others."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def taken():
    """Connections that this namespace has taken so far, all of them the hub's."""
    with open("/proc/net/snmp") as file:
        names, values = (line.split() for line in file if line.startswith("Tcp:"))
    return int(values[names.index("PassiveOpens")])


class Healthy(threading.Thread):
    """Asks as the dashboard does, ten times a second: a new connection each fourth time."""

    def __init__(self, headers):
        super().__init__()
        self.headers, self.good, self.bad, self.slowest, self.over = headers, 0, [], 0.0, threading.Event()

    def run(self):
        client, number = None, 0
        while not self.over.wait(0.1):
            if number % 4 == 0:
                client = Client(self.headers)
            number += 1
            began = time.monotonic()
            try:
                answer = client.get("/api/spoke/list" if number % 2 else "/api/health/ready")
                self.good, self.bad = self.good + (answer.status == 200), self.bad + [answer] * (answer.status != 200)
            except OSError as fault:
                self.bad.append(fault)
            self.slowest = max(self.slowest, time.monotonic() - began)

    def end(self):
        self.over.set()
        self.join()


def attack(name, gateway, mode, count, seconds):
    """Slow clients of one machine, begun again as often as the hub has cut them all. As a machine of its own would, it leaves the hub's processors alone."""
    options = MODES[mode].format(base=f"https://{gateway}:{PORT}")
    return subprocess.Popen(["ip", "netns", "exec", name, "bash", "-c",
                             f"end=$((SECONDS + {seconds})); while [ $SECONDS -lt $end ]; do timeout $((end - SECONDS)) nice -n 10 slowhttptest -c {count} -r {count} -l {seconds} -p 60 {options}; done"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


@contextlib.contextmanager
def attacked(crowd, count, seconds):
    processes = [attack(name, gateway, list(MODES)[number % len(MODES)], count, seconds) for number, (name, gateway) in enumerate(crowd.items())]
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.skipif(SLOW > 1, reason="measures memory and time, which a sanitizer changes")
def test_ten_thousand_slow_clients_keep_nobody_waiting(hub, crowd):
    each, seconds = share(48, 477), share(20, 60)
    pid = hub.pid("apid")
    before, first, healthy = descriptors(pid), taken(), Healthy(hub.admin.headers)
    healthy.start()
    most = largest = 0
    with attacked(crowd, each, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            most, largest = max(most, descriptors(pid)), max(largest, memory(pid))
            time.sleep(0.5)
    connections = taken() - first
    healthy.end()
    back = eventually(lambda: descriptors(pid) <= before + 4, 60, 0.5)
    asked = healthy.good + len(healthy.bad)
    figure("F11", f"{each * MACHINES} slow clients (headers, body, read) for {seconds} s, {connections} connections taken, {most - before} open at most before the hub cut them: {healthy.good} of {asked} healthy requests answered, "
           f"the slowest after {healthy.slowest:.2f} s; {largest:.0f} MiB; descriptors as before {back:.0f} s after")
    assert hub.pid("apid") == pid
    assert connections > each * MACHINES and most - before > each * MACHINES / 2, "there were never as many as there should be"
    assert healthy.good >= 0.999 * asked, healthy.bad[:3]
    assert largest < 512


def connections_that_say_nothing(count):
    """Connected, and no more; none for those that are not taken."""
    held = []
    for number in range(count):
        with contextlib.suppress(OSError):
            one = socket.socket()
            one.settimeout(2)
            one.bind((f"127.0.0.{2 + number % 200}", 0))
            one.connect(("127.0.0.1", PORT))
            held.append(one)
    return held


def seconds_of_processor(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def allow_descriptors(pid, soft, hard):
    """As the user that it runs as, which may do that to its own."""
    sh(f"setpriv --reuid=wghub --regid=wghub --clear-groups prlimit --pid {pid} --nofile={soft}:{hard}")


def test_out_of_descriptors_it_waits_and_recovers(hub):
    pid = hub.pid("apid")
    before = descriptors(pid)
    with open(f"/proc/{pid}/limits") as file:
        limit = next(line.split()[3:5] for line in file if line.startswith("Max open files"))
    held = []
    try:
        allow_descriptors(pid, before + 40, limit[1])
        held = connections_that_say_nothing(400)
        spent, began, answered = seconds_of_processor(pid), time.monotonic(), 0
        while time.monotonic() - began < 4:
            answered += hub.try_status("/api/health/live") == 200
            time.sleep(0.2)
        busy = (seconds_of_processor(pid) - spent) / (time.monotonic() - began)
        used = descriptors(pid)
    finally:
        allow_descriptors(pid, *limit)
        for one in held:
            one.close()
    eventually(lambda: descriptors(pid) <= before + 4, 30)
    again = eventually(lambda: hub.try_status("/api/health/ready") == 200, 10)
    figure("F12", f"{before + 40} descriptors allowed, {len(held)} silent connections: {used} in use, {answered} health requests answered meanwhile, "
           f"{busy * 100:.0f} % of a processor; as before {again:.1f} s after")
    assert hub.pid("apid") == pid
    assert answered >= 10 and busy < 0.2 * SLOW
