# The machine's clock jumps a year, both ways (F10). apid alone gets the wrong time, from a library that a file controls; its
# timers run by a clock that nobody can set. Leaves expiry at the second to the unit tests.
import calendar, os, shutil, threading, time

import pytest

from hub import PASSWORD, PROGRAMS, ROOT, SLOW, Client, Raw, Stream, eventually, sh
from proofs import assert_invariants, figure, random_key

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
CLOCK, REAL = f"{ROOT}/clock", f"{ROOT}/real"
DAY, ALARM_SECONDS = 86400, 5


class Clock:
    """What apid takes for the time."""

    def __init__(self):
        self.set(0)

    def set(self, days, seconds=0):
        with open(CLOCK + ".new", "w") as file:
            file.write(f"{days * DAY + seconds:+d}\n")
        os.chmod(CLOCK + ".new", 0o644)
        os.rename(CLOCK + ".new", CLOCK)


@pytest.fixture
def clock(running):
    """A hub of its own whose apid asks that clock. The shared one is set up anew behind it."""
    if SLOW > 1:
        pytest.skip("a sanitizer's runtime and the library of the false clock both want to be the first one loaded")
    if not os.path.exists(LIBRARY):
        pytest.skip("faketime is not installed")
    running.wipe()
    clock = Clock()
    os.makedirs(REAL)
    shutil.move(f"{PROGRAMS}/apid", f"{REAL}/apid")
    with open(f"{PROGRAMS}/apid", "w") as file:
        file.write(f"#!/bin/sh\nLD_PRELOAD={LIBRARY} FAKETIME_TIMESTAMP_FILE={CLOCK} FAKETIME_NO_CACHE=1 NO_FAKE_STAT=1 "
                   f"FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1 exec {REAL}/apid \"$@\"\n")
    os.chmod(f"{PROGRAMS}/apid", 0o755)
    running.start()
    running.set_up()
    yield clock
    running.wipe()
    shutil.move(f"{REAL}/apid", f"{PROGRAMS}/apid")
    os.rmdir(REAL)
    running.start()
    running.set_up()


class SlowRequest:
    """A head that never ends, begun before the clock jumps; its deadline is 10 s."""

    def __init__(self):
        self.raw, self.began, self.took = Raw(timeout=60), time.monotonic(), None
        self.raw.socket.sendall(b"GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n")
        self.thread = threading.Thread(target=self.wait)
        self.thread.start()

    def wait(self):
        self.status = self.raw.answer().status
        self.took = time.monotonic() - self.began

    def assert_cut_in_time(self):
        self.thread.join()
        self.raw.socket.close()
        assert self.status == 408 and 8 < self.took < 30, (self.status, self.took)
        return self.took


def again(hub):
    """The admin with a session and an API token of now."""
    hub.person = hub.login()
    hub.admin = hub.client("admin", hub.person)


def claim(token):
    return Client().get(f"/api/installation/script/{token}?platform=linux")


def hub_is_ahead(hub):
    """Seconds by which the time that the hub gives to what it makes is ahead of ours."""
    made = hub.token("when")["token"]["createdAt"]
    return calendar.timegm(time.strptime(made, "%Y-%m-%dT%H:%M:%SZ")) - time.time()


def assert_ended(hub, session, secret, token):
    """Nothing of before is good any more."""
    assert session.get("/api/auth/me").status == 401
    assert secret.get("/api/spoke/list").status == 401
    assert claim(token).code == "TOKEN_EXPIRED"
    answer = hub.register(token, random_key())
    assert (answer.status, answer.code) == (410, "TOKEN_EXPIRED"), answer


def jump(hub, clock, days):
    """The clock jumps while the reconciler sleeps; the seconds until it put a missing peer back."""
    key = random_key()
    assert hub.register(hub.token("timer")["token"]["token"], key).status == 201
    sh(f"wg set wg0 peer '{key}' remove")
    clock.set(days)
    return eventually(lambda: key in hub.peers(), 30)


def test_a_clock_a_year_ahead_ends_everything_with_an_alarm_and_back_again_revives_nothing(clock, running):
    hub = running
    session, secret, token = hub.login(), hub.admin, hub.token("before")["token"]["token"]
    watcher, slow = Stream(secret.headers), SlowRequest()
    assert watcher.status == 200 and claim(hub.token("good")["token"]["token"]).status == 200

    repaired, jumped = jump(hub, clock, 365), time.monotonic()
    assert_ended(hub, session, secret, token)
    again(hub)
    eventually(lambda: hub.audit(action="alarm.clock-ahead"), 3 * ALARM_SECONDS)
    told = time.monotonic() - jumped
    assert watcher.until("alarm")["alarm"]["kind"] == "clock-ahead"
    assert [event["target"] for event in hub.audit(action="alarm.clock-ahead")] == ["clock"]
    later, later_token = hub.person, hub.token("while ahead")["token"]["token"]

    # Back: what ended stays so, and the hub's time goes on from where it was.
    repaired_back, ahead = jump(hub, clock, 0), hub_is_ahead(hub)
    assert 364 * DAY < ahead < 366 * DAY
    eventually(lambda: hub.audit(action="alarm.clock-behind"), 3 * ALARM_SECONDS)
    assert_ended(hub, session, secret, token)
    assert later.get("/api/auth/me").status == 200 and claim(later_token).status == 200
    cut = slow.assert_cut_in_time()
    stood = ahead - hub_is_ahead(hub)
    assert abs(stood) < 2.5, f"the hub's time stood still for {stood} s"

    # A year before, and a process that never saw another time.
    clock.set(-365)
    hub.kill("apid")
    hub.wait_live()
    assert_ended(hub, session, secret, token)
    assert 364 * DAY < hub_is_ahead(hub) < 366 * DAY
    assert Client().post("/api/auth/login", {"username": "admin", "password": PASSWORD}).status == 200
    assert_invariants(hub)
    assert len(hub.audit(action="alarm.clock-ahead")) == 1, "an alarm is told once"
    figure("F10", f"clock a year ahead and back: the alarm came {told:.1f} s after the jump, a missing peer was put back {repaired:.1f} and "
           f"{repaired_back:.1f} s after it, a slow head was cut after {cut:.1f} s (10)")


def test_a_clock_set_back_keeps_nobody_locked_out(clock, running):
    """Failed logins while the clock was ahead must not count for a year."""
    hub = running
    hub.restart(limits__logins_per_15min="3")
    clock.set(365)
    wrong, right = ({"username": "admin", "password": password} for password in ("not the password", PASSWORD))
    assert [Client().post("/api/auth/login", wrong).status for _ in range(4)] == [401, 401, 401, 429]
    clock.set(0)
    answer = Client().post("/api/auth/login", right)
    assert answer.status == 429 and 0 < int(answer.headers["Retry-After"]) <= 900, answer
    clock.set(0, 901)
    assert Client().post("/api/auth/login", right).status == 200
    figure("F10", f"locked out by failed logins a year ahead, the clock set back: to wait {answer.headers['Retry-After']} s (900), then in")
