# What a request can be refused for: every code of the contract that these routes have, its fields, and which of two
# faults is told. Limits are test_limits.py's, states of tokens test_lists.py's, the hub's own routes test_hub.py's.
import subprocess, uuid

import pytest

from hub import Client, Raw, make_key

LOW_ORDER = ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
             "7P///////////////////////////////////////38=", "4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=")


def check(answer, status, code, field=None, context=""):
    """One refusal: status, code in header and body, and the fields that every error has."""
    assert (answer.status, answer.code) == (status, code), (context, answer)
    body = answer.json
    assert body["code"] == code and body["error"] and body["recoveryHint"] and body["requestId"] == answer.headers["X-Request-Id"]
    assert body.get("field") == field, (context, answer)


def nested(depth):
    return "[" * depth + "]" * depth


def test_what_is_no_json_object(hub):
    for raw in (b"", b"{", b"nonsense", b'{"spokeName":"a","spokeName":"b"}', b'{"spokeName":"a"} x', b'{"spokeName":"\xff"}',
                b'{"spokeName":"\\ud800"}', b"\xef\xbb\xbf{}", b"{'spokeName':1}", b'{"spokeName":"a",}', b'{"spokeName":NaN}',
                f'{{"spokeName":{nested(16)}}}'.encode(), b'{"metadata":{"a":1,"a":2}}'):
        check(hub.admin.call("POST", "/api/installation/token", raw=raw), 400, "INVALID_JSON", context=raw)
    # The object itself is the first of sixteen levels.
    check(hub.admin.call("POST", "/api/installation/token", raw=f'{{"spokeName":{nested(15)}}}'.encode()), 400, "INVALID_REQUEST", "spokeName")
    for raw in (b"[]", b"null", b'"spokeName"', b"7"):
        check(hub.admin.call("POST", "/api/installation/token", raw=raw), 400, "INVALID_REQUEST", context=raw)


def test_every_route_with_a_body_names_the_field_it_does_not_know(hub):
    for method, path in (("POST", "/api/auth/login"), ("POST", "/api/api-tokens"), ("POST", "/api/hub/initialize"),
                         ("PUT", "/api/hub/config"), ("POST", "/api/installation/token"), ("POST", "/api/installation/tokens/bulk"),
                         ("POST", "/api/installation/report"), ("POST", "/api/spoke/register")):
        for name in ("role_", "id", "state", "isAdmin", "__proto__"):
            check(hub.admin.call(method, path, {name: "admin"}), 400, "UNKNOWN_FIELD", name, path)
        check(hub.admin.call(method, path, {"a\nb": 1}), 400, "UNKNOWN_FIELD", "?", path)
    check(hub.admin.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": "a"}, {"spokeName": "b", "id": 1}]}),
          400, "UNKNOWN_FIELD", "spokes[1].id")


def test_a_query_has_only_what_its_route_knows_and_once(hub):
    for path in ("/api/health/live", "/api/setup", "/api/auth/me", "/api/api-tokens", "/api/hub/config", "/api/hub/status", "/api/events",
                 "/api/installation/tokens", f"/api/installation/token/{uuid.uuid4()}", "/api/spoke/list", f"/api/spoke/{uuid.uuid4()}/status",
                 "/api/audit"):
        check(hub.admin.get(f"{path}?colour=red"), 400, "INVALID_REQUEST", "colour", path)
    check(hub.admin.delete(f"/api/spoke/{uuid.uuid4()}?force=true"), 400, "INVALID_REQUEST", "force")
    check(hub.admin.post("/api/installation/token?spokeName=x", {"spokeName": "x"}), 400, "INVALID_REQUEST", "spokeName")
    for query, field in (("status=unused&status=unused", "status"), ("limit=1&limit=1", "limit"), ("status=registered", "status"), ("status=", "status"),
                         ("limit=%00", "limit"), ("cursor=x&cursor=x", "cursor"), ("%0a=1", "?")):
        check(hub.admin.get(f"/api/installation/tokens?{query}"), 400, "INVALID_REQUEST", field, query)
    for query, field in (("os=beos", "os"), ("status=dead", "status"), ("os=linux&os=linux", "os")):
        check(hub.admin.get(f"/api/spoke/list?{query}"), 400, "INVALID_REQUEST", field, query)
    for query, field in (("outcome=maybe", "outcome"), ("from=yesterday", "from"), ("to=2026-02-30T00:00:00Z", "to"), ("from=2026-1-1T00:00:00Z", "from"),
                         ("from=2026-01-01T00:00:00", "from"), ("from=2026-01-01T25:00:00Z", "from")):
        check(hub.admin.get(f"/api/audit?{query}"), 400, "INVALID_REQUEST", field, query)
    two = hub.admin.get("/api/spoke/list?os=beos&status=dead")
    check(two, 400, "INVALID_REQUEST", "status")
    assert [fault["field"] for fault in two.json["errors"]] == ["status", "os"]
    for target in ("/api/spoke/list?limit=%zz", "/api/%", "/api/spoke/list?limit=%"):
        with Raw() as raw:
            check(raw.send(f"GET {target} HTTP/1.1\nHost: localhost").answer(), 400, "INVALID_REQUEST", context=target)


