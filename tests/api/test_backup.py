# `wghub backup` and `wghub restore` of the real, running hub: what is in the file, what is not, and that an empty machine
# becomes the same hub (F17, T4, T14). The same with systemd and real spokes is in tests/vm/restore.py.
import glob, json, os, pwd, re, shutil, stat, subprocess, threading, time

from hub import DATABASE, PROGRAMS, ROOT, SOURCE, Client, eventually, make_key, sh
from proofs import assert_invariants, figure, files_below, forms
from test_user_command import NOT_FOUND, REFUSED, WRONG_USE, wghub

FAULTY = 1
PASSPHRASE = "eleven grey geese over the weir"
FOLDER = f"{ROOT}/backups"
CONFIGURATION = ("--config", f"{ROOT}/apid.toml")
STATE, PRIVILEGED = "/var/lib/wireguard-hub", "/var/lib/wireguard-hub-privileged"


def secret(name, text, mode=0o600):
    os.makedirs(FOLDER, exist_ok=True)
    path = f"{FOLDER}/{name}"
    with open(path, "w", opener=lambda file, flags: os.open(file, flags, 0o600)) as file:
        file.write(text + "\n")
    os.chmod(path, mode)
    return path


def passphrase():
    return ("--passphrase-file", secret("passphrase", PASSPHRASE))


def backup(name, *how):
    os.makedirs(FOLDER, exist_ok=True)
    path = f"{FOLDER}/{name}"
    if os.path.exists(path):
        os.unlink(path)
    status, printed, complaint = wghub("backup", "create", path, *(how or passphrase()), *CONFIGURATION)
    assert (status, complaint) == (0, "") and path in printed, (status, printed, complaint)
    return path


def verified(path, *how):
    status, printed, complaint = wghub("backup", "verify", path, *(how or passphrase()), "--json")
    assert status == 0, (status, complaint)
    return json.loads(printed)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def contents(*folders):
    return {path: read(path) for path in files_below(*folders)}


def test_a_backup_is_made_while_the_hub_runs_and_says_what_it_is(hub):
    for _ in range(3):
        assert hub.register().status == 201
    path = backup("running")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and not glob.glob(f"{FOLDER}/*.unfinished")
    told = verified(path)
    config = hub.admin.get("/api/hub/config").json
    assert told["hub"] == config["publicKey"] and told["network"] == hub.network and told["endpoint"] == config["endpoint"], told
    assert int(told["spokes"]) == hub.admin.get("/api/spoke/list").json["totalCount"] and int(told["users"]) >= 1, told
    assert wghub("backup", "create", path, *passphrase(), *CONFIGURATION)[0] == REFUSED  # it is there already
    assert hub.try_status("/api/health/ready") == 200


