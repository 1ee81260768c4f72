# `wghub` against the real hub: over root's socket, and by HTTPS with an API token. What `wghub user` and `audit verify` do to
# accounts and trail is in test_user_command.py and test_audit.py.
import contextlib, json, os, re, shlex, shutil, signal, sqlite3, subprocess, threading, time

import pytest

from hub import DATABASE, PASSWORD, PORT, PROGRAMS, ROOT, SOURCE, USERS, Client, eventually, make_key, sh
from proofs import tokens
from test_user_command import NOT_FOUND, REFUSED, UNREACHABLE, WRONG_USE, wghub

FAULTY, LATER = 1, 6
CERTIFICATE = "/var/lib/wireguard-hub/tls/certificate.pem"
SECRETS = f"{ROOT}/wghub"


def told(*arguments, **options):
    """What the command prints as JSON."""
    status, printed, complaint = wghub(*arguments, "--json", **options)
    assert status == 0, (arguments, status, complaint)
    return json.loads(printed)


def written(name, text, mode=0o600):
    os.makedirs(SECRETS, exist_ok=True)
    path = f"{SECRETS}/{name}"
    with open(path, "w", opener=lambda file, flags: os.open(file, flags, 0o600)) as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def elsewhere(client, host="localhost", **options):
    """The arguments with which this client's API token is shown from another machine."""
    name = client.headers["Authorization"].removeprefix("Bearer ")
    path = written(f"token-{name[-8:]}", name + "\n", **options)
    return ["--url", f"https://{host}:{PORT}", "--token-file", path, "--ca-file", CERTIFICATE]


@pytest.fixture
def remote(hub):
    return elsewhere(hub.admin)


def test_spokes_are_listed_over_the_socket_and_by_https_alike(hub, remote):
    key = make_key()
    spoke = hub.register(hub.token("listed café")["token"]["token"], key).json["spoke"]
    for way in ([], remote):
        status, printed, complaint = wghub(*way, "spoke", "list")
        assert (status, complaint) == (0, "")
        heading, *rows = printed.splitlines()
        assert heading.split() == ["ID", "STATUS", "ADDRESS", "OS", "LAST", "HANDSHAKE", "NAME"]
        row = next(row for row in rows if spoke["id"] in row)
        assert row.endswith("listed café") and row.index("pending") == heading.index("STATUS")
        assert told(*way, "spoke", "list")["spokes"] == hub.admin.get("/api/spoke/list").json["spokes"]
        assert told(*way, "spoke", "list", "--status", "active", "--os", "windows")["spokes"] == []


def test_what_is_wrong_with_the_way_to_the_hub_is_told_and_has_an_exit_code(hub, remote):
    good = hub.admin.headers["Authorization"].removeprefix("Bearer ")
    url, token, ca = remote[:2], remote[2:4], remote[4:]
    for way, expected, said in (
            (["--socket", "/nonexistent"], UNREACHABLE, "no answer from apid"), (["--url", "https://localhost:1", *token, *ca], UNREACHABLE, "no answer from the hub"),
            ([*url, *token], UNREACHABLE, "no answer from the hub"), (["--url", f"https://127.0.0.2:{PORT}", *token, *ca], UNREACHABLE, "no answer from the hub"),
            (["--url", f"http://localhost:{PORT}", *token], WRONG_USE, "must be https"), (["--url", f"https://u:p@localhost:{PORT}", *token], WRONG_USE, "must be https"),
            (url, WRONG_USE, "needs --token-file"), (token, WRONG_USE, "go with --url"), ([*url, "--token-file", "/nonexistent", *ca], WRONG_USE, "No such file"),
            ([*url, "--token-file", written("open", good, 0o644), *ca], WRONG_USE, "chmod 600"), ([*url, "--token-file", written("empty", "\n"), *ca], WRONG_USE, "no token"),
            ([*url, "--token-file", written("long", "x" * 2000), *ca], WRONG_USE, "no token"), ([*url, "--token-file", written("odd", "whk_\x01"), *ca], WRONG_USE, "no token"),
            ([*url, "--token-file", written("unknown", "whk_" + "A" * 43), *ca], REFUSED, "UNAUTHENTICATED")):
        status, printed, complaint = wghub(*way, "spoke", "list")
        assert (status, printed) == (expected, "") and said in complaint and good not in complaint, (way, status, complaint)


