# The stream of events: every type with its data, replay after a break, and how a stream ends.
import re, subprocess, time

import pytest

from hub import FULL, Client, Stream, eventually, make_key, sh

from test_contract import script

TOKEN = {"id", "spokeId", "spokeName", "allowedIPs", "createdAt", "expiresAt", "used", "usedAt", "state", "progress"}
SPOKE = {"id", "tokenId", "name", "publicKey", "allowedIPs", "registeredAt", "lastHandshake", "status", "os", "isProxmox", "proxmoxClusterId", "proxmoxNodeName", "proxmoxVersion"}
REPORT = {"tokenId", "at", "stage", "code", "reason", "detail", "sourceAddress"}


@pytest.fixture
def stream(hub):
    client = hub.client("viewer")
    with Stream(client.headers) as stream:
        assert stream.status == 200
        stream.client = client
        yield stream


def subject(data, name, fields):
    assert set(data) == {"type", "at", "id", name}, data
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", data["at"]) and set(data[name]) == fields, data
    return data[name]


def test_a_stream_says_at_once_that_it_lives(hub, stream):
    assert stream.comment.startswith(":")
    assert stream.headers["Content-Type"].startswith("text/event-stream") and stream.headers["X-Accel-Buffering"] == "no" and stream.headers["Cache-Control"] == "no-store"
    assert "Content-Length" not in stream.headers


def test_a_tokens_life_as_events(hub, stream):
    made = hub.token("watched")["token"]
    clear = made.pop("token")
    assert subject(stream.until("token.created"), "token", TOKEN) == made
    script(clear)
    claimed = subject(stream.until("token.claimed"), "token", TOKEN)
    assert claimed["state"] == "claimed" and claimed["used"] is True and claimed["usedAt"]
    assert claimed["progress"] == {"stage": "fetched", "code": 0, "reason": "", "at": claimed["usedAt"]}
    report = {"token": clear, "stage": "preflight", "code": 10, "reason": "NOT_ROOT", "os": "linux", "detail": "<b>\nline"}
    Client().post("/api/installation/report", report)
    shown = subject(stream.until("install.report"), "report", REPORT)
    assert (shown["tokenId"], shown["stage"], shown["code"], shown["reason"], shown["detail"]) == (made["id"], "preflight", 10, "NOT_ROOT", "<b>\nline")
    released = subject(stream.until("token.released"), "token", TOKEN)
    assert (released["state"], released["usedAt"]) == ("unused", None)
    assert (released["progress"]["stage"], released["progress"]["code"], released["progress"]["reason"]) == ("preflight", 10, "NOT_ROOT")
    hub.admin.delete(f"/api/installation/token/{made['id']}")
    assert subject(stream.until("token.revoked"), "token", TOKEN)["state"] == "revoked"
    hub.admin.delete(f"/api/installation/token/{made['id']}")
    marker = hub.token("nothing more came")["token"]["id"]
    assert stream.event()[2]["token"]["id"] == marker, "revoked again is no event"


def test_a_spokes_life_as_events(hub, stream):
    token = hub.token("watched")["token"]
    stream.until("token.created")
    key = make_key()
    hub.register(token["token"], key)
    spoke = subject(stream.until("spoke.registered"), "spoke", SPOKE)
    assert (spoke["id"], spoke["publicKey"], spoke["status"], spoke["lastHandshake"]) == (token["spokeId"], key, "pending", None)
    hub.register(token["token"], key)  # a repeat is no event
    hub.register(token["token"])
    alarm = subject(stream.until("alarm"), "alarm", {"kind", "target", "text"})
    assert (alarm["kind"], alarm["target"]) == ("second-key", token["spokeId"]) and alarm["text"]
    again = hub.admin.post(f"/api/installation/token/{token['id']}/reissue").json["token"]
    assert subject(stream.until("token.revoked"), "token", TOKEN)["id"] == token["id"]
    assert subject(stream.until("token.created"), "token", TOKEN)["id"] == again["id"]
    hub.admin.delete(f"/api/spoke/{token['spokeId']}")
    assert subject(stream.until("spoke.removed"), "spoke", SPOKE)["id"] == token["spokeId"]


def test_a_repair_of_the_interface_is_an_event(hub, stream):
    key = make_key()
    spoke = hub.register(key=key).json["spoke"]
    assert stream.until("spoke.registered")["spoke"]["id"] == spoke["id"]
    sh(f"wg set wg0 peer {key} remove")
    result = subject(stream.until("reconcile", 20), "reconcile", {"added", "removed", "corrected"})
    assert result["added"] == 1
    hub.admin.delete(f"/api/spoke/{spoke['id']}")


