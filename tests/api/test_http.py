# The routes as a whole: who may use them, which methods they take, and what every answer carries.
# Malformed HTTP is tested beside its reader, in tests/unit/apid/http.
import os, re, subprocess, uuid

import pytest, yaml

from hub import PORT, SOURCE, Client, Raw, RootStream, Stream
from proofs import figure
from test_totp import Authenticator, calm

BODY = {"POST": {}, "PUT": {}}
ROLES = ("viewer", "operator", "admin")
SESSIONS = tuple(f"{role}/s" for role in ROLES)
CALLERS = ("none", "spent", *ROLES, *SESSIONS, "root")


def golden():
    with open(os.path.join(os.path.dirname(__file__), "access.golden")) as file:
        lines = [line.split() for line in file if not line.startswith("#")]
    return {(method, path): dict(zip(CALLERS, cells)) for method, path, *cells in lines}


def served_routes():
    """The route table of the source: a route without a line in access.golden fails the test."""
    with open(f"{SOURCE}/apid/endpoint/routes.cpp") as file:
        rows = re.findall(r'\{Method::(\w+),\s+"([^"]+)"', file.read())
    return {({"del": "DELETE"}.get(method, method.upper()), path) for method, path in rows}


@pytest.fixture(scope="module")
def callers(running):
    """Of people of their own: what they do to their accounts is nobody else's."""
    running.wait_ready()
    for role in ROLES:
        running.user(role, f"matrix-{role}")
    sessions = {f"{role}/s": running.login(f"matrix-{role}") for role in ROLES}
    tokens = {role: running.client(role, sessions["admin/s"]) for role in ROLES}
    return {"none": Client(), "spent": Client({"Authorization": f"Bearer {running.spent_code}"}), **tokens, **sessions}


def fill(hub, who, path):
    if path == "/api/api-tokens/{id}":
        made = hub.admin.post("/api/api-tokens", {"name": "to be revoked", "role": "viewer"})
        return path.replace("{id}", made.json["apiToken"]["id"])
    if path.startswith("/api/alerts/targets/{id}"):
        made = hub.admin.post("/api/alerts/targets", {"name": "asked for", "channel": "mail", "address": "matrix@example.net"})
        if made.status == 409:  # as many as there can be: one goes
            hub.admin.delete(f"/api/alerts/targets/{hub.admin.get('/api/alerts/targets').json['targets'][0]['id']}")
            return fill(hub, who, path)
        return path.replace("{id}", made.json["target"]["id"])
    if path.startswith("/api/users/{id}"):
        return path.replace("{id}", hub.user("viewer")["id"])
    if path == "/api/auth/sessions/{id}":
        owner = who[:-2] if who in SESSIONS else "admin"
        sessions = hub.login(f"matrix-{owner}").get("/api/auth/sessions").json["sessions"]
        return path.replace("{id}", next(each["id"] for each in sessions if each["current"]))
    return path.replace("{id}", str(uuid.uuid4())).replace("{token}", "x" * 43).replace("{name}", "matrix-viewer")


def prepare(hub, callers, who, method, path):
    """What a caller needs so that the answer is about him."""
    if who in SESSIONS and (method, path) == ("DELETE", "/api/auth/sessions"):
        callers[who] = hub.login(f"matrix-{who[:-2]}")  # an API token of the same person may have ended the one he had
    if who in SESSIONS and (method, path) == ("DELETE", "/api/auth/totp"):
        calm(3)
        Authenticator(callers[who])


def ask(hub, callers, who, method, path):
    prepare(hub, callers, who, method, path)
    path = fill(hub, who, path)
    if (method, path) == ("GET", "/api/events"):  # which has no end
        with RootStream() if who == "root" else Stream(callers[who].headers) as stream:
            return stream
    if who == "root":
        return hub.root_call(method, path, None if path == "/admin/setup-code" else BODY.get(method))
    return callers[who].call(method, path, BODY.get(method))


def outcome(answer):
    code = answer.headers.get("X-Error-Code")
    return {"UNAUTHENTICATED": "401", "FORBIDDEN": "403", "NOT_FOUND": "404", "METHOD_NOT_ALLOWED": "405"}.get(code, "yes")