def test_nothing_clear_is_in_the_file_nor_was_on_the_disk(hub):
    """T4: private key, database, TLS key and configuration, in no form; and no file but the one was written meanwhile."""
    hub.register(hub.token("unmistakable-name")["token"]["token"])
    before = set(files_below("/run", "/var/lib"))  # this run's own; what is opened elsewhere strace sees
    trace = f"{ROOT}/strace"
    path = f"{FOLDER}/traced"
    how = passphrase()
    command = [f"{PROGRAMS}/wghub", "backup", "create", path, *how, *CONFIGURATION]
    # LeakSanitizer traces too, so it cannot end a program that is traced already; every other report still ends it.
    sanitizer = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0")))
    done = subprocess.run(["strace", "-f", "-s", "300", "-e", "trace=open,openat,creat,memfd_create", "-o", trace, *command], capture_output=True, text=True,
                          timeout=120, env=os.environ | {"ASAN_OPTIONS": sanitizer})
    assert done.returncode == 0, done.stderr
    opened = {found[1] for line in read(trace).decode().splitlines()
              if (found := re.search(r'"([^"]+)", [^)]*O_(?:WRONLY|RDWR|CREAT)', line)) and " = -1 " not in line}
    allowed = {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{PRIVILEGED}/policy", "journal", "/dev/null"}
    assert {each for each in opened if each not in allowed and not each.startswith(path)} == set(), opened
    assert set(files_below("/run", "/var/lib")) - before <= {path, how[1], trace, f"{DATABASE}-wal", f"{DATABASE}-shm"}
    private = sh("wg show wg0 private-key").strip()
    text = read(path)
    sought = {"hub's key": forms(private), "TLS key": [line for line in read(f"{STATE}/tls/key.pem").splitlines() if len(line) > 20],
              "database": [b"SQLite format 3", b"unmistakable-name", b"installation_tokens"], "configuration": [b"share_directory"], "passphrase": [PASSPHRASE.encode()]}
    for name, wanted in sought.items():
        assert not [each for each in wanted if each in text], name
    os.unlink(trace)
    figure("T4", f"a backup of {len(text) >> 10} KiB: hub's key, TLS key, database, configuration and passphrase are in it in no clear form; "
           f"{len(opened)} files opened for writing by it and its children, none new but the backup itself")


def test_damage_is_told_for_what_it_is_and_nothing_opens(hub):
    """A flipped bit anywhere, a file that is cut off, a wrong passphrase or key, something else: each has a reason."""
    path = backup("sound")
    sound = read(path)
    other = secret("other", "another one altogether")

    def outcome(text, *how):
        spoilt = f"{FOLDER}/spoilt"
        with open(spoilt, "wb") as file:
            file.write(text)
        status, printed, complaint = wghub("backup", "verify", spoilt, *(how or passphrase()))
        assert status != 0 and printed == "" and PASSPHRASE not in complaint, (status, printed, complaint)
        return status, complaint

    places = [0, 8, 9, 12, 20, 30, 150, 176, 200, 65000, len(sound) // 2, len(sound) - 20, len(sound) - 1]
    for place in places:
        status, complaint = outcome(sound[:place] + bytes([sound[place] ^ 4]) + sound[place + 1:])
        assert status == FAULTY and re.search(r"damaged|no backup|another, or|format|cut off", complaint), (place, complaint)
    lengths = [0, 7, 100, 175, 176, 180, 70000, 176 + 65553, 176 + 2 * 65553, len(sound) - 17, len(sound) - 1]
    for length in lengths:
        status, complaint = outcome(sound[:length])
        assert status == FAULTY and re.search(r"cut off|no backup|does not open|ends before", complaint), (length, complaint)
    assert "damaged near its end" in outcome(sound + b"x")[1]
    whole = 176 + 65553
    assert "damaged" in outcome(sound[:whole] + sound[whole + 65553:])[1]  # a piece left out
    swapped = sound[:whole] + sound[whole + 65553:whole + 2 * 65553] + sound[whole:whole + 65553] + sound[whole + 2 * 65553:]
    assert "damaged" in outcome(swapped)[1]
    assert "the passphrase is another" in outcome(sound, "--passphrase-file", other)[1]
    assert "no backup" in outcome(b"PK\x03\x04" + b"\0" * 500)[1]
    assert wghub("backup", "verify", f"{FOLDER}/nothing", *passphrase())[0] == NOT_FOUND
    assert "not with a key" in wghub("backup", "verify", path, "--key-file", other)[2]
    for text, why in (("short", "12 are the least"), ("", "empty"), ("x" * 1025, "longer than")):
        status, _, complaint = wghub("backup", "create", f"{FOLDER}/never", "--passphrase-file", secret("bad", text), *CONFIGURATION)
        assert (status, why in complaint) == (WRONG_USE, True), complaint
    assert "chmod 600" in wghub("backup", "create", f"{FOLDER}/never", "--passphrase-file", secret("open", PASSPHRASE, 0o644), *CONFIGURATION)[2]
    assert not glob.glob(f"{FOLDER}/never*")
    figure("T14", f"a backup with one bit flipped at {len(places)} places, cut at {len(lengths)}, pieces left out or added: none opens, each with its reason")


def recipient_pair(name):
    path = f"{FOLDER}/{name}"
    os.makedirs(FOLDER, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    status, printed, complaint = wghub("backup", "key", path)
    assert status == 0 and re.fullmatch(r"whbp_[\w-]{43}\n", printed) and "keep the file away" in complaint
    assert re.fullmatch(r"whbs_[\w-]{43}\n", read(path).decode()) and stat.S_IMODE(os.stat(path).st_mode) == 0o600
    return printed.strip(), path


def test_a_backup_for_a_recipient_opens_with_his_key_alone(hub):
    public, private = recipient_pair("key")
    stranger = recipient_pair("stranger")[1]
    path = backup("sealed", "--recipient", public)
    assert verified(path, "--key-file", private)["hub"] == hub.admin.get("/api/hub/config").json["publicKey"]
    for how, said in ((("--key-file", stranger), f"the backup is for {public}"), ((), "name its --key-file"), (("--key-file", secret("odd", "whbs_short")), "no key of"),
                      (("--key-file", "/nonexistent"), "No such file")):
        status, printed, complaint = wghub("backup", "verify", path, *how)
        assert status == WRONG_USE and said in complaint and printed == "", (how, complaint)
    for bad in ("whbp_", "whbp_" + "A" * 43, public.replace("whbp_", "whbs_"), "age1xyz"):
        assert "no key of" in wghub("backup", "create", f"{FOLDER}/never", "--recipient", bad, *CONFIGURATION)[2]
    assert wghub("backup", "create", f"{FOLDER}/never", "--recipient", public, *passphrase(), *CONFIGURATION)[0] == WRONG_USE
    assert wghub("backup", "key", private)[0] == REFUSED  # never over a key that is there
    piped = subprocess.run(f"{PROGRAMS}/wghub backup create - --recipient {public} --config {ROOT}/apid.toml | {PROGRAMS}/wghub backup verify - --key-file {private}", shell=True,
                           capture_output=True, text=True, timeout=60)
    assert piped.returncode == 0 and "spokes" in piped.stdout, piped


def test_nightly_backups_go_where_the_configuration_says_and_old_ones_go(hub):
    public, private = recipient_pair("nightly-key")
    folder = f"{ROOT}/nightly"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, 0o700)
    status, _, complaint = wghub("backup", "create", *CONFIGURATION)
    assert status == WRONG_USE and "backup.recipient" in complaint
    names = [f"wireguard-hub-{day}T020000Z.whb" for day in ("20200101", "20200102")]
    for name in [*names, "wireguard-hub-mine.whb", "other-20200101T020000Z.whb"]:
        open(f"{folder}/{name}", "w").close()
    hub.configure(backup__recipient=f'"{public}"', backup__directory=f'"{folder}"', backup__keep_days="30")
    try:
        status, printed, complaint = wghub("backup", "create", *CONFIGURATION)
        assert (status, complaint) == (0, "") and "2 older ones were removed" in printed
        assert wghub("config", "check", f"{ROOT}/apid.toml")[0] == 0
    finally:
        hub.configure()
    left = sorted(os.listdir(folder))
    assert len(left) == 3 and left[:1] == ["other-20200101T020000Z.whb"] and not set(names) & set(left), left
    made = next(name for name in left if re.fullmatch(r"wireguard-hub-2\d{7}T\d{6}Z.whb", name))
    assert verified(f"{folder}/{made}", "--key-file", private)["users"] != "0"


def test_writers_do_not_notice_a_backup(hub):
    """A consistent copy while the hub is written to: every registration answered before it began is in it."""
    registered, stop = [], threading.Event()

    def register():
        while not stop.is_set():
            answer = hub.register()
            assert answer.status == 201, answer
            registered.append(answer.json["spoke"]["id"])

    thread = threading.Thread(target=register)
    thread.start()
    try:
        eventually(lambda: len(registered) > 3, 30)
        before = len(hub.another().get("/api/spoke/list?limit=1000").json["spokes"])
        told = verified(backup("busy"))
    finally:
        stop.set()
        thread.join()
    assert before <= int(told["spokes"]) <= hub.another().get("/api/spoke/list").json["totalCount"]
    for spoke in registered:
        hub.admin.delete(f"/api/spoke/{spoke}")


def engine(*arguments, user="wgprivd", kek=None, pipe=True):
    """The engine's program as that user, with a pipe or a file as its descriptor `backup`; (code, what it said, what came)."""
    reading, writing = os.pipe() if pipe else (None, os.open(f"{ROOT}/not-a-pipe", os.O_RDWR | os.O_CREAT, 0o666))
    wrapper = ("import os,sys; names=[]; n=3\n"
               "for name,number in (('kek',int(sys.argv[1])),('backup',int(sys.argv[2]))):\n"
               "  if number>=0: os.dup2(number,n+50); names.append(name); n+=1\n"
               "for i in range(len(names)): os.dup2(53+i,3+i)\n"
               "os.environ.update(LISTEN_FDS=str(len(names)),LISTEN_PID=str(os.getpid()),LISTEN_FDNAMES=':'.join(names))\n"
               "os.execvp(sys.argv[3],sys.argv[3:])")
    switch = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    fds = [each for each in (kek, writing) if each is not None]
    done = subprocess.run([*switch, "/usr/bin/python3", "-c", wrapper, str(-1 if kek is None else kek), str(writing), f"{PROGRAMS}/wgprivd-engine", *arguments], pass_fds=fds,
                          capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]})
    os.close(writing)
    came = b""
    if reading is not None:
        came = os.read(reading, 4096)
        os.close(reading)
    return done.returncode, done.stdout + done.stderr, came


