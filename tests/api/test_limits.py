# Every limit of the contract at its edge and one beyond. The sizes of requests as a whole are in test_http.py.
import base64, json, threading, time, uuid

import pytest

from hub import Client, Stream, make_key

from test_accounts import seconds_between
from test_contract import check, nested, script


def created(hub, **body):
    return hub.admin.post("/api/installation/token", body)


def test_names_have_64_characters_whatever_they_weigh(hub):
    for name in ("x", "x" * 64, "é" * 64, "東" * 64, "🦀" * 64, " a ", "a\u00a0", "a\u200db", "Ω" + "\u0301" * 63, "-rf", "null"):
        answer = created(hub, spokeName=name)
        assert answer.status == 201 and answer.json["token"]["spokeName"] == name, name
    for name in ("x" * 65, "🦀" * 65, "", " " * 64, "\u2003", "\u200b", "a\tb", "a\u0000b", "\u009f", "\u2028", "\u200f", "\u202a", "\u2069", "\u061c"):
        check(created(hub, spokeName=name), 400, "INVALID_REQUEST", "spokeName", repr(name))
    pair = [created(hub, spokeName="twin").json["token"] for _ in range(2)]
    assert pair[0]["id"] != pair[1]["id"] and pair[0]["spokeId"] != pair[1]["spokeId"]


def test_a_custom_address_is_bare_or_has_the_networks_prefix(hub):
    for text, shown in (("10.83.0.200", "10.83.0.200/24"), ("10.83.0.201/24", "10.83.0.201/24"), ("10.83.0.254", "10.83.0.254/24"), (None, None)):
        answer = created(hub, spokeName="custom", customIP=text)
        assert answer.status == 201, answer
        token = answer.json["token"]
        assert shown is None or token["allowedIPs"] == [shown]
        if shown:
            check(created(hub, spokeName="again", customIP=text), 409, "IP_ALREADY_ALLOCATED")
            assert hub.admin.delete(f"/api/installation/token/{token['id']}").status == 200
            again = created(hub, spokeName="again", customIP=text)
            assert again.status == 201, "a revoked token holds nothing"
            hub.admin.delete(f"/api/installation/token/{again.json['token']['id']}")
    for text in ("", "x", "10.83.0", "10.83.0.5/", "10.83.0.5/33", "10.83.0.5/32", "10.83.0.5/16", "10.83.0.5/024", "010.83.0.5", "10.83.0.256", " 10.83.0.5", "10.83.0.5 ",
                 "0x0a.83.0.5", "10.83.0.0", "10.83.0.255", "10.83.0.0/24", "10.83.1.5", "10.82.255.255", "fd00::5", "::ffff:10.83.0.5", "1" * 5000):
        answer = created(hub, spokeName="wrong", customIP=text)
        assert (answer.status, answer.code) == (400, "INVALID_IP"), (text, answer)
    for text in ("10.83.0.1", "10.83.0.1/24"):
        check(created(hub, spokeName="the hub's", customIP=text), 409, "IP_ALREADY_ALLOCATED")