def test_wrong_types_name_their_field(hub):
    token = "x" * 43
    good = {"token": token, "publicKey": make_key(), "os": "linux"}
    cases = [("/api/spoke/register", {**good, name: value}, name)
             for name, values in {"token": (1, None, [], "a\nb"), "publicKey": (None, {}, "a\x00"), "os": (None, 1, "beos", "", "Linux"),
                                  "isProxmox": (None, "true", 1), "metadata": ([], "{}", 1), "proxmoxNodeName": (1, [], "a\nb", "n" * 129),
                                  "proxmoxClusterName": (1, "c" * 129), "proxmoxVersion": ({}, "v" * 129)}.items() for value in values]
    cases += [("/api/spoke/register", {**good, "isProxmox": True}, "isProxmox"), ("/api/spoke/register", {"publicKey": make_key(), "os": "linux"}, "token")]
    report = {"token": token, "stage": "preflight", "code": 10}
    cases += [("/api/installation/report", {**report, name: value}, name)
              for name, values in {"token": (None, 7), "stage": (None, "unknown", "", 1), "code": (None, -1, 256, "10", 1.5, 10**30),
                                   "reason": (1, "r" * 257, "a\nb"), "os": (1, "o" * 65), "detail": (None, 1, "\x1b[0m")}.items() for value in values]
    cases += [("/api/installation/token", {"spokeName": "x", "customIP": value}, "customIP") for value in (5, [], {}, "10.83.0.9\n")]
    cases += [("/api/installation/token", {"spokeName": value}, "spokeName") for value in (5, None, [], "", " ", "\u3000 ", "a\nb", "\x7f", "\u0085", "a\u202eb", "\u2066a")]
    cases += [("/api/installation/tokens/bulk", body, field) for body, field in (
        ({}, "spokes"), ({"spokes": None}, "spokes"), ({"spokes": {}}, "spokes"), ({"spokes": []}, "spokes"), ({"spokes": [1]}, "spokes[0]"),
        ({"spokes": [{"spokeName": "a"}, {"spokeName": 2}]}, "spokes[1].spokeName"))]
    cases += [("/api/auth/login", body, field) for body, field in (
        ({"username": "admin"}, "password"), ({"username": 1, "password": "x"}, "username"), ({"username": "u" * 65, "password": "x"}, "username"),
        ({"username": "admin", "password": "x" * 1025}, "password"), ({"username": "admin", "password": "x", "totp": 123456}, "totp"))]
    cases += [("/api/api-tokens", {"name": "ci", "role": "viewer", **change}, field) for change, field in (
        ({"name": ""}, "name"), ({"name": None}, "name"), ({"role": "root"}, "role"), ({"role": None}, "role"), ({"role": "Admin"}, "role"),
        ({"expiresInDays": 0}, "expiresInDays"), ({"expiresInDays": 366}, "expiresInDays"), ({"expiresInDays": "1"}, "expiresInDays"),
        ({"expiresInDays": None}, "expiresInDays"), ({"expiresInDays": 1.0}, "expiresInDays"))]
    for path, body, field in cases:
        answer = hub.admin.post(path, body)
        check(answer, 400, "INVALID_REQUEST", field, (path, body))
        assert "errors" not in answer.json, answer


