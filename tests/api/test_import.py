# `wghub import` and POST /api/spoke/import on the real hub: peers of other servers become spokes with the key and address that
# they have; secrets in such files are taken from none of them.
import json, os, re, signal, subprocess, time

import pytest

from hub import PROGRAMS, ROOT, SOURCE, eventually, make_key, sh
from proofs import assert_invariants, files_below, figure, forms, make_pair
from test_user_command import NOT_FOUND, WRONG_USE, wghub

FAULTY, REFUSED = 1, 4
FOLDER = f"{ROOT}/import"
ROUTE = "/api/spoke/import"


def written(name, text):
    os.makedirs(FOLDER, exist_ok=True)
    path = f"{FOLDER}/{name}"
    with open(path, "w") as file:
        file.write(text)
    return path


def preshared_key():
    return subprocess.run(["wg", "genpsk"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clean(hub):
    """No spokes from here: those of this test are taken off again."""
    before = {each["id"] for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]}
    yield hub
    for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]:
        if each["id"] not in before:
            assert hub.admin.delete(f"/api/spoke/{each['id']}").status == 200


def conf(*peers, server=None, more=""):
    return f"[Interface]\nPrivateKey = {server or make_pair()[0]}\nAddress = 10.83.0.1/24\nListenPort = 51820\n{more}\n" + "\n".join(peers)


def peer(key, address, before="", inside=""):
    return f"{before}[Peer]\n{inside}PublicKey = {key}\nAllowedIPs = {address}\n"


def planned(path, *arguments):
    status, printed, complaint = wghub("import", path, "--json", *arguments)
    return status, json.loads(printed), complaint


def test_peers_of_a_wg_conf_become_spokes_with_their_key_and_address(clean):
    hub = clean
    keys = [make_key() for _ in range(7)]
    path = written("wg0.conf", conf(
        peer(keys[0], "10.83.0.100/32", before="# anna's laptop\n"), peer(keys[1], "10.83.0.101/32", inside="# Name = bert\n"),
        peer(keys[2], "10.83.0.102/32", before="### Client carla\n"), peer(keys[3], "10.83.0.103/32", before="### begin dora ###\n") + "### end dora ###\n",
        peer(keys[4], "10.83.0.104/32", inside="#Name# = emil\n"), peer(keys[5], "10.83.0.105"),
        peer(keys[6], "10.83.0.106/32, fd00::106/128", before="\n\n# Client: früh & spät (01234567-89ab-4def-8123-456789abcdef)\n"), more="# a note\nDNS = 9.9.9.9 # not for us\n"))
    names = ["anna's laptop", "bert", "carla", "dora", "emil", "peer 10.83.0.105", "früh & spät"]
    status, told, complaint = planned(path)
    assert status == 0 and not told["applied"] and [each["name"] for each in told["peers"]] == names, told
    assert {each["outcome"] for each in told["peers"]} == {"new"} and "--apply" in complaint and "without fd00::106/128" in told["peers"][6]["remark"]
    assert not set(keys) & {each["publicKey"] for each in hub.admin.get("/api/spoke/list").json["spokes"]}  # nothing was done
    status, printed, complaint = wghub("import", path, "--apply")
    assert status == 0 and "7 became spokes" in complaint and "private key of the server: in line 2; not taken over" in printed
    spokes = {each["publicKey"]: each for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]}
    for number, (key, name) in enumerate(zip(keys, names)):
        assert (spokes[key]["name"], spokes[key]["allowedIPs"], spokes[key]["status"]) == (name, [f"10.83.0.{100 + number}/24"], "pending")
    eventually(lambda: all(hub.peers().get(key) == f"10.83.0.{100 + number}/32" for number, key in enumerate(keys)), 30)
    assert_invariants(hub, keys)
    events = hub.audit(action="spoke.imported")
    assert len([each for each in events if each["actor"] == "root"]) >= 7
    assert {each["outcome"] for each in planned(path)[1]["peers"]} == {"present"}
    assert wghub("import", path, "--apply")[0] == 0  # once more is nothing
    reissued = hub.admin.post(f"/api/installation/token/{spokes[keys[0]]['tokenId']}/reissue")
    assert reissued.status == 201 and reissued.json["token"]["allowedIPs"] == ["10.83.0.100/24"]


