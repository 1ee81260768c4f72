# Proxmox clusters: which registrations belong together, what the hub knows of nodes without a spoke, texts, removal, tokens.
# Registrations are made here as the Proxmox script makes them; status over time is tests/unit's, which has a clock of its own.
import json, subprocess, time, uuid

import pytest

from hub import Client, Stream, make_key

from proofs import rows
from test_contract import check, script

CLUSTER = {"id", "clusterName", "datacenter", "description", "status", "nodeCount", "activeNodes", "inactiveNodes", "pendingNodes", "quorate",
           "toldAt", "createdAt", "updatedAt"}
HOSTILE = ("it's", 'say "hi"', "$(id)", "`id`", "<script>alert(1)</script>", "a\\b", "%s%n", "; rm -rf /", "{{TOKEN}}", "Zürich ☃")


def members(own, nodes, name="prod", offline=(), quorate=1):
    """/etc/pve/.members as pve-cluster writes it."""
    listed = ",\n".join(f'  "{node}": {{ "id": {number}, "online": {int(node not in offline)}, "ip": "192.168.15.{number}"}}' for number, node in enumerate(nodes, 91))
    return (f'{{\n"nodename": "{own}",\n"version": 6,\n"cluster": {{ "name": "{name}", "version": 4, "nodes": {len(nodes)}, "quorate": {quorate} }},\n'
            f'"nodelist": {{\n{listed}\n  }}\n}}\n')


def join(hub, node, name, nodes=(), token=None, key=None, **metadata):
    fields = {"os": "proxmox", "isProxmox": True, "proxmoxNodeName": node, "proxmoxClusterName": name, "proxmoxVersion": "8.1.3"}
    if nodes:
        metadata.setdefault("clusterNodes", ",".join(nodes))
    answer = hub.register(token or hub.token(f"{node} of {name}"[:60])["token"]["token"], key, metadata=metadata, **fields)
    assert answer.status == 201, answer
    return answer.json


def reissued(hub, spoke):
    token = hub.admin.get(f"/api/spoke/{spoke['id']}/status").json["spoke"]["tokenId"]
    answer = hub.admin.post(f"/api/installation/token/{token}/reissue")
    assert answer.status == 201, answer
    return answer.json["token"]["token"]


def cluster_of(hub, spoke):
    return hub.admin.get(f"/api/spoke/{spoke['id']}/status").json["spoke"]["proxmoxClusterId"]


def details(hub, cluster_id):
    answer = hub.admin.get(f"/api/proxmox/clusters/{cluster_id}")
    assert answer.status == 200, answer
    return answer.json


def names(hub, cluster_id):
    """(names of nodes with a spoke, names of those without)"""
    shown = details(hub, cluster_id)
    return [node["proxmoxNodeName"] for node in shown["nodes"]], [node["proxmoxNodeName"] for node in shown["missingNodes"]]


def clear_away(hub):
    for spoke in hub.admin.get("/api/spoke/list?limit=1000").json["spokes"]:
        assert hub.admin.delete(f"/api/spoke/{spoke['id']}").status == 200
    for cluster in hub.admin.get("/api/proxmox/clusters?limit=1000").json["clusters"]:
        assert hub.admin.delete(f"/api/proxmox/clusters/{cluster['id']}").status == 200
    for token in hub.admin.get("/api/installation/tokens?limit=1000&status=unused").json["tokens"]:
        assert hub.admin.delete(f"/api/installation/token/{token['id']}").status == 200


@pytest.fixture
def clear(hub):
    """No node and no cluster before the test, and no address taken behind it."""
    clear_away(hub)
    yield hub
    clear_away(hub)


