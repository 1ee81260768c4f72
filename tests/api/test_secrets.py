# The canary run (T4): known secrets go through everything the hub does; afterwards no log, file, command line, environment
# or answer has any of them but the answers that are meant to.
import glob, json, os, re, secrets, subprocess, threading, time

from hub import LOGS, PASSWORD, ROOT, Client, eventually, sh
from proofs import Events, figure, files_below, forms, make_pair

DAEMONS = ("apid", "wgprivd", "wgprivd-engine")


class ProcWatch:
    """Reads the command lines and environments of all processes again and again."""

    def __init__(self):
        self.seen, self.rounds, self.stopping = set(), 0, False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping:
            for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
                try:
                    with open(path, "rb") as file:
                        self.seen.add((path.rsplit("/", 1)[1], file.read()))
                except OSError:
                    pass
            self.rounds += 1
            time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join()


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
    figure(f"{len(known)} secrets sought in {len(places)} files and places, {sum(map(len, places.values())) >> 10} KiB, {len(watch.seen)} command lines and environments in "
           f"{watch.rounds} rounds, {len(answers)} answers: none but in the {sum(given.values())} answers meant for them")
