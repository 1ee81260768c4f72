# Property tests from docs/openapi.yaml: whatever is asked of an operation, right or wrong, the answer is one that the document has,
# no fault of the hub, and no consent to what the document forbids. tests/check/contract_fuzz runs it with many cases.
import os

import hypothesis, pytest

import contract, inputs
from hub import FULL, PASSWORD, SLOW, Client
from persons import Person, code_of
from proofs import figure, random_key

CASES = int(os.environ.get("WGHUB_CASES") or (200 if FULL else 10 if SLOW == 1 else 5))
SEED = int(os.environ.get("WGHUB_SEED") or 1)
MAY_FAIL = {"POOL_EXHAUSTED", "ALERT_NOT_DELIVERED"}  # of the codes from 500 on: those that a request can bring about by itself
NO_CONSENT = {"POST /api/setup", "POST /api/hub/initialize",  # done already
              "POST /api/alerts/targets/{id}/test"}  # nobody there takes mail: test_alerts.py has it
asked_of = {}


@pytest.fixture(scope="module")
def people(wide):
    """Sessions of accounts of their own, so that what they do to these takes nobody else's API token away."""
    wide.wait_ready()
    return {"plain": Person(wide.admin, "plain"), "factor": Person(wide.admin, "factor", factor=True), "stale": Person(wide.admin, "stale", stale=True),
            "strange": Person(wide.admin, "strange", pages=False)}


@pytest.fixture(scope="module")
def programs(wide):
    wide.user("admin", "maker")
    maker = wide.login("maker")
    tokens = {role: wide.client(role, maker) for role in ("admin", "operator", "viewer")}
    return [*[tokens["admin"]] * 3, tokens["operator"], tokens["viewer"], Client(), Client({"Authorization": "Bearer whk_" + "A" * 43})]


@pytest.fixture(scope="module")
def hints(wide, people):
    """Values with which requests come further than random ones: what exists, and forms that are right."""
    def node(name, cluster, host):
        return wide.register(wide.token(name)["token"]["token"], random_key(), os="proxmox", proxmoxClusterName=cluster, proxmoxNodeName=host,
                             metadata={"clusterNodes": "pve1,pve2,pve3"}).json["spoke"]["id"]

    stays, goes = node("stays", "dc", "pve1"), node("goes", "empty later", "pve1")
    clusters = [each["id"] for each in wide.admin.get("/api/proxmox/clusters").json["clusters"]]
    made = wide.admin.post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": f"spare {number}"} for number in range(120)]}).json["tokens"]
    texts, tokens = [each["token"]["token"] for each in made[:60]], [each["token"]["id"] for each in made[60:]]
    stay, leave = ([wide.user("viewer")["id"] for _ in range(count)] for count in (3, 40))
    revocable = [wide.admin.post("/api/api-tokens", {"name": "spare", "role": "viewer"}).json["apiToken"]["id"] for _ in range(3)]
    told = [wide.admin.post("/api/alerts/targets", {"name": "spare", "channel": "mail", "address": "spare@example.net"}).json["target"]["id"] for _ in range(12)]
    return {"token": [*texts, "x" * 43], "publicKey": [random_key() for _ in range(200)],
            "networkCIDR": ["10.9.0.0/24", "10.9.0.1/24"], "endpoint": ["192.0.2.1:51820", "[2001:db8::1]:51820", "hub.example.com:1"],
            "dns": [["192.0.2.53"], ["2001:db8::53", "192.0.2.53"]], "customIP": [None, "10.84.9.9", "10.84.9.10/16", "10.84.0.1", "192.0.2.9"],
            "nodes": [["pve2"], ["pve3", "pve3"]], "username": ["admin", "plain", "factor"],
            **{name: [PASSWORD] for name in ("password", "currentPassword", "newPassword")}, "totp": [inputs.CODE, None],
            "path /api/auth/sessions/{id}": [inputs.OTHER_SESSION], "path /api/users/{id}": leave,
            **{f"path /api/users/{{id}}{rest}": stay for rest in ("/reset", "/sessions")},
            "address": ["spare@example.net", "https://192.0.2.9/x"], "path /api/alerts/targets/{id}": told, "path /api/alerts/targets/{id}/test": told,
            "path /api/api-tokens/{id}": revocable, "path /api/spoke/{id}": [goes], "path /api/spoke/{id}/status": [stays],
            "path /api/installation/token/{id}": tokens[:30], "path /api/installation/token/{id}/reissue": tokens[30:],
            "path /api/installation/script/{token}": [*texts[:20], "x" * 43],
            **{f"path {path}": clusters for path in ("/api/proxmox/clusters/{id}", "/api/proxmox/clusters/{id}/tokens")}}


def callers_of(operation, programs, people):
    """Those with sessions more often where nobody else may; of these most often the one who can do everything."""
    weight = 3 if operation.access == "session" else 1
    return [*programs, *[people["plain"]] * 2 * weight, *list(people.values()) * weight]


def check(operation, client, asked):
    answer = client.call(asked.method, asked.target, asked.body, headers=asked.headers, raw=asked.raw)
    told = contract.judge(asked.method, asked.target, answer.status, answer.headers, answer.text)
    assert not told, (told, asked)
    assert answer.status < 500 or answer.code in MAY_FAIL or operation.path == "/api/health/ready", (answer, asked)
    if asked.breaks and not is_page(answer):
        assert answer.status >= 400, f"accepted, although the document forbids it: {asked}: {answer}"
    elif asked.body is not None:
        assert answer.code not in ("INVALID_JSON", "UNKNOWN_FIELD"), f"refused, although the document knows its fields: {asked}: {answer}"
    return answer.status


def is_page(answer):
    """What browsers get for any link of a script, also one that is wrong."""
    return answer.headers.get_content_type() == "text/html"


@pytest.mark.parametrize("operation", contract.OPERATIONS, ids=str)
def test_every_answer_is_one_of_the_document(programs, people, hints, operation):
    statuses = asked_of.setdefault(str(operation), {})

    @hypothesis.seed(SEED)
    @hypothesis.settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(asked=inputs.requests(operation, hints), who=hypothesis.strategies.sampled_from(callers_of(operation, programs, people)))
    def ask(asked, who):
        if isinstance(who, Person):
            who.get_ready(operation, asked)
        if str(operation) == "POST /api/auth/login":
            asked.put_code(code_of(people["factor"].secret))
        status = check(operation, who, asked)
        statuses[status] = statuses.get(status, 0) + 1

    ask()
    assert sum(statuses.values()) >= CASES or operation.body is None, statuses


def test_the_cases_reached_consent_and_refusal():
    """The generator is worth something only where it finds its way in: each operation that can be asked was answered with 2xx and with 4xx."""
    if len(asked_of) < len(contract.OPERATIONS):
        pytest.skip("needs all operations in one run")
    poor = {name: statuses for name, statuses in asked_of.items()
            if not any(status < 300 for status in statuses) and name not in NO_CONSENT or not any(status >= 400 for status in statuses)}
    assert CASES < 100 or not poor  # few cases may miss it
    figure("T9", f"{len(asked_of)} operations, {sum(sum(statuses.values()) for statuses in asked_of.values())} requests made from docs/openapi.yaml (seed {SEED}): "
                 "no 5xx, no answer outside it")
