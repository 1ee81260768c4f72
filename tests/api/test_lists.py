# Tokens and spokes in lists: every state and its counters, filters, pages that miss nothing, and what time changes.
import sqlite3, threading, time

import pytest

from hub import DATABASE, SLOW, Client, make_key
from proofs import random_key, rows, together, tokens

from test_accounts import seconds_between
from test_contract import check, script
from test_limits import tokens_of

COUNTS = ("unusedCount", "usedCount", "expiredCount", "revokedCount")


def counts(hub):
    listed = hub.admin.get("/api/installation/tokens?limit=1").json
    assert listed["totalCount"] == sum(listed[name] for name in COUNTS)
    return {name: listed[name] for name in COUNTS}


def moved(before, after):
    return {name: after[name] - before[name] for name in COUNTS if after[name] != before[name]}


def shown(hub, token):
    return hub.admin.get(f"/api/installation/token/{token['id']}").json["token"]


def test_counters_follow_a_token_through_its_states(hub):
    at = [counts(hub)]

    def change():
        at.append(counts(hub))
        return moved(*at[-2:])
    token = hub.token("counted")["token"]
    assert change() == {"unusedCount": 1} and (shown(hub, token)["state"], shown(hub, token)["used"], shown(hub, token)["usedAt"]) == ("unused", False, None)
    script(token["token"])
    assert change() == {"unusedCount": -1, "usedCount": 1}
    first = shown(hub, token)
    assert (first["state"], first["used"]) == ("claimed", True) and first["usedAt"]
    hub.register(token["token"])
    assert change() == {}
    assert shown(hub, token)["state"] == "registered" and shown(hub, token)["usedAt"] == first["usedAt"]
    hub.admin.delete(f"/api/spoke/{token['spokeId']}")
    assert change() == {"usedCount": -1, "revokedCount": 1}
    direct = hub.token("direct")["token"]
    change()
    registered = hub.register(direct["token"]).json["spoke"]
    assert change() == {"unusedCount": -1, "usedCount": 1} and shown(hub, direct)["used"] is True and shown(hub, direct)["usedAt"] == registered["registeredAt"]
    hub.admin.delete(f"/api/spoke/{direct['spokeId']}")
    for query in ("status=unused", "status=used", "status=expired", "status=revoked", "limit=1"):
        listed = hub.admin.get(f"/api/installation/tokens?{query}").json
        assert {name: listed[name] for name in COUNTS} == counts(hub), "counters speak of everything"
    fields = {"id", "spokeId", "spokeName", "allowedIPs", "createdAt", "expiresAt", "used", "usedAt", "state", "progress"}
    assert all(set(token) == fields for token in hub.admin.get("/api/installation/tokens").json["tokens"])


def test_a_filter_shows_only_its_states(hub):
    unused, claimed, registered, revoked = (hub.token(name)["token"] for name in ("unused", "claimed", "registered", "revoked"))
    script(claimed["token"])
    hub.register(registered["token"])
    hub.admin.delete(f"/api/installation/token/{revoked['id']}")
    for status, inside, states in (("unused", [unused], {"unused"}), ("used", [claimed, registered], {"claimed", "registered"}), ("revoked", [revoked], {"revoked"})):
        listed = tokens_of(hub, status)
        assert {token["state"] for token in listed} == states and {token["id"] for token in inside} <= {token["id"] for token in listed}
    for spoke in (registered,):
        assert [entry["id"] for entry in hub.admin.get("/api/spoke/list?os=linux&status=pending&limit=1").json["spokes"]] == [spoke["spokeId"]]
        assert spoke["spokeId"] not in {entry["id"] for entry in hub.admin.get("/api/spoke/list?os=macos").json["spokes"]}
        hub.admin.delete(f"/api/spoke/{spoke['spokeId']}")
    listed = hub.admin.get("/api/spoke/list?status=inactive").json
    assert listed["totalCount"] == listed["activeCount"] + listed["inactiveCount"] + listed["pendingCount"] and listed["spokes"] == []


