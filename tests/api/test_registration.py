# One spoke's way from token to removal, as §7 and docs tell it.
import hashlib, re

from hub import Client, eventually, make_key, sh
from proofs import Events, random_key, tokens


def script_of(token, **options):
    return Client().get(f"/api/installation/script/{token}?platform=linux", headers={"Accept": "*/*"}, **options)


def test_a_spoke_goes_from_token_to_peer_to_removal(hub):
    issued = hub.token("laptop-001")
    token = issued["token"]
    assert issued["success"] is True and token["state"] == "unused" and token["used"] is False
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token["token"])
    script = script_of(token["token"])
    assert script.status == 200 and script.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert hashlib.sha256(script.text.encode()).hexdigest() == issued["scriptSha256"]["linux"]
    key = make_key()
    answer = hub.register(token["token"], key)
    assert answer.status == 201, answer
    spoke = answer.json["spoke"]
    assert spoke["id"] == token["spokeId"] and spoke["status"] == "pending" and spoke["allowedIPs"] == token["allowedIPs"]
    assert hub.peers()[key] == token["allowedIPs"][0].split("/")[0] + "/32"
    status = hub.admin.get(f"/api/spoke/{spoke['id']}/status").json
    assert status["spoke"]["publicKey"] == key and status["spoke"]["metadata"] == {}
    assert hub.admin.get(f"/api/installation/token/{token['id']}").json["token"]["state"] == "registered"
    assert hub.admin.delete(f"/api/spoke/{spoke['id']}").status == 200
    assert key not in hub.peers()
    assert hub.admin.delete(f"/api/spoke/{spoke['id']}").code == "SPOKE_NOT_FOUND"
    assert hub.register(token["token"], key).code == "TOKEN_REVOKED"
    actions = [event["action"] for event in hub.audit(target=spoke["id"])]
    assert actions == ["peer.removed", "spoke.removed", "spoke.registered"]


def test_the_audit_trail_tells_a_tokens_life_with_what_section_5_5_asks_for(hub):
    token, key, agent = hub.token("laptop-001")["token"], make_key(), {"User-Agent": "curl/7.68.0", "Accept": "*/*"}
    address = token["allowedIPs"][0].split("/")[0]
    assert Client().get(f"/api/installation/script/{token['token']}?platform=linux", headers=agent).status == 200
    assert hub.register(token["token"], key).status == 201
    claimed, created = hub.audit(target=token["id"])
    registered, = hub.audit(target=token["spokeId"])
    assert (created["action"], created["actor"]) == ("token.created", "test admin")
    assert created["details"] == {"spokeId": token["spokeId"], "spokeName": "laptop-001", "address": address}
    assert (claimed["action"], claimed["actor"], claimed["sourceAddress"], claimed["userAgent"]) == ("token.claimed", "anonymous", "127.0.0.1", "curl/7.68.0")
    assert claimed["details"] == {"spokeName": "laptop-001", "platform": "linux"}
    assert (registered["action"], registered["details"]) == ("spoke.registered", {"name": "laptop-001", "publicKey": key, "address": address, "os": "linux"})
    assert created["at"] <= claimed["at"] <= registered["at"] and created["id"] < claimed["id"] < registered["id"]
    assert {event["outcome"] for event in (created, claimed, registered)} == {"success"}


def test_many_removals_raise_one_alarm(fresh):
    fresh.set_up()
    events = Events(fresh)
    spokes = [fresh.register(token["token"], random_key()).json["spoke"]["id"] for token in tokens(fresh, 21)]
    operator = fresh.client("operator")
    for number, spoke in enumerate(spokes, 1):
        assert operator.delete(f"/api/spoke/{spoke}").status == 200
        alarms = fresh.audit(action="alarm.mass-removal")
        assert len(alarms) == (number >= 20), number
    assert (alarms[0]["actor"], alarms[0]["sourceAddress"], alarms[0]["details"]) == ("test operator", "127.0.0.1", {"removed": 20, "seconds": 600})
    eventually(lambda: events.count("alarm", "mass-removal", "test operator") == 1, 3)
    events.close()


