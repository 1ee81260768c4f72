# The hub itself: what it can be initialised with, what can be changed later, and what it says of its interface.
import sqlite3

import pytest

from hub import DATABASE, Client, Stream, eventually, make_key, sh

from test_contract import check

GOOD = {"networkCIDR": "10.83.0.0/24", "listenPort": 51820, "endpoint": "192.0.2.1:51820", "dns": ["9.9.9.9"]}
FIELDS = {"id", "interfaceAddress", "listenPort", "publicKey", "networkCIDR", "dns", "endpoint", "createdAt", "updatedAt"}


@pytest.fixture
def person(fresh):
    """The first admin of a hub without a network."""
    answer = Client().post("/api/setup", {"setupCode": fresh.setup_code(), "username": "admin", "password": "tall ships sail far"})
    return Client({"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json["csrfToken"]})


def test_values_of_a_wrong_form_are_refused_before_anything_else(hub):
    for network in ("", "x", "10.0.1.0", "10.0.1.0/33", "10.0.1.0/31", "10.0.0.0/15", "10.0.1.1/24", "8.8.8.0/24", "192.0.2.0/24", "0.0.0.0/16", "127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16",
                    "fd00::/64", "10.0.1.0/024", "10.0.1.0/24 ", "010.0.1.0/24", "100.128.0.0/16", "172.32.0.0/16", "1" * 1000):
        check(hub.admin.post("/api/hub/initialize", {**GOOD, "networkCIDR": network}), 400, "INVALID_CIDR", "networkCIDR", network)
    endpoints = ("", "x", "a.example", "a.example:", "a.example:0", "a.example:65536", "a.example:080", "a.example:1 ", " a.example:1", ":51820", "a_b.example:1", "-a.example:1", "a..b:1",
                 "a" * 64 + ".example:1", ".".join(["a" * 49] * 6) + ":1", "fd00::1:51820", "[fd00::1]", "[fd00::g]:1", "[1.2.3.4]:1", "1.2.3:51820", "999.1.1.1:51820", "https://a.example:1",
                 "a.example:1/x", "$(id):1", "a.example:+1", "ä.example:1", "1" * 1000)
    for endpoint in endpoints:
        check(hub.admin.post("/api/hub/initialize", {**GOOD, "endpoint": endpoint}), 400, "INVALID_ENDPOINT", "endpoint", endpoint)
        check(hub.admin.put("/api/hub/config", {"endpoint": endpoint}), 400, "INVALID_ENDPOINT", "endpoint", endpoint)
    for dns in ([""], ["x"], ["9.9.9.9", "dns.example"], ["9.9.9.9/32"], ["fd00::g"], ["1" * 1000]):
        check(hub.admin.post("/api/hub/initialize", {**GOOD, "dns": dns}), 400, "INVALID_IP", "dns", dns)
        check(hub.admin.put("/api/hub/config", {"dns": dns}), 400, "INVALID_IP", "dns", dns)
    for field, values in {"networkCIDR": (None, 1, "10.0.1.0/24\n"), "endpoint": (None, 1, ["a.example:1"], "a\tb:1"), "listenPort": (None, 0, 65536, "51820", 1.5, True),
                          "dns": (None, "9.9.9.9", {}, ["9.9.9.9"] * 5, [1], [None])}.items():
        for value in values:
            check(hub.admin.post("/api/hub/initialize", {**GOOD, field: value}), 400, "INVALID_REQUEST", field, (field, value))
    for body, field in (({}, "networkCIDR"), ({"networkCIDR": "10.0.1.0/24"}, "endpoint")):
        check(hub.admin.post("/api/hub/initialize", body), 400, "INVALID_REQUEST", field)
    check(hub.admin.post("/api/hub/initialize", GOOD), 409, "HUB_ALREADY_INITIALIZED")


def test_only_endpoint_and_dns_can_change(hub):
    before = hub.admin.get("/api/hub/config").json
    assert set(before) == FIELDS and (before["id"], before["interfaceAddress"], before["networkCIDR"]) == (1, "10.83.0.1/24", "10.83.0.0/24")
    for body in ({}, {"dns": None}, {"endpoint": None}, {"dns": "9.9.9.9"}):
        check(hub.admin.put("/api/hub/config", body), 400, "INVALID_REQUEST", "dns" if "dns" in body else "endpoint")
    for body in ({"networkCIDR": "10.84.0.0/24"}, {"listenPort": 51821}, {"networkCIDR": before["networkCIDR"], "dns": []}, {"networkCIDR": None}, {"endpoint": "a.example:1", "listenPort": 1}):
        check(hub.admin.put("/api/hub/config", body), 409, "POLICY_MISMATCH", context=body)
    check(hub.admin.put("/api/hub/config", {"listenPort": 0}), 400, "INVALID_REQUEST", "listenPort")
    assert hub.admin.get("/api/hub/config").json == before
    try:
        for endpoint in ("vpn.example.org:1", "VPN.example.org:65535", "a-b.c:51820", "[2001:db8::1]:51820", "203.0.113.5:51820", "localhost:51820"):
            answer = hub.admin.put("/api/hub/config", {"endpoint": endpoint})
            assert answer.status == 200 and answer.json["hubConfig"]["endpoint"] == endpoint
        answer = hub.admin.put("/api/hub/config", {"dns": ["1.1.1.1", "2606:4700::1111", "10.83.0.1", "8.8.8.8"]})
        assert set(answer.json) == {"success", "hubConfig", "spokesWithOldEndpoint"} and set(answer.json["hubConfig"]) == FIELDS
        assert len(answer.json["hubConfig"]["dns"]) == 4 and answer.json["hubConfig"]["createdAt"] == before["createdAt"]
        assert hub.admin.put("/api/hub/config", {"dns": []}).json["hubConfig"]["dns"] == []
    finally:
        assert hub.admin.put("/api/hub/config", {"endpoint": GOOD["endpoint"], "dns": GOOD["dns"]}).status == 200


def test_a_new_endpoint_says_how_many_still_have_the_old_one(hub):
    for status in ("unused", "used"):
        for token in hub.admin.get(f"/api/installation/tokens?status={status}&limit=1000").json["tokens"]:
            hub.admin.delete(f"/api/installation/token/{token['id']}")
    for spoke in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]:
        hub.admin.delete(f"/api/spoke/{spoke['id']}")
    assert hub.admin.put("/api/hub/config", {"endpoint": GOOD["endpoint"]}).json["spokesWithOldEndpoint"] == 0
    old = [hub.register().json["spoke"] for _ in range(2)]
    try:
        assert hub.admin.put("/api/hub/config", {"endpoint": "vpn.example.net:51820"}).json["spokesWithOldEndpoint"] == 2
        assert hub.admin.put("/api/hub/config", {"dns": ["9.9.9.9"]}).json["spokesWithOldEndpoint"] == 2
        new = hub.register().json["spoke"]
        hub.admin.delete(f"/api/spoke/{old[0]['id']}")
        assert hub.admin.put("/api/hub/config", {"endpoint": "vpn.example.net:51820"}).json["spokesWithOldEndpoint"] == 1
        token = hub.token()["token"]
        assert "vpn.example.net:51820" in Client().get(f"/api/installation/script/{token['token']}?platform=linux").text
        hub.admin.delete(f"/api/installation/token/{token['id']}")
    finally:
        back = hub.admin.put("/api/hub/config", {"endpoint": GOOD["endpoint"]}).json
    # The one made meanwhile has the other endpoint now.
    assert back["spokesWithOldEndpoint"] == 1 and new["id"] != old[1]["id"]


def test_the_status_shows_the_interface_page_by_page(hub):
    for spoke in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]:
        hub.admin.delete(f"/api/spoke/{spoke['id']}")
    keys = [make_key() for _ in range(5)]
    spokes = [hub.register(key=key).json["spoke"] for key in keys]
    eventually(lambda: hub.admin.get("/api/hub/status").json["peerCount"] == 5)
    whole = hub.admin.get("/api/hub/status").json
    assert set(whole) == {"interface", "publicKey", "listenPort", "peerCount", "peers", "nextCursor"}
    assert (whole["interface"], whole["publicKey"], whole["listenPort"], whole["nextCursor"]) == ("wg0", hub.admin.get("/api/hub/config").json["publicKey"], 51820, None)
    assert {peer["publicKey"] for peer in whole["peers"]} == set(keys)
    for peer in whole["peers"]:
        assert set(peer) == {"publicKey", "endpoint", "allowedIPs", "latestHandshake", "transferRx", "transferTx", "persistentKeepalive"}
        assert (peer["endpoint"], peer["latestHandshake"], peer["transferRx"], peer["persistentKeepalive"]) == (None, None, 0, 25)
        assert peer["allowedIPs"] == [spokes[keys.index(peer["publicKey"])]["allowedIPs"][0].replace("/24", "/32")]
    pages, cursor = [], ""
    while cursor is not None:
        page = hub.admin.get("/api/hub/status?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        assert page["peerCount"] == 5 and len(page["peers"]) <= 2
        pages += page["peers"]
        cursor = page["nextCursor"]
    assert pages == whole["peers"]
    shown = hub.admin.get(f"/api/spoke/{spokes[0]['id']}/status").json
    assert shown["wireguardPeer"]["allowedIPs"] == [spokes[0]["allowedIPs"][0].replace("/24", "/32")] and shown["spoke"]["lastHandshake"] is None
    assert set(shown["spoke"]) == {"id", "tokenId", "name", "publicKey", "allowedIPs", "registeredAt", "lastHandshake", "status", "os", "isProxmox", "proxmoxClusterId",
                                   "proxmoxNodeName", "proxmoxVersion", "metadata"}


def test_initialising_is_refused_where_the_host_uses_the_network_and_can_be_repeated(person, running):
    sh("ip address add 10.90.0.1/24 dev host1 && ip route add 10.91.0.0/24 dev host1")
    try:
        for network in ("10.90.0.0/24", "10.90.0.0/16", "10.90.0.0/30", "10.91.0.0/24", "10.91.0.128/25"):
            check(person.post("/api/hub/initialize", {**GOOD, "networkCIDR": network}), 409, "NETWORK_OVERLAP", context=network)
    finally:
        sh("ip address del 10.90.0.1/24 dev host1; ip route del 10.91.0.0/24 dev host1", check=False)
    check(person.get("/api/hub/config"), 409, "HUB_NOT_INITIALIZED")
    # No defaults are needed but these two.
    with Stream({"Cookie": person.headers["Cookie"]}) as stream:
        answer = person.post("/api/hub/initialize", {"networkCIDR": "10.90.0.0/30", "endpoint": "[fd00::1]:51820"})
        assert answer.status == 201, answer
        hub = answer.json["hubConfig"]
        assert answer.json["success"] is True and set(hub) == FIELDS and hub["createdAt"] == hub["updatedAt"]
        assert (hub["interfaceAddress"], hub["listenPort"], hub["dns"], hub["endpoint"]) == ("10.90.0.1/30", 51820, [], "[fd00::1]:51820")
        assert stream.until("hub.updated")["hubConfig"] == hub
    check(person.post("/api/hub/initialize", {"networkCIDR": "10.90.0.0/30", "endpoint": "[fd00::1]:51820"}), 409, "HUB_ALREADY_INITIALIZED")
    running.wait_ready()
    # /30: the hub and one spoke.
    token = person.post("/api/installation/token", {"spokeName": "only"}).json
    assert token["token"]["allowedIPs"] == ["10.90.0.2/30"] and "'https://[fd00::1]:8443/" in token["installCommands"]["linux"]
    check(person.post("/api/installation/token", {"spokeName": "second"}), 503, "POOL_EXHAUSTED")


def test_after_a_failed_first_run_other_values_are_taken(person, running):
    """The helper accepted a network, but the row was never written: as after a crash between the two."""
    assert person.post("/api/hub/initialize", {**GOOD, "networkCIDR": "10.92.0.0/24"}).status == 201
    running.stop()
    with sqlite3.connect(DATABASE) as database:
        database.execute("DELETE FROM hub_config")
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'address%'").fetchall():
            database.execute(f"DELETE FROM {table}")
    database.close()
    running.start()
    assert Client().get("/api/health/ready").json == {"status": "setup"}
    answer = person.post("/api/hub/initialize", {**GOOD, "networkCIDR": "10.93.0.0/24", "listenPort": 51999})
    assert answer.status == 201, answer
    running.wait_ready()
    assert "10.93.0.1/24" in sh("ip -o -4 address show dev wg0") and "10.92" not in sh("ip -o -4 address show dev wg0")
    assert person.post("/api/installation/token", {"spokeName": "a"}).json["token"]["allowedIPs"] == ["10.93.0.2/24"]


def test_the_first_peer_fixes_the_network(person, running):
    assert person.post("/api/hub/initialize", {**GOOD, "networkCIDR": "10.94.0.0/24"}).status == 201
    running.wait_ready()
    token = person.post("/api/installation/token", {"spokeName": "a"}).json["token"]["token"]
    assert running.register(token).status == 201
    running.stop()
    sh("rm -r /var/lib/wireguard-hub")
    running.start()
    answer = Client().post("/api/setup", {"setupCode": running.setup_code(), "username": "admin", "password": "tall ships sail far"})
    again = Client({"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer.json["csrfToken"]})
    refused = again.post("/api/hub/initialize", {**GOOD, "networkCIDR": "10.95.0.0/24"})
    check(refused, 409, "POLICY_MISMATCH")
    assert "10.94.0.0/24" in refused.json["policy"] and "51820" in refused.json["policy"] and "wghub" in refused.json["recoveryHint"]
    assert again.post("/api/hub/initialize", {**GOOD, "networkCIDR": "10.94.0.0/24"}).status == 201


def test_an_interface_of_somebody_else_is_left_alone(person, running):
    sh("wg genkey > /run/foreign.key && wg set wg0 private-key /run/foreign.key listen-port 1234")
    theirs = sh("wg show wg0 public-key")
    check(person.post("/api/hub/initialize", GOOD), 409, "INTERFACE_EXISTS")
    assert sh("wg show wg0 public-key") == theirs and sh("wg show wg0 listen-port").strip() == "1234"
    check(person.get("/api/hub/config"), 409, "HUB_NOT_INITIALIZED")