def test_nobody_but_root_comes_by_the_hubs_key(hub):
    """T12, T14: apid's user, the front's, a stranger, and the engine's own without the key-encryption key get nothing; a file instead of a pipe neither."""
    kek = os.open(f"{ROOT}/kek", os.O_RDONLY)
    try:
        refused = {}
        for user in ("wghub", "wghub-front", "nobody"):
            assert subprocess.run(["setpriv", f"--reuid={user}", "--clear-groups", "cat", f"{ROOT}/kek"], capture_output=True).returncode != 0
            refused[user] = engine("--backup", "give", user=user)
            refused[user + " with the key-encryption key"] = engine("--backup", "give", user=user, kek=kek)
        refused["wgprivd without it"] = engine("--backup", "give")
        refused["root"] = engine("--backup", "give", user="root", kek=kek)
        refused["into a file"] = engine("--backup", "give", kek=kek, pipe=False)
        for who, (code, said, came) in refused.items():
            assert code != 0 and came == b"", (who, code, said)
        assert not os.path.exists(f"{ROOT}/not-a-pipe") or read(f"{ROOT}/not-a-pipe") == b""
        os.lseek(kek, 0, os.SEEK_SET)
        code, said, came = engine("--backup", "give", kek=kek)
        assert (code, len(came)) == (0, 104), (code, said, came)  # so that the refusals above mean something
        for user in ("wghub", "wghub-front", "nobody"):
            done = subprocess.run(["setpriv", f"--reuid={user}", "--clear-groups", f"{PROGRAMS}/wghub", "backup", "create", "/tmp/never", *CONFIGURATION], capture_output=True, text=True)
            assert done.returncode == WRONG_USE and "for root" in done.stderr, done
    finally:
        os.close(kek)
    assert hub.root_call("GET", "/admin/backup").status == hub.root_call("GET", "/admin/hub/key").status == 404
    figure("T14", f"the hub's key asked of the engine's program in {len(refused)} wrong ways (apid's user, the front's, nobody, root, without the key-encryption key, into a file): none got a byte")