def test_the_golden_table_has_every_route_once():
    assert set(golden()) == served_routes()


def test_every_route_asks_for_the_credential_that_the_table_says(hub, callers, capsys):
    found = {route: {who: outcome(ask(hub, callers, who, *route)) for who in cells} for route, cells in golden().items()}
    with capsys.disabled():
        print("", *(f"{method:6} {path:41} " + " ".join(f"{each:{max(4, len(who))}}" for who, each in found[method, path].items()) for method, path in found), sep="\n")
    wrong = [f"{method} {path} {who}: {each} instead of {golden()[method, path][who]}" for (method, path), cells in found.items() for who, each in cells.items()
             if each != golden()[method, path][who]]
    assert not wrong
    figure("T1", f"{len(found)} routes, each asked by {', '.join(CALLERS)}: as the table says")


def test_a_wrong_credential_is_as_none(hub):
    unknown = "whk_" + "A" * 43
    for headers in ({"Authorization": f"Bearer {unknown}"}, {"Authorization": "Bearer "}, {"Authorization": "Basic eDp5"},
                    {"Authorization": f"Bearer {unknown[:-1]}"}, {"Cookie": "__Host-session=" + "A" * 43}, {"Cookie": "session=1"}):
        answer = Client(headers).get("/api/spoke/list")
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED"), headers
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_bearer_counts_alone_also_when_it_is_wrong(hub, callers):
    session = callers["admin/s"].headers
    assert Client({**session, "Authorization": "Bearer whk_" + "A" * 43}).get("/api/spoke/list").status == 401
    viewer = Client({**session, **callers["viewer"].headers})
    assert viewer.post("/api/installation/token", {"spokeName": "x"}).code == "FORBIDDEN"


def test_head_answers_as_get_without_a_body(hub):
    for path in ("/api/health/live", "/api/spoke/list", "/api/installation/tokens?limit=1", "/api/hub/config", "/api/nothing"):
        get, head = hub.admin.get(path), hub.admin.call("HEAD", path)
        assert (head.status, head.text) == (get.status, ""), path
        assert head.headers["Content-Type"] == get.headers["Content-Type"] and head.headers["Content-Length"] == get.headers["Content-Length"]
    assert hub.admin.call("HEAD", "/api/events").status == 200