def test_a_bulk_request_makes_256_tokens_or_none(hub):
    with hub.with_settings(limits__tokens_per_hour="2"):
        before = hub.admin.get("/api/installation/tokens?limit=1").json["totalCount"]
        too_many = [{"spokeName": f"bulk {number}"} for number in range(257)]
        check(hub.admin.post("/api/installation/tokens/bulk", {"spokes": too_many}), 400, "INVALID_REQUEST", "spokes")
        # All or nothing: the hub's own address at the end undoes the rest, and does not count.
        for _ in range(3):
            check(hub.admin.post("/api/installation/tokens/bulk", {"spokes": [*too_many[:100], {"spokeName": "x", "customIP": "10.83.0.1"}]}), 409, "IP_ALREADY_ALLOCATED")
        assert hub.admin.get("/api/installation/tokens?limit=1").json["totalCount"] == before
        check(hub.admin.post("/api/installation/tokens/bulk", {"spokes": too_many[:256]}), 503, "POOL_EXHAUSTED")
        answer = hub.admin.post("/api/installation/tokens/bulk", {"spokes": too_many[:100]})
        assert answer.status == 201 and answer.json["success"] is True
        tokens = answer.json["tokens"]
        assert [token["token"]["spokeName"] for token in tokens] == [spoke["spokeName"] for spoke in too_many[:100]]
        assert len({token["token"]["allowedIPs"][0] for token in tokens}) == len({token["token"]["token"] for token in tokens}) == 100
        assert all(set(token) == {"token", "installCommands", "wgetCommands", "auditCommands", "scriptSha256"} for token in tokens)
        assert all(set(token[name]) == {"linux", "macos", "windows", "proxmox"} for token in tokens[:3] for name in ("installCommands", "auditCommands", "scriptSha256"))
        assert hub.admin.get("/api/installation/tokens?limit=1").json["totalCount"] == before + 100
        # It counted once: one more is allowed, then no more. Reissue counts as well.
        assert hub.admin.post(f"/api/installation/token/{tokens[0]['token']['id']}/reissue").status == 201
        for answer in (created(hub, spokeName="late"), hub.admin.post(f"/api/installation/token/{tokens[1]['token']['id']}/reissue"),
                       hub.person.post("/api/installation/token", {"spokeName": "the same account by session"})):
            check(answer, 429, "RATE_LIMITED")
            assert 3000 < int(answer.headers["Retry-After"]) <= 3600
        check(created(hub, spokeName=""), 400, "INVALID_REQUEST", "spokeName")
        for token in tokens[1:]:
            hub.admin.delete(f"/api/installation/token/{token['token']['id']}")


def test_a_full_pool_has_no_address_until_one_is_free(running):
    hub = running
    hub.wait_ready()
    free = 253 - len(held(hub))
    assert hub.admin.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": "filler"}] * free}).status == 201
    answer = created(hub, spokeName="one too many")
    check(answer, 503, "POOL_EXHAUSTED")
    assert "Retry-After" not in answer.headers
    fillers = [token for token in tokens_of(hub, "unused") if token["spokeName"] == "filler"]
    assert len(fillers) == free
    hub.admin.delete(f"/api/installation/token/{fillers[7]['id']}")
    assert created(hub, spokeName="filler").json["token"]["allowedIPs"] == fillers[7]["allowedIPs"]
    for token in tokens_of(hub, "unused"):
        hub.admin.delete(f"/api/installation/token/{token['id']}")


def tokens_of(hub, status):
    return hub.admin.get(f"/api/installation/tokens?status={status}&limit=1000").json["tokens"]


def held(hub):
    """Addresses of live tokens and live spokes."""
    rows = [token for token in tokens_of(hub, "unused") + tokens_of(hub, "used")] + hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]
    return {row["allowedIPs"][0] for row in rows}


def register_with(hub, metadata):
    return hub.register(metadata=metadata)


def test_metadata_has_4_kib_and_four_levels(hub):
    edge = {"a": "x" * (4096 - len('{"a":""}'))}
    assert len(json.dumps(edge, separators=(",", ":"))) == 4096
    for metadata in ({}, None, edge, {"a": {"b": {"c": {"d": 1}}}}, {"a": {"b": {"c": {}}}}, {"a": [[[1, 2]]]}, {"wireguardVersion": "1.0", "kernelVersion": "6.1", "x" * 100: [None, True, 1.5, -3]}):
        answer = register_with(hub, metadata)
        assert answer.status == 201, (metadata, answer)
        assert hub.admin.get(f"/api/spoke/{answer.json['spoke']['id']}/status").json["spoke"]["metadata"] == (metadata or {})
        hub.admin.delete(f"/api/spoke/{answer.json['spoke']['id']}")
    for metadata in ({"a": edge["a"] + "x"}, {"a": {"b": {"c": {"d": {"e": 1}}}}}, {"a": {"b": {"c": {"d": {}}}}}, {"a": [[[[]]]]}, {"é" * 2048: 1}):
        check(register_with(hub, metadata), 400, "INVALID_REQUEST", "metadata", str(metadata)[:80])