def test_wrong_arguments_end_with_a_code_of_their_own(hub):
    for arguments in ((), ("spokes",), ("spoke",), ("spoke", "lost"), ("spoke", "list", "--limit", "0"), ("spoke", "list", "--limit", "x"), ("spoke", "list", "--status", "gone"),
                      ("spoke", "list", "extra"), ("spoke", "list", "list"), ("--unknown", "spoke", "list"), ("user", "create", "dave", "list"), ("spoke", "list", "--limit")):
        status, printed, complaint = wghub(*arguments)
        assert (status, printed) == (WRONG_USE, "") and complaint, (arguments, status, printed)
    assert wghub("--version")[:2] == (0, "wghub 0.1.0\n")
    status, printed, _ = wghub("--help")
    assert status == 0 and "spoke" in printed and "setup-code" in printed


def test_a_token_is_made_shown_and_revoked_and_its_clear_text_is_seen_once(hub, remote):
    for way in ([], remote):
        made = told(*way, "token", "create", "to come", "--address", "10.83.0.77")
        clear, number = made["token"]["token"], made["token"]["id"]
        assert made["token"]["allowedIPs"] == ["10.83.0.77/24"] and clear in made["installCommands"]["linux"]
        shown = wghub(*way, "token", "show", number)
        assert shown[0] == 0 and shown[1].splitlines()[0].split() == ["token", number] and "unused" in shown[1]
        assert told(*way, "token", "show", number) == hub.admin.get(f"/api/installation/token/{number}").json
        listed = wghub(*way, "token", "list", "--status", "unused")
        assert number in listed[1] and clear not in str(shown) + str(listed)
        assert wghub(*way, "token", "revoke", number) == (0, f"token {number} was revoked\n", "")
        assert told(*way, "token", "show", number)["token"]["state"] == "revoked"
    status, printed, complaint = wghub("token", "create", "mac", "--platform", "macos")
    assert (status, complaint) == (0, "") and "platform=macos" in printed.splitlines()[-1]
    hub.admin.delete(f"/api/installation/token/{printed.split()[1]}")


def test_a_spoke_is_shown_reissued_and_removed_by_name_or_id(hub, remote):
    names = [f"cli {os.urandom(4).hex()}" for _ in range(2)]
    spokes = [hub.register(hub.token(name)["token"]["token"], metadata={"kernelVersion": "6.1.0"}).json["spoke"] for name in names]
    shown = wghub("spoke", "show", names[0])[1]
    assert spokes[0]["id"] in shown and spokes[0]["publicKey"] in shown and "6.1.0" in shown
    assert told(*remote, "spoke", "show", names[0])["spoke"]["id"] == spokes[0]["id"]
    status, printed, _ = wghub(*remote, "spoke", "reissue", spokes[0]["id"])
    assert status == 0 and spokes[0]["id"] in printed and "platform=linux" in printed.splitlines()[-1]
    for way, (name, spoke) in zip(([], remote), zip(names, spokes)):
        assert wghub(*way, "spoke", "remove", name) == (0, f"spoke {spoke['id']} was removed\n", "")
        status, printed, complaint = wghub(*way, "spoke", "remove", spoke["id"])
        assert (status, printed) == (NOT_FOUND, "") and complaint.startswith("wghub: SPOKE_NOT_FOUND: ")
        assert wghub(*way, "spoke", "show", name)[0] == NOT_FOUND
        assert spoke["publicKey"] not in hub.peers()


def test_a_name_that_several_have_is_no_name(hub):
    twins = [hub.register(hub.token("twin").get("token")["token"]).json["spoke"]["id"] for _ in range(2)]
    status, printed, complaint = wghub("spoke", "remove", "twin")
    assert (status, printed) == (REFUSED, "") and all(each in complaint for each in twins)
    for each in twins:
        assert wghub("spoke", "remove", each)[0] == 0


def test_the_hub_and_its_clusters_are_shown(hub, remote):
    node = hub.register(os="proxmox", isProxmox=True, proxmoxClusterName="cli-cluster", proxmoxNodeName="pve1",
                        metadata={"clusterNodes": "pve1,pve2"}).json["spoke"]
    eventually(lambda: told("hub", "show")["peerCount"] >= 1)
    for way in ([], remote):
        shown = told(*way, "hub", "show")
        assert shown["hubConfig"] == hub.admin.get("/api/hub/config").json and shown["spokes"]["totalCount"] >= 1
        status, printed, _ = wghub(*way, "hub", "show")
        assert status == 0 and "192.0.2.1:51820" in printed and hub.network in printed
        cluster = next(each for each in told(*way, "cluster", "list")["clusters"] if each["clusterName"] == "cli-cluster")
        printed = wghub(*way, "cluster", "show", "cli-cluster")[1]
        assert cluster["id"] in printed and node["id"] in printed and "without a spoke" in printed and "pve2" in printed
        assert told(*way, "cluster", "show", cluster["id"])["nodes"][0]["id"] == node["id"]
        assert "cli-cluster" in wghub(*way, "cluster", "list")[1]
        assert wghub(*way, "cluster", "show", "no-such")[0] == NOT_FOUND
    assert "PublicKey" in wghub("hub", "show-conf")[1]
    wghub("spoke", "remove", node["id"])


