# A disk that fails (F4): commits, the log of changes copied into the database, a database file that is broken. Leaves the full disk
# and other releases' databases to test_storage.py, the engine's files to test_restore.py, and power cuts to tests/vm.
import contextlib, http.client, json, os, random, re, sqlite3, subprocess, threading, time

import pytest

from hub import DATABASE, LOGS, PROGRAMS, SLOW, Client, eventually, sh
from proofs import assert_invariants, figure, random_key, share, together, tokens
from test_storage import run_apid

SYNCS = "fsync,fdatasync"


@pytest.fixture
def alone(wide):
    """A hub whose database nobody needs afterwards."""
    wide.wipe()
    wide.start()
    wide.set_up()
    yield wide
    wide.wipe()
    wide.start()
    wide.set_up()


class Injection:
    """strace makes calls of that process fail as if the disk had; only those on files whose path is given."""

    def __init__(self, pid, calls, what, path):
        self.log = f"{LOGS}/strace.log"
        self.process = subprocess.Popen(["strace", "-f", "-q", "-o", self.log, "-P", path, "-e", f"trace={calls}", "-e",
                                         f"inject={calls}:{what}", "-p", str(pid)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: all(self.is_traced(pid, task) for task in os.listdir(f"/proc/{pid}/task")), 20, 0.02)

    @staticmethod
    def is_traced(pid, task):
        try:
            with open(f"/proc/{pid}/task/{task}/status") as file:
                return "TracerPid:\t0\n" not in file.read()
        except OSError:
            return True  # it has ended

    def count(self):
        """How many calls failed by it so far."""
        with open(self.log) as file:
            return file.read().count("(INJECTED)")

    def end(self):
        """Of a process that was killed nothing is left to let go: strace then ends by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self.process.terminate()
        self.process.wait(20)
        return self.count()


@contextlib.contextmanager
def held_lock():
    """Nobody can write meanwhile, so that what comes waits for one commit."""
    database = sqlite3.connect(DATABASE, isolation_level=None, timeout=10)
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        database.execute("ROLLBACK")
        database.close()


def once(token, key):
    """Registers on a connection of its own and asks only once: the status; None when there was no whole answer."""
    client = Client(timeout=20)
    try:
        client.connect()
        body = json.dumps({"token": token, "publicKey": key, "os": "linux"})
        client.connection.request("POST", "/api/spoke/register", body, {"Content-Type": "application/json"})
        answer = client.connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return None


def wait_for_another(hub, pid):
    eventually(lambda: hub.pid("apid") not in (None, pid), 20, 0.02)
    return eventually(lambda: hub.try_status("/api/health/live") == 200, 10, 0.02)


def exits_of_apid():
    with open(f"{LOGS}/activate.log") as file:
        return re.findall(r"apid: \d+ ended with (-?\d+)", file.read())


DISK_FAULTS = {"sync of the log": (SYNCS, "error=EIO", "-wal"), "write to the log": ("pwrite64", "error=EIO", "-wal"),
               "sync of the log, disk full": (SYNCS, "error=ENOSPC", "-wal")}


@pytest.mark.parametrize("fault", DISK_FAULTS)
def test_a_failed_commit_answers_nobody_of_its_group_and_ends_the_process(wide, fault):
    calls, what, file = DISK_FAULTS[fault]
    issued, keys, results = tokens(wide, 16), [random_key() for _ in range(16)], []
    kept = random_key()
    assert wide.register(key=kept).status == 201
    pid, exits = wide.pid("apid"), len(exits_of_apid())
    group = threading.Thread(target=lambda: results.extend(
        together([lambda i=i: once(issued[i]["token"], keys[i]) for i in range(16)])))
    with held_lock():
        injection = Injection(pid, calls, what, DATABASE + file)
        group.start()
        time.sleep(2 if SLOW == 1 else 3.5)  # all of them wait for the lock now, which they do for 5 s
    group.join()
    took = wait_for_another(wide, pid)
    assert injection.end() >= 1
    assert set(results) <= {None, 500}, results
    assert exits_of_apid()[exits:][:1] == ["70"], exits_of_apid()[exits:]
    assert "the database failed; ending to be started anew" in wide.log("apid")
    assert_invariants(wide, [kept])
    for key, token in zip(keys, issued):
        assert wide.register(token["token"], key).status == 201
    assert_invariants(wide, [kept] + keys)
    figure("F4", f"{fault}: apid ended with 70, serving again {took:.2f} s after; nobody of a group of 16 was told 201")


def test_no_answer_is_a_promise_that_a_failing_disk_broke(wide):
    """Under load, again and again: whoever was told 201 is there afterwards, whoever was not registers once more."""
    rounds, accepted, broken, away = share(2, 40), [], 0, []
    for _ in range(rounds):
        issued = tokens(wide, 64)
        work, results, lock = [(token["token"], random_key()) for token in issued], {}, threading.Lock()
        todo = list(work)

        def register_all():
            while True:
                with lock:
                    if not todo:
                        return
                    token, key = todo.pop()
                results[key] = once(token, key)
                time.sleep(0.02)
        pid = wide.pid("apid")
        calls, what, file = random.choice(list(DISK_FAULTS.values()))
        injection = Injection(pid, calls, f"{what}:when={random.randint(1, 8)}", DATABASE + file)
        threads = [threading.Thread(target=register_all) for _ in range(8)]
        for thread in threads:
            thread.start()
        away.append(wait_for_another(wide, pid))
        for thread in threads:
            thread.join()
        assert injection.end() >= 1
        answered = [key for key, status in results.items() if status == 201]
        broken += sum(status != 201 for status in results.values())
        assert set(results.values()) <= {None, 201, 500, 503}, results
        assert_invariants(wide, answered)
        for token, key in work:
            assert wide.register(token, key).status == 201
        accepted += [key for _, key in work]
    assert_invariants(wide, accepted)
    figure("F4", f"disk failed {rounds} times under load: {len(accepted)} registrations kept, {broken} of them asked for again, serving again "
           f"after {max(away):.2f} s at most")


@pytest.mark.parametrize("calls", ["pwrite64", SYNCS])
def test_a_checkpoint_that_fails_breaks_no_promise(alone, calls):
    """The log of changes cannot be copied into the database, for a while only in part: what was answered stays in the log."""
    hub, keys, answers, pid = alone, [], [], alone.pid("apid")
    size = os.path.getsize(DATABASE)
    injection = Injection(pid, calls, "error=EIO:when=3+" if calls == "pwrite64" else "error=EIO", DATABASE)
    while injection.count() < 3:
        assert len(keys) < 200, "the log was never copied"
        issued = tokens(hub, 256)
        keys.append(random_key())
        answers.append(hub.register(issued[0]["token"], keys[-1]).status)
        for path in ("/api/spoke/list", "/api/health/ready"):
            assert hub.admin.get(path).status == 200, path
    assert set(answers) == {201} and hub.pid("apid") == pid
    log_bytes = os.path.getsize(DATABASE + "-wal")
    hub.kill("apid")
    failed = injection.end()
    hub.wait_live()
    assert_invariants(hub, keys)
    tokens(hub, 256)
    took = eventually(lambda: os.path.getsize(DATABASE) > size + log_bytes // 8, 20)
    assert_invariants(hub, keys)
    figure("F4", f"{calls} of the database file failing {failed} times as the log is copied into it: {len(keys)} of {len(keys)} registrations answered 201 and kept "
           f"through a kill -9; {log_bytes >> 20} MiB of log copied {took:.1f} s after it worked again")


@contextlib.contextmanager
def disk_that_never_syncs(hub):
    """Every apid that is started finds a disk that fails each fsync. It hides its files' names from who traces it, so of any file."""
    failing, real = f"{PROGRAMS}/disk-fails", f"{PROGRAMS}/apid.real"
    open(failing, "w").close()
    os.rename(f"{PROGRAMS}/apid", real)
    with open(f"{PROGRAMS}/apid", "w") as file:
        file.write(f"""#!/bin/sh
[ -e {failing} ] || exec {real} "$@"
exec strace -f -q --seccomp-bpf -o /dev/null -e trace={SYNCS} -e inject={SYNCS}:error=EIO {real} "$@"
""")
    os.chmod(f"{PROGRAMS}/apid", 0o755)
    try:
        yield
    finally:
        os.unlink(failing)
        sh("pkill -KILL -x apid.real", check=False)
        hub.wait_live()
        os.replace(real, f"{PROGRAMS}/apid")  # only now, that no shell is about to read the script
        sh("pkill -KILL -x apid.real")
        eventually(lambda: hub.pid("apid"), 20, 0.02)


def readiness(seen):
    with contextlib.suppress(OSError, http.client.HTTPException):
        answer = Client(timeout=5).get("/api/health/ready")
        seen.append(answer.json.get("status") if answer.status == 503 else answer.status)
        return
    seen.append("no answer")


def test_a_disk_that_goes_on_failing_promises_nothing_and_leaves_the_peers_alone(wide):
    """A commit that was not synced is in the log of changes all the same, where the next start finds it: it may not answer for it
    either. It ends at once, again and again, until the disk works; what spokes have goes on."""
    kept, statuses, ready = random_key(), [], []
    token = wide.token("on a bad disk")["token"]["token"]
    assert wide.register(key=kept).status == 201
    peers, exits, seen = wide.peers(), len(exits_of_apid()), len(wide.log("apid"))
    with disk_that_never_syncs(wide):
        wide.kill("apid")
        key, deadline = random_key(), time.monotonic() + share(8, 30) * SLOW
        while time.monotonic() < deadline:
            statuses.append(once(token, key))
            readiness(ready)
            time.sleep(0.1)
    wide.wait_live()
    said = wide.log("apid")[seen:]
    ended = exits_of_apid()[exits:]
    assert ended.count("1") >= 3 and set(ended) <= {"70", "1", "-9", "137"}, ended
    reasons = [json.loads(line)["reason"] for line in said.splitlines() if '"apid cannot run"' in line]
    assert len(reasons) >= 3 and all(DATABASE in reason and "disk I/O error" in reason for reason in reasons), (reasons, said[-2000:])
    assert set(statuses) <= {None, 500, 503}, statuses
    assert wide.peers() == peers, "the interface was touched"
    assert wide.register(token, key).status == 201
    took = assert_invariants(wide, [kept, key])
    own = [code for code in ended if code in ("1", "70")]
    figure("F4", f"every fsync failing for {share(8, 30) * SLOW} s: apid ended {len(own)} times with {', '.join(sorted(set(own)))}, named each time («{reasons[0]}»); {len(statuses)} "
           f"registrations, never 201; ready said {dict((word, ready.count(word)) for word in dict.fromkeys(ready))}; peers untouched, as wanted {took:.1f} s after")


@pytest.mark.parametrize("damage", ["no database", "cut short"])
def test_a_broken_database_file_is_named_and_left_as_it_is(wide, damage):
    key = random_key()
    assert wide.register(key=key).status == 201
    wide.stop()
    with open(DATABASE, "rb") as file:
        whole = file.read()
    broken = b"no database, " * 5000 if damage == "no database" else whole[:len(whole) // 2 // 4096 * 4096]
    with open(DATABASE, "wb") as file:
        file.write(broken)
    code, said = run_apid()
    with open(DATABASE, "rb") as file:
        after = file.read()
    with open(DATABASE, "wb") as file:
        file.write(whole)
    for end in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(DATABASE + end)
    wide.start()
    assert_invariants(wide, [key])
    reason = json.loads(next(line for line in said.splitlines() if "apid cannot run" in line))["reason"]
    assert code == 1 and DATABASE in reason, (code, said)
    assert after == broken, "it wrote to the file"
    figure("F4", f"database file {damage}: does not start, exit 1, «{reason}», file unchanged")