def test_proxmox_fields_belong_together(hub):
    for fields, shown in (({"os": "linux", "isProxmox": False, "proxmoxNodeName": None, "proxmoxClusterName": None, "proxmoxVersion": None}, False), ({"os": "proxmox"}, True),
                          ({"os": "proxmox", "isProxmox": True, "proxmoxNodeName": "n" * 128, "proxmoxClusterName": "", "proxmoxVersion": "8.2"}, True)):
        spoke = hub.register(**fields).json["spoke"]
        full = hub.admin.get(f"/api/spoke/{spoke['id']}/status").json["spoke"]
        assert (full["isProxmox"], full["proxmoxClusterId"], full["os"]) == (shown, None, fields["os"])
        hub.admin.delete(f"/api/spoke/{spoke['id']}")


def test_a_token_takes_20_reports_of_4_kib(hub):
    token = hub.token()["token"]
    report = {"token": token["token"], "stage": "packages", "code": 0, "reason": "", "os": "linux", "detail": ""}
    room = 4096 - len(json.dumps(report).encode())
    largest = {**report, "detail": "x" * room}
    assert len(json.dumps(largest).encode()) == 4096
    answer = Client().post("/api/installation/report", {**report, "detail": "x" * (room + 1)})
    check(answer, 413, "BODY_TOO_LARGE")
    for number in range(20):
        answer = Client().post("/api/installation/report", largest if number == 0 else {**report, "stage": ("fetched", "preflight", "packages", "key", "registered", "configured", "started", "verified")[number % 8]})
        assert (answer.status, answer.json) == (202, {"success": True}), (number, answer)
    answer = Client().post("/api/installation/report", report)
    check(answer, 429, "RATE_LIMITED")
    assert int(answer.headers["Retry-After"]) > 0
    shown = hub.admin.get(f"/api/installation/token/{token['id']}").json
    assert len(shown["timeline"]) == 20 and shown["timeline"][0]["detail"] == "x" * room
    assert set(shown["timeline"][0]) == {"at", "stage", "code", "reason", "detail", "sourceAddress"}


def test_a_page_has_1_to_1000_entries(hub):
    for path in ("/api/installation/tokens", "/api/spoke/list", "/api/hub/status", "/api/audit"):
        for limit in ("1", "1000"):
            assert hub.admin.get(f"{path}?limit={limit}").status == 200, path
        for limit in ("0", "1001", "-1", "", "x", "1.0", "1e2", "99999999999999999999", "+5", " 5"):
            check(hub.admin.get(f"{path}?limit={limit.replace(' ', '%20')}"), 400, "INVALID_REQUEST", "limit", (path, limit))


def test_a_forged_cursor_is_refused_or_is_only_another_place(hub):
    def encoded(text):
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    for path in ("/api/installation/tokens", "/api/spoke/list", "/api/hub/status", "/api/audit"):
        for cursor in ("", "x", "====", "%00", encoded(""), encoded("5"), encoded(":"), encoded("x:y"), encoded("-5:"), encoded("99999999999999999999:"), encoded("5:' OR 1=1 --"),
                       encoded("5:" + "a" * 37), encoded("5:\x00"), "A" * 257):
            check(hub.admin.get(f"{path}?cursor={cursor}"), 400, "INVALID_REQUEST", "cursor", (path, cursor))
        for place in ("0:", "1:", "9223372036854775807:"):
            behind = hub.admin.get("/api/hub/config").json["publicKey"] if path == "/api/hub/status" else ""
            assert hub.admin.get(f"{path}?cursor={encoded(place + behind)}").status == 200, (path, place)
    check(hub.admin.get(f"/api/hub/status?cursor={encoded('1:' + str(uuid.uuid4()))}"), 400, "INVALID_REQUEST", "cursor")


@pytest.fixture(scope="module")
def strict(running):
    """The defaults of the login and token limits, and a proxy in front to be several clients."""
    running.wait_ready()
    person = running.login()
    with running.with_settings(limits__logins_per_15min="5", limits__unknown_tokens_per_minute="60", limits__tokens_per_hour="10", trusted_proxies='["127.0.0.1"]') as hub:
        hub.person = person
        yield hub


def from_address(address, headers=None):
    return Client({"X-Forwarded-For": address, **(headers or {})})


def login(address, password="wrong password", username="admin"):
    return from_address(address).post("/api/auth/login", {"username": username, "password": password})