def test_the_address_of_a_removed_spoke_is_given_again(hub):
    first = hub.token()["token"]
    spoke = hub.register(first["token"]).json["spoke"]
    hub.admin.delete(f"/api/spoke/{spoke['id']}")
    assert hub.token()["token"]["allowedIPs"] == first["allowedIPs"]


def test_the_same_registration_again_gives_the_same_answer(hub):
    token, key = hub.token()["token"]["token"], make_key()
    first, again = hub.register(token, key), hub.register(token, key, os="macos")
    assert first.status == again.status == 201
    assert first.json == again.json


def test_another_key_for_a_used_token_is_refused_and_raises_one_alarm(hub):
    token = hub.token()["token"]
    assert hub.register(token["token"]).status == 201
    for _ in range(3):
        refused = hub.register(token["token"])
        assert (refused.status, refused.code) == (410, "TOKEN_ALREADY_USED") and refused.json["usedAt"]
    assert len(hub.audit(action="alarm.second-key", target=token["id"])) == 1


def test_registration_answers_in_lines_for_scripts(hub):
    token, key = hub.token("Bob's Mac")["token"], make_key()
    good = hub.register(token["token"], key, headers={"Accept": "text/plain"})
    lines = dict(line.split("=", 1) for line in good.text.splitlines())
    assert good.status == 201 and lines["success"] == "true" and lines["name"] == "Bob's Mac" and lines["publicKey"] == key
    bad = hub.register(token["token"], headers={"Accept": "text/plain"})
    lines = dict(line.split("=", 1) for line in bad.text.splitlines())
    assert bad.status == 410 and lines["code"] == "TOKEN_ALREADY_USED" and lines["usedAt"].endswith("Z")


def test_keys_that_cannot_be_a_peer_are_refused_before_anything_is_stored(hub):
    token = hub.token()["token"]
    zero = "A" * 43 + "="
    for key in (zero, "AQ" + "A" * 41 + "=", "x" * 44, "jNQCb8RA9pf...", "7P///////////////////////////////////////38="):
        answer = hub.register(token["token"], key)
        assert (answer.status, answer.code) == (400, "INVALID_PUBLIC_KEY"), key
    own = hub.admin.get("/api/hub/config").json["publicKey"]
    assert hub.register(token["token"], own).code == "PUBLIC_KEY_ALREADY_REGISTERED"
    assert hub.register(token["token"]).status == 201


def test_a_key_belongs_to_one_live_spoke(hub):
    key = make_key()
    spoke = hub.register(key=key).json["spoke"]
    refused = hub.register(key=key)
    assert (refused.status, refused.code) == (409, "PUBLIC_KEY_ALREADY_REGISTERED")
    hub.admin.delete(f"/api/spoke/{spoke['id']}")
    assert hub.register(key=key).status == 201


def test_a_reissue_replaces_the_peer_in_one_step(hub):
    token, old, new = hub.token("office")["token"], make_key(), make_key()
    spoke = hub.register(token["token"], old).json["spoke"]
    again = hub.admin.post(f"/api/installation/token/{token['id']}/reissue")
    assert again.status == 201
    fresh = again.json["token"]
    assert (fresh["spokeId"], fresh["allowedIPs"], fresh["spokeName"]) == (spoke["id"], token["allowedIPs"], "office")
    assert hub.register(token["token"], old).code == "TOKEN_REVOKED"
    assert old in hub.peers()
    assert hub.register(fresh["token"], new).status == 201
    peers = hub.peers()
    assert old not in peers and peers[new] == token["allowedIPs"][0].split("/")[0] + "/32"
    assert hub.admin.post(f"/api/installation/token/{token['id']}/reissue").code == "TOKEN_REVOKED"
    # The replaced key is forgotten by the reconciler, not put back.
    eventually(lambda: hub.audit(limit=1) is not None and old not in hub.peers(), 2)


