# Every crash point of the sources (common/crash_point.h): the daemon dies there in the middle of spokes' lives, is serving again, and
# (a) to (e) of robustness.md hold (F1). A point that nothing here passes fails its test. Prints a line a point.
import base64, contextlib, hashlib, os, random, re, socket, struct, subprocess, sys, tempfile, time

import pytest

from hub import BUILD, LOGS, PROGRAMS, ROOT, SLOW, SOURCE, eventually, sh
from lives import Lives
from proofs import Beside, assert_every_change_is_in_the_audit_trail, assert_invariants, figure, files_below, forms, random_key, rows, share, wanted_peers

sys.path.insert(0, f"{SOURCE}/tests/lib")
from crash_points import points

ARMED = f"{ROOT}/armed"
NAMES = {"apid": "apid", "wgprivd": "wgprivd", "engine": "wgprivd-engine"}  # service -> program
WRAPPER = f"""#!/bin/sh
# Hands the point to one start of the program, or to two; a restore is no daemon.
name=${{0##*/}}
case " $* " in
*" --restore "*) ;;
*)
  for turn in 1 2; do
    if mv "{ARMED}/$name.$turn" "{ARMED}/$name.taken" 2>/dev/null; then
      WGHUB_CRASH_AT=$(cat "{ARMED}/$name.taken") && export WGHUB_CRASH_AT && break
    fi
  done
  ;;
esac
exec "{PROGRAMS}/real/$name" "$@"
"""
FRONT_SOCKET = "/run/wireguard-hub/wgprivd.sock"
JOURNAL = "/var/lib/wireguard-hub-privileged/journal"
RECORD = struct.Struct("<Q32s32s4s16sI")  # index, key, replaced, addresses, kind; behind it SHA-256 of that
PUT, ERASE = 0x314A4857, 0x314A4858
SECONDS = 2  # to serve again; asserted three times as long


def has_crash_points():
    with open(f"{BUILD}/bin/apid", "rb") as file:
        return b"WGHUB_CRASH_AT" in file.read()


pytestmark = pytest.mark.skipif(not has_crash_points(), reason="this build has no crash points (-DWGHUB_CRASH_POINTS=ON)")


class Stage:
    """The hub, the lives on it, how far the logs were searched, and whether the test before left all that sound."""

    def __init__(self, hub):
        self.hub, self.lives, self.searched, self.sound = hub, Lives(hub), {}, True

    def wiped(self):
        """A machine that never had a hub."""
        self.hub.wipe()
        self.lives = Lives(self.hub)

    def peopled(self):
        """Some spokes, as a fault needs something to damage."""
        with self.lives.going_on():
            eventually(lambda: len(self.lives.kept) >= 3 or self.lives.faults, 60, 0.02)

    def made_sound(self):
        """What a failed test left is no other's fault."""
        if not self.sound:
            for name in os.listdir(ARMED):
                os.unlink(f"{ARMED}/{name}")
            self.wiped()
            self.hub.start()
            self.hub.set_up()
            self.peopled()
        self.sound = False

    def arm(self, service, point, numbers):
        """The next start dies at the first number's pass of the point, the one after that at the second's."""
        path = f"{ARMED}/{NAMES[service]}"
        for turn in range(len(numbers), 0, -1):
            with open(f"{path}.new", "w") as file:
                file.write(f"{point}:{numbers[turn - 1]}")
            os.replace(f"{path}.new", f"{path}.{turn}")

    def kill(self, service):
        eventually(lambda: self.hub.pid(NAMES[service]) is not None, 10, 0.01)
        with contextlib.suppress(ProcessLookupError, TypeError):  # it has just ended by itself
            self.hub.kill(NAMES[service])


@pytest.fixture(scope="module")
def stage(wide):
    os.makedirs(f"{PROGRAMS}/real")
    os.makedirs(ARMED)
    os.chmod(ARMED, 0o777)
    for program in NAMES.values():
        os.rename(f"{PROGRAMS}/{program}", f"{PROGRAMS}/real/{program}")
        with open(f"{PROGRAMS}/{program}", "w") as file:
            file.write(WRAPPER)
        os.chmod(f"{PROGRAMS}/{program}", 0o755)
    stage = Stage(wide)
    stage.peopled()
    yield stage
    for program in NAMES.values():
        os.replace(f"{PROGRAMS}/real/{program}", f"{PROGRAMS}/{program}")