def test_every_fault_is_told_with_its_line_and_nothing_is_changed_unless_asked(clean):
    hub = clean
    held = hub.register(hub.token("holds", customIP="10.83.0.120")["token"]["token"]).json["spoke"]
    good, twice, psk = make_key(), make_key(), make_key()
    rows = [(peer(good, "10.83.0.130/32"), "new", ""), (peer(twice, "10.83.0.131/32"), "new", ""), (peer(twice, "10.83.0.132/32"), "wrong", "public key of the peer in line"),
            (peer(make_key(), "10.83.0.131/32"), "wrong", "address of the peer in line"), (peer(make_key(), "10.84.0.5/32"), "wrong", "outside of 10.83.0.0/24"),
            (peer(make_key(), "10.83.0.133/32, 192.168.7.0/24"), "wrong", "routes 192.168.7.0/24"), (peer(make_key(), "10.83.0.120/32"), "wrong", "held"),
            (peer(held["publicKey"], "10.83.0.134/32"), "wrong", "is that of the spoke with address 10.83.0.120"), (peer(make_key(), "10.83.0.1/32"), "wrong", "held"),
            (peer(make_key(), "10.83.0.0/32"), "wrong", "host address"), (peer("A" * 43 + "=", "10.83.0.135/32"), "wrong", "no usable public key"), (peer("oh", "10.83.0.136/32"), "wrong", "no usable"),
            (peer(psk, "10.83.0.137/32") + f"PresharedKey = {preshared_key()}\n", "wrong", "--drop-preshared-keys"), (peer(make_key(), "10.83.0.138/32", before="# " + "x" * 65 + "\n"), "wrong", "name"),
            (peer(make_key(), "10.83.0.139/32", before="# evil\u202ename\n"), "wrong", "name"), (peer(hub.admin.get("/api/hub/config").json["publicKey"], "10.83.0.140/32"), "wrong", "hub's own"),
            (peer(make_key(), ""), "wrong", "no address"), (peer(make_key(), "10.83.0.141/32, 10.83.0.142/32"), "wrong", "two addresses")]
    text = conf(*(each[0] for each in rows))
    path = written("faulty.conf", text)
    status, told, _ = planned(path)
    lines = text.splitlines()
    assert status == FAULTY and len(told["peers"]) == len(rows)
    for found, (_, outcome, remark) in zip(told["peers"], rows):
        assert (found["outcome"], lines[found["line"] - 1]) == (outcome, "[Peer]") and remark in found["remark"], (found, remark)
    assert planned(path, "--drop-preshared-keys")[1]["peers"][12]["outcome"] == "new"
    before = {each["id"] for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]}
    status, printed, complaint = wghub("import", path, "--apply")
    assert status == FAULTY and "nothing was changed" in complaint and "evil?name" not in printed
    assert {each["id"] for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]} == before
    status, told, complaint = planned(path, "--apply", "--skip-bad")
    assert status == 0 and told["applied"] and "2 became spokes" in complaint
    after = {each["publicKey"] for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"] if each["id"] not in before}
    assert after == {good, twice}


def wg_easy(server, clients):
    return json.dumps({"server": {"privateKey": server[0], "publicKey": server[1], "address": "10.83.0.1"}, "clients": clients}, indent=2)


def test_no_secret_of_a_file_goes_anywhere(clean):
    """T4: private and preshared keys of wg-easy's file and of comments: told by line, taken from none."""
    hub = clean
    server, pairs, shared = make_pair(), [make_pair() for _ in range(3)], [preshared_key() for _ in range(3)]
    clients = {f"0000000{number}-1111-4222-8333-444444444444": {
        "id": f"0000000{number}-1111-4222-8333-444444444444", "name": f"easy {number}", "address": f"10.83.0.{150 + number}", "privateKey": private, "publicKey": public, "preSharedKey": shared[number],
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z", "enabled": number != 2} for number, (private, public) in enumerate(pairs)}
    text = wg_easy(server, clients)
    path = written("wg0.json", text)
    status, told, complaint = planned(path, "--drop-preshared-keys")
    assert status == 0 and [each["outcome"] for each in told["peers"]] == ["new", "new", "left out"] and "the peers know the key " + server[1] in complaint
    lines = text.splitlines()
    assert len(told["secrets"]) == 7
    for each in told["secrets"]:
        assert ("preSharedKey" if each["what"] == "preshared key" else "privateKey") in lines[each["line"] - 1], each
    commented = make_pair()
    other = written("commented.conf", conf(peer(commented[1], "10.83.0.160/32", before=f"# fred\n# Client_PrivateKey = {commented[0]}\n")))
    assert {"line": 7, "what": "private key in a comment"} in planned(other)[1]["secrets"] and planned(other)[1]["peers"][0]["name"] == "fred"
    said = ""
    for arguments in ((path,), (path, "--drop-preshared-keys", "--apply"), (path, "--format", "wg"), (other, "--apply"), (path, "--json")):
        done = wghub("import", *arguments)
        said += done[1] + done[2]
    assert {pairs[0][1], pairs[1][1], commented[1]} <= {each["publicKey"] for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]}
    hub.admin.get("/api/audit?limit=1000")
    known = [server[0], commented[0], *(private for private, _ in pairs), *shared]
    for place in [*files_below("/var/lib/wireguard-hub", "/var/lib/wireguard-hub-privileged", f"{ROOT}/log")]:
        with open(place, "rb") as file:
            stored = file.read()
        for secret in known:
            assert not any(form in stored for form in forms(secret)), place
    for secret in known:
        assert secret not in said
    figure("T4", f"{len(known)} private and preshared keys in files that were imported: none printed, none in the hub's files and logs")


def test_files_that_are_no_such_files_are_refused_with_the_line(hub):
    for text, line in (("", None), ("hello\n", "line 1"), ("[Interface]\nnonsense\n", "line 2"), ("PublicKey = x\n", "line 1"), ("[Peers]\n", "line 1"), ("{", "no JSON"), ('{"clients": 3}', "no clients"),
                       ('{"clients": {"a": 3}}', "line 1"), ("[Interface]\n" + "x" * 9000 + " = 1\n", "line 2")):
        status, printed, complaint = wghub("import", written("odd", text))
        if line is None:
            assert status == 0 and "0 would become spokes" in complaint
        else:
            assert (status, printed) == (FAULTY, "") and line in complaint, (text, complaint)
    assert wghub("import", "/nonexistent")[0] == NOT_FOUND
    assert wghub("import", FOLDER)[0] == WRONG_USE
    assert wghub("import", written("odd", ""), "--apply", "--dry-run")[0] == WRONG_USE
    with open(f"{FOLDER}/large", "w") as file:
        file.truncate((16 << 20) + 1)
    assert "16 MiB" in wghub("import", f"{FOLDER}/large")[2]


def test_the_route_takes_all_or_none_and_says_why(clean):
    hub = clean
    keys = [make_key() for _ in range(3)]
    body = [{"name": f"api {number}", "publicKey": key, "address": f"10.83.0.{170 + number}/24"} for number, key in enumerate(keys)]
    answer = hub.admin.post(ROUTE, {"spokes": [*body, {**body[0], "address": "10.83.0.180"}, {"name": "x", "publicKey": make_key(), "address": "10.83.0.171"}]})
    assert (answer.status, answer.code) == (409, "PUBLIC_KEY_ALREADY_REGISTERED"), answer
    assert [each["field"] for each in answer.json["errors"]] == ["spokes[3].publicKey", "spokes[4].address"]
    plan = hub.admin.post(ROUTE, {"spokes": body, "dryRun": True})
    assert plan.status == 200 and [(each["outcome"], each["id"]) for each in plan.json["spokes"]] == [("new", None)] * 3, plan
    for wrong, code, field in (({"publicKey": "no"}, "INVALID_PUBLIC_KEY", "publicKey"), ({"address": "10.83.0.0"}, "INVALID_IP", "address"), ({"address": "x"}, "INVALID_IP", "address"),
                               ({"name": " "}, "INVALID_REQUEST", "name"), ({"address": "10.83.0.171/16"}, "INVALID_IP", "address")):
        answer = hub.admin.post(ROUTE, {"spokes": [body[0], {**body[1], **wrong}]})
        assert (answer.status, answer.code, answer.json["field"]) == (400, code, f"spokes[1].{field}"), answer
        plan = hub.admin.post(ROUTE, {"spokes": [body[0], {**body[1], **wrong}], "dryRun": True}).json["spokes"]
        assert [each["outcome"] for each in plan] == ["new", "refused"] and (plan[1]["code"], plan[1]["field"]) == (code, field), plan
    for odd, code in (({}, "INVALID_REQUEST"), ({"spokes": []}, "INVALID_REQUEST"), ({"spokes": [3]}, "INVALID_REQUEST"), ({"spokes": body, "dryRun": 1}, "INVALID_REQUEST"),
                      ({"spokes": [{**body[0], "role": "admin"}]}, "UNKNOWN_FIELD"), ({"spokes": body, "x": 1}, "UNKNOWN_FIELD"), ({"spokes": body * 100}, "INVALID_REQUEST")):
        assert (hub.admin.post(ROUTE, odd).status, hub.admin.post(ROUTE, odd).code) == (400, code), odd
    assert not set(keys) & {each["publicKey"] for each in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]}
    done = hub.admin.post(ROUTE, {"spokes": body})
    assert done.status == 201 and all(re.fullmatch(r"[0-9a-f-]{36}", each["id"]) for each in done.json["spokes"]), done
    again = hub.admin.post(ROUTE, {"spokes": body})
    assert again.status == 201 and [(each["outcome"], each["id"]) for each in again.json["spokes"]] == [("present", each["id"]) for each in done.json["spokes"]]
    eventually(lambda: set(keys) <= set(hub.peers()), 30)


def test_with_the_servers_own_key_the_peers_need_no_change(fresh):
    """The key of the file is sealed as the hub's; spokes that know it find this hub. Only before there is one, and only root."""
    server, key = make_pair(), make_key()
    path = written("move.conf", conf(peer(key, "10.83.0.7/32"), server=server[0]))
    take = ("import", path, "--take-server-key", "--config", f"{ROOT}/apid.toml")
    status, _, complaint = wghub(*take)
    assert status == REFUSED and "stop it first" in complaint
    fresh.stop()
    done = subprocess.run(["setpriv", "--reuid=wghub", "--clear-groups", f"{PROGRAMS}/wghub", *take], capture_output=True, text=True)
    assert done.returncode == WRONG_USE and "for root" in done.stderr
    status, printed, complaint = wghub(*take)
    assert status == 0 and server[1] in printed and server[0] not in printed + complaint, (printed, complaint)
    fresh.start()
    fresh.set_up()
    assert fresh.admin.get("/api/hub/config").json["publicKey"] == server[1] == sh("wg show wg0 public-key").strip()
    status, _, complaint = wghub("import", path, "--apply")
    assert status == 0 and "the peers know the key" not in complaint
    eventually(lambda: fresh.peers() == {key: "10.83.0.7/32"}, 30)
    fresh.stop()
    other = written("other.conf", conf())
    status, _, complaint = wghub("import", other, "--take-server-key", "--config", f"{ROOT}/apid.toml")
    assert status == REFUSED and "another key" in complaint
    for place in files_below("/var/lib/wireguard-hub-privileged", f"{ROOT}/log"):
        with open(place, "rb") as file:
            stored = file.read()
        assert not any(form in stored for form in forms(server[0])), place
    fresh.start()


def test_every_command_of_the_page_works(fresh):
    """docs/import.md, in the order in which a move is made: the server's key, set-up, the plan, then the peers."""
    server, key = make_pair(), make_key()
    path = written("page.conf", conf(peer(key, "10.83.0.7/32"), server=server[0]))
    with open(f"{SOURCE}/docs/import.md") as file:
        lines = [line.split("  #")[0].strip().replace("/etc/wireguard/wg0.conf", path) for block in re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 3
    fresh.stop()
    for line in sorted(lines, key=lambda each: ("--take" not in each, "--apply" in each)):
        arguments = line.removeprefix("wghub ").split()
        taking = "--take-server-key" in arguments
        status, _, complaint = wghub(*arguments, *(("--config", f"{ROOT}/apid.toml") if taking else ()))
        assert status == 0, (line, complaint)
        if taking:
            fresh.start()
            fresh.set_up()
    eventually(lambda: fresh.peers() == {key: "10.83.0.7/32"}, 30)


def test_an_import_without_the_helper_is_told_and_closed_later(clean):
    """D16: the rows are there, the answer is 503, and the same request is 201 once the peers are on the interface."""
    hub, key = clean, make_key()
    body = {"spokes": [{"name": "late", "publicKey": key, "address": "10.83.0.190"}]}
    hub.kill("wgprivd-engine", signal.SIGSTOP)
    try:
        answer = hub.another().post(ROUTE, body)
        assert (answer.status, answer.code) == (503, "HELPER_UNAVAILABLE") and answer.headers["Retry-After"], answer
    finally:
        hub.kill("wgprivd-engine", signal.SIGCONT)
    again = hub.admin.post(ROUTE, body)
    for _ in range(20):
        if again.status != 503:
            break
        time.sleep(0.5)
        again = hub.admin.post(ROUTE, body)
    assert again.status == 201 and again.json["spokes"][0]["outcome"] == "present" and key in hub.peers(), again
    assert_invariants(hub, [key])