def test_several_faults_are_all_told(hub):
    answer = hub.admin.post("/api/spoke/register", {"publicKey": 1, "os": "beos"})
    check(answer, 400, "INVALID_REQUEST", "token")
    assert [fault["field"] for fault in answer.json["errors"]] == ["token", "publicKey", "os"]
    assert all(fault["message"] for fault in answer.json["errors"])


def test_texts_of_a_wrong_form_have_a_code_of_their_own(hub):
    token = hub.token()["token"]["token"]
    for text in ("", "x", token[:-1], token + "x", token[:-1] + "+", "x" * 3000, "é" * 43):
        check(Client().post("/api/spoke/register", {"token": text, "publicKey": make_key(), "os": "linux"}), 400, "TOKEN_MALFORMED", context=text)
        check(Client().post("/api/installation/report", {"token": text, "stage": "key", "code": 0}), 400, "TOKEN_MALFORMED", context=text)
    for key in ("", "x", "A" * 44, "A" * 43, "A" * 42 + "==", "x" * 5000, make_key()[:-1], make_key() + "\u00e9", " " + make_key(), "/" * 43 + "=", *LOW_ORDER):
        answer = Client().post("/api/spoke/register", {"token": token, "publicKey": key, "os": "linux"})
        check(answer, 400, "INVALID_PUBLIC_KEY", "publicKey", key)
    assert hub.register(token).status == 201


def test_ids_that_name_nothing(hub):
    for name in (str(uuid.uuid4()), "1", "..", "x" * 200, str(uuid.uuid4()).upper(), "%00", "%27%20OR%201=1"):
        expected = 400 if name in ("..", "%00") else 404
        for method, path, code in (("GET", "/api/installation/token/{}", "TOKEN_NOT_FOUND"), ("DELETE", "/api/installation/token/{}", "TOKEN_NOT_FOUND"),
                                   ("POST", "/api/installation/token/{}/reissue", "TOKEN_NOT_FOUND"), ("GET", "/api/spoke/{}/status", "SPOKE_NOT_FOUND"),
                                   ("DELETE", "/api/spoke/{}", "SPOKE_NOT_FOUND"), ("DELETE", "/api/api-tokens/{}", "NOT_FOUND")):
            answer = hub.admin.call(method, path.format(name))
            if expected == 404:
                check(answer, 404, code, context=(method, name))
            else:
                assert answer.status in (400, 404, 405), (method, name, answer)
    key = make_key()
    check(Client().post("/api/spoke/register", {"token": "x" * 43, "publicKey": key, "os": "linux"}), 404, "TOKEN_NOT_FOUND")
    check(Client().post("/api/installation/report", {"token": "x" * 43, "stage": "key", "code": 0}), 404, "TOKEN_NOT_FOUND")


def test_malformed_and_unknown_tokens_differ_in_nothing_but_status_and_code(hub):
    for path in ("/api/installation/script/{}?platform=linux",):
        malformed, unknown = (Client().get(path.format(text)) for text in ("x" * 42, "x" * 43))
        assert (malformed.status, malformed.code, unknown.status, unknown.code) == (400, "TOKEN_MALFORMED", 404, "TOKEN_NOT_FOUND")
        assert set(malformed.json) == set(unknown.json) and set(malformed.headers) == set(unknown.headers)
    malformed, unknown = (Client().get("/api/installation/script/" + text + "?platform=linux", headers={"Accept": "*/*"}) for text in ("x" * 42, "x" * 43))
    assert malformed.text == unknown.text