class Watch(Beside):
    """Waits for what a daemon logs as it dies at the point, so many times; at: when that was seen."""

    def __init__(self, service, point, deaths=1):
        super().__init__()
        self.path, self.line = f"{LOGS}/{service}.log", f'"message":"crash point","name":"{point}"'.encode()
        self.begin = os.path.getsize(self.path) if os.path.exists(self.path) else 0
        self.service, self.deaths, self.supervised = service, deaths, os.path.getsize(f"{LOGS}/activate.log")
        self.at = None

    def step(self):
        if self.at is not None:
            return
        with contextlib.suppress(FileNotFoundError), open(self.path, "rb") as file:
            file.seek(self.begin)
            if file.read().count(self.line) >= self.deaths:
                self.at = time.monotonic()

    def since(self):
        """What the supervisor and the service have logged since, and a fault of the watching itself."""
        texts = [f"{self.fault}"] if self.fault else []
        for path, begin in ((f"{LOGS}/activate.log", self.supervised), (self.path, self.begin)):
            with open(path, errors="replace") as file:
                file.seek(begin)
                texts.append(f"{path} from {begin} of {os.path.getsize(path)}:\n{file.read()[-3000:]}")
        return "\n".join(texts)

    def kills(self):
        """How often the service has ended by SIGKILL since."""
        with open(f"{LOGS}/activate.log") as file:
            file.seek(self.supervised)
            return len(re.findall(rf" {self.service}: \d+ ended with -9$", file.read(), re.MULTILINE))


def journal():
    """What a restore would bring back, read as the engine does: key -> address."""
    content, index = {}, 0
    with open(JOURNAL, "rb") as file:
        data = file.read()
    for start in range(0, len(data) - RECORD.size - 31, RECORD.size + 32):
        record = data[start:start + RECORD.size]
        number, key, replaced, ipv4, _, kind = RECORD.unpack(record)
        if number != index or hashlib.sha256(record).digest() != data[start + RECORD.size:start + RECORD.size + 32]:
            break
        index += 1
        content.pop(key if kind == ERASE else replaced, None)
        if kind == PUT:
            content[key] = f"{socket.inet_ntoa(ipv4)}/32"
    return {base64.b64encode(key).decode(): address for key, address in content.items()}


def lengthen_journal(stage):
    """Peers that came and went, so many that the engine rewrites its journal when it has started."""
    eventually(lambda: journal() == wanted_peers(), 10)
    with open(JOURNAL, "r+b") as file:
        first = file.seek(0, os.SEEK_END) // (RECORD.size + 32)
        for index in range(first, first + 2000):
            record = RECORD.pack(index, b"\1" * 32, bytes(32), b"\12\124\1\1", bytes(16), PUT if index % 2 == first % 2 else ERASE)
            file.write(record + hashlib.sha256(record).digest())


def drift(stage, watch):
    """A spoke's peer is taken off by hand and one is put there that no spoke has."""
    sh(f"wg set wg0 peer '{random.choice(stage.lives.kept)}' remove", check=False)
    sh(f"wg set wg0 peer '{random_key()}' allowed-ips 10.84.255.{random.randint(1, 254)}/32", check=False)


def leave_a_removal(stage, watch):
    """A removal that the helper was not there for; the reconciler is to end it."""
    hub, lives, key = stage.hub, stage.lives, random_key()
    token = lives.token(hub.another())["token"]
    spoke = lives.ask(lambda: hub.register(token, key), 201).json["spoke"]
    os.rename(FRONT_SOCKET, f"{FRONT_SOCKET}.away")
    stage.kill("wgprivd")
    with contextlib.suppress(OSError):
        hub.another().delete(f"/api/spoke/{spoke['id']}")
    os.rename(f"{FRONT_SOCKET}.away", FRONT_SOCKET)
    with contextlib.suppress(AssertionError):
        eventually(lambda: watch.at, 3, 0.01)
    lives.remove(hub.another(), key, spoke["id"])


def refuse(stage, watch):
    """A registration whose address a foreign peer has on the interface; the engine learns that as it starts."""
    lives, key = stage.lives, random_key()
    token = lives.token(stage.hub.another())
    sh(f"wg set wg0 peer '{random_key()}' allowed-ips {token['allowedIPs'][0].split('/')[0]}/32", check=False)
    stage.kill("engine")
    if lives.ask(lambda: stage.hub.register(token["token"], key), 201, 409).status == 201:
        lives.keep(stage.hub.another(), key, token["spokeId"])


def delete_interface(stage, watch):
    sh("ip link del wg0", check=False)


SELDOM_PASSED = r"reconcile|rewrite|file|refusal|engine\..*\.(hello|status)"
FIRST_RUN = r"migrate\.|initialize\.|engine\..*\.(generate key|configure)|file\..*\.(hub\.key|policy|.*\.pem)"
PREPARED = {r"rewrite\.journal|file\..*\.journal": lengthen_journal}
PROVOKED = {r"reconcile\.(added|foreign-off|recorded)": drift, r"reconcile\.off": leave_a_removal, r"reconcile\.restored": delete_interface,
            r"refusal\.": refuse}


