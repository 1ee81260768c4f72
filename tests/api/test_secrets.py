# The canary run (T4): known secrets go through everything the hub does; afterwards no log, file, command line, environment
# or answer has any of them but the answers that are meant to.
import glob, json, os, re, secrets, subprocess, time

import pytest

from hub import LOGS, PASSWORD, ROOT, Client, eventually, sh
from proofs import Beside, Events, assert_invariants, figure, files_below, forms, make_pair, random_key

DAEMONS = ("apid", "wgprivd", "wgprivd-engine")


class ProcWatch(Beside):
    """Reads the command lines and environments of all processes again and again."""

    def __init__(self):
        super().__init__()
        self.seen, self.rounds = set(), 0

    def step(self):
        for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
            try:
                with open(path, "rb") as file:
                    self.seen.add((path.rsplit("/", 1)[1], file.read()))
            except OSError:
                pass
        self.rounds += 1


def run_everything(hub, known):
    """What an admin, machines and strangers do, mistakes included. Fills in known: name -> secret."""
    known["set-up code"] = hub.setup_code()
    known["password"] = PASSWORD
    Client().post("/api/setup", {"setupCode": "A" * len(known["set-up code"]), "username": "admin", "password": PASSWORD})
    hub.set_up()
    known["session"] = hub.person.headers["Cookie"].split("=", 1)[1]
    known["CSRF token"] = hub.person.headers["X-CSRF-Token"]
    known["API token"] = hub.admin.headers["Authorization"].removeprefix("Bearer ")
    known["hub's private key"] = sh("wg show wg0 private-key").strip()
    events = Events(hub)
    private, public = make_pair()
    known["spoke's private key"] = private
    issued = hub.token("canary")["token"]
    known["token"] = token = issued["token"]
    reissued = hub.admin.post(f"/api/installation/token/{hub.token('again')['token']['id']}/reissue").json["token"]
    known["reissued token"] = reissued["token"]
    hub.admin.delete(f"/api/installation/token/{reissued['id']}")
    stranger, path = Client(), f"/api/installation/script/{token}"
    for method, asked, headers in (("HEAD", f"{path}?platform=linux", {}), ("GET", path, {}), ("GET", f"{path}?platform=amiga", {}), ("GET", f"{path}/?platform=linux", {}),
                                   ("GET", f"/{path}?platform=linux", {}), ("GET", path.upper().replace(token.upper(), token), {}), ("POST", path, {}),
                                   ("GET", f"/api/installation/token/{token}", hub.admin.headers), ("GET", f"/api/spoke/{token}/status", hub.admin.headers),
                                   ("GET", f"/{token}", {}), ("GET", f"/api/spoke/list?token={token}", hub.admin.headers), ("GET", f"{path}?platform=linux", {"Accept": "text/html"}),
                                   ("GET", "/api/spoke/list", {"Authorization": f"Bearer {known['API token'][:-1]}"}), ("GET", "/api/auth/me", hub.person.headers),
                                   ("GET", f"/api/api-tokens/{known['API token']}", hub.admin.headers), ("DELETE", f"/api/api-tokens/{known['API token']}", hub.admin.headers)):
        stranger.call(method, asked, headers={"Accept": "*/*", **headers})
    assert stranger.get(f"{path}?platform=linux", headers={"Accept": "*/*"}).status == 200
    stranger.get(f"{path}?platform=linux", headers={"Accept": "*/*"})
    stranger.post("/api/installation/report", {"token": token, "stage": "keys", "code": 0, "reason": "OK", "os": "linux", "detail": ""})
    stranger.post("/api/spoke/register", {"token": token, "publicKey": public, "os": "linux", "surplus": 1})
    stranger.post("/api/spoke/register", raw=json.dumps({"token": token, "publicKey": public, "os": "linux"}).encode()[:-1])
    spoke = hub.register(token, public)
    assert spoke.status == 201
    hub.register(token)
    known["second session"] = stranger.post("/api/auth/login", {"username": "admin", "password": PASSWORD}).headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
    stranger.post("/api/auth/login", {"username": PASSWORD, "password": "something else, wrong"})
    stranger.post("/api/auth/login", {"username": "admin", "password": known["session"]})
    for get in ("/api/audit", "/api/spoke/list", f"/api/spoke/{spoke.json['spoke']['id']}/status", "/api/installation/tokens", f"/api/installation/token/{issued['id']}",
                "/api/hub/config", "/api/hub/status", "/api/api-tokens", "/api/auth/me", "/api/health/ready", "/api/setup"):
        hub.admin.get(get)
        hub.person.get(get)
    sh("ip link del wg0")  # the key is set anew
    eventually(lambda: public in hub.peers(), 30)
    for daemon in ("apid", "wgprivd", "wgprivd-engine"):
        hub.kill(daemon)
    eventually(lambda: hub.try_status("/api/health/live") == 200, 30)
    hub.wait_ready()
    sh(f"{ROOT}/bin/wghub hub show-conf")
    assert hub.admin.delete(f"/api/spoke/{spoke.json['spoke']['id']}").status == 200
    time.sleep(0.5)
    text = events.text
    events.close()
    return text


