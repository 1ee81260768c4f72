# The journal of peers and what brings it back (D14): cut off anywhere, with any byte flipped, on a full disk. The real
# programs; a second reader of the journal's format, below, says what is right. Leaves the format's rules to the unit tests
# and real power cuts to tests/vm.
import base64, contextlib, hashlib, ipaddress, os, shutil, struct, subprocess

import pytest

from hub import LOGS, PROGRAMS, ROOT, SOURCE, USERS, eventually, sh
from proofs import assert_invariants, figure, random_key, share, tokens, wanted_peers
from test_storage import small_disk

STATE, COPY = "/var/lib/wireguard-hub-privileged", f"{ROOT}/restored"
RECORD = struct.Struct("<Q32s32s4s16sI32s")
PUT, ERASE = 0x314A4857, 0x314A4858
RESTORED, DAMAGED = 0, 65


def content(journal):
    """Key -> allowed IPs, as wg shows them, from whole records; each must be sound."""
    peers = {}
    for number, (index, key, replaced, ipv4, _, kind, checksum) in enumerate(RECORD.iter_unpack(journal)):
        body = journal[number * RECORD.size:(number + 1) * RECORD.size - len(checksum)]
        assert index == number and checksum == hashlib.sha256(body).digest() and kind in (PUT, ERASE), number
        peers.pop(key if kind == ERASE else replaced, None)
        if kind == PUT:
            peers[key] = f"{ipaddress.ip_address(ipv4)}/32"
    return {base64.b64encode(key).decode(): address for key, address in peers.items()}


def journal():
    with open(f"{STATE}/journal", "rb") as file:
        return file.read()


def noted():
    """What the engine's journal holds, as far as its last whole record; None while one is set aside and the next not yet made."""
    try:
        bytes_ = journal()
    except FileNotFoundError:
        return None
    return content(bytes_[:len(bytes_) - len(bytes_) % RECORD.size])


@contextlib.contextmanager
def machine_without_daemons(hub):
    """Only the interface's implementation runs, as at a boot before the hub's units."""
    hub.stop()
    with open(f"{ROOT}/services.toml") as file:
        first, *services = file.read().split("[[service]]")
    with open(f"{ROOT}/boot.toml", "w") as file:
        file.write(first + "".join("[[service]]" + text for text in services if 'name = "userspace"' in text))
    with open(f"{LOGS}/boot.log", "a") as log:
        activate = subprocess.Popen(["/usr/bin/python3", f"{SOURCE}/deploy/activate", f"{ROOT}/boot.toml"], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log)
    eventually(lambda: subprocess.run(["wg", "show", "wg0"], capture_output=True).returncode == 0)
    try:
        yield
    finally:
        activate.terminate()
        activate.wait(20)
        hub.start()