def test_options_and_other_methods_name_what_a_path_takes(hub):
    expected = {"/api/health/live": "GET, HEAD, OPTIONS", "/api/hub/config": "GET, HEAD, PUT, OPTIONS",
                "/api/installation/token": "POST, OPTIONS", "/api/api-tokens": "GET, HEAD, POST, OPTIONS",
                f"/api/installation/token/{uuid.uuid4()}": "GET, HEAD, DELETE, OPTIONS", f"/api/spoke/{uuid.uuid4()}": "DELETE, OPTIONS"}
    for path, methods in expected.items():
        answer = Client().call("OPTIONS", path)
        assert (answer.status, answer.headers["Allow"], answer.text) == (204, methods, "")
        for method in {"GET", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - set(methods.split(", ")):
            refused = Client().call(method, path)
            assert (refused.status, refused.code, refused.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", methods), (method, path)


def test_paths_are_exact(hub):
    for path in ("/api", "/api/", "/api/spoke/list/", "/api//spoke/list", "/api/Spoke/list", "/api/spoke", "/api/installation/token/",
                 "/api/installation/script/", "/nothing", "/admin/setup-code", "/api/metrics%2f", "/apispoke/list"):
        answer = hub.admin.get(path)
        assert (answer.status, answer.code) in ((404, "NOT_FOUND"), (400, "INVALID_REQUEST")), path
        assert answer.status == 404 or "%2f" in path
        assert Client().get(path).status == answer.status
    page = Client().get("/api/nothing", headers={"Accept": "text/html"})
    assert page.status == 404 and page.headers["Content-Type"] == "application/json"


def test_every_answer_carries_what_the_contract_promises(hub):
    seen = set()
    token = hub.token()["token"]["token"]
    for answer in (Client().get("/api/health/live"), hub.admin.get("/api/spoke/list"), Client().get("/api/spoke/list"), Client().get("/nothing"),
                   Client().call("OPTIONS", "/api/hub/config"), Client().post("/api/spoke/register", {}),
                   Client().get(f"/api/installation/script/{token}?platform=linux", headers={"Accept": "*/*"}),
                   Client().get(f"/api/installation/script/{token}?platform=linux", headers={"Accept": "text/html"})):
        request_id = answer.headers["X-Request-Id"]
        assert uuid.UUID(request_id) and request_id not in seen
        seen.add(request_id)
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer" and "Strict-Transport-Security" not in answer.headers
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        if answer.status >= 400:
            body = answer.json
            assert body["code"] == answer.code and body["requestId"] == request_id and body["error"] and body["recoveryHint"]
            assert answer.headers["Content-Type"] == "application/json"
    page = answer.headers["Content-Security-Policy"]
    for rule in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "object-src 'none'"):
        assert rule in page


def test_only_known_names_are_hosts(hub):
    for host in ("localhost", "localhost:8443", "LOCALHOST", "127.0.0.1", "127.0.0.1:1", "[::1]", "192.0.2.1:8443", "10.83.0.1"):
        assert Client().get("/api/health/live", headers={"Host": host}).status == 200, host
    for host in ("evil.example", "localhost.evil.example", "192.0.2.2", "localhost@evil.example", "", "a b", "[::1", "localhost:port"):
        answer = Client().get("/api/health/live", headers={"Host": host})
        assert (answer.status, answer.code) in ((421, "MISDIRECTED_REQUEST"), (400, "INVALID_REQUEST")), host
        assert answer.status == 421 or host in ("", "a b"), host


def test_the_endpoints_host_is_known_at_once_and_after_a_change(hub):
    try:
        for endpoint, host in (("vpn.example.net:51820", "vpn.example.net"), ("[2001:db8::7]:51820", "[2001:db8::7]:8443")):
            assert Client().get("/api/health/live", headers={"Host": host}).status == 421
            assert hub.admin.put("/api/hub/config", {"endpoint": endpoint}).status == 200
            assert Client().get("/api/health/live", headers={"Host": host}).status == 200, host
    finally:
        assert hub.admin.put("/api/hub/config", {"endpoint": "192.0.2.1:51820"}).status == 200


def test_framing_is_looked_at_before_the_caller(hub):
    def refused(head, body=b""):
        with Raw() as raw:
            answer = raw.send(head, body).answer()
            return answer.status, answer.code, raw.is_closed()
    create = "POST /api/installation/token HTTP/1.1\nHost: localhost\n"
    json = "Content-Type: application/json\n"
    assert refused(create + json.strip()) == (411, "LENGTH_REQUIRED", True)
    assert refused(create + json + "Content-Length: 65537", b"x") == (413, "BODY_TOO_LARGE", True)
    assert refused(create + "Content-Length: 2\nContent-Length: 3", b"{}") == (400, "INVALID_REQUEST", True)
    assert refused(create + json + "Content-Length: 2\nTransfer-Encoding: chunked", b"{}") == (400, "INVALID_REQUEST", True)
    assert refused(create + json + "Transfer-Encoding: chunked", b"zz\r\n") == (400, "INVALID_REQUEST", True)
    assert refused("GET /api/spoke/list HTTP/1.1\nHost: localhost\nContent-Length: 2", b"{}") == (400, "INVALID_REQUEST", True)
    assert refused("DELETE /api/spoke/x HTTP/1.1\nHost: localhost\nContent-Length: 2", b"{}") == (400, "INVALID_REQUEST", True)
    assert refused("GET /" + "a" * 4096 + " HTTP/1.1\nHost: localhost")[:2] == (414, "URI_TOO_LONG")
    for kind in ("text/plain", "application/jsonp", "application/x-www-form-urlencoded", ""):
        answer = Client().call("POST", "/api/installation/token", raw=b"{}", headers={"Content-Type": kind})
        assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE"), kind
    good = hub.admin.call("POST", "/api/installation/token", raw=b'{"spokeName":"x"}', headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert good.status == 201


def test_the_header_block_ends_at_8_kib(hub):
    first = "GET /api/health/live HTTP/1.1\r\n"

    def status_of(size):
        head = first + "Host: localhost\r\nX-Fill: "
        with Raw() as raw:
            raw.socket.sendall((head + "a" * (size - len(head) - 4) + "\r\n\r\n").encode())
            return raw.head()[0]
    assert status_of(8 * 1024) == 200
    assert status_of(8 * 1024 + 1) == 431


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(hub):
    fill = b'{"spokeName":"' + b"x" * (64 * 1024 - 16) + b'"}'
    assert len(fill) == 64 * 1024
    assert hub.admin.call("POST", "/api/installation/token", raw=fill).code == "INVALID_REQUEST"
    assert hub.another().call("POST", "/api/installation/token", raw=fill + b" ").code == "BODY_TOO_LARGE"


def test_other_origins_need_cors_origin_and_a_bearer(hub):
    origin = {"Origin": "https://panel.example"}
    with hub.with_settings(cors_origin='"https://panel.example"'):
        answer = hub.another().get("/api/spoke/list", headers=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://panel.example" and answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        preflight = Client().call("OPTIONS", "/api/installation/token", headers={**origin, "Access-Control-Request-Method": "POST"})
        assert preflight.status == 204 and "POST" in preflight.headers["Access-Control-Allow-Methods"]
        other = hub.another().get("/api/spoke/list", headers={"Origin": "https://evil.example"})
        assert other.status == 200 and "Access-Control-Allow-Origin" not in other.headers
        session = hub.login()
        assert session.post("/api/installation/token", {"spokeName": "x"}, headers=origin).code == "CSRF_FAILED"


def test_the_log_names_every_request_and_no_token(hub):
    token = hub.token()["token"]["token"]
    answer = Client().get(f"/api/installation/script/{token}?platform=linux", headers={"Accept": "*/*", "User-Agent": 'a"\t{"b":1}'})
    log = hub.log("apid")
    assert answer.headers["X-Request-Id"] in log and token not in log and "[token]" in log


def speaks_tls(version):
    """Whether a client that knows only this version of TLS gets through; security level 0, so that the hub alone decides."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", f"-{version}", "-cipher", "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 or "alert" in done.stderr, done.stderr
    return done.returncode == 0


def test_tls_1_3_alone_unless_the_hub_serves_older_windows_too(hub):
    assert [speaks_tls(version) for version in ("tls1_1", "tls1_2", "tls1_3")] == [False, False, True]
    with hub.with_settings(tls__minimum='"1.2"'):
        assert [speaks_tls(version) for version in ("tls1_1", "tls1_2", "tls1_3")] == [False, True, True]


def test_the_document_is_served_as_the_source_has_it_and_as_a_page_without_scripts(hub, callers):
    with open(f"{SOURCE}/docs/openapi.yaml") as file:
        written = yaml.safe_load(file)
    served = callers["viewer"].get("/api/openapi.json")
    assert served.status == 200 and served.json == written
    page = hub.login().get("/api/docs", headers={"Accept": "text/html"})
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; ") and "unsafe" not in page.headers["Content-Security-Policy"]
    # Nothing that the policy would stop, and nothing from elsewhere.
    assert not re.findall(r"<script|<style|<iframe|<img|\sstyle=|\son\w+=|javascript:", page.text)
    assert set(re.findall(r'(?:src|href)="([^#"][^"]*)"', page.text)) == {"/api/docs.css", "/api/openapi.json"}
    for path, item in written["paths"].items():
        for method in set(item) - {"parameters"}:
            assert f'<details id="{item[method]["operationId"]}">' in page.text, (method, path)
    assert page.text.count(", step-up</small>") == sum("x-step-up" in item.get(method, {}) for item in written["paths"].values() for method in item) > 5
    for target in re.findall(r'href="#([^"]+)"', page.text):
        assert f'id="{target}"' in page.text, target
    style = callers["viewer"].get("/api/docs.css")
    assert style.status == 200 and style.headers["Content-Type"] == "text/css; charset=utf-8" and "url(" not in style.text
    assert callers["viewer"].get("/api/docs.css?v=1").code == "INVALID_REQUEST"