def chosen(table, point):
    return next((action for pattern, action in table.items() if re.match(pattern, point)), lambda *_: None)


def crash_in_first_run(stage, point, service):
    """Kills at the point while a hub is set up; the seconds until it served again."""
    stage.wiped()
    hub, lives = stage.hub, stage.lives
    stage.arm(service, point, [1])
    with Watch(service, point) as watch:
        hub.start()
        ended = time.monotonic()
        hub.first_person()
        early = watch.at is not None
        lives.ask(hub.initialize, 201, 409)  # 409: it was done, and the connection broke before that arrived
        hub.admin = hub.client("admin")
        hub.wait_ready()
        if not early:
            ended = time.monotonic()
        assert watch.at is not None and watch.kills() == 1, f"not passed, or survived:\n{watch.since()}"
    stage.peopled()
    return ended - watch.at


def crash_in_midst(stage, point, service, numbers):
    """Kills at those passes of the point while spokes live; the seconds until a registration was answered 201 again."""
    hub, lives, provoke, key = stage.hub, stage.lives, chosen(PROVOKED, point), random_key()
    chosen(PREPARED, point)(stage)
    token = lives.token(hub.another(), "first one after")["token"]
    # An engine is asked again by the front, so only one that dies twice shows what nobody asks for again.
    with Watch(service, point, len(numbers)) as watch, lives.going_on(patient=2 if len(numbers) == 1 else 0):
        stage.arm(service, point, numbers)
        stage.kill(service)
        began, provoked = time.monotonic(), 0
        while watch.at is None:
            assert time.monotonic() - began < 60 * SLOW and not lives.faults, f"not passed; {lives.faults[:2]}"
            if time.monotonic() - provoked > 6 * SLOW:
                provoke(stage, watch)
                provoked = time.monotonic()
            time.sleep(0.01)
        answer = lives.ask(lambda: hub.register(token, key), 201)
        took = time.monotonic() - watch.at
    assert watch.kills() > len(numbers), "survived"  # the first one armed it
    lives.keep(hub.another(), key, answer.json["spoke"]["id"])
    return took


def search_for_secrets(stage):
    """(e): what the logs say since the last search, and all that is stored, has no token, credential or private key."""
    sought = stage.lives.forms() | forms(stage.hub.admin.headers["Authorization"].removeprefix("Bearer "))
    sought |= forms(sh("wg show wg0 private-key").strip())
    texts = {}
    for path in files_below(LOGS):
        with open(path, "rb") as file:
            file.seek(stage.searched.get(path, 0) if stage.searched.get(path, 0) <= os.path.getsize(path) else 0)
            texts[path] = file.read()
            stage.searched[path] = file.tell()
    for path in files_below("/var/lib/wireguard-hub", "/var/lib/wireguard-hub-privileged"):
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            texts[path] = file.read()
    # There are thousands of each: grep looks for all at once. As hex, since secrets as bytes may hold the ends of lines.
    with tempfile.NamedTemporaryFile("w") as patterns:
        patterns.write("\n".join(form.hex() for form in sought))
        patterns.flush()
        for path, text in texts.items():
            found = subprocess.run(["grep", "-qF", "-f", patterns.name], input=text.hex().encode(), check=False).returncode
            assert found == 1, path
    stage.lives.secrets.clear()


def check(stage):
    """(a) to (e), and that a boot would bring back the same peers (D14)."""
    hub, lives = stage.hub, stage.lives
    assert_invariants(hub, lives.kept)
    assert_every_change_is_in_the_audit_trail()
    there = set(hub.peers()) | {key for key, in rows("SELECT public_key FROM spoke_registrations WHERE removed_at IS NULL")}
    assert not set(lives.gone) & there, "a key that was removed or replaced is there again"
    eventually(lambda: journal() == wanted_peers(), 10)
    search_for_secrets(stage)


@pytest.mark.parametrize("point", points())
def test_a_crash_leaves_the_state_before_or_after(stage, point):
    service, runs, seconds = points()[point], share(1, 25), []
    stage.made_sound()
    for _ in range(runs):
        if re.match(FIRST_RUN, point):
            took = crash_in_first_run(stage, point, service)
        else:
            often_passed = share(1, 1 if re.match(SELDOM_PASSED, point) else 5)
            took = crash_in_midst(stage, point, service, [random.randint(1, often_passed)] + [1] * (service == "engine"))
        seconds.append(took)
        check(stage)
        assert took < 3 * SECONDS * SLOW, f"served again after {took:.1f} s"
    stage.sound = True
    figure("F1", f"{runs} runs, {service} died in each, served again after at most {max(seconds):.2f} s; (a) to (e) held")