def test_api_tokens_are_of_an_account_which_root_has_not(hub, remote):
    status, printed, complaint = wghub("api-token", "create", "ci")
    assert (status, printed) == (REFUSED, "") and complaint.startswith("wghub: FORBIDDEN: ") and "account" in complaint
    made = told(*remote, "api-token", "create", "ci cli", "--role", "operator", "--days", "7")
    assert wghub(*elsewhere(hub.client("viewer")), "spoke", "list")[0] == 0
    path = written("made", made["secret"])
    assert wghub(*remote[:2], "--token-file", path, *remote[4:], "token", "list")[0] == 0
    listed = wghub("api-token", "list")
    assert "ci cli" in listed[1] and made["secret"] not in str(listed)
    assert wghub("api-token", "revoke", "ci cli")[0] == 0
    status, _, complaint = wghub(*remote[:2], "--token-file", path, *remote[4:], "token", "list")
    assert status == REFUSED and "UNAUTHENTICATED" in complaint
    status, printed, complaint = wghub(*remote, "api-token", "create", "shown")
    assert status == 0 and printed.splitlines()[-1].split()[1].startswith("whk_") and "once" in complaint and "whk_" not in complaint
    wghub(*remote, "api-token", "revoke", "shown")


def test_a_role_is_refused_what_it_may_not_do(hub):
    viewer, operator = elsewhere(hub.client("viewer")), elsewhere(hub.client("operator"))
    nobody = "00000000-0000-4000-8000-000000000000"
    for way, arguments in ((viewer, ("token", "create", "x")), (viewer, ("spoke", "remove", nobody)), (viewer, ("audit", "list")), (operator, ("user", "list")),
                           (operator, ("api-token", "list")), (operator, ("session", "list")), (operator, ("audit", "export")), (operator, ("user", "role", nobody, "admin"))):
        status, printed, complaint = wghub(*way, *arguments)
        assert (status, printed) == (REFUSED, "") and complaint.startswith("wghub: FORBIDDEN: "), (arguments, status, complaint)
    for way, arguments in ((viewer, ("spoke", "list")), (viewer, ("hub", "show")), (viewer, ("cluster", "list")), (viewer, ("token", "list")), (operator, ("token", "create", "by the operator"))):
        assert wghub(*way, *arguments)[0] == 0, arguments
    # What only root may ask is nowhere but on his socket.
    for arguments in (("setup-code",), ("audit", "verify"), ("hub", "show-conf")):
        status, printed, complaint = wghub(*elsewhere(hub.admin), *arguments)
        assert (status, printed) == (NOT_FOUND, "") and complaint.startswith("wghub: NOT_FOUND: "), (arguments, status, complaint)


def test_users_and_their_sessions_are_kept_from_elsewhere_too(hub, remote):
    name = f"cli-{os.urandom(4).hex()}"
    assert wghub(*remote, "user", "create", name, "--role", "operator", typed=PASSWORD + "\n")[:2] == (0, f"user {name} was made: operator\n")
    session = hub.login(name)
    for way in ([], remote):
        assert [each["username"] for each in told(*way, "session", "list", name)["sessions"]] == [name]
        assert name in wghub(*way, "session", "list")[1]
    assert wghub(*remote, "session", "end", name)[0] == 0
    assert session.get("/api/auth/me").status == 401
    assert told("session", "list", name)["sessions"] == []
    assert wghub(*remote, "user", "disable", name)[:2] == (0, f"user {name} is disabled\n")
    assert wghub(*remote, "user", "enable", name)[0] == 0 and wghub(*remote, "user", "role", name, "viewer")[0] == 0
    assert wghub(*remote, "user", "reset", name, typed="another " + PASSWORD)[0] == 0
    assert next(each for each in told(*remote, "user", "list")["users"] if each["username"] == name)["role"] == "viewer"
    assert wghub("user", "remove", name) == (0, f"user {name} was removed\n", "")
    for arguments in (("user", "remove", name), ("session", "list", name), ("session", "end", name)):
        assert wghub(*arguments)[0] == NOT_FOUND, arguments