def test_three_clusters_and_a_host_of_its_own_in_four_places(clear):
    """Seed 6.2: 3 + 2 + 2 + 1 nodes, whose names repeat from place to place."""
    hub = clear
    places = {"dc1-prod": ("pve1", "pve2", "pve3"), "dc2-backup": ("pve1", "pve2"), "edge-site1": ("pve1", "pve2")}
    spokes = {(name, node): join(hub, node, name, nodes)["spoke"] for name, nodes in places.items() for node in nodes}
    alone = [hub.register(os="proxmox", proxmoxNodeName="pve-standalone", proxmoxClusterName=name).json["spoke"] for name in (None, "")]
    hub.register(os="linux")
    listed = hub.admin.get("/api/proxmox/clusters").json
    assert set(listed) == {"clusters", "totalClusters", "totalNodes", "standaloneNodes", "nextCursor"}
    assert (listed["totalClusters"], listed["totalNodes"], listed["standaloneNodes"], listed["nextCursor"]) == (3, 9, 2, None)
    assert {cluster["clusterName"]: cluster["nodeCount"] for cluster in listed["clusters"]} == {name: len(nodes) for name, nodes in places.items()}
    for cluster in listed["clusters"]:
        assert set(cluster) == CLUSTER and (cluster["status"], cluster["pendingNodes"]) == ("pending", cluster["nodeCount"])
        shown = details(hub, cluster["id"])
        assert shown["cluster"] == cluster and shown["missingNodes"] == []
        for node, name in zip(shown["nodes"], places[cluster["clusterName"]], strict=True):
            assert node["id"] == spokes[cluster["clusterName"], name]["id"] and node["proxmoxNodeName"] == name
            assert node["proxmoxVersion"] == "8.1.3" and node["status"] == "pending" and node["lastHandshake"] is None and node["nodeConflict"] is False
    for spoke in alone:
        full = hub.admin.get(f"/api/spoke/{spoke['id']}/status").json["spoke"]
        assert full["isProxmox"] is True and full["proxmoxClusterId"] is None