def restore(hub, state=STATE):
    """The engine's program as wireguard-hub-restore.service starts it, on an interface without peers."""
    sh("wg set wg0 fwmark 0 " + " ".join(f"peer '{key}' remove" for key in hub.peers()))
    credentials = f"{ROOT}/credentials"
    os.makedirs(credentials, exist_ok=True)
    shutil.copy(f"{ROOT}/kek", f"{credentials}/kek")
    os.chown(f"{credentials}/kek", USERS["wgprivd"], USERS["wgprivd"])
    capabilities = "-all,+net_admin"
    return subprocess.run(["setpriv", "--reuid=wgprivd", f"--regid={USERS['wgprivd']}", "--clear-groups", f"--inh-caps={capabilities}",
                           f"--ambient-caps={capabilities}", f"--bounding-set={capabilities}", "--no-new-privs", "--",
                           f"{PROGRAMS}/wgprivd-engine", "--backend", "userspace", "--state", state, "--restore"],
                          env={"CREDENTIALS_DIRECTORY": credentials}, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def restore_from(hub, bytes_):
    """The same with another journal; what the engine was given is left as it was."""
    with open(f"{COPY}/journal", "wb") as file:
        file.write(bytes_)
    done = restore(hub, COPY)
    with open(f"{COPY}/journal", "rb") as file:
        assert file.read() == bytes_, "restoring wrote to the journal"
    assert sorted(os.listdir(COPY)) == sorted(os.listdir(STATE))
    return done


@pytest.fixture
def filled(wide):
    """A hub whose journal has every kind of record: peers added, one removed, one replaced by its spoke's next key."""
    issued, keys = tokens(wide, 5), [random_key() for _ in range(5)]
    for token, key in zip(issued, keys):
        assert wide.register(token["token"], key).status == 201
    assert wide.admin.delete(f"/api/spoke/{issued[1]['spokeId']}").status == 200
    again = wide.admin.post(f"/api/installation/token/{issued[2]['id']}/reissue")
    assert again.status == 201 and wide.register(again.json["token"]["token"], random_key()).status == 201
    eventually(lambda: noted() == wide.peers() == wanted_peers())
    return wide


@pytest.fixture
def booted(filled):
    """That machine after a boot, and a copy of the engine's state to damage."""
    with machine_without_daemons(filled):
        shutil.copytree(STATE, COPY)
        sh(f"chown -R wgprivd:wgprivd {COPY}")
        yield filled
        shutil.rmtree(COPY)


def test_a_journal_that_is_cut_off_anywhere_restores_what_was_whole(booted):
    whole = journal()
    count = len(whole) // RECORD.size
    places = {number * RECORD.size + beyond for number in range(count + 1) for beyond in (0, 1, 64, RECORD.size - 1)}
    for length in sorted(place for place in places if place <= len(whole)):
        done = restore_from(booted, whole[:length])
        assert done.returncode == RESTORED, (length, done.stderr)
        assert booted.peers() == content(whole[:length - length % RECORD.size]), (length, done.stderr)
        assert ("a torn end is dropped" in done.stderr) == (length % RECORD.size != 0), (length, done.stderr)
    # Room that was never written, as a file system leaves it when the length got to the disk and the content did not.
    for zeros in (1, RECORD.size, 3 * RECORD.size + 7):
        done = restore_from(booted, whole + bytes(zeros))
        assert (done.returncode, booted.peers()) == (RESTORED, content(whole)), done.stderr
    figure("", f"journal of {count} records cut at {len(places)} places: restored to the last whole record each time")


def test_a_journal_with_a_flipped_bit_is_refused_and_never_guessed(booted):
    whole = journal()
    count = len(whole) // RECORD.size
    step = share(29, 1)  # prime to the record's size, so that every field is hit
    refused = dropped = 0
    for place in range(0, len(whole), step):
        bytes_ = bytearray(whole)
        bytes_[place] ^= 1 << place % 8
        done = restore_from(booted, bytes(bytes_))
        if place < (count - 1) * RECORD.size:
            assert done.returncode == DAMAGED, (place, done.stderr)
            assert f"journal: record {place // RECORD.size} is damaged" in done.stderr, (place, done.stderr)
            assert booted.peers() == {}, place
            refused += 1
        else:  # nobody can tell it from one that a power cut tore
            assert done.returncode == RESTORED and "a torn end is dropped" in done.stderr, (place, done.stderr)
            assert booted.peers() == content(whole[:-RECORD.size]), place
            dropped += 1
    assert refused > 3 * dropped > 0
    done = restore(booted)
    assert (done.returncode, booted.peers()) == (RESTORED, content(whole)), done.stderr
    figure("", f"journal with one bit flipped at {refused + dropped} places: {refused} times refused with 65 and no peer set, {dropped} times "
           "the last record was dropped as torn")


def test_without_a_sound_policy_or_key_nothing_is_restored(booted):
    for name in ("policy", "hub.key"):
        with open(f"{STATE}/{name}", "rb") as file:
            whole = file.read()
        for changed in (whole[:-1], whole + b"\0", bytes([*whole[:20], whole[20] ^ 1, *whole[21:]]), b""):
            with open(f"{COPY}/{name}", "wb") as file:
                file.write(changed)
            done = restore(booted, COPY)
            assert done.returncode == DAMAGED and name in done.stderr, (name, len(changed), done.returncode, done.stderr)
            assert booted.peers() == {}
        with open(f"{COPY}/{name}", "wb") as file:
            file.write(whole)
    assert restore(booted, COPY).returncode == RESTORED
    figure("T14", "policy and sealed key cut, longer, one bit flipped, empty: each time 65, named, no peer set")


def flip(path, place):
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0] ^ 4
        file.seek(place)
        file.write(bytes([byte]))