def test_an_empty_machine_becomes_the_same_hub(running):
    """F17: one command; the same key, spokes, users, tokens and trail; spokes' peers are back without anybody's doing."""
    hub = running
    hub.wipe()
    hub.start()
    hub.set_up()
    try:
        hub.user("viewer", "vera")
        keys = [make_key() for _ in range(20)]
        for key in keys:
            assert hub.register(key=key).status == 201
        waiting = hub.token("to come")["token"]["token"]
        config, events = hub.admin.get("/api/hub/config").json, hub.audit()
        person, admin = dict(hub.person.headers), dict(hub.admin.headers)
        peers = eventually_peers(hub, keys)
        certificate = read(f"{STATE}/tls/certificate.pem")
        path = backup("to restore")
        status, _, complaint = wghub("restore", path, *passphrase(), *CONFIGURATION)
        assert status == REFUSED and "hub on this machine already" in complaint, complaint
        hub.wipe()
        os.unlink(f"{ROOT}/kek")
        refuse_what_is_spoilt(path)
        began = time.monotonic()
        status, printed, complaint = wghub("restore", path, *passphrase(), *CONFIGURATION)
        assert status == 0 and "as it was" in printed and config["publicKey"] in printed, (status, printed, complaint)
        owners()
        hub.start()
        hub.admin = Client(admin)  # the API token of before
        hub.wait_ready()
        eventually(lambda: hub.peers() == peers, 30)
        took = time.monotonic() - began
        assert hub.admin.get("/api/hub/config").json == config and read(f"{STATE}/tls/certificate.pem") == certificate
        assert {each["publicKey"] for each in hub.admin.get("/api/spoke/list").json["spokes"]} == set(keys)
        assert Client(person).get("/api/auth/me").status == 401  # sessions of then are over
        hub.person = hub.login()
        assert "vera" in {each["username"] for each in hub.admin.get("/api/users").json["users"]}
        assert hub.register(waiting).status == 201  # a command that was handed out before works on
        assert [each["id"] for each in hub.audit()][-len(events):] == [each["id"] for each in events]
        assert wghub("audit", "verify")[0] == 0
        assert_invariants(hub, keys)
        figure("F17", f"a hub of {len(keys)} spokes restored on an empty machine by one command and started: every peer on the interface after {took:.1f} s")
    finally:
        hub.wipe()
        hub.start()
        hub.set_up()