def test_the_audit_trail_is_listed_filtered_and_exported(hub, remote):
    wghub("token", "create", "audited")
    newest = told("audit", "list", "--limit", "1", "--action", "token.created")["events"]
    assert len(newest) == 1 and newest[0]["actor"] == "root"
    status, printed, complaint = wghub(*remote, "audit", "list", "--limit", "2")
    assert status == 0 and len(printed.splitlines()) == 3 and "there are more: --limit" in complaint
    status, printed, _ = wghub(*remote, "audit", "export", "--actor", "root", "--action", "token.created")
    lines = [json.loads(line) for line in printed.splitlines()]
    assert status == 0 and lines[0]["id"] == newest[0]["id"] and all(line["hash"] and line["actor"] == "root" for line in lines)
    status, _, complaint = wghub("audit", "list", "--from", "yesterday")
    assert status == REFUSED and complaint.startswith("wghub: INVALID_REQUEST: ") and "from" in complaint


class Followed:
    """A running `wghub events`."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([f"{PROGRAMS}/wghub", *arguments, "events"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def next(self, kind):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["type"] == kind:
                return event
        raise AssertionError(f"ended before {kind}: {self.process.stderr.read()}")

    def begun(self, hub):
        """Until it hears of something."""
        seen = []
        reader = threading.Thread(target=lambda: seen.append(self.next("token.created")))
        reader.start()
        eventually(lambda: hub.token("anything") and seen)
        reader.join()
        return self


def test_events_are_followed_as_json_lines_over_a_restart_of_the_hub(hub):
    way = elsewhere(hub.client("viewer"))
    with Followed() as local, Followed(*way) as remote:
        for followed in (local, remote):
            followed.begun(hub)
        for kind in ("cmdline", "environ"):  # which others may read
            with open(f"/proc/{remote.process.pid}/{kind}") as file:
                assert "whk_" not in file.read()
        made = hub.token("followed")["token"]["id"]
        for followed in (local, remote):
            while followed.next("token.created")["token"]["id"] != made:
                pass
        hub.restart()
        hub.wait_ready()
        for followed in (local, remote):
            followed.next("resync")  # the ring went with the daemon, so this is what it hears first
            followed.begun(hub)


def test_events_end_after_a_count_with_their_reader_and_with_their_token(hub):
    with Followed("--json") as followed:
        followed.begun(hub)
        followed.process.stdout.close()
        eventually(lambda: hub.token("unheard") and followed.process.poll() is not None)
        assert followed.process.returncode == 0 and followed.process.stderr.read() == ""
    counted = subprocess.Popen([f"{PROGRAMS}/wghub", "events", "--count", "2"], stdout=subprocess.PIPE, text=True)
    eventually(lambda: hub.token("counted") and counted.poll() is not None)
    assert counted.returncode == 0 and len(counted.stdout.read().splitlines()) == 2
    made = hub.admin.post("/api/api-tokens", {"name": "short-lived", "role": "viewer"}).json
    way = elsewhere(Client({"Authorization": f"Bearer {made['secret']}"}))
    with Followed(*way) as followed:
        followed.begun(hub)
        hub.admin.delete(f"/api/api-tokens/{made['apiToken']['id']}")
        assert followed.process.wait(15) == REFUSED and "good no longer" in followed.process.stderr.read()


def test_a_third_stream_at_once_is_told_to_come_later(hub):
    way = elsewhere(hub.client("viewer"))
    with Followed(*way) as first, Followed(*way) as second:
        first.begun(hub)
        second.begun(hub)
        status, printed, complaint = wghub(*way, "events")
        assert (status, printed) == (LATER, "") and complaint.startswith("wghub: RATE_LIMITED: ")


def test_a_configuration_is_checked_as_apid_reads_it(hub):
    good = f"{ROOT}/apid.toml"
    assert wghub("config", "check", good) == (0, f"{good}: apid takes this\n", "")
    assert told("config", "check", good) == {"file": good, "good": True, "fault": None}
    for text, said in (("listen = \"0.0.0.0:8443\"\nlisten_port = 1\n", ":2: listen_port is not a known key"), ("retention_days = 0\n", ":1: retention_days must be a whole number"),
                       ("tls.certificate = \"/x\"\n", "tls.key is missing"), ("\n\nlisten = \n", ":3: ")):
        path = written("bad.toml", text)
        status, printed, complaint = wghub("config", "check", path)
        assert (status, printed) == (FAULTY, "") and path in complaint and said in complaint, (text, complaint)
        assert said in json.loads(wghub("config", "check", path, "--json")[1])["fault"]
    assert wghub("config", "check", "/nonexistent")[0] == NOT_FOUND


WORDS = ((("spoke", ""), "list show remove reissue"), (("spoke", "list", "--status", ""), "pending active inactive"), (("--url", "x", "user", "role", "bob", "vi"), "viewer"),
         (("events", "--co"), "--count"), (("completion", "z"), "zsh"),
         (("import", "--sk"), "--skip-bad"), (("backup", "v"), "verify"), (("restore", "--keep-config", "--key"), "--key-file"))
# What each shell does with the script, and then with words of which the last is begun.
TRIALS = {"bash": (["bash"], 'try() { COMP_WORDS=(wghub "$@"); COMP_CWORD=$#; _wghub; echo "${COMPREPLY[@]}"; }\n', lambda words: f"try {shlex.join(words)}\n"),
          "zsh": (["zsh", "-f"], 'try() { words=(wghub "$@"); CURRENT=$(($# + 1)); _wghub; print }\n'
                  'compadd() { shift; local each; for each in "$@"; do [[ $each == $words[CURRENT]* ]] && print -rn -- "$each "; done }\n', lambda words: f"try {shlex.join(words)}\n"),
          "fish": (["fish"], "", lambda words: f"complete -C {shlex.quote('wghub ' + ' '.join(words))} | string replace -r '\\t.*' '' | string join ' '; or true\n")}


@pytest.mark.parametrize("shell", TRIALS)
def test_each_shell_completes_the_words(hub, shell):
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    status, script, _ = wghub("completion", shell)
    assert status == 0
    command, before, trial = TRIALS[shell]
    path = written("completion", f"{'compdef() { : }' if shell == 'zsh' else ''}\n{script}\n{before}{''.join(trial(words) for words, _ in WORDS)}")
    done = subprocess.run([*command, path], text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, ""), done
    for line, (words, expected) in zip(done.stdout.splitlines(), WORDS, strict=True):
        assert set(expected.split()) <= set(line.split()), (words, line)
        assert expected.count(" ") > 1 or expected == line.strip(), (words, line)


CONFIGURATION = ("--config", f"{ROOT}/apid.toml")


def doctor(*arguments):
    """(exit code, check -> what it found) of the doctor; the clock is this machine's own affair."""
    status, printed, complaint = wghub("doctor", *(arguments or CONFIGURATION), "--skip", "clock", "--json")
    report = json.loads(printed)
    assert complaint == "" and status == (FAULTY if report["wrong"] else 0), (status, complaint)
    return status, {each["check"]: each for each in report["checks"]}