def test_whoever_was_answered_is_counted_in_the_next_list(hub):
    """Counters are stored beside the rows: they must be of the same moment, while many write and after all of it."""
    threads, each = 8, 8
    issued, before = tokens(hub, threads * each), hub.admin.get("/api/spoke/list?limit=1").json["totalCount"]

    def client(number):
        admin, short = hub.another(), []
        for done, token in enumerate(issued[number * each:(number + 1) * each]):
            assert hub.register(token["token"], random_key(), admin).status == 201
            listed = admin.get("/api/spoke/list?limit=1").json
            if listed["totalCount"] < before + done + 1 or listed["spokes"] == []:
                short.append(listed)
        return short

    assert together([lambda number=number: client(number) for number in range(threads)]) == [[]] * threads
    assert hub.admin.get("/api/spoke/list?limit=1").json["totalCount"] == before + threads * each
    gone = together([lambda token=token: hub.another().delete(f"/api/spoke/{token['spokeId']}").status for token in issued[::4]])
    assert gone == [200] * len(gone)
    listed = hub.admin.get("/api/spoke/list?limit=1").json
    by_status = dict(rows("SELECT status, COUNT(*) FROM spoke_registrations WHERE removing_at IS NULL GROUP BY status"))
    assert {name: listed[f"{name}Count"] for name in ("active", "inactive", "pending")} == {
        name: by_status.get(name, 0) for name in ("active", "inactive", "pending")}
    assert listed["totalCount"] == before + threads * each - len(gone)
    by_state = dict(rows("SELECT state, COUNT(*) FROM installation_tokens GROUP BY state"))
    shown_now = counts(hub)
    assert shown_now["revokedCount"] == by_state.get("revoked", 0)
    assert sum(shown_now.values()) == sum(by_state.values())
    together([lambda token=token: hub.another().delete(f"/api/spoke/{token['spokeId']}") for token in issued])