def eventually_peers(hub, keys):
    eventually(lambda: set(keys) <= set(hub.peers()), 30)
    return hub.peers()


def owners():
    for path, user, mode in ((STATE, "wghub", 0o750), (PRIVILEGED, "wgprivd", 0o700), (DATABASE, "wghub", 0o600), (f"{STATE}/tls", "wghub", 0o700), (f"{STATE}/tls/key.pem", "wghub", 0o600),
                             (f"{PRIVILEGED}/hub.key", "wgprivd", 0o600), (f"{PRIVILEGED}/policy", "wgprivd", 0o600), (f"{ROOT}/kek", "root", 0o400), (f"{ROOT}/apid.toml", "root", 0o640)):
        found = os.stat(path)
        assert (pwd.getpwuid(found.st_uid).pw_name, stat.S_IMODE(found.st_mode)) == (user, mode), path


def refuse_what_is_spoilt(path):
    """A damaged file or a wrong passphrase changes nothing."""
    sound = read(path)
    with open(f"{FOLDER}/spoilt", "wb") as file:
        file.write(sound[:-1] + bytes([sound[-1] ^ 1]))
    watched = (STATE, PRIVILEGED, ROOT)
    before = {each: read(each) for each in files_below(*watched) if os.path.isfile(each)}
    for spoilt, how in ((f"{FOLDER}/spoilt", passphrase()), (path, ("--passphrase-file", secret("other", "another one altogether")))):
        before = before | {each: read(each) for each in (how[1], f"{FOLDER}/other", f"{FOLDER}/passphrase") if os.path.exists(each)}
        status, printed, complaint = wghub("restore", spoilt, *how, *CONFIGURATION)
        assert status == FAULTY and printed == "", (status, printed, complaint)
    assert {each: read(each) for each in files_below(*watched) if os.path.isfile(each)} == before
    assert not os.path.exists(DATABASE) and not os.path.exists(f"{PRIVILEGED}/hub.key") and not os.path.exists(f"{ROOT}/kek")