def test_the_doctor_finds_a_healthy_hub_healthy(hub):
    hub.register()
    eventually(lambda: doctor()[1]["drift"]["state"] == "good")
    status, found = doctor()
    assert status == 0 and len(found) >= 24 and {each["state"] for each in found.values()} <= {"good", "note", "unknown"}, found
    assert {name for name, each in found.items() if each["state"] == "unknown"} <= {"boot"}
    for each in found.values():
        assert each["found"] and bool(each["advice"]) == (each["state"] in ("note", "wrong")), each
    status, printed, _ = wghub("doctor", *CONFIGURATION, "--skip", "clock,boot")
    lines = printed.splitlines()
    assert status == 0 and lines[-1].endswith("0 wrong, 0 unknown") and any(line.split()[:2] == ["good", "udp-port"] for line in lines)
    sh("sysctl -qw net.ipv4.ip_forward=1")
    assert doctor()[1]["forwarding"]["state"] == "good"
    sh("sysctl -qw net.ipv4.ip_forward=0")
    assert doctor()[1]["forwarding"]["state"] == "note"
    assert wghub("doctor", "--skip", "everything")[0] == WRONG_USE
    status, printed, complaint = wghub(*elsewhere(hub.admin), "doctor")
    assert (status, printed) == (WRONG_USE, "") and "on the hub" in complaint


def is_wrong(check, said, *arguments, advice="", state="wrong"):
    status, found = doctor(*arguments)
    each = found[check]
    assert each["state"] == state and said in each["found"] and advice in each["advice"], each
    assert state == "note" or status == FAULTY