def test_a_first_handshake_is_an_event(hub, stream):
    """A real peer in a namespace of its own; the hub's interface is made by the tests' own daemons."""
    sh("mkdir -p /run/netns && ip netns add peer && ip link add hub0 type veth peer name peer0 && ip link set peer0 netns peer && "
       "ip address add 198.51.100.1/30 dev hub0 && ip link set hub0 up && ip -n peer address add 198.51.100.2/30 dev peer0 && ip -n peer link set peer0 up && ip -n peer link set lo up")
    process = None
    try:
        sh("wg genkey > /run/peer.key")
        key = sh("wg pubkey < /run/peer.key").strip()
        spoke = hub.register(key=key).json["spoke"]
        process = subprocess.Popen(["ip", "netns", "exec", "peer", "wireguard-go", "-f", "wgpeer"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LOG_LEVEL": "error"})
        eventually(lambda: "wgpeer" in sh("ip -n peer -o link", check=False))
        hub_key = hub.admin.get("/api/hub/config").json["publicKey"]
        sh(f"ip netns exec peer wg set wgpeer private-key /run/peer.key peer {hub_key} endpoint 198.51.100.1:51820 allowed-ips 10.83.0.1/32 persistent-keepalive 1")
        sh(f"ip -n peer address add {spoke['allowedIPs'][0].replace('/24', '/32')} dev wgpeer && ip -n peer link set wgpeer up && ip -n peer route add 10.83.0.1/32 dev wgpeer")
        shown = subject(stream.until("spoke.status", 30), "spoke", SPOKE)
        assert (shown["id"], shown["status"]) == (spoke["id"], "active") and shown["lastHandshake"]
        listed = hub.admin.get("/api/spoke/list?status=active").json
        assert [entry["id"] for entry in listed["spokes"]] == [spoke["id"]] and listed["activeCount"] == 1
        peer = hub.admin.get(f"/api/spoke/{spoke['id']}/status").json["wireguardPeer"]
        assert peer["endpoint"].startswith("198.51.100.2:") and peer["latestHandshake"] == shown["lastHandshake"] and peer["transferRx"] > 0
        # It goes on without a word on the plain stream; on a live one its counters and handshakes are told.
        assert set(Client(stream.client.headers).get("/api/hub/traffic").json) == {"since", "receivedBytes", "sentBytes", "points"}
        with Stream(stream.client.headers, live=True) as live:
            first = live.until("spoke.live", 40)
            assert set(first) == {"type", "at", "receivedBytes", "sentBytes", "spokes"} and first["receivedBytes"] > 0
            sh("ip netns exec peer wg set wgpeer peer " + hub_key + " remove")
            sh(f"ip netns exec peer wg set wgpeer peer {hub_key} endpoint 198.51.100.1:51820 allowed-ips 10.83.0.1/32 persistent-keepalive 1")
            while not (told := live.until("spoke.live", 40)["spokes"]):
                pass
            assert [set(each) for each in told] == [{"id", "lastHandshake", "transferRx", "transferTx"}]
            assert told[0]["id"] == spoke["id"] and told[0]["lastHandshake"] > shown["lastHandshake"]
            listed = hub.admin.get(f"/api/spoke/{spoke['id']}/status").json["spoke"]
            assert listed["lastHandshake"] == told[0]["lastHandshake"] and listed["status"] == "active"
        # Registered anew with another key, the spoke is pending until that one shakes hands.
        again = hub.admin.post(f"/api/installation/token/{spoke_token(hub, spoke)}/reissue").json["token"]["token"]
        assert hub.register(again).json["spoke"]["status"] == "pending"
        hub.admin.delete(f"/api/spoke/{spoke['id']}")
    finally:
        if process:
            process.terminate()
            process.wait(10)
        sh("ip netns del peer; ip link del hub0", check=False)


def spoke_token(hub, spoke):
    return hub.admin.get(f"/api/spoke/{spoke['id']}/status").json["spoke"]["tokenId"]


def test_a_reader_that_comes_back_misses_nothing(hub):
    client = hub.client("viewer")
    with Stream(client.headers) as stream:
        hub.token("first")
        last_id = stream.event()[0]
    names = [f"missed {number}" for number in range(5)]
    for name in names:
        hub.token(name)
    with Stream(client.headers, last_id) as stream:
        events = [stream.event() for _ in names]
        assert [event[2]["token"]["spokeName"] for event in events] == names
        assert [event[0] for event in events] == list(range(last_id + 1, last_id + 6))
        hub.token("live")
        assert stream.event()[2]["token"]["spokeName"] == "live"
    other = hub.client("viewer")
    for unknown in (1, last_id + 10**6, 2**64 - 1):
        with Stream(other.headers, unknown) as stream:
            event = stream.event()
            assert event[1] == "resync" and set(event[2]) == {"type", "at", "id"}
            newest = event[0]
            hub.token("after the resync")
            assert stream.event()[0] == newest + 1
    for nonsense in ("x", "-1", "", "1.5", "9" * 30):
        with Stream(other.headers, nonsense) as stream:
            hub.token("as without it")
            assert stream.event()[1] == "token.created"


def test_the_ring_holds_a_thousand_events(hub):
    client = hub.client("viewer")
    with Stream(client.headers) as stream:
        hub.token("oldest")
        first = stream.event()[0]
    for _ in range(3):  # 200 made and 200 revoked
        for token in hub.admin.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": "many"}] * 200}).json["tokens"]:
            hub.admin.delete(f"/api/installation/token/{token['token']['id']}")
    with Stream(client.headers, first) as stream:
        newest, kind, _ = stream.event()
        assert kind == "resync" and newest >= first + 1200
    with Stream(client.headers, newest - 1000) as stream:
        assert stream.event()[0] == newest - 999
    with Stream(client.headers, newest - 1001) as stream:
        assert stream.event()[1] == "resync"


def test_a_restart_makes_every_reader_start_anew(hub):
    client = hub.client("viewer")
    with Stream(client.headers) as stream:
        hub.token("before")
        last_id = stream.event()[0]
        hub.restart()
        assert stream.event() is None
    hub.wait_ready()
    with Stream(client.headers, last_id) as stream:
        assert stream.event()[1] == "resync"


@pytest.mark.skipif(not FULL, reason="waits for 15 s")
def test_a_silent_stream_is_kept_alive_by_comments(hub, stream):
    stream.socket.settimeout(40)
    began = time.monotonic()
    assert stream.block().startswith(":")
    assert 10 < time.monotonic() - began < 25