def is_meant(name, method, path, status):
    """Whether this answer exists to give this secret."""
    if "session" in name:
        return (method, path, status) in (("POST", "/api/setup", 201), ("POST", "/api/auth/login", 200))
    if name == "CSRF token":
        return path in ("/api/setup", "/api/auth/login", "/api/auth/me")
    if name == "API token":
        return (method, path, status) == ("POST", "/api/api-tokens", 201)
    if name in ("token", "reissued token"):
        return status in (200, 201) and (path == "/api/installation/token" or path.endswith("/reissue") or bool(re.fullmatch(r"/api/installation/script/[\w-]{43}\?platform=linux", path)))
    return False


def test_no_secret_is_anywhere_but_in_the_answers_meant_for_it(fresh):
    """CVE-2023-47390, seen in headscale, and defguard #3614: bearer and enrolment tokens stood in the logs."""
    hub, known, Client.heard = fresh, {}, []
    try:
        with ProcWatch() as watch:
            stream = run_everything(hub, known)
        answers, Client.heard = Client.heard, None
    finally:
        Client.heard = None
    with open(f"{ROOT}/kek", "rb") as file:
        known["key-encryption key"] = file.read()
    sought = {name: forms(secret) for name, secret in known.items()}
    places = {path: open(path, "rb").read() for path in files_below(LOGS, "/var/lib/wireguard-hub", "/var/lib/wireguard-hub-privileged", "/run/wireguard-hub-api") if os.path.isfile(path)}
    assert any(path.endswith("-wal") and len(text) > 1000 for path, text in places.items()), "the write-ahead log was not searched"
    places["the stream of events"] = stream
    # wghub prints the set-up code to root: it is no program's argument all the same.
    for kind in ("cmdline", "environ"):
        places[f"/proc/*/{kind}"] = b"\n".join(text for found, text in watch.seen if found == kind)
    leaks = [(name, path) for name, wanted in sought.items() for path, text in places.items() if any(form in text for form in wanted)]
    given = {name: 0 for name in sought}
    for method, path, status, headers, body in answers:
        for name, wanted in sought.items():
            if any(form in headers.encode() + body for form in wanted):
                given[name] += 1
                if not is_meant(name, method, path, status):
                    leaks.append((name, f"{status} to {method} {path}: {body[:200]}"))
    assert not leaks, leaks
    for name in ("session", "API token", "token"):  # the search finds what is there
        assert given[name] > 0, name
    assert "/script/[token]" in hub.log("apid")
    for daemon in DAEMONS:
        pid = hub.pid(daemon)
        assert os.stat(f"/proc/{pid}").st_uid != 0 or os.stat(f"/proc/{pid}/environ").st_uid == 0
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0, f"{daemon} can be dumped"
    figure("T4", f"CVE-2023-47390, defguard #3614: {len(known)} secrets sought in {len(places)} files and places, {sum(map(len, places.values())) >> 10} KiB, {len(watch.seen)} command lines and environments in "
           f"{watch.rounds} rounds, {len(answers)} answers: none but in the {sum(given.values())} answers meant for them")


PRIVILEGED = "/var/lib/wireguard-hub-privileged"


def contents(folder):
    found = {}
    for path in files_below(folder):
        with open(path, "rb") as file:
            found[path] = file.read()
    return found


def exits(service):
    with open(f"{LOGS}/activate.log") as file:
        return re.findall(rf" {service}: \d+ ended with (-?\d+)", file.read())


@pytest.fixture
def elsewhere(fresh):
    """The hub with two spokes, its state on a machine with a key-encryption key of its own; at home again afterwards."""
    fresh.set_up()
    keys = [random_key(), random_key()]
    for key in keys:
        assert fresh.register(key=key).status == 201
    fresh.stop()
    os.rename(f"{ROOT}/kek", f"{ROOT}/kek.home")
    yield fresh, keys
    go_home()


def go_home():
    if os.path.exists(f"{ROOT}/kek.home"):
        os.replace(f"{ROOT}/kek.home", f"{ROOT}/kek")


def test_a_copy_of_the_state_on_another_machine_does_not_start(elsewhere):
    """T14: only the state directories were taken. Nothing is served from them, nothing is changed, and the reason is named."""
    hub, keys = elsewhere
    before, engine, restore = contents(PRIVILEGED), len(exits("engine")), len(exits("restore"))
    said = {name: len(hub.log(name)) for name in ("engine", "restore")}
    assert hub.peers() == {}
    hub.start()  # makes a key-encryption key, as a machine of its own has one
    refused = hub.register(hub.token("taken")["token"]["token"], random_key())
    eventually(lambda: len(exits("engine")) >= engine + 3, 20)
    ready = Client().get("/api/health/ready")
    there, ended = (hub.peers(), sh("wg show wg0 private-key", check=False).strip()), (exits("engine")[engine:], exits("restore")[restore:])
    hub.stop()
    assert set(ended[0]) == {"65"} and ended[1] == ["65"], ended
    for name in said:
        assert "hub.key" in hub.log(name)[said[name]:], hub.log(name)[said[name]:]
    assert (refused.status, refused.code) == (503, "HELPER_UNAVAILABLE") and ready.status == 503, (refused, ready)
    assert there[0] == {} and there[1] in ("", "(none)"), there
    assert contents(PRIVILEGED) == before, "the engine's state was changed"
    # At home everything is as it was.
    go_home()
    hub.start()
    took = eventually(lambda: set(keys) <= set(hub.peers()), 10)
    assert_invariants(hub, keys)
    figure("T14", f"state copied to a machine with another key: restore ended with 65, the engine {len(ended[0])} times; hub.key named; no key and no peer "
           f"on wg0, registrations 503, its files unchanged; at home all peers back after {took:.1f} s")