def pages(hub, path, name, limit=7, between=None):
    cursor, found = None, []
    while True:
        page = hub.admin.get(f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
        assert len(page[name]) <= limit
        found += page[name]
        cursor = page["nextCursor"]
        if cursor is None:
            return found
        assert len(page[name]) == limit
        if between:
            between()


def test_pages_are_whole_and_newest_first_while_others_are_made(hub):
    made = [entry["token"]["id"] for entry in hub.admin.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": "paged"}] * 30}).json["tokens"]]
    for path, name, new in (("/api/installation/tokens", "tokens", lambda: hub.token("meanwhile")), ("/api/audit", "events", lambda: hub.token("meanwhile"))):
        before = hub.admin.get(f"{path}?limit=1000").json
        found = pages(hub, path, name, 50 if name == "events" else 7, between=new)
        ids = [entry["id"] for entry in found]
        assert len(ids) == len(set(ids)), "none twice"
        expected = [entry["id"] for entry in before[name]]
        # Those that were there come all and in order; new ones of the same second may stand between them.
        rest = iter(ids)
        assert all(entry in rest for entry in expected)
    assert set(made) <= {token["id"] for token in pages(hub, "/api/installation/tokens", "tokens")}
    for token in tokens_of(hub, "unused"):
        hub.admin.delete(f"/api/installation/token/{token['id']}")
    spokes = [hub.register().json["spoke"]["id"] for _ in range(9)]
    listed = [spoke["id"] for spoke in pages(hub, "/api/spoke/list", "spokes", 2, between=lambda: hub.register())]
    assert len(listed) == len(set(listed)) and set(spokes) <= set(listed)
    times = [spoke["registeredAt"] for spoke in pages(hub, "/api/spoke/list", "spokes", 4)]
    assert times == sorted(times, reverse=True)
    for spoke in pages(hub, "/api/spoke/list", "spokes", 100):
        hub.admin.delete(f"/api/spoke/{spoke['id']}")


def test_the_audit_trail_can_be_asked(hub):
    token = hub.token("audited")["token"]
    hub.admin.delete(f"/api/installation/token/{token['id']}")
    events = hub.audit(target=token["id"])
    assert [event["action"] for event in events] == ["token.revoked", "token.created"]
    assert all(set(event) == {"id", "at", "actor", "sourceAddress", "userAgent", "action", "target", "outcome", "details"} for event in events)
    made = events[1]
    assert (made["outcome"], made["sourceAddress"], made["details"]["spokeName"]) == ("success", "127.0.0.1", "audited")
    assert hub.audit(target=token["id"], action="token.created", outcome="success", **{"from": made["at"], "to": events[0]["at"]}, actor=made["actor"].replace(" ", "%20")) == [made]
    for nothing in ({"outcome": "denied"}, {"actor": "nobody"}, {"action": "x"}, {"to": "2020-01-01T00:00:00Z"}, {"from": "2100-01-01T00:00:00Z"}):
        assert hub.audit(target=token["id"], **nothing) == [], nothing
    agent = Client({**hub.admin.headers, "User-Agent": "curl/8 \xe9'; DROP TABLE audit_events; --"}).post("/api/installation/token", {"spokeName": "agent"}).json["token"]
    assert hub.audit(target=agent["id"])[0]["userAgent"] == "curl/8 ?'; DROP TABLE audit_events; --"


def test_an_issued_token_says_all_that_the_contract_promises(hub):
    issued = hub.token("whole")
    token = issued["token"]
    assert set(issued) == {"success", "token", "installCommands", "wgetCommands", "auditCommands", "scriptSha256"}
    assert set(token) == {"id", "token", "spokeId", "spokeName", "allowedIPs", "createdAt", "expiresAt", "used", "usedAt", "state", "progress"}
    assert seconds_between(token) == 24 * 3600
    base = f"https://192.0.2.1:8443/api/installation/script/{token['token']}?platform="
    commands = issued["installCommands"]
    for platform, end in (("linux", "' | sudo bash"), ("macos", "' | sudo bash"), ("proxmox", "' | bash")):
        assert commands[platform].startswith("curl -sSL --proto '=https' --tlsv1.2 -k --pinnedpubkey 'sha256//") and commands[platform].endswith(f"'{base}{platform}{end}")
    assert f"'{base}windows'" in commands["windows"] and commands["windows"].endswith("| Invoke-Expression")
    for platform, command in issued["auditCommands"].items():
        assert issued["scriptSha256"][platform] in command and base + platform in command and "| bash" not in command


@pytest.fixture(scope="module")
def brief(running):
    """A hub whose tokens live for two seconds, where the programs are slow for longer."""
    running.wait_ready()
    with running.with_settings(token_lifetime=f'"{2 * SLOW}s"') as hub:
        yield hub


def test_a_token_is_over_when_its_time_is(brief):
    hub = brief
    names = ("fetched", "left", "taken", "registered", "withdrawn", "reissued")
    entries = hub.admin.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": name} for name in names]}).json["tokens"]
    tokens = {entry["token"]["spokeName"]: entry["token"] for entry in entries}
    assert all(seconds_between(token) == 2 * SLOW for token in tokens.values())
    at_start, key = counts(hub), make_key()
    assert script(tokens["fetched"]["token"]).status == 200
    assert hub.register(tokens["registered"]["token"], key).status == 201
    hub.admin.delete(f"/api/installation/token/{tokens['withdrawn']['id']}")
    time.sleep(2 * SLOW + 1)

    # Without any job having run: expired by the clock at use. Of two faults the earlier is told.
    for name in ("fetched", "left"):
        for answer in (script(tokens[name]["token"], accept="application/json"), hub.register(tokens[name]["token"]), hub.register(tokens[name]["token"], key)):
            check(answer, 410, "TOKEN_EXPIRED", context=name)
            assert answer.json["expiresAt"] == tokens[name]["expiresAt"]
        assert (shown(hub, tokens[name])["state"], shown(hub, tokens[name])["used"]) == ("expired", False)
    plain = script(tokens["left"]["token"])
    assert plain.status == 410 and "exit 41" in plain.text
    check(hub.register(tokens["registered"]["token"]), 410, "TOKEN_ALREADY_USED")
    check(script(tokens["registered"]["token"], accept="application/json"), 410, "TOKEN_ALREADY_USED")
    check(hub.register(tokens["withdrawn"]["token"]), 410, "TOKEN_REVOKED")
    assert hub.register(tokens["registered"]["token"], key).status == 201, "a repeat is answered for an hour more"
    # The left ones: fetched, left, taken, reissued.
    listed = {token["spokeName"] for token in tokens_of(hub, "expired")}
    assert {"fetched", "left", "taken", "reissued"} <= listed and "registered" not in listed
    change = moved(at_start, counts(hub))
    assert change["expiredCount"] == 4 and change["revokedCount"] == 1
    # A late report is taken for an hour, but releases nothing.
    report = {"token": tokens["fetched"]["token"], "stage": "preflight", "code": 10}
    assert Client().post("/api/installation/report", report).status == 202 and shown(hub, tokens["fetched"])["state"] == "expired"

    # An expired token's address is free; it can be reissued unless somebody else has it now.
    taken = hub.admin.post("/api/installation/token", {"spokeName": "new", "customIP": tokens["taken"]["allowedIPs"][0]})
    assert taken.status == 201, taken
    check(hub.admin.post(f"/api/installation/token/{tokens['taken']['id']}/reissue"), 409, "IP_ALREADY_ALLOCATED")
    again = hub.admin.post(f"/api/installation/token/{tokens['reissued']['id']}/reissue")
    assert again.status == 201 and again.json["token"]["allowedIPs"] == tokens["reissued"]["allowedIPs"] and again.json["token"]["spokeId"] == tokens["reissued"]["spokeId"]
    assert shown(hub, tokens["reissued"])["state"] == "revoked"
    check(hub.admin.post(f"/api/installation/token/{tokens['reissued']['id']}/reissue"), 410, "TOKEN_REVOKED")
    assert hub.admin.delete(f"/api/installation/token/{tokens['left']['id']}").status == 200 and shown(hub, tokens["left"])["state"] == "revoked"
    hub.admin.delete(f"/api/spoke/{tokens['registered']['spokeId']}")
    check(hub.admin.post(f"/api/installation/token/{tokens['registered']['id']}/reissue"), 410, "TOKEN_REVOKED")


def test_a_reissue_keeps_the_spoke_in_every_state(hub):
    unused, claimed, registered = (hub.token(name)["token"] for name in ("unused", "claimed", "registered"))
    script(claimed["token"])
    key = make_key()
    hub.register(registered["token"], key)
    for token in (unused, claimed, registered):
        answer = hub.admin.post(f"/api/installation/token/{token['id']}/reissue")
        fresh = answer.json["token"]
        assert answer.status == 201 and set(answer.json) == {"success", "token", "installCommands", "wgetCommands", "auditCommands", "scriptSha256"}
        assert fresh["state"] == "unused" and fresh["token"] != token["token"] and fresh["id"] != token["id"]
        assert (fresh["spokeId"], fresh["spokeName"], fresh["allowedIPs"]) == (token["spokeId"], token["spokeName"], token["allowedIPs"])
        assert shown(hub, token)["state"] == "revoked"
        check(hub.register(token["token"], key), 410, "TOKEN_REVOKED")
        assert [event["details"]["replaces"] for event in hub.audit(target=fresh["id"], action="token.reissued")] == [token["id"]]
        if token is registered:
            assert key in hub.peers() and hub.admin.get(f"/api/spoke/{token['spokeId']}/status").json["spoke"]["publicKey"] == key
        assert hub.register(fresh["token"]).status == 201
        assert hub.admin.delete(f"/api/spoke/{token['spokeId']}").status == 200
    answers = []
    token = hub.token("raced")["token"]
    threads = [threading.Thread(target=lambda: answers.append(hub.another().post(f"/api/installation/token/{token['id']}/reissue"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [201, 410, 410, 410, 410, 410]
