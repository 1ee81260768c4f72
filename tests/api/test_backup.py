# `wghub backup` and `wghub restore` of the real, running hub: what is in the file, what is not, and that an empty machine
# becomes the same hub (F17, T4, T14). The same with systemd and real spokes is in tests/vm/restore.py.
import contextlib, glob, json, os, re, shutil, sqlite3, stat, subprocess, threading, time

import pytest

from hub import DATABASE, PASSWORD, PROGRAMS, ROOT, Client, eventually, make_key, sh
from proofs import Beside, assert_invariants, figure, files_below, forms
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
    before = set(files_below("/tmp", "/var/tmp", "/run", "/var/lib", "/dev/shm"))
    trace = f"{ROOT}/strace"
    path = f"{FOLDER}/traced"
    how = passphrase()
    command = [f"{PROGRAMS}/wghub", "backup", "create", path, *how, *CONFIGURATION]
    done = subprocess.run(["strace", "-f", "-s", "300", "-e", "trace=open,openat,creat,memfd_create", "-o", trace, *command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    opened = {found[1] for line in read(trace).decode().splitlines()
              if (found := re.search(r'"([^"]+)", [^)]*O_(?:WRONLY|RDWR|CREAT)', line)) and " = -1 " not in line}
    allowed = {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{PRIVILEGED}/policy", "journal", "/dev/null"}
    assert {each for each in opened if each not in allowed and not each.startswith(path)} == set(), opened
    assert set(files_below("/tmp", "/var/tmp", "/run", "/var/lib", "/dev/shm")) - before <= {path, how[1], trace}
    private = sh("wg show wg0 private-key").strip()
    text = read(path)
    sought = {"hub's key": forms(private), "TLS key": [line for line in read(f"{STATE}/tls/key.pem").splitlines() if len(line) > 20],
              "database": [b"SQLite format 3", b"unmistakable-name", b"installation_tokens"], "configuration": [b"share_directory"], "passphrase": [PASSPHRASE.encode()]}
    for name, wanted in sought.items():
        assert not [each for each in wanted if each in text], name
    os.unlink(trace)
    figure("T4", f"a backup of {len(text) >> 10} KiB: hub's key, TLS key, database, configuration and passphrase are in it in no clear form; "
           f"{len(opened)} files opened for writing by it and its children, none new but the backup itself")