def test_every_command_of_the_page_works(running):
    """docs/backup.md from its beginning to its end; what systemd does is tests/vm/restore.py's."""
    hub, folder, nightly = running, f"{ROOT}/guide", f"{ROOT}/guide/nightly"
    hub.wipe()
    hub.start()
    hub.set_up()
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(nightly)
    with open(f"{SOURCE}/docs/backup.md") as file:
        page = file.read()
    lines = [line.split("  #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    keys = re.findall(r"^(\w+) = ", re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1], re.MULTILINE)
    assert keys == ["recipient", "directory", "keep_days"]
    try:
        for line in lines:
            command = line.replace("/root/", f"{folder}/")
            if command == "wghub backup create":
                hub.configure(backup__recipient=f'"{read(f"{folder}/backup.pub").decode().strip()}"', backup__directory=f'"{nightly}"')
            if command.startswith("systemctl"):
                continue
            if command.startswith("wghub restore"):
                hub.wipe()
            if re.match("wghub (backup create|restore)", command):
                command += f" --config {ROOT}/apid.toml"
            done = subprocess.run(["bash", "-c", f"set -euo pipefail; cd {folder}; {command}"], input=PASSPHRASE + "\n", capture_output=True, text=True, timeout=120,
                                  env={"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"})
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert len(lines) >= 8 and os.listdir(nightly)
    finally:
        hub.wipe()
        hub.start()
        hub.set_up()


def test_a_disk_that_is_full_leaves_nothing_and_is_told(hub):
    folder = f"{ROOT}/full"
    os.makedirs(folder, exist_ok=True)
    sh(f"mount -t tmpfs -o size=96k none {folder}")
    try:
        status, printed, complaint = wghub("backup", "create", f"{folder}/hub.whb", *passphrase(), *CONFIGURATION)
        assert status == FAULTY and printed == "" and "No space left" in complaint and os.listdir(folder) == [], (complaint, os.listdir(folder))
    finally:
        sh(f"umount {folder}")
    for path, status, said in (("/nonexistent/hub.whb", FAULTY, "No such file"), (FOLDER, REFUSED, "already")):
        assert (found := wghub("backup", "create", path, *passphrase(), *CONFIGURATION))[0] == status and said in found[2], found
    assert wghub("backup", "create", f"{FOLDER}/never", *passphrase(), "--config", "/nonexistent")[0] == NOT_FOUND


def test_a_database_that_is_damaged_is_not_backed_up(running):
    """A backup that would not restore is none: the fault is told, and the old ones stay."""
    hub = running
    hub.stop()
    kept = f"{ROOT}/database.kept"
    sh(f"cp -a {DATABASE} {kept}")
    try:
        with open(DATABASE, "r+b") as file:
            file.seek(4096 * 20)
            file.write(os.urandom(4096 * 4))
        status, printed, complaint = wghub("backup", "create", f"{FOLDER}/never", *passphrase(), *CONFIGURATION)
        assert status == FAULTY and printed == "" and ("damaged" in complaint or "malformed" in complaint), complaint
        assert not glob.glob(f"{FOLDER}/never*")
    finally:
        sh(f"mv {kept} {DATABASE} && rm -f {DATABASE}-wal {DATABASE}-shm")
        hub.start()
        hub.wait_ready()


def test_a_restore_that_was_cut_off_is_repeated_and_another_hub_is_left_alone(running):
    """The engine's part is done first: the same backup again goes on from there; a machine with another hub's key is not touched."""
    hub = running
    try:
        hub.wipe()
        hub.start()
        hub.set_up()
        ours = hub.admin.get("/api/hub/config").json["publicKey"]
        path = backup("cut off")
        hub.stop()
        shutil.rmtree(STATE)  # as if it had ended before the database
        sealed = read(f"{PRIVILEGED}/hub.key")
        status, printed, complaint = wghub("restore", path, *passphrase(), *CONFIGURATION)
        assert status == 0 and ours in printed and read(f"{PRIVILEGED}/hub.key") == sealed, complaint
        hub.wipe()
        hub.start()
        hub.set_up()
        hub.stop()
        shutil.rmtree(STATE)
        before = contents(PRIVILEGED)
        status, _, complaint = wghub("restore", path, *passphrase(), *CONFIGURATION)
        assert status == REFUSED and "another key" in complaint, complaint
        assert contents(PRIVILEGED) == before and not os.path.exists(DATABASE)
    finally:
        hub.wipe()
        hub.start()
        hub.set_up()


def test_the_configuration_comes_back_and_the_one_that_was_here_is_kept(running):
    hub = running
    try:
        hub.wipe()
        hub.start(retention_days="77")
        hub.set_up()
        path, written = backup("configured"), read(f"{ROOT}/apid.toml")
        hub.wipe()
        hub.configure(retention_days="88")
        here = read(f"{ROOT}/apid.toml")
        assert wghub("restore", path, *passphrase(), *CONFIGURATION)[0] == 0
        assert read(f"{ROOT}/apid.toml") == written and read(f"{ROOT}/apid.toml.before-restore") == here
        hub.wipe()
        hub.configure(retention_days="99")
        here = read(f"{ROOT}/apid.toml")
        os.unlink(f"{ROOT}/apid.toml.before-restore")
        assert wghub("restore", path, "--keep-config", *passphrase(), *CONFIGURATION)[0] == 0
        assert read(f"{ROOT}/apid.toml") == here and not os.path.exists(f"{ROOT}/apid.toml.before-restore")
    finally:
        hub.wipe()
        hub.start()
        hub.set_up()