def test_the_sixth_wrong_password_has_to_wait_and_a_right_one_too(strict):
    for number in range(5):
        check(login("198.51.100.1"), 401, "INVALID_CREDENTIALS", context=number)
    for password in ("wrong password", "tall ships sail far"):
        answer = login("198.51.100.1", password)
        check(answer, 429, "RATE_LIMITED")
        assert 800 < int(answer.headers["Retry-After"]) <= 900
    # Neither another account from there nor this one from elsewhere is locked.
    check(login("198.51.100.1", username="operator"), 401, "INVALID_CREDENTIALS")
    assert login("198.51.100.2", "tall ships sail far").status == 200


def test_one_ipv6_network_is_one_client(strict):
    for number in range(5):
        check(login(f"2001:db8:1:1::{number + 1}"), 401, "INVALID_CREDENTIALS")
    check(login("2001:db8:1:1:ffff::1"), 429, "RATE_LIMITED")
    check(login("2001:db8:1:2::1"), 401, "INVALID_CREDENTIALS")


def test_a_source_has_fifty_wrong_passwords_for_all_accounts(strict):
    for number in range(50):
        check(login("198.51.100.9", username=f"user{number}"), 401, "INVALID_CREDENTIALS", context=number)
    check(login("198.51.100.9", username="another"), 429, "RATE_LIMITED")


def test_parallel_guesses_get_no_extra_tries(strict):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(login("198.51.100.3"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} <= {401, 429}
    check(login("198.51.100.3", "tall ships sail far"), 429, "RATE_LIMITED")


def test_unknown_tokens_are_limited_and_known_ones_are_not(strict):
    token = strict.token()["token"]["token"]
    guesser = from_address("198.51.100.4")
    paths = [lambda: guesser.get(f"/api/installation/script/{'x' * 43}?platform=linux"), lambda: guesser.post("/api/installation/report", {"token": "y" * 43, "stage": "key", "code": 0}),
             lambda: guesser.post("/api/spoke/register", {"token": "z" * 43, "publicKey": key, "os": "linux"})]
    key = make_key()
    for number in range(60):
        check(paths[number % 3](), 404, "TOKEN_NOT_FOUND", context=number)
    for path in paths:
        answer = path()
        check(answer, 429, "RATE_LIMITED")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    body = guesser.get(f"/api/installation/script/{'x' * 43}?platform=linux", headers={"Accept": "*/*"})
    assert body.status == 429 and "exit 44" in body.text
    # Malformed ones are told as such, and the machine behind the same address still installs.
    assert guesser.get("/api/installation/script/x?platform=linux").code == "TOKEN_MALFORMED"
    assert guesser.get(f"/api/installation/script/{token}?platform=linux", headers={"Accept": "*/*"}).status == 200
    assert guesser.post("/api/spoke/register", {"token": token, "publicKey": key, "os": "linux"}).status == 201
    assert from_address("198.51.100.5").get(f"/api/installation/script/{'x' * 43}?platform=linux").code == "TOKEN_NOT_FOUND"


def test_ten_tokens_an_hour(strict):
    operator = strict.login(strict.user("operator")["username"])  # an account that has made none, whatever ran before
    ask = lambda name: operator.post("/api/installation/token", {"spokeName": name})
    for number in range(10):
        assert ask(f"hourly-{number}").status == 201
    check(ask("hourly-10"), 429, "RATE_LIMITED")
    # The limit comes after syntax and before what the database says of an id.
    check(ask(""), 400, "INVALID_REQUEST", "spokeName")


def test_two_streams_a_credential(hub):
    client = hub.client("viewer")
    with Stream(client.headers) as first, Stream(client.headers) as second:
        assert (first.status, second.status) == (200, 200)
        refused = Stream(client.headers)
        assert (refused.status, refused.headers["X-Error-Code"]) == (429, "RATE_LIMITED") and int(refused.headers["Retry-After"]) > 0
        other = hub.client("viewer")
        with Stream(other.headers) as third:
            assert third.status == 200
    deadline = time.monotonic() + 10
    while True:  # the hub notices that a reader hung up
        with Stream(client.headers) as again:
            if again.status == 200:
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)