def test_clusters_are_listed_in_pages_newest_first(clear):
    made = [cluster_of(clear, join(clear, "pve1", f"c{number}", ("pve1",))["spoke"]) for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = clear.admin.get("/api/proxmox/clusters?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        assert len(page["clusters"]) <= 2 and page["totalClusters"] == 5
        seen += [cluster["id"] for cluster in page["clusters"]]
        cursor = page["nextCursor"]
    assert set(seen) == set(made) and len(seen) == 5
    assert seen == [cluster["id"] for cluster in clear.admin.get("/api/proxmox/clusters").json["clusters"]]
    for query, field in (("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=x", "cursor"), ("status=empty", "status")):
        check(clear.admin.get(f"/api/proxmox/clusters?{query}"), 400, "INVALID_REQUEST", field)


def test_two_clusters_of_one_name_are_told_apart_by_their_nodes(clear):
    first = cluster_of(clear, join(clear, "hp1", "prod", ("hp1", "hp2", "hp3"))["spoke"])
    time.sleep(1.1)  # the older one is known by its second
    second = cluster_of(clear, join(clear, "dl1", "prod", ("dl1", "dl2"))["spoke"])
    assert first != second
    # Their second nodes overlap in what they know of others only.
    assert cluster_of(clear, join(clear, "dl2", "prod", ("dl1", "dl2"))["spoke"]) == second
    assert cluster_of(clear, join(clear, "hp3", "prod", ("hp1", "hp2", "hp3"))["spoke"]) == first
    # A node that tells no names belongs where its own is known, else to the oldest.
    assert cluster_of(clear, join(clear, "hp2", "prod")["spoke"]) == first
    assert cluster_of(clear, join(clear, "x9", "prod")["spoke"]) == first
    assert names(clear, first)[0] == ["hp1", "hp2", "hp3", "x9"] and names(clear, second) == (["dl1", "dl2"], [])


def test_a_cluster_knows_its_nodes_that_have_no_spoke(clear):
    told = members("hp2", ("hp1", "hp3", "hp2"), offline=("hp3",))
    for form in (told, json.loads(told)):
        spoke = join(clear, "hp2.example.com", "prod", pveMembers=form)["spoke"]
        shown = details(clear, cluster_of(clear, spoke))
        assert shown["cluster"]["quorate"] is True and shown["cluster"]["toldAt"] and shown["cluster"]["nodeCount"] == 1
        assert [node["proxmoxNodeName"] for node in shown["nodes"]] == ["hp2"], "the name ends at the first dot"
        assert [(node["proxmoxNodeName"], node["online"], node["tokenId"]) for node in shown["missingNodes"]] == [("hp1", True, None), ("hp3", False, None)]
        assert all(set(node) == {"proxmoxNodeName", "online", "toldAt", "tokenId"} for node in shown["missingNodes"])
        clear.admin.delete(f"/api/spoke/{spoke['id']}")
    # Emptied it stays, and is the same one when a node comes back.
    cluster = details(clear, shown["cluster"]["id"])
    assert cluster["cluster"]["status"] == "empty" and names(clear, shown["cluster"]["id"]) == ([], ["hp1", "hp2", "hp3"])
    back = join(clear, "hp1", "prod", pveMembers=members("hp1", ("hp1", "hp2", "hp3"), quorate=0))["spoke"]
    assert cluster_of(clear, back) == shown["cluster"]["id"]
    assert details(clear, shown["cluster"]["id"])["cluster"]["quorate"] is False


def test_a_second_machine_with_a_nodes_name_is_a_conflict_and_no_merger(clear):
    nodes = ("pve1", "pve2")
    first = join(clear, "pve1", "prod", nodes)
    assert "nodeConflict" not in first
    with Stream(clear.client("viewer").headers) as stream:
        token, key = clear.token("the second")["token"]["token"], make_key()
        second = join(clear, "pve1", "prod", nodes, token=token, key=key)
        assert second["nodeConflict"] is True and second["spoke"]["id"] != first["spoke"]["id"]
        alarm = stream.until("alarm")["alarm"]
        assert (alarm["kind"], alarm["target"]) == ("node-conflict", second["spoke"]["id"])
    assert join(clear, "pve1", "prod", nodes, token=token, key=key) == second, "a repeat says the same"
    event, = clear.audit(action="alarm.node-conflict", target=second["spoke"]["id"])
    cluster = cluster_of(clear, second["spoke"])
    assert event["details"]["clusterId"] == cluster and event["details"]["nodeName"] == "pve1"
    shown = details(clear, cluster)
    assert [node["nodeConflict"] for node in shown["nodes"]] == [True, True] and shown["cluster"]["nodeCount"] == 2
    other = join(clear, "pve2", "prod", nodes)
    assert "nodeConflict" not in other
    # In lines, as the script reads it; and over when one of the two is gone.
    text = clear.register(token, key, headers={"Accept": "text/plain"}, os="proxmox")
    assert "nodeConflict=true" in text.text.splitlines()
    clear.admin.delete(f"/api/spoke/{first['spoke']['id']}")
    assert not any(node["nodeConflict"] for node in details(clear, cluster)["nodes"])
    again = join(clear, "pve1", "prod", nodes, token=reissued(clear, second["spoke"]), key=make_key())
    assert "nodeConflict" not in again, "the same spoke with another key is no second node"


def test_a_node_joins_later_and_leaves_again(clear):
    cluster = cluster_of(clear, join(clear, "pve1", "prod", ("pve1", "pve2"))["spoke"])
    key = make_key()
    late = clear.register(key=key, os="proxmox", proxmoxNodeName="pve3").json["spoke"]
    assert cluster_of(clear, late) is None
    # The same key, by the same command's successor.
    join(clear, "pve3", "prod", ("pve1", "pve2", "pve3"), token=reissued(clear, late), key=key)
    assert cluster_of(clear, late) == cluster and names(clear, cluster) == (["pve1", "pve3"], ["pve2"])
    # It leaves: a new key, and nobody names it any more.
    answer = clear.register(reissued(clear, late), os="proxmox", proxmoxNodeName="pve3", proxmoxClusterName=None)
    assert answer.status == 201 and cluster_of(clear, late) is None
    assert names(clear, cluster) == (["pve1"], ["pve2"])
    # Who is no longer told is no longer known.
    second = join(clear, "pve4", "prod", ("pve1", "pve4"))["spoke"]
    assert cluster_of(clear, second) == cluster and names(clear, cluster) == (["pve1", "pve4"], [])
    # To another cluster.
    join(clear, "pve4", "lab", ("pve4", "pve5"), token=reissued(clear, second))
    assert cluster_of(clear, second) not in (None, cluster) and names(clear, cluster) == (["pve1"], [])


def test_texts_of_a_cluster(clear):
    cluster = details(clear, cluster_of(clear, join(clear, "pve1", "prod")["spoke"]))["cluster"]
    path = f"/api/proxmox/clusters/{cluster['id']}"
    operator = clear.client("operator")
    with Stream(clear.client("viewer").headers) as stream:
        answer = operator.put(path, {"datacenter": "US-East-2", "description": "Updated description"})
        assert answer.status == 200 and set(answer.json) == {"success", "cluster"} and set(answer.json["cluster"]) == CLUSTER
        assert stream.until("cluster.updated")["cluster"] == answer.json["cluster"]
    event, = clear.audit(action="cluster.updated", target=cluster["id"])
    assert event["details"] == {"datacenter": "US-East-2", "description": "Updated description"} and event["actor"].endswith("test operator")
    for change, expected in (({"description": None}, ("US-East-2", None)), ({"datacenter": ""}, (None, None)),
                             *(({"datacenter": text, "description": text * 20}, (text, text * 20)) for text in HOSTILE), ({"description": "é" * 512}, None)):
        answer = operator.put(path, change)
        assert answer.status == 200, answer
        shown = details(clear, cluster["id"])["cluster"]
        assert shown == answer.json["cluster"] and (expected is None or (shown["datacenter"], shown["description"]) == expected)
    for body, field in (({}, "datacenter"), ({"datacenter": "d" * 129}, "datacenter"), ({"description": "d" * 1025}, "description"), ({"datacenter": 1}, "datacenter"),
                        ({"description": []}, "description"), ({"datacenter": "a\nb"}, "datacenter"), ({"description": "a\x7f"}, "description"), ({"description": "a\u202eb"}, "description")):
        check(operator.put(path, body), 400, "INVALID_REQUEST", field, body)
    for field in ("clusterName", "id", "status"):
        check(operator.put(path, {"datacenter": "x", field: "x"}), 400, "UNKNOWN_FIELD", field)
    check(clear.client("viewer").put(path, {"datacenter": "x"}), 403, "FORBIDDEN")
    for name in (str(uuid.uuid4()), "1", "x" * 200, cluster["id"].upper()):
        for method, below, body in (("GET", "", None), ("PUT", "", {"datacenter": "x"}), ("DELETE", "", None), ("POST", "/tokens", {})):
            check(clear.admin.call(method, f"/api/proxmox/clusters/{name}{below}", body), 404, "CLUSTER_NOT_FOUND", context=(method, name))


def test_a_cluster_is_removed_when_no_spoke_belongs_to_it(clear):
    spoke = join(clear, "pve1", "prod", ("pve1", "pve2"))["spoke"]
    cluster = cluster_of(clear, spoke)
    check(clear.admin.delete(f"/api/proxmox/clusters/{cluster}"), 400, "CLUSTER_NOT_EMPTY")
    check(clear.client("viewer").delete(f"/api/proxmox/clusters/{cluster}"), 403, "FORBIDDEN")
    assert clear.admin.delete(f"/api/spoke/{spoke['id']}").status == 200
    with Stream(clear.client("viewer").headers) as stream:
        answer = clear.client("operator").delete(f"/api/proxmox/clusters/{cluster}")
        assert (answer.status, answer.json) == (200, {"success": True, "message": "Cluster deleted successfully"})
        assert stream.until("cluster.removed")["cluster"]["id"] == cluster
    check(clear.admin.delete(f"/api/proxmox/clusters/{cluster}"), 404, "CLUSTER_NOT_FOUND")
    assert [event["action"] for event in clear.audit(target=cluster)] == ["cluster.removed", "cluster.created"]
    assert rows("SELECT COUNT(*) FROM proxmox_cluster_nodes WHERE cluster_id = ?", cluster) == [(0,)]
    assert cluster_of(clear, join(clear, "pve1", "prod", ("pve1", "pve2"))["spoke"]) != cluster


def test_a_new_cluster_is_an_event(clear):
    with Stream(clear.client("viewer").headers) as stream:
        spoke = join(clear, "pve1", "prod", ("pve1", "pve2"))["spoke"]
        made = stream.until("cluster.created")["cluster"]
        assert set(made) == CLUSTER and made["clusterName"] == "prod" and made["id"] == cluster_of(clear, spoke)
        assert stream.until("spoke.registered")["spoke"]["proxmoxClusterId"] == made["id"]
        join(clear, "pve2", "prod", ("pve1", "pve2"))
        clear.token("marker")
        while (event := stream.event())[2].get("token", {}).get("spokeName") != "marker":
            assert event[1] != "cluster.created", "the second node makes none"


def test_one_call_makes_a_token_for_every_node_that_lacks_a_spoke(clear):
    nodes = tuple(f"pve{number}" for number in range(1, 6))
    cluster = cluster_of(clear, join(clear, "pve1", "prod", nodes)["spoke"])
    path = f"/api/proxmox/clusters/{cluster}/tokens"
    operator = clear.client("operator")
    some = operator.post(path, {"nodes": ["pve3", "pve2"]})
    assert some.status == 201, some
    assert [item["proxmoxNodeName"] for item in some.json["tokens"]] == ["pve2", "pve3"]
    rest = operator.post(path, {})
    assert rest.status == 201 and set(rest.json) == {"success", "tokens"} and [item["proxmoxNodeName"] for item in rest.json["tokens"]] == ["pve4", "pve5"]
    for item in rest.json["tokens"]:
        assert set(item) == {"token", "installCommands", "wgetCommands", "auditCommands", "scriptSha256", "proxmoxNodeName"}
        assert item["token"]["spokeName"] == item["proxmoxNodeName"] and item["token"]["token"] in item["installCommands"]["proxmox"]
    assert operator.post(path, {}).json == {"success": True, "tokens": []}, "each has an open one"
    assert operator.post(path, {"nodes": ["pve4"]}).json["tokens"] == []
    open_tokens = {item["proxmoxNodeName"]: item["token"] for item in some.json["tokens"] + rest.json["tokens"]}
    assert {node["proxmoxNodeName"]: node["tokenId"] for node in details(clear, cluster)["missingNodes"]} == {name: token["id"] for name, token in open_tokens.items()}
    assert len(clear.audit(action="cluster.tokens", target=cluster)) == 2
    # One is revoked, one used by its node, one reissued and still open.
    clear.admin.delete(f"/api/installation/token/{open_tokens['pve2']['id']}")
    join(clear, "pve3", "prod", nodes, token=open_tokens["pve3"]["token"])
    again = clear.admin.post(f"/api/installation/token/{open_tokens['pve4']['id']}/reissue").json["token"]
    assert {node["proxmoxNodeName"]: node["tokenId"] for node in details(clear, cluster)["missingNodes"]} == {"pve2": None, "pve4": again["id"], "pve5": open_tokens["pve5"]["id"]}
    assert [item["proxmoxNodeName"] for item in operator.post(path, {}).json["tokens"]] == ["pve2"]
    for wanted, field in ((["pve1"], "nodes[0]"), (["pve2", "pve9"], "nodes[1]"), (["pve4", "pve4"], "nodes[1]"), ([], "nodes"), ("pve2", "nodes"), ([1], "nodes"), (["a\nb"], "nodes"),
                          (["$(id)"], "nodes[0]"), (["x" * 129], "nodes"), (None, "nodes"), (["pve2"] * 257, "nodes")):
        check(operator.post(path, {"nodes": wanted}), 400, "INVALID_REQUEST", field, wanted)
    check(operator.post(path, {"node": "pve2"}), 400, "UNKNOWN_FIELD", "node")
    check(clear.client("viewer").post(path, {}), 403, "FORBIDDEN")


def test_tokens_of_a_cluster_count_once_and_are_made_all_or_none(clear):
    """The limit of D7; and a pool that is too small for the last of them."""
    cluster = cluster_of(clear, join(clear, "n0", "large", tuple(f"n{number}" for number in range(100)))["spoke"])
    other = cluster_of(clear, join(clear, "m0", "other", tuple(f"m{number}" for number in range(100)))["spoke"])
    third = cluster_of(clear, join(clear, "k0", "third", tuple(f"k{number}" for number in range(100)))["spoke"])
    clear.stop()
    clear.start(limits__tokens_per_hour=2)
    try:
        clear.wait_ready()
        made = clear.admin.post(f"/api/proxmox/clusters/{cluster}/tokens", {})
        assert made.status == 201 and len(made.json["tokens"]) == 99, made
        assert clear.admin.post(f"/api/proxmox/clusters/{cluster}/tokens", {}).json["tokens"] == [], "what makes none counts for nothing"
        assert clear.admin.post(f"/api/proxmox/clusters/{other}/tokens", {}).status == 201
        check(clear.admin.post(f"/api/proxmox/clusters/{third}/tokens", {"nodes": ["k1"]}), 429, "RATE_LIMITED")
    finally:
        clear.stop()
        clear.start()
        clear.wait_ready()
    before = rows("SELECT COUNT(*) FROM installation_tokens")
    check(clear.admin.post(f"/api/proxmox/clusters/{third}/tokens", {}), 503, "POOL_EXHAUSTED")
    assert rows("SELECT COUNT(*) FROM installation_tokens") == before
    assert all(node["tokenId"] is None for node in details(clear, third)["missingNodes"])


def test_hostile_names_are_text_or_refused(clear):
    for text in HOSTILE:
        spoke = join(clear, text, text, ("pve1", text), clusterName=text)["spoke"]
        full = clear.admin.get(f"/api/spoke/{spoke['id']}/status").json["spoke"]
        shown = details(clear, full["proxmoxClusterId"])
        assert (full["proxmoxNodeName"], shown["cluster"]["clusterName"]) == (text, text)
        assert [node["proxmoxNodeName"] for node in shown["missingNodes"]] == ["pve1"], "what is no host's name is no known node"
    for field in ("proxmoxNodeName", "proxmoxClusterName", "proxmoxVersion"):
        for text in ("a\nb", "a\x00b", "\x1b[31m", "a\x7f", "a\u202eb", "\u2066a", "a\u0085"):
            answer = clear.register(os="proxmox", **{field: text})
            check(answer, 400, "INVALID_REQUEST", field, text)
    nonsense = ("", "{", "[]", "null", '{"nodelist":[]}', '{"nodelist":{"a b":{},"<i>":{},"../x":{},"":{}}}', '{"nodelist":{"pve1":7}}', '{"cluster":7,"nodelist":null}',
                '{"cluster":{"quorate":"x"}}', '{"a":' * 20 + "1" + "}" * 20, "\x00\x01", 7, [], None, True, {"nodelist": {"pve1": {"online": "yes"}}})
    for value in nonsense:
        spoke = join(clear, "pve1", "odd", pveMembers=value)["spoke"]
        shown = details(clear, cluster_of(clear, spoke))
        assert shown["cluster"]["quorate"] is None and shown["missingNodes"] == [], value
        clear.admin.delete(f"/api/spoke/{spoke['id']}")
    for value in (",,,", "a b,$(id),../..,é,192.168.15.91," + "x" * 64, 7, ["pve2"], {}):
        spoke = join(clear, "pve1", "odd", clusterNodes=value)["spoke"]
        assert names(clear, cluster_of(clear, spoke)) == (["pve1"], []), value
        clear.admin.delete(f"/api/spoke/{spoke['id']}")
    # More names than any cluster has: the first 128 count.
    spoke = join(clear, "z", "wide", tuple(f"n{number}" for number in range(600)))["spoke"]
    assert 100 < rows("SELECT COUNT(*) FROM proxmox_cluster_nodes WHERE cluster_name = 'wide'")[0][0] <= 129


def test_a_fetch_is_the_first_of_a_tokens_timeline(hub):
    token = hub.token()["token"]
    assert token["progress"] is None

    def shown():
        return hub.admin.get(f"/api/installation/token/{token['id']}").json
    assert shown()["timeline"] == [] and shown()["token"]["progress"] is None
    assert script(token["token"]).status == 200
    first, = shown()["timeline"]
    assert set(first) == {"at", "stage", "code", "reason", "detail", "sourceAddress"} and (first["stage"], first["code"], first["sourceAddress"]) == ("fetched", 0, "127.0.0.1")
    assert shown()["token"]["progress"] == {"stage": "fetched", "code": 0, "reason": "", "at": first["at"]} and shown()["token"]["usedAt"] == first["at"]
    report = {"token": token["token"], "stage": "packages", "code": 0, "reason": "", "os": "linux", "detail": ""}
    assert Client().post("/api/installation/report", report).status == 202
    assert Client().post("/api/installation/report", {**report, "code": 20, "reason": "<b>PACKAGES</b>"}).status == 202
    assert [(entry["stage"], entry["code"]) for entry in shown()["timeline"]] == [("fetched", 0), ("packages", 0), ("packages", 20)]
    assert {name: shown()["token"]["progress"][name] for name in ("stage", "code", "reason")} == {"stage": "packages", "code": 20, "reason": "<b>PACKAGES</b>"}
    listed = next(each for each in hub.admin.get("/api/installation/tokens").json["tokens"] if each["id"] == token["id"])
    assert listed == shown()["token"]


def test_reports_that_a_person_must_see_raise_an_alarm_once(hub):
    for report, kind in (({"stage": "packages", "code": 24, "reason": "SIGNATURE_MISMATCH", "os": "windows"}, "signature-mismatch"),
                         ({"stage": "registered", "code": 42, "reason": "TOKEN_USED", "os": "linux"}, "second-key")):
        with Stream(hub.client("viewer").headers) as stream:
            token = hub.token("watched")["token"]
            for _ in range(3):
                assert Client().post("/api/installation/report", {"token": token["token"], "detail": "", **report}).status == 202
            alarm = stream.until("alarm")["alarm"]
            assert (alarm["kind"], alarm["target"]) == (kind, token["spokeId"]) and "127.0.0.1" in alarm["text"]
            hub.token("marker")
            while (event := stream.event())[2].get("token", {}).get("spokeName") != "marker":
                assert event[1] != "alarm", "once"
        event, = hub.audit(action=f"alarm.{kind}", target=token["id"])
        assert event["details"] == {"spokeId": token["spokeId"], "spokeName": "watched"} and event["sourceAddress"] == "127.0.0.1"
    token = hub.token()["token"]
    Client().post("/api/installation/report", {"token": token["token"], "stage": "packages", "code": 24, "reason": "MSI_FAILED", "os": "windows", "detail": ""})
    assert hub.audit(action="alarm.signature-mismatch", target=token["id"]) == []


def test_the_commands_for_wget_keep_to_the_pin_and_say_why_they_were_refused(hub):
    issued = hub.token()
    assert set(issued["wgetCommands"]) == {"linux", "proxmox"}
    for platform, shell in (("linux", "sudo sh"), ("proxmox", "sh")):
        command, pipe = issued["wgetCommands"][platform].rsplit(" | ", 1)
        assert pipe == shell and f"platform={platform}'" in command
        assert " --no-check-certificate --pinnedpubkey='sha256//" in command

    def fetch(command):
        # wget fetches and a shell that only shows what it is given stands for the one that runs it.
        done = subprocess.run(["sh", "-c", command.rsplit(" | ", 1)[0].replace("//192.0.2.1:8443/", "//127.0.0.1:8443/")], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout
    pin = issued["wgetCommands"]["linux"].split("--pinnedpubkey='")[1].split("'")[0]
    assert fetch(issued["wgetCommands"]["linux"].replace(pin, "sha256//" + "A" * 43 + "=")) == (5, ""), "another key: nothing is asked for"
    assert hub.admin.get(f"/api/installation/token/{issued['token']['id']}").json["token"]["state"] == "unused"
    code, text = fetch(issued["wgetCommands"]["linux"])
    assert code == 0 and text.startswith("#!/bin/sh")
    code, text = fetch(issued["wgetCommands"]["linux"])
    assert code == 8 and text.startswith("#!/bin/sh") and "exit 42" in text
    revoked = hub.token()
    hub.admin.delete(f"/api/installation/token/{revoked['token']['id']}")
    code, text = fetch(revoked["wgetCommands"]["proxmox"])
    ran = subprocess.run(["sh"], input=text, capture_output=True, text=True, timeout=60)
    assert code == 8 and ran.returncode == 45 and "revoked" in ran.stderr
