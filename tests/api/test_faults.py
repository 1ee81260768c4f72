# The database locked, the helper down or hung, daemons killed under traffic (F5, F6, F7, F1's share).
import contextlib, http.client, os, random, select, signal, subprocess, sys, threading, time

import pytest

from hub import DATABASE, SLOW, Client, eventually, sh
from proofs import Beside, assert_invariants, connected, figure, random_key, rows, share, timed, together, tokens

HELD = "import sqlite3, sys, time; d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(float(sys.argv[2])); d.execute('ROLLBACK')"
FRONT_SOCKET = "/run/wireguard-hub/wgprivd.sock"


class Repeated(Beside):
    """Calls something until stopped; keeps the slowest answer and what was no success."""

    pause = 0.02

    def __init__(self, call, good):
        super().__init__()
        self.call, self.good, self.slowest, self.count, self.bad = call, good, 0.0, 0, []

    def step(self):
        answer, took = timed(self.call)
        self.slowest, self.count = max(self.slowest, took), self.count + 1
        if answer.status != self.good:
            self.bad.append(answer)


@contextlib.contextmanager
def stopped(hub, *names):
    """Those processes stand still meanwhile."""
    pids = [hub.pid(name) for name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def no_socket(hub):
    """The front is gone and nobody listens where its socket was."""
    os.rename(FRONT_SOCKET, FRONT_SOCKET + ".away")
    hub.kill("wgprivd")
    try:
        yield
    finally:
        os.rename(FRONT_SOCKET + ".away", FRONT_SOCKET)


def assert_helper_refused(answer, took):
    assert (answer.status, answer.code) == (503, "HELPER_UNAVAILABLE") and int(answer.headers["Retry-After"]) > 0, answer
    assert took < 2.5 * SLOW + 1, took


def test_a_locked_database_makes_writers_wait_and_readers_not(wide):
    issued = tokens(wide, 2)
    key, reader = random_key(), wide.another()
    first = wide.register(issued[0]["token"], key)
    assert first.status == 201
    holder = subprocess.Popen([sys.executable, "-c", HELD, DATABASE, str(10 * SLOW)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with Repeated(lambda: reader.get("/api/spoke/list"), 200) as reads, Repeated(lambda: Client().get("/api/health/live"), 200) as lives:
        writes = [lambda: timed(lambda: wide.another().post("/api/installation/token", {"spokeName": "locked"})),
                  lambda: timed(lambda: wide.register(issued[1]["token"])),
                  lambda: timed(lambda: wide.another().delete(f"/api/spoke/{first.json['spoke']['id']}"))]
        answers = together(writes)
        ready = Client().get("/api/health/ready")
        holder.wait(30 * SLOW)
    for answer, took in answers:
        assert (answer.status, answer.code) == (503, "DATABASE_BUSY") and int(answer.headers["Retry-After"]) > 0, answer
        assert took < 7 * SLOW, took
    assert (ready.status, ready.json["status"]) == (503, "database-busy")
    assert not reads.bad and not lives.bad and max(reads.slowest, lives.slowest) < 2 * SLOW, (reads.bad, reads.slowest, lives.slowest)
    took = wide.wait_ready()
    assert wide.register(issued[1]["token"]).status == 201
    assert wide.admin.delete(f"/api/spoke/{first.json['spoke']['id']}").status == 200
    assert_invariants(wide)
    figure("F5", f"database locked 10 s: writers refused after {max(took for _, took in answers):.1f} s; {reads.count} reads, the slowest "
           f"{reads.slowest * 1000:.0f} ms; ready again {took:.1f} s after")


def test_another_program_may_look_at_the_database_while_it_is_in_use(wide):
    """It closes the file like the last one to use it; apid's locks must tell it that it is not."""
    for _ in range(3):
        sh(f"sqlite3 {DATABASE} 'SELECT count(*) FROM hub_config'")
        key = random_key()
        assert wide.register(key=key).status == 201
        assert rows("SELECT count(*) FROM spoke_registrations WHERE public_key = ?", key) == [(1,)]
    wide.kill("apid")
    eventually(lambda: wide.try_status("/api/health/live") == 200, 10)
    assert_invariants(wide, [key])


FAULTS = {"front hung": lambda hub: stopped(hub, "wgprivd"), "engine hung": lambda hub: stopped(hub, "wgprivd-engine"),
          "both hung": lambda hub: stopped(hub, "wgprivd", "wgprivd-engine"), "socket gone": no_socket}


@pytest.mark.parametrize("fault", FAULTS)
def test_without_its_helper_the_hub_says_so_and_finishes_later(wide, fault):
    first, second = tokens(wide, 2)
    old_key, new_key = random_key(), random_key()
    spoke = wide.register(first["token"], old_key).json["spoke"]
    with FAULTS[fault](wide):
        added, add_took = timed(lambda: wide.register(second["token"], new_key))
        assert_helper_refused(added, add_took)
        removed, remove_took = timed(lambda: wide.admin.delete(f"/api/spoke/{spoke['id']}"))
        assert_helper_refused(removed, remove_took)
        assert rows("SELECT public_key FROM spoke_registrations WHERE id = ? AND removed_at IS NULL", second["spokeId"]) == [(new_key,)]
        assert rows("SELECT removing_at IS NULL, removed_at FROM spoke_registrations WHERE id = ?", spoke["id"]) == [(0, None)]
        again = wide.register(second["token"], random_key())
        assert (again.status, again.code) == (410, "TOKEN_ALREADY_USED")
    eventually(lambda: wide.register(second["token"], new_key).status == 201, 10)
    eventually(lambda: wide.admin.delete(f"/api/spoke/{spoke['id']}").status in (200, 404), 10)
    peers = wide.peers()
    assert new_key in peers and old_key not in peers
    assert_invariants(wide, [new_key])
    figure("F6", f"{fault}: registration refused after {add_took:.1f} s, removal after {remove_took:.1f} s, both done later")


def test_a_hung_helper_piles_nothing_up(wide):
    issued, clients, keys = tokens(wide, 200), connected(200), [random_key() for _ in range(200)]
    reader, writer = wide.another(), wide.another()
    calls = [lambda token=token, key=key, client=client: timed(lambda: wide.register(token["token"], key, client))
             for token, key, client in zip(issued, keys, clients)]
    with stopped(wide, "wgprivd"):
        with (Repeated(lambda: reader.get("/api/spoke/list?limit=10"), 200) as reads,
              Repeated(lambda: writer.post("/api/installation/token", {"spokeName": "meanwhile"}), 201) as writes):
            answers, took = timed(lambda: together(calls))
            repeats = [lambda client=client: timed(lambda: wide.register(issued[0]["token"], keys[0], client)) for client in clients]
            again, again_took = timed(lambda: together(repeats))
            unready = eventually(lambda: Client().get("/api/health/ready").json.get("status") == "helper-unavailable", 25)
        assert Client().get("/api/health/live").status == 200
    for answer, waited in answers:
        assert_helper_refused(answer, waited)
    # Of one spoke one change goes on at a time, so repeats wait for each other first.
    assert {(answer.status, answer.code) for answer, _ in again} == {(503, "HELPER_UNAVAILABLE")} and again_took < 7.5 * SLOW, again_took
    assert not reads.bad and not writes.bad and max(reads.slowest, writes.slowest) < 2.5 * SLOW, (reads.bad[:1], writes.bad[:1], reads.slowest, writes.slowest)
    ready = wide.wait_ready()
    assert [answer.status for answer, _ in together(calls)] == [201] * 200
    assert_invariants(wide, keys)
    figure("F6", f"helper hung: 200 registrations all refused after {took:.1f} s, 200 repeats of one after {again_took:.1f} s; meanwhile {reads.count} reads, the slowest "
           f"{reads.slowest:.2f} s, {writes.count} tokens made, the slowest {writes.slowest:.2f} s; said unready after {took + again_took + unready:.0f} s, ready again {ready:.1f} s after")


class Traffic:
    """Spokes that register as the scripts do, asking again until the answer is 201, and some that are removed then."""

    def __init__(self, hub, threads=6):
        self.hub, self.stopping, self.accepted, self.removed, self.unexpected = hub, False, [], [], []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(threads)]

    def ask(self, call):
        """The first answer that is no «later»; None when stopped before it."""
        while not self.stopping:
            try:
                answer = call()
                if answer.status != 503:
                    return answer
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        return None

    def run(self, number):
        admin, stranger = self.hub.another(), Client()
        while not self.stopping:
            made = self.ask(lambda: admin.post("/api/installation/token", {"spokeName": f"traffic {number}"}))
            if made is None:
                return
            key = random_key()
            answer = self.ask(lambda: self.hub.register(made.json["token"]["token"], key, stranger))
            if answer is None:
                return
            if answer.status != 201:
                self.unexpected.append(answer)
            elif random.random() < 0.3:
                # A connection that broke hides an answer, so a repeat may find the spoke gone.
                gone = self.ask(lambda: admin.delete(f"/api/spoke/{answer.json['spoke']['id']}"))
                if gone is not None and gone.status in (200, 404):
                    self.removed.append(key)
                elif gone is not None:
                    self.unexpected.append(gone)
            else:
                self.accepted.append(key)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()


def killed_when_seen(hub, name):
    """Kills a process of that name as soon as there is one, or gives up after a second."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        pid = hub.pid(name)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
        time.sleep(0.01)
    return False


def test_a_helper_killed_in_mid_call_loses_and_doubles_nothing(wide):
    kills = share(20, 1000)
    with Traffic(wide) as traffic:
        done = 0
        while done < kills:
            time.sleep(random.uniform(0.02, 0.25))
            for name in random.choice((("wgprivd",), ("wgprivd-engine",), ("wgprivd", "wgprivd-engine"))):
                done += killed_when_seen(wide, name)
        time.sleep(1)
    assert not traffic.unexpected, traffic.unexpected[:3]
    took = assert_invariants(wide, traffic.accepted)
    peers = wide.peers()
    assert set(traffic.accepted) <= set(peers) and not set(traffic.removed) & set(peers)
    assert len(traffic.accepted) >= 10
    figure("F7", f"front and engine killed {done} times: {len(traffic.accepted)} registrations and {len(traffic.removed)} removals exact; "
           f"interface = database after {took:.1f} s")


def test_an_api_killed_under_traffic_forgets_nothing_it_has_answered(wide):
    kills, away = share(5, 100), []
    with Traffic(wide) as traffic:
        for _ in range(kills):
            time.sleep(random.uniform(0.3, 1.0))
            assert killed_when_seen(wide, "apid")
            began = time.monotonic()
            eventually(lambda: wide.try_status("/api/health/live") == 200, 10, 0.02)
            away.append(time.monotonic() - began)
    assert not traffic.unexpected, traffic.unexpected[:3]
    took = assert_invariants(wide, traffic.accepted)
    assert not set(traffic.removed) & set(wide.peers())
    assert len(traffic.accepted) >= kills
    figure("F1", f"apid killed {kills} times under traffic: {len(traffic.accepted)} answered registrations kept, serving again after "
           f"{max(away):.2f} s at most; interface = database after {took:.1f} s")
    assert max(away) < 3 * 2 * SLOW


def test_a_hung_helper_does_not_hold_up_a_stop(wide):
    """A dump may be long, so the first one after a start is waited for longest; not by a stop."""
    with stopped(wide, "wgprivd"):
        before = wide.pid("apid")
        wide.kill("apid")
        eventually(lambda: wide.pid("apid") not in (None, before) and wide.try_status("/api/health/live") == 200, 10, 0.02)
        time.sleep(0.3)
        process = os.pidfd_open(wide.pid("apid"))
        began = time.monotonic()
        signal.pidfd_send_signal(process, signal.SIGTERM)
        ended = select.select([process], [], [], 3 * 2 * SLOW)[0]
        took = time.monotonic() - began
        os.close(process)
    assert ended, "it waits for its helper"
    assert_invariants(wide)
    figure("F6 F14", f"apid stopped while its first dump hung: ended after {took:.2f} s")