def test_of_two_faults_the_earlier_is_told(hub):
    """The contract's order: Host, path and method, framing, authentication, CSRF, role, syntax, then what the database says."""
    session, viewer = hub.login(), hub.client("viewer")
    without_csrf = Client({"Cookie": session.headers["Cookie"]})
    evil = {"Host": "evil.example"}
    check(Client().get("/api/nothing", headers=evil), 421, "MISDIRECTED_REQUEST")
    check(Client().call("BREW", "/api/hub/config", headers=evil), 421, "MISDIRECTED_REQUEST")
    check(Client().call("POST", "/api/installation/token", raw=b"{}", headers={**evil, "Content-Type": "text/plain"}), 421, "MISDIRECTED_REQUEST")
    check(Client().call("POST", "/api/nothing", raw=b"{}", headers={"Content-Type": "text/plain"}), 404, "NOT_FOUND")
    check(Client().call("PUT", "/api/spoke/list", raw=b"{}", headers={"Content-Type": "text/plain"}), 405, "METHOD_NOT_ALLOWED")
    check(Client().call("POST", "/api/installation/token", raw=b"{}", headers={"Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    check(Client({"X-CSRF-Token": "x", "Origin": "https://evil.example"}).post("/api/installation/token", {"x": 1}), 401, "UNAUTHENTICATED")
    check(without_csrf.post("/api/installation/token", {"x": 1}), 403, "CSRF_FAILED")
    check(viewer.post("/api/installation/token", {"x": 1}), 403, "FORBIDDEN")
    check(viewer.call("POST", "/api/installation/token", raw=b"{"), 403, "FORBIDDEN")
    check(viewer.get("/api/audit?colour=red"), 403, "FORBIDDEN")
    check(hub.admin.delete("/api/spoke/1?colour=red"), 400, "INVALID_REQUEST", "colour")
    check(hub.admin.post("/api/hub/initialize", {"networkCIDR": "8.8.8.0/24", "endpoint": "a:1"}), 400, "INVALID_CIDR", "networkCIDR")
    # An unknown field is told before a wrong one.
    check(hub.admin.post("/api/installation/token", {"spokeName": 1, "colour": "red"}), 400, "UNKNOWN_FIELD", "colour")


def test_of_two_faults_of_a_registration_the_earlier_is_told(hub):
    key, other = make_key(), make_key()
    live = hub.register(key=key)
    assert live.status == 201
    def register(token, key):
        return hub.register(token, key)
    check(register("x" * 43, LOW_ORDER[1]), 400, "INVALID_PUBLIC_KEY", "publicKey")
    check(register("x" * 43, key), 404, "TOKEN_NOT_FOUND")
    revoked = hub.token()["token"]
    hub.admin.delete(f"/api/installation/token/{revoked['id']}")
    check(register(revoked["token"], key), 410, "TOKEN_REVOKED")
    used = hub.token()["token"]
    assert register(used["token"], other).status == 201
    answer = register(used["token"], key)
    check(answer, 410, "TOKEN_ALREADY_USED")
    assert answer.json["usedAt"].endswith("Z")
    check(register(hub.token()["token"]["token"], key), 409, "PUBLIC_KEY_ALREADY_REGISTERED")


def script(token, platform="platform=linux", accept="*/*", method="GET"):
    return Client().call(method, f"/api/installation/script/{token}?{platform}", headers={"Accept": accept})


@pytest.fixture(scope="module")
def refusals(running):
    """(name, token, query, status, code, exit code): every refusal of the script path that needs no waiting."""
    running.wait_ready()
    good, claimed, revoked, removed = (running.token()["token"] for _ in range(4))
    assert script(claimed["token"]).status == 200
    running.admin.delete(f"/api/installation/token/{revoked['id']}")
    running.admin.delete(f"/api/spoke/{running.register(removed['token']).json['spoke']['id']}")
    token = good["token"]
    return good, [("no platform", token, "", 400, "INVALID_PLATFORM", 40), ("two platforms", token, "platform=linux&platform=linux", 400, "INVALID_PLATFORM", 40),
                  ("unknown platform", token, "platform=plan9", 400, "INVALID_PLATFORM", 40), ("case", token, "platform=Linux", 400, "INVALID_PLATFORM", 40),
                  ("platform before token", "x", "platform=", 400, "INVALID_PLATFORM", 40), ("another parameter", token, "platform=linux&x=1", 400, "INVALID_REQUEST", 40),
                  ("malformed", "x", "platform=linux", 400, "TOKEN_MALFORMED", 40), ("too long", "x" * 3000, "platform=linux", 400, "TOKEN_MALFORMED", 40),
                  ("unknown", "x" * 43, "platform=linux", 404, "TOKEN_NOT_FOUND", 40), ("claimed", claimed["token"], "platform=linux", 410, "TOKEN_ALREADY_USED", 42),
                  ("revoked", revoked["token"], "platform=linux", 410, "TOKEN_REVOKED", 45), ("removed", removed["token"], "platform=linux", 410, "TOKEN_REVOKED", 45)]


def test_a_refused_script_is_a_harmless_program(hub, refusals):
    for name, token, query, status, code, exit_code in refusals[1]:
        answer = script(token, query)
        assert (answer.status, answer.code) == (status, code), (name, answer)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8" and answer.headers["Cache-Control"] == "no-store"
        assert answer.text.startswith("#!/bin/sh\n") and token not in answer.text.split() and answer.text.isascii(), name
        done = subprocess.run(["dash", "-s"], input=answer.text, text=True, capture_output=True, timeout=20)
        assert done.returncode == exit_code and done.stdout == "" and done.stderr.startswith("[wghub] ERROR ") and len(done.stderr.splitlines()) == 1, (name, done)
        assert f"({exit_code}):" in done.stderr and "Fix:" in done.stderr
        syntax = subprocess.run(["bash", "-n"], input=answer.text, text=True, capture_output=True)
        assert syntax.returncode == 0, name


def test_a_refused_script_for_windows_throws(hub, refusals):
    for name, token, query, status, code, exit_code in refusals[1]:
        if query != "platform=linux":
            continue
        answer = script(token, "platform=windows")
        assert (answer.status, answer.code) == (status, code)
        assert answer.text.startswith("throw '[wghub] ERROR") and answer.text.endswith("'\n") and answer.text.count("'") == 2 and answer.text.count("\n") == 1, name


def test_a_refused_script_is_json_for_who_asks_for_it_and_head_says_the_same(hub, refusals):
    for name, token, query, status, code, exit_code in refusals[1]:
        check(script(token, query, "application/json"), status, code, "x" if name == "another parameter" else None, name)
        for accept in ("*/*", "application/json"):
            get, head = script(token, query, accept), script(token, query, accept, "HEAD")
            assert (head.status, head.code, head.text) == (get.status, get.code, ""), name
            assert head.headers["Content-Length"] == get.headers["Content-Length"] or accept == "application/json"
    good = refusals[0]
    assert hub.admin.get(f"/api/installation/token/{good['id']}").json["token"]["state"] == "unused"
    used = script(refusals[1][9][1], accept="application/json")
    assert used.code == "TOKEN_ALREADY_USED" and used.json["usedAt"].endswith("Z")


def test_a_script_is_text_whatever_accept_says_but_html(hub):
    for accept in ("*/*", "application/json", "text/plain", "text/html;q=0", "", "nonsense"):
        answer = script(hub.token()["token"]["token"], accept=accept)
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/plain; charset=utf-8", accept
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "no-referrer"
    token = hub.token()["token"]
    pages = {script(text, query, "text/html").text for text in (token["token"], "x" * 43, "x") for query in ("platform=linux", "")}
    assert len(pages) == 1 and "<script" not in pages.pop()
    assert hub.admin.get(f"/api/installation/token/{token['id']}").json["token"]["state"] == "unused"


HOSTILE = ["$(id)", "`id`", "';id;'", '"', "%s%n", "{{TOKEN}}", "Zoë’s Büro ☕ 東京", "{{INCLUDE done.sh}}", "a && b", "\\", "--help", "' OR 1=1 --"]


def test_a_spokes_name_never_reaches_a_script(hub):
    plain = hub.token("plain")["token"]
    expected = script(plain["token"]).text

    def neutral(text, token):
        shown = hub.admin.get(f"/api/installation/token/{token['id']}").json["token"]
        for value in (token["token"], shown["spokeId"], shown["allowedIPs"][0].split("/")[0]):
            text = text.replace(value, "?")
        return [line for line in text.splitlines() if "_created" not in line.lower() and "_expires" not in line.lower() and "hash" not in line.lower()]
    reference = neutral(expected, plain)
    for name in HOSTILE:
        token = hub.token(name)["token"]
        assert token["spokeName"] == name
        assert neutral(script(token["token"]).text, token) == reference, name
        key = make_key()
        answer = hub.register(token["token"], key, headers={"Accept": "text/plain"})
        assert f"name={name}\n" in answer.text and len(answer.text.splitlines()) == 7
        assert hub.admin.get(f"/api/spoke/{token['spokeId']}/status").json["spoke"]["name"] == name
        assert hub.admin.delete(f"/api/spoke/{token['spokeId']}").status == 200
