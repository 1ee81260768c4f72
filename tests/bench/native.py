# The rows that are measured on this machine: a real hub (release build, userspace backend) in namespaces of its own, its
# state on the disk. Starting the hub is tests/api/hub.py's; floors and loads are the programs beside this file.
#   native.py OUT WORK [--quick] [ROW]...      OUT: results as JSON; WORK: a folder on the disk that is meant
import base64, contextlib, glob, json, os, re, shutil, signal, subprocess, sys, threading, time

SOURCE = os.environ["WGHUB_SOURCE"]
sys.path[:0] = [f"{SOURCE}/tests/api", f"{SOURCE}/tests/bench"]
import hub as hubs
from hub import eventually, sh
from rows import Rows, median

PROGRAMS = ("bench_fill", "bench_helper", "bench_hello", "bench_sqlite", "bench_uapi")
STATE = "/var/lib/wireguard-hub"
CONNECTIONS = 64
PAGE = 1000
PEERS_A_PAGE = 256  # of the helper
HELLO_PORT = 8500
BARE = "wg1"  # an interface of the same implementation that only the floors use
DAEMONS = ("apid", "wgprivd", "wgprivd-engine")
CHURN = 1200  # tokens, registrations and removals of one round


class BenchHub(hubs.Hub):
    def wait_live(self):
        eventually(lambda: self.try_status("/api/health/live") == 200, 150, 0.02)

    def wait_ready(self):
        return eventually(lambda: self.try_status("/api/health/ready") == 200, 300, 0.02)


def number_of(command):
    return float(sh(command).split()[-1])


def program(name, arguments, user=None):
    other = f"setpriv --reuid={user} --regid={user} --clear-groups -- " if user else ""
    return number_of(f"{other}{hubs.PROGRAMS}/{name} {arguments}")


def load(requests, expected, port=hubs.PORT, token="", may_fail=None):
    """Sends every request once over 64 TLS connections: requests a second. None may fail, unless a list takes the number that did."""
    path = f"{hubs.ROOT}/load"
    with open(path, "w") as file:
        file.writelines("\t".join(request) + "\n" for request in requests)
    said = json.loads(sh(f"wrk -t1 -c{CONNECTIONS} -d120s --timeout 60s -s {SOURCE}/tests/bench/load.lua https://127.0.0.1:{port}/"
                         f" -- {path} {expected} {token}").splitlines()[-1])
    assert said["good"] + said["bad"] >= len(requests) and (said["bad"] == 0 or may_fail is not None), said
    if may_fail is not None:
        may_fail.append(said["bad"])
        print(f"failed: {said['bad']} of {len(requests)} {said['other']}", flush=True)
    return said["rate"]


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with contextlib.suppress(FileNotFoundError), open(path) as file:
                total += int(file.read().split()[0])
    return total / 1e9


def pss_megabytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.MULTILINE).group(1)) / 1024


def wait_for_line(log, words, begin, seconds=300):
    """Reads a daemon's log from that byte on until a line has the words."""
    path = f"{hubs.LOGS}/{log}.log"

    def is_there():
        with contextlib.suppress(FileNotFoundError), open(path, errors="replace") as file:
            file.seek(begin)
            return words in file.read()
        return False

    return eventually(is_there, seconds, 0.01)


def log_size(log):
    path = f"{hubs.LOGS}/{log}.log"
    return os.path.getsize(path) if os.path.exists(path) else 0


