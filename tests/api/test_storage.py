# The disk full, failing, or holding a newer release's database (F3, F4, F15). Leaves the locked database to test_faults.py,
# the engine's files to test_restore.py, and power cuts to tests/vm.
import contextlib, http.client, json, os, random, re, sqlite3, subprocess, threading, time

import pytest

from hub import DATABASE, LOGS, PASSWORD, PROGRAMS, ROOT, SLOW, Client, eventually, sh
from proofs import assert_invariants, audit_chain_length, connected, figure, random_key, rows, share, together, tokens

STATE = "/var/lib/wireguard-hub"
SYNCS = "fsync,fdatasync"


@contextlib.contextmanager
def small_disk(hub, size, state=STATE):
    """A daemon's state on a file system of that size; on the large one again afterwards, with what was written."""
    hub.stop()
    sh(f"cp -a {state} {ROOT}/kept && mount -t tmpfs -o size={size} none {state} && cp -a {ROOT}/kept/. {state}/ && "
       f"chown --reference={ROOT}/kept {state} && chmod --reference={ROOT}/kept {state}")
    hub.start()
    hub.wait_ready()
    try:
        yield
    finally:
        hub.stop()
        sh(f"rm -rf {ROOT}/kept && cp -a {state} {ROOT}/kept && umount {state} && rm -rf {state} && mv {ROOT}/kept {state}")
        hub.start()
        hub.wait_ready()


@contextlib.contextmanager
def filled():
    """Not a byte is left on apid's disk. Gives a function that takes again what has become free since."""
    def fill():
        with open(f"{STATE}/ballast", "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
    try:
        fill()
        yield fill
    finally:
        os.unlink(f"{STATE}/ballast")


def until_full(call):
    """How many calls were answered 201 before the first 507."""
    for done in range(5000):
        answer = call()
        if answer.status != 201:
            assert (answer.status, answer.code) == (507, "STORAGE_FULL"), answer
            return done
    raise AssertionError("the disk never was full")


def test_on_a_full_disk_nothing_is_half_done_and_all_goes_on_by_itself(wide):
    with small_disk(wide, "12m"):
        first, keys = tokens(wide, 40), [random_key() for _ in range(40)]
        assert wide.register(first[0]["token"], keys[0]).status == 201
        pid, tokens_before = wide.pid("apid"), rows("SELECT count(*) FROM installation_tokens")[0][0]
        with filled() as fill:
            # What the log of changes still had room for is done; each call says which.
            made, more = 0, 1
            while more:
                more = until_full(lambda: wide.admin.post("/api/installation/token", {"spokeName": "full"}))
                made += more
                fill()
            clients = connected(39)
            answers = together([lambda i=i: wide.register(first[i]["token"], keys[i], clients[i - 1]) for i in range(1, 40)])
            assert {answer.status for answer in answers} <= {201, 507}, answers
            accepted = [keys[0]] + [key for key, answer in zip(keys[1:], answers) if answer.status == 201]
            assert len(accepted) < 40
            spoke = wide.admin.get("/api/spoke/list?limit=1").json["spokes"][0]
            removal = wide.admin.delete(f"/api/spoke/{spoke['id']}")
            login = Client().post("/api/auth/login", {"username": "admin", "password": PASSWORD})
            for path in ("/api/spoke/list", "/api/installation/tokens", "/api/hub/status", "/api/health/live", "/api/audit"):
                assert wide.admin.get(path).status == 200, path
            assert {removal.status, login.status} == {507}, (removal, login)
            assert rows("SELECT count(*) FROM installation_tokens") == [(tokens_before + made,)]
            assert {key for key, in rows("SELECT public_key FROM spoke_registrations")} >= set(accepted)
            refused = set(keys) - set(accepted)
            assert not refused & set(wide.peers()) and not refused & {key for key, in rows("SELECT public_key FROM spoke_registrations")}
            audit_chain_length()
        took = eventually(lambda: wide.admin.post("/api/installation/token", {"spokeName": "room"}).status == 201, 15, 0.02)
        for key, token in zip(keys, first):
            assert wide.register(token["token"], key).status == 201
        assert wide.pid("apid") == pid, "apid had to be started anew"
        assert_invariants(wide, keys)
        figure(f"disk full: {made} tokens and {len(accepted)} registrations found room, {39 - len(accepted) + 1} registrations were "
               f"refused with 507 and left nothing; writing again {took:.2f} s after there was room")
    assert_invariants(wide, keys)


def test_a_disk_that_only_the_hub_fills_does_not_stop_it(wide):
    """The log of changes grows until it is copied into the database; on a small disk that has to come earlier."""
    with small_disk(wide, "6m"):
        count = share(200, 1000)
        for done in range(count):
            answer = wide.admin.post("/api/installation/token", {"spokeName": "small"})
            assert answer.status == 201, (done, answer, sh(f"ls -l {STATE}; df {STATE}"))
            assert wide.admin.delete(f"/api/installation/token/{answer.json['token']['id']}").status == 200
        assert_invariants(wide)
        figure(f"a disk of 6 MB: {count} tokens made and revoked, the disk never full")


# --- a disk that fails (F4) ---------------------------------------------------------------------------------------------


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

    def end(self):
        """How many calls failed by it."""
        self.process.terminate()
        self.process.wait(20)
        with open(self.log) as file:
            return file.read().count("(INJECTED)")


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
    figure(f"{fault}: apid ended with 70, serving again {took:.2f} s after; nobody of a group of 16 was told 201")


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
    figure(f"disk failed {rounds} times under load: {len(accepted)} registrations kept, {broken} of them asked for again, serving again "
           f"after {max(away):.2f} s at most")


# --- another release's database (F15) -----------------------------------------------------------------------------------


def run_apid():
    """apid by hand, as its unit would start it; its exit code and what it said."""
    done = subprocess.run(["setpriv", "--reuid=wghub", "--regid=64101", "--clear-groups", "--", f"{PROGRAMS}/apid", "--config",
                           f"{ROOT}/apid.toml"], capture_output=True, text=True, timeout=30 * SLOW, stdin=subprocess.DEVNULL)
    return done.returncode, done.stderr


def test_an_older_release_refuses_a_newer_database_and_leaves_it_alone(wide):
    key = random_key()
    assert wide.register(key=key).status == 201
    wide.stop()
    with contextlib.closing(sqlite3.connect(DATABASE)) as database, database:
        database.execute("INSERT INTO schema_version VALUES (9999, '9999_later.sql', 0)")
    with open(DATABASE, "rb") as file:
        before = file.read()
    code, said = run_apid()
    assert code == 1 and DATABASE in said and "9999" in said and "newer than this program" in said, (code, said)
    with open(DATABASE, "rb") as file:
        assert file.read() == before
    with contextlib.closing(sqlite3.connect(DATABASE)) as database, database:
        database.execute("DELETE FROM schema_version WHERE version = 9999")
    wide.start()
    assert_invariants(wide, [key])
