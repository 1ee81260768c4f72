# The disk full, or holding a newer release's database (F3, F15). Leaves the disk that fails to test_failing_disk.py, the locked
# database to test_faults.py, the engine's files to test_restore.py, and power cuts to tests/vm.
import contextlib, os, sqlite3, subprocess

from hub import DATABASE, PASSWORD, PROGRAMS, ROOT, SLOW, Client, eventually, sh
from proofs import assert_invariants, audit_chain_length, connected, figure, random_key, rows, share, together, tokens

STATE = "/var/lib/wireguard-hub"


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
        figure("F3", f"disk full: {made} tokens and {len(accepted)} registrations found room, {39 - len(accepted) + 1} registrations were "
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
        figure("F3", f"a disk of 6 MB: {count} tokens made and revoked, the disk never full")


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
    figure("F15", f"a database of a newer release: not started, exit {code}, file unchanged")
    with contextlib.closing(sqlite3.connect(DATABASE)) as database, database:
        database.execute("DELETE FROM schema_version WHERE version = 9999")
    wide.start()
    assert_invariants(wide, [key])