class BareInterface:
    """wireguard-go by itself, up, with a key, so that it does for each peer what it does for the hub's."""

    def __init__(self):
        environment = {**os.environ, "WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error"}
        self.process = subprocess.Popen(["wireguard-go", BARE], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.socket = f"/run/wireguard/{BARE}.sock"
        eventually(lambda: os.path.exists(self.socket))
        sh(f"wg genkey >{hubs.ROOT}/bare.key && wg set {BARE} private-key {hubs.ROOT}/bare.key && ip link set {BARE} up")
        self.peers = 0

    def add(self, count):
        """Seconds of adding that many more peers."""
        seconds = program("bench_uapi", f"{self.socket} add {self.peers} {count}")
        self.peers += count
        return seconds

    def dump(self, rounds=7):
        return program("bench_uapi", f"{self.socket} dump {rounds}")

    def end(self):
        self.process.terminate()
        self.process.wait()


class Native:
    def __init__(self, rows, wanted, quick):
        self.rows, self.wanted, self.quick, self.scale = rows, wanted, quick, []
        self.rounds = 1 if quick else 3
        self.hub = BenchHub("10.84.0.0/16")

    def wants(self, *names):
        return not self.wanted or bool(set(names) & set(self.wanted))

    # Work for the loads

    def secret(self):
        return self.hub.admin.headers["Authorization"].split()[1]

    def tokens(self, count):
        texts = []
        while len(texts) < count:
            spokes = [{"spokeName": f"made {len(texts) + i}"} for i in range(min(256, count - len(texts)))]
            answer = self.hub.admin.post("/api/installation/tokens/bulk", {"spokes": spokes})
            assert answer.status == 201, answer
            texts += [made["token"]["token"] if isinstance(made["token"], dict) else made["token"] for made in answer.json["tokens"]]
        return texts

    def create_rate(self, count):
        body = json.dumps({"spokeName": "load"})
        return load([("POST", "/api/installation/token", body)] * count, 201, token=self.secret())

    def register_rate(self, count, failed):
        keys = [base64.b64encode(os.urandom(31) + b"\x07").decode() for _ in range(count)]
        return load([("POST", "/api/spoke/register", json.dumps({"token": token, "publicKey": key, "os": "linux"}))
                     for token, key in zip(self.tokens(count), keys)], 201, may_fail=failed)

    def script_rate(self, count):
        return load([("GET", f"/api/installation/script/{token}?platform=linux") for token in self.tokens(count)], 200)

    def remove_rate(self, count, failed):
        ids = [spoke["id"] for spoke in self.page("/api/spoke/list", count).json["spokes"]]
        return load([("DELETE", f"/api/spoke/{each}") for each in ids], 200, token=self.secret(), may_fail=failed)

    def page(self, path, limit, cursor=None):
        answer = self.hub.admin.get(f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status == 200, answer
        return answer

    def walk(self, path):
        """Reading a whole list: seconds, apid's processor time, pages."""
        apid = [self.hub.pid("apid")]
        began, used, pages, cursor = time.monotonic(), cpu_seconds(apid), 0, None
        while pages == 0 or cursor:
            text, pages = self.page(path, PAGE, cursor).text, pages + 1
            cursor = json.loads(re.search(r'"nextCursor":("[^"]*"|null)', text).group(1))
        return time.monotonic() - began, cpu_seconds(apid) - used, pages

    # Floors

    def sqlite_rate(self):
        return program("bench_sqlite", f"{STATE}/bare.sqlite {100 if self.quick else 300}", "wghub")

    def hello_rate(self, count):
        files = [f"{STATE}/tls/{name}.pem" for name in ("certificate", "key")]
        with subprocess.Popen([f"{hubs.PROGRAMS}/bench_hello", str(HELLO_PORT), *files]) as hello:
            try:
                eventually(lambda: sh(f"ss -Hltn 'sport = :{HELLO_PORT}'") != "")
                return load([("GET", "/")] * count, 200, HELLO_PORT)
            finally:
                hello.terminate()

    # One size

    def make(self, size):
        """A hub with so many spokes, started with an empty interface; how long each step took."""
        hub, figures = self.hub, {"spokes": size}
        hub.wipe()
        hub.start()
        hub.set_up()
        if self.wants("memory") and not self.scale:
            self.idle_memory()
        hub.stop()
        figures["fill s"] = program("bench_fill", f"{hubs.DATABASE} {size}", "wghub")
        log = log_size("apid")
        with self.starting():
            figures["start s"] = wait_for_line("apid", "apid is ready", log)
            figures["reconcile from empty s"] = wait_for_line("apid", "the interface was put right", log)
        assert len(hub.peers()) == size, "the interface is not the database"
        return figures

    @contextlib.contextmanager
    def starting(self):
        """The hub being started while what is inside looks on; ready at the end."""
        starter = threading.Thread(target=self.hub.start)
        starter.start()
        try:
            yield
        finally:
            starter.join()
        self.hub.wait_ready()

    def idle_memory(self):
        time.sleep(6)
        apid, helper = pss_megabytes(self.hub.pid("apid")), sum(self.helper_megabytes(1))
        self.rows.add("memory: apid, idle", "<= 25 MB", apid, 25, "MB", most=1)
        self.rows.add("memory: helper, idle", "<= 8 MB", helper, 8, "MB", most=1)

    def helper_megabytes(self, seconds):
        """What front and engine have when they have most together within that time."""
        pids, most, end = [self.hub.pid(name) for name in DAEMONS[1:]], [0, 0], time.monotonic() + seconds
        while time.monotonic() < end:
            most = max(most, [pss_megabytes(pid) for pid in pids], key=sum)
            time.sleep(0.03)
        return most

    def loads(self, figures, bare, churn):
        rounds, failed = {"token": [], "register": [], "script": [], "claim": []}, []
        for _ in range(self.rounds):
            if self.wants("token", "flat"):
                rounds["token"].append((self.create_rate(churn), self.sqlite_rate()))
            if self.wants("register", "flat"):
                adds = churn / bare.add(churn)
                rounds["register"].append((self.register_rate(churn, failed), min(self.sqlite_rate(), adds)))
                figures["bare adds/s"] = adds
                figures["registrations answered 503"] = sum(failed)
            if self.wants("script"):
                rounds["script"].append((self.script_rate(churn), self.hello_rate(4 * churn)))
                rounds["claim"].append((rounds["script"][-1][0], self.sqlite_rate()))
        for name, pairs in rounds.items():
            if pairs and name != "claim":
                figures[f"{name}/s"] = median(pair[0] for pair in pairs)
        if self.wants("flat"):
            failed = []
            figures["remove/s"] = self.remove_rate(min(churn, PAGE), failed)
            figures["removals answered 503"] = sum(failed)
        return rounds

    def readings(self, figures, bare):
        """Lists, status, the helper's status against a bare dump."""
        spokes = len(self.hub.peers())
        for name, path in (("list", "/api/spoke/list"), ("status", "/api/hub/status")):
            times = [self.walk(path) for _ in range(7)]
            figures[f"{name} ms/page"] = 1000 * median(seconds / pages for seconds, _, pages in times)
            figures[f"{name} CPU us/spoke"] = 1e6 * median(used for _, used, _ in times) / spokes
        socket = "/run/wireguard-hub/wgprivd.sock"
        apid = self.hub.pid("apid")
        os.kill(apid, signal.SIGSTOP)  # its own passes would replace the snapshot between two pages
        figures["fresh status ms"] = 1000 * program("bench_helper", f"rpc:{socket} status 7", "wghub")
        os.kill(apid, signal.SIGCONT)
        figures["bare dump ms"] = 1000 * bare.dump()
        figures["rpc ms"] = 1000 * program("bench_helper", f"rpc:{socket} hello 50", "wghub") * (bare.peers // PEERS_A_PAGE + 1)

    def idle_cpu(self, figures, bare, seconds):
        """Processor time of all parts with nothing to do, and of a bare dump every 5 s while apid stands still."""
        hub = self.hub
        time.sleep(8)
        pids = {name: hub.pid(name) for name in DAEMONS}
        pids["wireguard-go"] = int(sh("pgrep -f '^wireguard-go wg0$'").split()[0])
        before = {name: cpu_seconds([pid]) for name, pid in pids.items()}
        time.sleep(seconds)
        used = {name: cpu_seconds([pid]) - before[name] for name, pid in pids.items()}
        os.kill(pids["apid"], signal.SIGSTOP)
        own = os.times()
        before_bare = cpu_seconds([bare.process.pid])
        for _ in range(seconds // 5):
            bare.dump(1)
        now = os.times()
        floor = cpu_seconds([bare.process.pid]) - before_bare + now[2] + now[3] - own[2] - own[3]
        os.kill(pids["apid"], signal.SIGCONT)
        figures["idle CPU %"] = 100 * sum(used.values()) / seconds
        figures["idle CPU of a bare dump %"] = 100 * floor / seconds
        return {name: round(value, 4) for name, value in used.items()}

    def restart(self, figures):
        """Everything ended and started again: the engine's restore, then both daemons."""
        hub = self.hub
        hub.stop()
        restored, began = log_size("restore"), time.monotonic()
        with self.starting():
            wait_for_line("restore", "the engine starts", restored)
            figures["restore s"] = wait_for_line("restore", "the interface is restored", restored)
        figures["restart to ready s"] = time.monotonic() - began

    def measure(self, size, churn):
        figures = self.make(size)
        bare = BareInterface()
        try:
            figures["bare fill s"] = bare.add(size)
            loads = self.loads(figures, bare, churn)
            cpu = {}
            if self.wants("list", "status", "flat"):
                self.readings(figures, bare)
            if self.wants("memory", "idle", "flat") and not self.quick:
                cpu = self.idle_cpu(figures, bare, 30)
                figures["apid MB"] = pss_megabytes(self.hub.pid("apid"))
                figures["wgprivd MB"], figures["wgprivd-engine MB"] = self.helper_megabytes(8)
        finally:
            bare.end()
        if self.wants("restore", "flat"):
            self.restart(figures)
        self.check()
        self.scale.append(figures)
        print("scale " + json.dumps(figures), flush=True)
        return loads, cpu

    def check(self):
        """The database passes its own checks after all that."""
        self.hub.stop()
        said = sh(f"sqlite3 {hubs.DATABASE} 'PRAGMA integrity_check; PRAGMA foreign_key_check;'")
        assert said == "ok\n", said
        if not self.quick:
            program("bench_fill", f"{hubs.DATABASE} 0", "wghub")

    # Rows

    def load_rows(self, loads):
        goals = {"token": ("create a token, 64 TLS connections", ">= 0.25 of bare SQLite", 0.25),
                 "register": ("register, peer on the interface", ">= 0.35 of min(SQLite, adds)", 0.35),
                 "claim": ("serve a script, which is a durable claim", ">= 0.25 of bare SQLite", 0.25)}
        assert self.scale[0].get("registrations answered 503", 0) == 0, "registrations failed"
        for name, (row, goal, least) in goals.items():
            if loads[name]:
                self.rows.add_rounds(row, goal, loads[name], "1/s", least=least)
        if loads["script"]:
            # A claim commits before it answers, so no hub can serve scripts faster than its disk commits: shown, not judged.
            self.rows.add_rounds("serve a script", ">= 0.5 of a bare hello", loads["script"], "1/s", least=0.5, judged=False)

    def growth_rows(self, small, large):
        failures = {"token": 0, "register": large["registrations answered 503"], "remove": large["removals answered 503"]}
        for name, failed in failures.items():
            self.rows.add(f"{name}, {small['spokes']} to {large['spokes']} spokes", "flat within 1.5", 1000 / large[f"{name}/s"],
                          1000 / small[f"{name}/s"], "ms each", most=1.5, answered_503=failed)

    def cost_rows(self, small, middle):
        for name in ("list", "status"):
            self.rows.add(f"{name}, per spoke at {middle['spokes']}", f"<= 1.3 of {small['spokes']}", middle[f"{name} CPU us/spoke"],
                          small[f"{name} CPU us/spoke"], "us of CPU", most=1.3)
        self.rows.add("a fresh status of the helper", "<= 3 (bare dump + its RPC)", middle["fresh status ms"],
                      middle["bare dump ms"] + middle["rpc ms"], "ms", most=3)

    def size_rows(self, middle, cpu):
        if self.wants("reconcile"):
            self.rows.add(f"reconcile {middle['spokes']} from empty", "<= 1.3 of a bare fill", middle["reconcile from empty s"],
                          middle["bare fill s"], "s", most=1.3)
        if self.wants("memory"):
            self.rows.add(f"memory: apid, {middle['spokes']} spokes", "<= 60 MB", middle["apid MB"], 60, "MB", most=1)
            self.rows.add(f"memory: helper, status of {middle['spokes']}", "<= 25 MB", middle["wgprivd MB"] + middle["wgprivd-engine MB"], 25, "MB", most=1)
        if self.wants("idle", "reconcile"):
            self.rows.add(f"idle CPU and nothing to reconcile, {middle['spokes']}", "<= 2 of a bare dump every 5 s", middle["idle CPU %"],
                          middle["idle CPU of a bare dump %"], "%", most=2, seconds_of_30=cpu)

    def run(self, sizes):
        churn = 1500 if self.quick else CHURN
        for place, size in enumerate(sizes):
            loads, cpu = self.measure(size, churn)
            if place == 0:
                self.load_rows(loads)
            if place == 1:
                if self.wants("list", "status"):
                    self.cost_rows(*self.scale)
                self.size_rows(self.scale[1], cpu)
        if len(sizes) == 3 and self.wants("flat"):
            self.growth_rows(self.scale[0], self.scale[2])


def prepare(work):
    """The namespaces' machine as the API tests have it, but with the state on the disk."""
    hubs.prepare_machine()
    for name in PROGRAMS:
        shutil.copy(f"{hubs.BUILD}/bin/{name}", hubs.PROGRAMS)
    for name in ("wireguard-hub", "wireguard-hub-privileged"):
        shutil.rmtree(f"{work}/{name}", ignore_errors=True)
        os.makedirs(f"{work}/{name}")
        os.makedirs(f"/var/lib/{name}")
        sh(f"mount --bind {work}/{name} /var/lib/{name}")


def sizes_of(wanted, quick):
    if quick:
        return [1000]
    if "WGHUB_BENCH_SIZES" in os.environ:
        return [int(size) for size in os.environ["WGHUB_BENCH_SIZES"].split()]
    if not wanted or {"flat", "restore"} & set(wanted):
        return [1000, 10000, 50000]
    return [1000] if set(wanted) <= {"token", "register", "script"} else [1000, 10000]


def main():
    out, work, *arguments = sys.argv[1:]
    quick, wanted = "--quick" in arguments, [name for name in arguments if name != "--quick"]
    if quick and not wanted:
        wanted = ["token", "register", "script", "memory"]
    prepare(work)
    native = Native(Rows(), wanted, quick)
    try:
        native.run(sizes_of(wanted, quick))
    finally:
        native.hub.stop()
    with open(out, "w") as file:
        json.dump({"rows": native.rows.rows, "scale": native.scale}, file, indent=1)


main()
