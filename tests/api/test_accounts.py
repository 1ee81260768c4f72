# People and programs: set-up, sessions, CSRF, API tokens, client addresses, floods of passwords.
# Users are in test_users.py, second factors in test_totp.py; what only time can show (idle and absolute expiry) is in
# tests/unit/apid/service.
import re, sqlite3, threading, time

from hub import BUILD, DATABASE, PASSWORD, Client, Stream, sh
from proofs import figure, share

from test_contract import check


def set_up(code, username="admin", password=PASSWORD, **fields):
    return Client().post("/api/setup", {"setupCode": code, "username": username, "password": password, **fields})


def test_set_up_from_the_first_code_to_the_first_admin(fresh):
    # Until then everything but health and set-up is refused, whatever the credentials.
    for client in (Client(), Client({"Authorization": "Bearer whk_" + "A" * 43}), Client({"Cookie": "__Host-session=" + "A" * 43})):
        for method, path in (("GET", "/api/spoke/list"), ("GET", "/api/events"), ("DELETE", "/api/spoke/1"), ("POST", "/api/auth/logout")):
            check(client.call(method, path), 403, "SETUP_REQUIRED", context=path)
    assert Client().get("/api/setup").json == {"required": True}
    ready = Client().get("/api/health/ready")
    assert (ready.status, ready.json) == (503, {"status": "setup"})
    check(Client().call("POST", "/api/installation/token", raw=b"{}", headers={"Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    check(Client().post("/api/installation/token", {"x": 1}), 403, "SETUP_REQUIRED")
    check(Client().post("/api/auth/login", {"username": "admin", "password": PASSWORD}), 401, "INVALID_CREDENTIALS")
    check(Client().post("/api/spoke/register", {"token": "x" * 43, "publicKey": "AA", "os": "linux"}), 400, "INVALID_PUBLIC_KEY", "publicKey")

    first, code = fresh.setup_code(), fresh.setup_code()
    for wrong in (first, "", "x", "A" * 43, code[:-1], code + "A", code.swapcase()):
        check(set_up(wrong), 401, "INVALID_SETUP_CODE", context=wrong)
    check(set_up(code, role="admin"), 400, "UNKNOWN_FIELD", "role")
    for body, field in (({}, "setupCode"), ({"setupCode": 1, "username": "a", "password": PASSWORD}, "setupCode"),
                        ({"setupCode": code, "username": "a", "password": None}, "password")):
        check(Client().post("/api/setup", body), 400, "INVALID_REQUEST", field)
    for weak in ("short", "elevenchars", "123456789012345", "aaaaaaaaaaaaaaa", "Password1234", "admin123456789", "wireguard12345", "x" * 257):
        check(set_up(code, password=weak), 400, "INVALID_REQUEST", "password", weak)
    for name in ("", "Admin", "a b", "ä", "a/b", "x" * 65):
        check(set_up(code, username=name), 400, "INVALID_REQUEST", "username", name)
    # None of this burnt the code; of two at once one wins.
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(set_up(code))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409], answers
    good = next(answer for answer in answers if answer.status == 201)
    assert set(good.json) == {"user", "csrfToken"} and good.json["user"]["username"] == "admin" and good.json["user"]["role"] == "admin"
    for body in ({"setupCode": code, "username": "b", "password": PASSWORD}, {}, {"x": 1}):
        check(Client().post("/api/setup", body), 409, "SETUP_DONE")
    assert Client().get("/api/setup").json == {"required": False}
    assert fresh.root_call("POST", "/admin/setup-code").code == "SETUP_DONE"

    # Set up, but without a network yet.
    person = Client({"Cookie": good.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": good.json["csrfToken"]})
    assert Client().get("/api/health/ready").json == {"status": "setup"}
    for path in ("/api/hub/config", "/api/hub/status"):
        check(person.get(path), 409, "HUB_NOT_INITIALIZED")
    assert fresh.root_call("GET", "/admin/hub/conf").code == "HUB_NOT_INITIALIZED"
    check(person.put("/api/hub/config", {"endpoint": "a.example:1"}), 409, "HUB_NOT_INITIALIZED")
    check(person.post("/api/installation/token", {"spokeName": "a"}), 409, "HUB_NOT_INITIALIZED")
    check(person.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": "a"}]}), 409, "HUB_NOT_INITIALIZED")
    check(person.post("/api/installation/token", {"spokeName": ""}), 400, "INVALID_REQUEST", "spokeName")
    for path, name in (("/api/installation/tokens", "tokens"), ("/api/spoke/list", "spokes")):
        empty = person.get(path).json
        assert empty[name] == [] and empty["totalCount"] == 0 and empty["nextCursor"] is None
    actions = [event["action"] for event in person.get("/api/audit").json["events"]]
    assert actions.count("setup.done") == 1


def test_a_set_up_code_is_over_after_its_time(fresh):
    code = fresh.setup_code()
    fresh.stop()
    with sqlite3.connect(DATABASE) as database:
        left = database.execute("SELECT expires_at FROM setup_code").fetchone()[0] - time.time()
        assert 800 < left <= 900
        database.execute("UPDATE setup_code SET expires_at = expires_at - 900")
    database.close()
    fresh.start()
    check(set_up(code), 401, "INVALID_SETUP_CODE")
    assert set_up(fresh.setup_code()).status == 201


def test_a_session_cookie_is_for_this_host_and_pages_only(hub):
    answer = Client().post("/api/auth/login", {"username": "admin", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    name, *attributes = cookie.split("; ")
    assert re.fullmatch(r"__Host-session=[A-Za-z0-9_-]{43}", name)
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]
    again = Client().post("/api/auth/login", {"username": "admin", "password": PASSWORD}, headers={"Cookie": name})
    assert again.headers["Set-Cookie"].split(";")[0] != name, "a new id at every login"
    me = Client({"Cookie": name}).get("/api/auth/me").json
    assert me == {"user": answer.json["user"], "csrfToken": answer.json["csrfToken"]}


def test_a_wrong_name_and_a_wrong_password_are_told_alike(hub):
    answers = [Client().post("/api/auth/login", body) for body in (
        {"username": "admin", "password": "not the password"}, {"username": "nobody", "password": PASSWORD}, {"username": "ADMIN", "password": PASSWORD},
        {"username": "admin", "password": ""}, {"username": "", "password": PASSWORD}, {"username": "admin' --", "password": "x"}, {"username": "admin", "password": PASSWORD + " "})]
    for answer in answers:
        check(answer, 401, "INVALID_CREDENTIALS")
        assert answer.json["error"] == answers[0].json["error"] and "Set-Cookie" not in answer.headers


def test_writes_of_a_session_need_its_header_and_its_own_pages(hub):
    session = hub.login()
    cookie, token = session.headers["Cookie"], session.headers["X-CSRF-Token"]
    other = hub.login().headers["X-CSRF-Token"]
    good = {"Cookie": cookie, "X-CSRF-Token": token}

    def write(headers):
        return Client(headers).post("/api/installation/token", {"spokeName": "csrf"})
    assert write(good).status == 201
    for extra in ({"Origin": "https://127.0.0.1:8443"}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://127.0.0.1:8443", "Sec-Fetch-Site": "same-origin"}):
        assert write({**good, **extra}).status == 201, extra
    for bad in ({"Cookie": cookie}, {"Cookie": cookie, "X-CSRF-Token": ""}, {"Cookie": cookie, "X-CSRF-Token": other}, {"Cookie": cookie, "X-CSRF-Token": token[:-1]},
                {**good, "Origin": "https://evil.example"}, {**good, "Origin": "null"}, {**good, "Origin": "http://127.0.0.1:8443"}, {**good, "Origin": "https://127.0.0.1:9"},
                {**good, "Sec-Fetch-Site": "cross-site"}, {**good, "Sec-Fetch-Site": "same-site"}, {**good, "Sec-Fetch-Site": "none"},
                {**good, "Origin": "https://127.0.0.1:8443", "Sec-Fetch-Site": "cross-site"}):
        check(write(bad), 403, "CSRF_FAILED", context=bad)
    # Reading needs neither, and an API token has nothing to forge.
    assert Client({"Cookie": cookie, "Origin": "https://evil.example"}).get("/api/spoke/list").status == 200
    assert Client({**hub.admin.headers, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}).post("/api/installation/token", {"spokeName": "x"}).status == 201
    check(Client({"Cookie": cookie}).post("/api/auth/logout"), 403, "CSRF_FAILED")


def test_logging_out_ends_the_session_and_its_streams(hub):
    session, other = hub.login(), hub.login()
    with Stream({"Cookie": session.headers["Cookie"]}) as stream, Stream({"Cookie": other.headers["Cookie"]}) as kept:
        assert stream.status == kept.status == 200
        answer = session.post("/api/auth/logout")
        assert (answer.status, answer.json) == (200, {"success": True}) and "Max-Age=0" in answer.headers["Set-Cookie"]
        assert stream.until("session-ended") and stream.event() is None
        check(session.get("/api/auth/me"), 401, "UNAUTHENTICATED")
        check(session.post("/api/auth/logout"), 401, "UNAUTHENTICATED")
        assert other.get("/api/auth/me").status == 200
        hub.token("still watched")
        assert kept.until("token.created")["token"]["spokeName"] == "still watched"


def test_an_api_token_from_making_to_revoking(hub):
    answer = hub.login().post("/api/api-tokens", {"name": "Terraform ☕", "role": "operator", "expiresInDays": 365})
    made = answer.json["apiToken"]
    assert answer.status == 201 and set(answer.json) == {"apiToken", "secret"} and re.fullmatch(r"whk_[A-Za-z0-9_-]{43}", answer.json["secret"])
    assert set(made) == {"id", "name", "role", "createdAt", "expiresAt", "lastUsedAt"}
    assert (made["name"], made["role"], made["lastUsedAt"]) == ("Terraform ☕", "operator", None)
    assert seconds_between(made) == 365 * 86400
    default = hub.admin.post("/api/api-tokens", {"name": "n" * 64, "role": "viewer"}).json["apiToken"]
    assert seconds_between(default) == 90 * 86400
    client = Client({"Authorization": f"Bearer {answer.json['secret']}"})
    assert client.get("/api/spoke/list").status == 200
    listed = hub.admin.get("/api/api-tokens").json
    assert listed["totalCount"] == len(listed["apiTokens"]) and answer.json["secret"] not in str(listed)
    shown = {token["id"]: token for token in listed["apiTokens"]}
    assert shown[made["id"]]["lastUsedAt"] and shown[default["id"]]["lastUsedAt"] is None and set(shown[made["id"]]) == set(made)
    assert hub.admin.post("/api/api-tokens", {"name": "n" * 65, "role": "viewer"}).status == 400
    with Stream(client.headers) as stream:
        answer = hub.admin.delete(f"/api/api-tokens/{made['id']}")
        assert answer.status == 200 and answer.json["success"] is True and answer.json["message"]
        assert stream.until("session-ended")
    check(client.get("/api/spoke/list"), 401, "UNAUTHENTICATED")
    check(hub.admin.delete(f"/api/api-tokens/{made['id']}"), 404, "NOT_FOUND")
    assert made["id"] not in {token["id"] for token in hub.admin.get("/api/api-tokens").json["apiTokens"]}
    events = {event["action"]: event for event in hub.audit(target=made["id"])}
    assert set(events) == {"api-token.created", "api-token.revoked"} and events["api-token.created"]["actor"] == "admin"


def seconds_between(token, first="createdAt", last="expiresAt"):
    parse = lambda text: int(sh(f"date -d '{text}' +%s"))
    return parse(token[last]) - parse(token[first])


def test_an_expired_api_token_is_none(hub):
    made = hub.admin.post("/api/api-tokens", {"name": "brief", "role": "viewer", "expiresInDays": 1}).json
    client = Client({"Authorization": f"Bearer {made['secret']}"})
    assert client.get("/api/spoke/list").status == 200
    with sqlite3.connect(DATABASE, timeout=20) as database:
        assert database.execute("UPDATE api_tokens SET expires_at = ? WHERE id = ?", (int(time.time()) - 1, made["apiToken"]["id"])).rowcount == 1
    database.close()
    check(client.get("/api/spoke/list"), 401, "UNAUTHENTICATED")


def test_audit_names_the_address_that_a_trusted_proxy_gives(hub):
    def source(forwarded):
        spoofed = hub.another()
        spoofed.headers["X-Forwarded-For"] = forwarded
        answer = spoofed.post("/api/installation/token", {"spokeName": "from afar"})
        return hub.audit(target=answer.json["token"]["id"])[0]["sourceAddress"]
    assert source("198.51.100.7") == "127.0.0.1", "nobody is trusted by default"
    with hub.with_settings(trusted_proxies='["127.0.0.1", "10.9.0.0/16"]'):
        for forwarded, client in (("198.51.100.7", "198.51.100.7"), ("203.0.113.9, 198.51.100.7", "198.51.100.7"), ("198.51.100.7, 10.9.1.1", "198.51.100.7"),
                                  ("evil, 198.51.100.7", "198.51.100.7"), ("evil", "127.0.0.1"), ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]:99", "2001:db8::1")):
            assert source(forwarded) == client, forwarded


def rss_kib(pid, field="VmHWM"):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(rf"{field}:\s+(\d+)", file.read())[1])


def test_a_flood_of_logins_takes_neither_memory_nor_health(hub):
    statuses, slowest, each = [], 0.0, share(4, 20)
    lock = threading.Lock()

    def guess():
        client = Client(timeout=60)
        for _ in range(each):
            answer = client.post("/api/auth/login", {"username": "admin", "password": "wrong password"})
            with lock:
                statuses.append(answer.status)
            assert answer.status == 401 or (answer.status == 429 and int(answer.headers["Retry-After"]) > 0), answer
    threads = [threading.Thread(target=guess) for _ in range(50)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        assert Client().get("/api/health/live").status == 200
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.05)
    high = rss_kib(hub.pid("apid"))
    figure("T7", f"{50 * each} logins, 50 at once: {statuses.count(401)} hashed, {statuses.count(429)} put off; high-water RSS {high // 1024} MiB; slowest health answer {slowest:.2f} s")
    assert len(statuses) == 50 * each and 401 in statuses
    assert high < 256 * 1024 or "asan" in BUILD
    assert slowest < 6
    assert hub.login().get("/api/auth/me").status == 200