def test_the_doctor_sees_files_that_others_may_read(hub):
    os.chmod(f"{ROOT}/kek", 0o444)
    try:
        is_wrong("files", f"{ROOT}/kek has mode 0444", advice=f"chmod 0400 {ROOT}/kek")
    finally:
        os.chmod(f"{ROOT}/kek", 0o400)
    os.chown(DATABASE, 0, 0)
    try:
        is_wrong("files", f"{DATABASE} is root's", advice=f"chown wghub {DATABASE}")
    finally:
        shutil.chown(DATABASE, "wghub", "wghub")


def test_the_doctor_reads_the_configuration(hub):
    certificate, key = f"{SECRETS}/short.pem", f"{SECRETS}/short.key"
    written("anything", "")
    sh(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 5 -subj /CN=x -addext subjectAltName=DNS:other.example -keyout {key} -out {certificate}")
    with open(f"{ROOT}/apid.toml") as file:
        running = file.read()
    public = running.replace('"0.0.0.0:', '"127.0.0.1:')
    for text, check, said, advice in (
            ("nonsense = 1\n", "configuration", "nonsense is not a known key", "wghub config check"), (public, "proxy", "hears this machine alone", "api_base_url"),
            (f'api_base_url = "https://192.0.2.1:{PORT}"\n{public}', "proxy", "takes all clients for one", 'trusted_proxies = ["127.0.0.1"]'),
            (f'trusted_proxies = ["0.0.0.0/0"]\n{running}', "proxy", "anybody can say", "alone"),
            (f'{running}tls.certificate = "{certificate}"\ntls.key = "{key}"\n', "certificate", "is good for ", "reload"),
            (f'{running}tls.certificate = "{certificate}"\ntls.key = "{key}"\n', "certificate-name", "is not for 192.0.2.1", "api_base_url"),
            (f'{running}tls.certificate = "{certificate}"\ntls.key = "{key}"\n', "url", "https://192.0.2.1", "chain"),
            (f'{running}tls.certificate = "/nonexistent"\ntls.key = "{key}"\n', "certificate", "cannot be read", "PEM"),
            (f'helper_socket = "/nonexistent/wgprivd.sock"\n{running}', "sockets", "not there: /nonexistent/wgprivd.sock", "systemctl start wireguard-hub-wgprivd.socket")):
        is_wrong(check, said, "--config", written("doctor.toml", text), advice=advice)
    is_wrong("configuration", "there is no such file", "--config", "/nonexistent")


def test_the_doctor_looks_at_the_endpoint_as_spokes_see_it(hub):
    try:
        for endpoint, said, state in (("hub.invalid:51820", "does not resolve", "wrong"), ("10.9.8.7:51820", "a private address", "note"), ("127.0.0.1:51820", "a private address", "note"),
                                      ("198.51.100.7:51820", "no interface of this machine has", "note"), ("[2001:db8::1]:51820", "no interface of this machine has", "note")):
            assert hub.admin.put("/api/hub/config", {"endpoint": endpoint}).status == 200
            is_wrong("endpoint", said, state=state)
    finally:
        assert hub.admin.put("/api/hub/config", {"endpoint": "192.0.2.1:51820"}).status == 200


def test_the_doctor_counts_addresses_and_names_api_tokens_that_end(hub):
    free = int(re.search(r'^wireguard_addresses\{state="free"\} (\d+)$', hub.another().get("/api/metrics").text, re.MULTILINE)[1])
    made = tokens(hub, min(free, 240))
    try:
        is_wrong("pool", "of 253 addresses are held", advice="wghub token list")
    finally:
        for each in made:
            hub.admin.delete(f"/api/installation/token/{each['id']}")
    assert doctor()[1]["pool"]["state"] == "good"
    ending = hub.admin.post("/api/api-tokens", {"name": "ends soon", "role": "viewer", "expiresInDays": 3}).json["apiToken"]
    is_wrong("api-tokens", "ends soon", advice="wghub api-token list", state="note")
    hub.admin.delete(f"/api/api-tokens/{ending['id']}")


def test_the_doctor_sees_that_no_spoke_gets_through(hub):
    spoke = hub.register().json["spoke"]["id"]
    assert doctor()[1]["handshakes"]["state"] == "good"  # it is new
    with contextlib.closing(sqlite3.connect(DATABASE, timeout=20, isolation_level=None)) as database:
        assert database.execute("UPDATE spoke_registrations SET registered_at = registered_at - 3600 WHERE id = ?", (spoke,)).rowcount == 1
    is_wrong("handshakes", "none ever was", advice="UDP port 51820 at 192.0.2.1:51820")
    wghub("spoke", "remove", spoke)


def test_the_doctor_names_peers_that_nobody_knows(hub):
    with hub.with_settings(foreign_peers='"keep"'):
        key = make_key()
        sh(f"wg set wg0 peer {key} allowed-ips 10.99.0.1/32")
        eventually(lambda: key in [each["publicKey"] for each in hub.another().get("/api/hub/status").json["peers"]])
        is_wrong("drift", key, advice="foreign_peers", state="note")


def test_the_doctor_says_which_part_does_not_answer(hub):
    hub.kill("wgprivd-engine", signal.SIGSTOP)
    try:
        eventually(lambda: hub.try_status("/api/health/ready") == 503, 60)
        is_wrong("helper", "does not answer", advice="journalctl")
        is_wrong("reconcile", "compared", advice="helper")
    finally:
        hub.kill("wgprivd-engine", signal.SIGCONT)
    hub.wait_ready()
    hub.stop()
    try:
        status, found = doctor()
        wrong = {name for name, each in found.items() if each["state"] == "wrong"}
        assert status == FAULTY and {"apid", "sockets"} <= wrong and "are you root" in found["apid"]["advice"].lower(), found
        assert found["setup"]["state"] == found["pool"]["state"] == "unknown"
    finally:
        hub.start()
    hub.wait_ready()


def test_the_doctor_helps_with_the_first_steps(fresh):
    is_wrong("setup", "no administrator", advice="wghub setup-code")
    fresh.first_person()
    is_wrong("setup", "no network", advice="initialize")
    assert fresh.initialize().status == 201


def test_the_database_is_looked_through_while_the_hub_runs(hub):
    check = ("db", "check", *CONFIGURATION)
    hub.register(hub.token("to be counted")["token"]["token"])
    told_of = told(*check)
    assert (told_of["database"], told_of["sound"]) == (DATABASE, "yes") and int(told_of["schema"]) >= 1 and told_of["size"].endswith("iB"), told_of
    assert int(told_of["spokes"]) == hub.admin.get("/api/spoke/list").json["totalCount"] and hub.try_status("/api/health/ready") == 200
    assert "schema" in wghub(*check)[1] and os.stat(f"{DATABASE}").st_uid == USERS["wghub"] == os.stat(f"{DATABASE}-wal").st_uid
    assert wghub("db", "check", "--config", "/nonexistent")[0] == NOT_FOUND


def test_a_database_that_is_damaged_newer_or_not_there_is_told_and_left_alone(hub):
    """Beside a configuration of its own, so that the hub's database stays what it is."""
    folder = f"{ROOT}/database"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    path = f"{folder}/database.sqlite"
    configuration = ("--config", written("db.toml", f'database_path = "{path}"\n', 0o644))
    assert wghub("db", "check", *configuration)[0] == NOT_FOUND
    with contextlib.closing(sqlite3.connect(DATABASE)) as source, contextlib.closing(sqlite3.connect(path)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    with open(path, "rb") as file:
        sound = file.read()

    def checked(change):
        with open(path, "wb") as file:
            file.write(sound)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            if isinstance(change, str):
                database.execute(change)
        if not isinstance(change, str):
            with open(path, "wb") as file:
                file.write(change)
        sh(f"chown -R wghub: {folder}")
        before = os.stat(path).st_size
        status, printed, complaint = wghub("db", "check", *configuration)
        assert os.stat(path).st_size == before and (status == 0 or printed == ""), (status, printed)
        return status, complaint

    assert checked("SELECT 1") == (0, "")
    middle = len(sound) // 4096 // 2 * 4096
    for change, said in ((sound[:middle] + b"\xff" * 4096 + sound[middle + 4096:], "damaged"), (b"no database at all" * 500, "not a database"),
                         ("INSERT INTO schema_version SELECT max(version) + 1, 'later', 0 FROM schema_version", "of a newer version"),
                         ("UPDATE spoke_registrations SET id = id WHERE 0", "")):
        status, complaint = checked(change)
        assert (status == FAULTY and said in complaint) if said else status == 0, (said, status, complaint)


def all_commands():
    """(words of the command, its own options) as the completion for bash, which is made of the program's tables, has them."""
    found = re.findall(r"^ +'([a-z][a-z -]*)'\) answers=(.*) ;;", wghub("completion", "bash")[1], re.MULTILINE)
    places = {words: answers for words, answers in found if " --" not in words}
    common = set(re.findall(r"--[a-z-]+", places["hub"]))
    return {words: set(re.findall(r"--[a-z-]+", answers)) - common for words, answers in places.items()
            if not any(other.startswith(words + " ") for other in places)}


def test_the_manual_page_and_the_guide_have_every_command_option_check_and_exit_code(hub):
    with open(f"{SOURCE}/docs/man/wghub.1") as file:
        page = re.sub(r"\\f[BIR]", "", file.read()).replace("\\-", "-").replace('"', "")
    commands = all_commands()
    assert len(commands) > 30 and "--status" in commands["spoke list"]
    for words, options in commands.items():
        assert re.search(rf"^\.(TP\n|TQ\n)?\.?(B|BI|BR) {words}\b", page, re.MULTILINE), words
        for option in options:
            assert option in page, (words, option)
    for option in re.findall(r"--[a-z-]+", wghub("--help")[1]):
        assert option in page, option
    with open(f"{SOURCE}/docs/wghub.md") as file:
        guide = file.read()
    assert re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE) == [each["check"] for each in told_by_doctor()]
    for code in range(7):
        assert f"| {code} | " in guide and f".B {code}\n" in page


def told_by_doctor():
    return json.loads(wghub("doctor", *CONFIGURATION, "--json")[1])["checks"]


def test_man_has_no_complaint_about_the_page():
    if not shutil.which("man"):
        pytest.skip("needs man")
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", f"{SOURCE}/docs/man/wghub.1"], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MAN_KEEP_FORMATTING": ""})
    assert (done.returncode, done.stderr) == (0, "") and "token create" in done.stdout