def test_a_script_is_given_once_and_then_resumes_only(hub):
    token = hub.token()["token"]
    assert script_of(token["token"]).status == 200
    again = script_of(token["token"])
    assert (again.status, again.code) == (410, "TOKEN_ALREADY_USED")
    assert again.text.startswith("#!/bin/sh") and "exit 42" in again.text and token["token"] not in again.text
    shown = hub.admin.get(f"/api/installation/token/{token['id']}").json["token"]
    assert shown["state"] == "claimed" and shown["used"] is True and shown["usedAt"]


def test_previews_browsers_and_head_never_claim(hub):
    token = hub.token()["token"]
    path = f"/api/installation/script/{token['token']}?platform=linux"
    page = Client().get(path, headers={"Accept": "text/html,application/xhtml+xml"})
    unknown = Client().get(path.replace(token["token"], "x" * 43), headers={"Accept": "text/html"})
    assert page.status == unknown.status == 200 and page.text == unknown.text and token["token"] not in page.text
    head = Client().call("HEAD", path, headers={"Accept": "*/*"})
    assert head.status == 200 and head.text == ""
    assert Client().get(f"/api/installation/script/{token['token']}", headers={"Accept": "*/*"}).code == "INVALID_PLATFORM"
    assert hub.admin.get(f"/api/installation/token/{token['id']}").json["token"]["state"] == "unused"
    served = Client().get(path, headers={"Accept": "*/*"})
    assert served.status == 200 and served.headers["Content-Length"] == head.headers["Content-Length"]


def test_a_failure_that_changed_nothing_gives_the_token_back(hub):
    token = hub.token()["token"]
    report = {"token": token["token"], "stage": "preflight", "code": 10, "reason": "NOT_ROOT", "os": "linux", "detail": "a\nb"}
    for _ in range(5):
        assert script_of(token["token"]).status == 200
        assert Client().post("/api/installation/report", report).status == 202
        assert hub.admin.get(f"/api/installation/token/{token['id']}").json["token"]["state"] == "unused"
    assert script_of(token["token"]).status == 200
    assert Client().post("/api/installation/report", report).status == 202
    shown = hub.admin.get(f"/api/installation/token/{token['id']}").json
    fetches, reports = ([entry for entry in shown["timeline"] if (entry["stage"] == "fetched") is fetched] for fetched in (True, False))
    assert shown["token"]["state"] == "claimed" and (len(fetches), len(reports)) == (6, 6) and reports[0]["detail"] == "a\nb"
    assert len(hub.audit(action="token.released", target=token["id"])) == 5


def test_a_report_tells_scripts_what_became_of_the_token(hub):
    token = hub.token()["token"]["token"]
    report = {"token": token, "stage": "preflight", "code": 11, "reason": "UNSUPPORTED", "os": "linux", "detail": ""}
    script_of(token)
    for stage, code, state in (("preflight", 0, "claimed"), ("preflight", 11, "unused")):
        answer = Client().post("/api/installation/report", {**report, "stage": stage, "code": code}, headers={"Accept": "text/plain"})
        assert (answer.status, answer.text) == (202, f"success=true\nstate={state}\n")
    hub.register(token)
    answer = Client().post("/api/installation/report", report, headers={"Accept": "text/plain"})
    assert answer.text == "success=true\nstate=registered\n"


def test_revoking_frees_the_address_and_ends_the_token(hub):
    token = hub.token()["token"]
    for _ in range(2):
        assert hub.admin.delete(f"/api/installation/token/{token['id']}").status == 200
    assert script_of(token["token"]).code == "TOKEN_REVOKED"
    assert hub.register(token["token"]).code == "TOKEN_REVOKED"
    assert hub.token()["token"]["allowedIPs"] == token["allowedIPs"]
    used = hub.token()["token"]
    hub.register(used["token"])
    refused = hub.admin.delete(f"/api/installation/token/{used['id']}")
    assert (refused.status, refused.code) == (400, "TOKEN_ALREADY_USED")


def test_the_interface_amounts_to_a_configuration_without_the_key(hub):
    key = make_key()
    hub.register(key=key)
    conf = sh("/run/test-hub/bin/wghub hub show-conf")
    assert "[Interface]" in conf and f"PublicKey = {key}" in conf and "PrivateKey" not in conf