@pytest.mark.parametrize("interface", ["empty", "with its peers"])
def test_a_damaged_journal_is_set_aside_and_the_hub_makes_it_whole_again(filled, interface):
    wanted = wanted_peers()
    damage = journal()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{STATE}/journal.damaged")
    flip(f"{STATE}/journal", RECORD.size + 50)
    if interface == "empty":  # as after a boot: the restore said no
        filled.stop()
        filled.start()
    else:  # only the engine starts anew
        filled.kill("wgprivd-engine")
    took = eventually(lambda: filled.peers() == wanted and os.path.exists(f"{STATE}/journal.damaged") and noted() == wanted, 30)
    with open(f"{STATE}/journal.damaged", "rb") as file:
        assert len(file.read()) == len(damage)
    assert "set aside as journal.damaged" in filled.log("engine") and "record 1 is damaged" in filled.log("engine")
    if interface == "empty":
        assert "record 1 is damaged" in filled.log("restore")
    assert_invariants(filled)
    with machine_without_daemons(filled):
        assert (restore(filled).returncode, filled.peers()) == (RESTORED, wanted)
    figure("", f"damaged journal, interface {interface}: set aside, journal and interface whole again after {took:.1f} s")


@contextlib.contextmanager
def filled_up():
    with open(f"{STATE}/ballast", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(512))
    try:
        yield
    finally:
        os.unlink(f"{STATE}/ballast")


def test_on_a_full_disk_removals_wait_and_no_peer_is_forgotten(filled):
    """A removal that is not on disk would be undone by the next boot, so it is not answered; an addition may lag."""
    with small_disk(filled, "96k", STATE):
        issued, keys = tokens(filled, 60), [random_key() for _ in range(60)]
        assert filled.register(issued[0]["token"], keys[0]).status == 201
        with filled_up():
            for token, key in zip(issued[1:], keys[1:]):  # more than the last page of the journal has room for
                assert filled.register(token["token"], key).status == 201
            removal = filled.admin.delete(f"/api/spoke/{issued[0]['spokeId']}")
            assert removal.status == 503 and int(removal.headers["Retry-After"]) > 0, removal
            assert set(keys[1:]) <= set(filled.peers()) and keys[0] not in filled.peers()
            filled.kill("wgprivd-engine")  # what it had not written is lost
            eventually(lambda: filled.admin.get("/api/hub/status").status == 200, 20)
            assert set(keys[1:]) <= set(filled.peers())
        eventually(lambda: filled.admin.delete(f"/api/spoke/{issued[0]['spokeId']}").status in (200, 404), 20)
        took = eventually(lambda: noted() == filled.peers() == wanted_peers(), 30)
        assert_invariants(filled, keys[1:])
        wanted = wanted_peers()
        with machine_without_daemons(filled):
            assert (restore(filled).returncode, filled.peers()) == (RESTORED, wanted)
        figure("F3", f"engine's disk full: 59 additions set and noted later, the removal refused with 503 and done {took:.1f} s after there was room")


def test_restoring_needs_no_room_on_the_disk(booted):
    whole = content(journal())
    sh(f"mount -t tmpfs -o size=96k,mode=0700,uid={USERS['wgprivd']},gid={USERS['wgprivd']} none {COPY} && cp -a {STATE}/. {COPY}/")
    try:
        with open(f"{COPY}/ballast", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))
        done = restore(booted, COPY)
        assert (done.returncode, booted.peers()) == (RESTORED, whole), done.stderr
        figure("F3", f"engine's disk full at boot: all {len(whole)} peers restored")
    finally:
        sh(f"umount {COPY}")