def test_every_command_of_the_guide_works(hub, remote):
    with open(f"{SOURCE}/docs/wghub.md") as file:
        lines = [line.split("  #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL) for line in block.splitlines()]
    folder = f"{SECRETS}/guide"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    hub.register(hub.token("laptop-7")["token"]["token"])
    carol = next((each for each in hub.admin.get("/api/users").json["users"] if each["username"] == "carol"), None) or hub.user("viewer", "carol")
    for line in lines:
        command = line.replace("https://hub.example.net", f"https://localhost:{PORT}").replace("~/.config/wghub-token", remote[3]).replace("~/.config/hub.pem", CERTIFICATE)
        command = command.replace("/etc/wireguard-hub", ROOT).replace("docs/man", f"{SOURCE}/docs/man")
        command = re.sub(r"> /usr/\S+/", f"> {folder}/", command)
        if command == "wghub doctor":  # this machine's configuration and clock are not a hub's
            command += f" --config {ROOT}/apid.toml --skip clock"
        if command == "wghub db check":
            command += f" --config {ROOT}/apid.toml"
        if command.startswith("wghub user reset"):
            command = f"echo {shlex.quote(PASSWORD)} | {command}"
        if command.startswith("wghub token create laptop-7"):
            command += "-again"  # there is one that has registered
        if not all(shutil.which(tool) for tool in ("jq", "man") if tool in command.split()):
            continue
        done = subprocess.Popen(["bash", "-c", f"set -euo pipefail; cd {folder}; {command}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": folder, "LC_ALL": "C.UTF-8"})
        while "wghub events" in command and done.poll() is None:
            hub.admin.delete(f"/api/installation/token/{hub.token('heard')['token']['id']}")
            time.sleep(0.1)
        printed, complaint = done.communicate(timeout=60)
        assert done.returncode == 0, (command, printed, complaint)
    assert len(lines) > 15
    hub.admin.delete(f"/api/users/{carol['id']}")


def test_a_list_follows_its_pages_up_to_the_limit(wide):  # the last: the hub stays wide
    made = [each["id"] for each in tokens(wide, 1100)]
    for way in ([], elsewhere(wide.admin)):
        listed = told(*way, "token", "list")
        assert sorted(each["id"] for each in listed["tokens"]) == sorted(made) and listed["totalCount"] == 1100 and listed["nextCursor"] is None
        status, printed, complaint = wghub(*way, "token", "list", "--limit", "1050")
        assert (status, len(printed.splitlines())) == (0, 1051) and complaint == "wghub: the first 1050; there are more: --limit\n"
        part = told(*way, "token", "list", "--limit", "1050")
        assert len(part["tokens"]) == 1050 and part["nextCursor"]
    first = wide.register(wide.admin.post(f"/api/installation/token/{made[0]}/reissue").json["token"]["token"]).json["spoke"]
    assert told("spoke", "list", "--limit", "1")["spokes"][0]["id"] == first["id"]
