# GET /api/metrics, and deploy/monitoring against it: Prometheus and node_exporter as Debian has them scrape the hub, set up by the
# commands of docs/monitoring.md, while a spoke is connected.
#
#   hub 192.0.2.1 --- 198.51.100.1 metered0 --- eth0 198.51.100.2, with wg-quick and wireguard-go
#     `-- 127.0.0.1:9090 prometheus, 127.0.0.1:9100 prometheus-node-exporter
import json, os, re, shlex, shutil, signal, subprocess, sys, time, urllib.error, urllib.parse, urllib.request

import pytest
import yaml

from hub import DATABASE, PORT, ROOT, SLOW, SOURCE, Client, eventually, sh
from nginx import PUBLIC, Nginx
from proofs import figure
from test_clusters import join
from test_install_script import issue

sys.path.append(f"{SOURCE}/tests/install")
from real_machine import RealMachine

MONITORING, PAGE = f"{SOURCE}/deploy/monitoring", f"{SOURCE}/docs/monitoring.md"
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
NAME = re.compile(r"\b(?:wireguard|process|node)_[a-z0-9_]+\b")
SUFFIXES = re.compile(r"_(bucket|sum|count)$")


def scraped(hub, client=None):
    answer = (client or hub.another()).get("/api/metrics")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def samples(text):
    """Series as they are written -> value."""
    found = [SAMPLE.match(line) for line in text.splitlines() if not line.startswith("#")]
    return {f"{line[1]}{{{line[2]}}}" if line[2] else line[1]: float(line[3]) for line in found}


def value(hub, series):
    return samples(scraped(hub)).get(series)


def promtool(*arguments, **options):
    return subprocess.run(["promtool", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * SLOW, **options)


def test_only_those_who_may_read_get_an_answer(hub):
    assert scraped(hub, hub.client("viewer"))
    for headers in ({}, {"Authorization": "Bearer whk_" + "A" * 43}, {"Cookie": "__Host-session=" + "A" * 43}):
        answer = Client(headers).get("/api/metrics")
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED"), answer


def test_before_the_set_up_there_is_nothing_to_read(fresh):
    answer = Client().get("/api/metrics")
    assert (answer.status, answer.code) == (403, "SETUP_REQUIRED"), answer
    fresh.first_person()
    text = scraped(fresh, fresh.client("admin"))
    assert '\nwireguard_addresses{state="free"} 0\n' in text and "\nwireguard_interface_up 0\n" in text


def test_no_client_makes_a_series_and_none_tells_what_it_sent(hub):
    token = hub.token("the name of a spoke")
    text, spoke = token["token"]["token"], hub.register(token["token"]["token"]).json["spoke"]
    person, bearer = hub.user("viewer"), hub.admin.headers["Authorization"].split()[1]
    hub.login(person["username"]).get("/api/auth/me")
    secrets = ["the name of a spoke", text, spoke["publicKey"], spoke["allowedIPs"][0].split("/")[0], person["username"], person["id"], bearer, "test viewer"]

    def ask(mark):
        client = Client()
        for path in (f"/api/{mark}", f"/{mark}", f"/api/spoke/{mark}/status", f"/api/installation/script/{mark}", f"/api/installation/script/{text}?platform={mark}"):
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", f"X{mark}".upper()):
                client.call(method, path, headers={"User-Agent": mark, "Host": mark, "Authorization": f"Bearer {mark}"} if method == "PUT" else {"User-Agent": mark})
        client.post("/api/auth/login", {"username": mark, "password": mark})
        hub.another().get(f"/api/spoke/list?status={mark}")
    eventually(lambda: f'wireguard_spoke_active{{spoke="{spoke["id"]}"}}' in samples(scraped(hub)), 30)  # its own series come with the next look at wg0
    ask("marked")
    before = set(samples(scraped(hub)))
    for number in range(30):
        ask(f"marked{number}")
    after = scraped(hub)
    new = {name for name in set(samples(after)) - before if 'route="/api/metrics"' not in name}
    assert not new, new
    assert not [secret for secret in (*secrets, "marked") if secret in after]
    figure("T4 T9", f"1,110 requests to unknown paths, by unknown methods and names: no new series, none of {len(secrets)} secrets or names among {len(samples(after))}")


def test_what_happens_is_counted(hub):
    before = samples(scraped(hub))
    spoke = hub.register().json["spoke"]
    assert hub.register("A" * 43).status == 404
    assert Client().post("/api/auth/login", {"username": "admin", "password": "wrong"}).status == 401
    sh(f"wg set wg0 peer {spoke['publicKey']} remove")
    eventually(lambda: spoke["publicKey"] in hub.peers(), 15)
    report = {"token": hub.token()["token"]["token"], "stage": "packages", "code": 20, "reason": "PACKAGES", "os": "linux", "detail": "apt"}
    assert Client().post("/api/installation/report", report).status == 202
    assert hub.admin.delete(f"/api/spoke/{spoke['id']}").status == 200
    after = samples(scraped(hub))
    for series, more in (("wireguard_tokens_generated_total", 2), ("wireguard_spokes_registered_total", 1), ("wireguard_spokes_removed_total", 1),
                         ('wireguard_spoke_registration_failures_total{code="TOKEN_NOT_FOUND"}', 1), ('wireguard_sign_ins_refused_total{code="INVALID_CREDENTIALS"}', 1),
                         ('wireguard_reconcile_corrections_total{action="added"}', 1), ('wireguard_install_failures_total{code="20"}', 1),
                         ('wireguard_api_request_duration_seconds_count{method="DELETE",route="/api/spoke/{id}",status="200"}', 1)):
        assert after[series] - before.get(series, 0) == more, series


def test_a_helper_that_hangs_and_a_mode_that_changed_are_told(hub):
    eventually(lambda: value(hub, "wireguard_interface_up") == 1 == value(hub, "wireguard_helper_up"), 20)
    stopped = [hub.pid("wgprivd"), hub.pid("wgprivd-engine")]
    os.chmod(DATABASE, 0o640)
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        assert value(hub, 'wireguard_database_permissions{file="database"}') == 640
        took = eventually(lambda: value(hub, "wireguard_helper_up") == 0, 15)
        eventually(lambda: value(hub, "wireguard_interface_up") == 0, 30)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
        os.chmod(DATABASE, 0o600)
    eventually(lambda: value(hub, "wireguard_interface_up") == 1 == value(hub, "wireguard_helper_up"), 30)
    figure("F6", f"helper stopped: wireguard_helper_up 0 after {took:.1f} s")


def test_single_spokes_are_told_up_to_the_limit(hub):
    ids = [hub.register().json["spoke"]["id"] for _ in range(3)]
    newest = hub.admin.get("/api/spoke/list?limit=1").json["spokes"][0]["id"]
    with hub.with_settings(metrics__spokes=1):
        eventually(lambda: f'wireguard_spoke_active{{spoke="{newest}"}} 0' in scraped(hub), 15)
        told = samples(scraped(hub))
        assert [name for name in told if name.startswith("wireguard_spoke_active")] == [f'wireguard_spoke_active{{spoke="{newest}"}}']
        assert told["wireguard_spokes_without_series"] == told['wireguard_spokes{status="pending"}'] - 1 >= 2
    for each in ids:
        assert hub.admin.delete(f"/api/spoke/{each}").status == 200


def test_prometheus_may_come_by_nginx_too(hub):
    proxy = Nginx()
    try:
        assert families(scraped(hub, Client(hub.admin.headers, port=PUBLIC))) >= {"wireguard_spokes", "process_open_fds"}
        assert Client(port=PUBLIC).get("/api/metrics").status == 401
    finally:
        proxy.end()


def families(text):
    """Every name that is told, of histograms and sums that of the family."""
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}


def test_the_page_has_every_family(hub):
    Client().get("/api/nothing")
    with open(PAGE) as file:
        page = file.read()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `") and ".yml`" not in line and ".json`" not in line]
    named = {f"wireguard_{name}" for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert named == {name for name in families(scraped(hub)) if name.startswith("wireguard_")}


def rules():
    with open(f"{MONITORING}/wireguard-hub.rules.yml") as file:
        return [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


def test_promtool_finds_the_rules_good_and_each_has_its_cases():
    checked = promtool("check", "rules", f"{MONITORING}/wireguard-hub.rules.yml")
    assert checked.returncode == 0 and "SUCCESS" in checked.stdout, checked.stdout
    tested = promtool("test", "rules", f"{MONITORING}/wireguard-hub.rules.test.yml")
    assert tested.returncode == 0 and "SUCCESS" in tested.stdout, tested.stdout
    with open(f"{MONITORING}/wireguard-hub.rules.test.yml") as file:
        cases = [(case["alertname"], bool(case["exp_alerts"])) for test in yaml.safe_load(file)["tests"] for case in test["alert_rule_test"]]
    alerts = [rule["alert"] for rule in rules()]
    assert set(cases) == {(alert, fires) for alert in alerts for fires in (True, False)}
    with open(PAGE) as file:
        explained = re.findall(r"^\| ([A-Z][A-Za-z, ]+) \|", file.read(), re.MULTILINE)
    assert [alert for row in explained for alert in row.split(", ")] == alerts


def dashboard():
    with open(f"{MONITORING}/wireguard-hub.dashboard.json") as file:
        return json.load(file)


def test_the_dashboard_is_one_that_grafana_takes():
    board = dashboard()
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) and len({panel["title"] for panel in panels}) == len(panels)
    taken = [(x, y) for panel in panels for place in [panel["gridPos"]] for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
    assert len(set(taken)) == len(taken) and max(x for x, _ in taken) < 24
    variables = {variable["name"] for variable in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(board))) - {"__rate_interval", "__range", "__all"}
    assert used == variables


@pytest.fixture(scope="module")
def own_files():
    """/etc/prometheus and /etc/default that may be spoilt."""
    folders = ("/etc/prometheus", "/etc/default")
    for folder in folders:
        kept = f"{ROOT}/monitoring{folder}"
        shutil.copytree(folder, kept)
        sh(f"mount -t tmpfs -o mode=0755 none {folder} && cp -a {kept}/. {folder}")
    yield
    for folder in folders:
        sh(f"umount -l {folder}")
    shutil.rmtree(f"{ROOT}/monitoring")


def commands():
    """The page's commands, block by block, as for a hub on the port of these tests."""
    with open(PAGE) as file:
        blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    return [block.replace("localhost:3000", f"localhost:{PORT}") for block in blocks]


def run(commands, before=""):
    """By stdin, as typed: nothing of it is an argument."""
    done = subprocess.run(["bash", "-euo", "pipefail"], input=f"{before}\n{commands}", text=True, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * SLOW)
    assert done.returncode == 0, f"{commands}\n{done.stdout}"
    return done.stdout


class Server:
    """One of Debian's daemons with the arguments of its /etc/default file, as its unit would start it."""

    def __init__(self, program, *arguments):
        with open(f"/etc/default/{program}") as file:
            line = re.search(r'^ARGS="(.*)"$', file.read(), re.MULTILINE)[1]
        self.log = f"{ROOT}/{program}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["setpriv", "--reuid=prometheus", "--regid=prometheus", "--init-groups", program, *shlex.split(line), *arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")

    def end(self):
        self.process.terminate()
        self.process.wait(30 * SLOW)


def query(kind, **parameters):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:9090/api/v1/{kind}?{urllib.parse.urlencode(parameters)}", timeout=20 * SLOW) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as fault:
        raise AssertionError(f"{parameters}: {fault.read().decode()}") from None


def results(expression):
    return query("query", query=expression)["result"]


@pytest.fixture(scope="module")
def connected(wide):
    """A hub with a spoke that was installed by the shown command and has tunnels through two handshakes, and a Proxmox node."""
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("not here: /dev/net/tun")
    machine = RealMachine("metered0", "198.51.100.1", "198.51.100.2", ["192.0.2.0/24"], name="metered.example.com")
    (issued,) = issue(wide)
    machine.run(issued.commands["linux"])
    join(wide, "pve1", "an unusual cluster", ["pve1", "pve2"])
    yield wide, machine, issued
    machine.end()


@pytest.fixture(scope="module")
def prometheus(connected, own_files):
    """Set up by the page's commands; scraping every second instead of every 15."""
    hub = connected[0]
    blocks = commands()
    secret = hub.admin.headers["Authorization"].split()[1]
    told = "".join(run(re.sub(r"^systemctl .*", "", block, flags=re.MULTILINE), f"ADMIN_TOKEN={secret}") for block in blocks[:-1])
    assert "SUCCESS" in told and secret not in told, told
    mode = os.stat("/etc/prometheus/wireguard-hub.token")
    assert (mode.st_mode & 0o777, mode.st_uid) == (0o640, 0)
    with open("/etc/prometheus/prometheus.yml") as file:
        text = file.read()
    for before, after in (("127.0.0.1:3000", f"127.0.0.1:{PORT}"), ("interval: 15s", "interval: 1s"), ("timeout: 10s", "timeout: 1s")):
        assert before in text
        text = text.replace(before, after)
    with open("/etc/prometheus/prometheus.yml", "w") as file:
        file.write(text)
    os.makedirs(f"{ROOT}/prometheus")  # what it stores
    shutil.chown(f"{ROOT}/prometheus", "prometheus", "prometheus")
    servers = [Server("prometheus", "--config.file=/etc/prometheus/prometheus.yml", f"--storage.tsdb.path={ROOT}/prometheus"), Server("prometheus-node-exporter")]
    try:
        eventually(lambda: not sh("curl -sS --fail http://127.0.0.1:9090/-/ready", check=False) == "", 30)
        eventually(lambda: sorted(result["value"][1] for result in results("up")) == ["1", "1"], 30)
        assert run(blocks[-1]) == "1\n"
        yield
    finally:
        for server in servers:
            server.end()
        shutil.rmtree(f"{ROOT}/prometheus")


def act(hub, machine):
    """What makes every counter move: traffic, a new handshake, a registration, refusals."""
    machine.run("wg-quick down wg0; wg-quick up wg0", check=False)
    machine.run("ping -n -c 5 -i 0.2 10.84.0.1", check=False)
    hub.register()
    Client().get("/api/nothing")


def test_every_expression_of_the_dashboard_has_a_value(connected, prometheus):
    hub, machine, issued = connected
    began, missing, expressions = time.monotonic(), None, []
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "30s").replace("$__range", "30s").replace("$hub", ".+").replace("$node", ".+")
            assert "$" not in expression, expression
            expressions.append((panel["title"], expression))

    def lacking():
        nonlocal missing
        act(hub, machine)
        missing = [(title, expression) for title, expression in expressions if not [one for one in results(expression) if one["value"][1] not in ("NaN", "+Inf", "-Inf")]]
        return not missing
    try:
        eventually(lacking, 60, every=2)
    except AssertionError:
        assert not missing, missing
    alive = {one["metric"]["spoke"] for one in results("wireguard_spoke_active == 1")}
    assert alive == {issued.spoke_id}
    (age,) = [float(one["value"][1]) for one in results(f'time() - wireguard_spoke_last_handshake_timestamp_seconds{{spoke="{issued.spoke_id}"}}')]
    assert -2 < age < 180
    assert float(results(f'wireguard_spoke_received_bytes_total{{spoke="{issued.spoke_id}"}}')[0]["value"][1]) > 0
    figure("", f"Grafana's dashboard: {len(expressions)} expressions in {len({title for title, _ in expressions})} panels, each with a value {time.monotonic() - began:.0f} s after the first scrape")


def test_promtool_finds_nothing_to_say(connected):
    text = scraped(connected[0])
    checked = promtool("check", "metrics", input=text)
    assert (checked.returncode, checked.stdout) == (0, "")
    figure("", f"promtool check metrics: silent on {len(families(text))} families, {len(samples(text))} series")


def test_rules_and_panels_ask_for_what_is_told(connected, prometheus):
    """A name that nobody tells would be an alert that never fires."""
    known = set(query("label/__name__/values"))
    asked = [rule["expr"] for rule in rules()] + [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    assert {name for expression in asked for name in NAME.findall(expression)} <= known


def test_an_alert_fires_and_ends(connected, prometheus):
    def firing():
        groups = query("rules", type="alert")["groups"]
        assert all(rule["health"] in ("ok", "unknown") for group in groups for rule in group["rules"]), groups
        return {alert["labels"]["alertname"] for group in groups for rule in group["rules"] for alert in rule["alerts"] if alert["state"] == "firing"}
    assert "DatabasePermissionsChanged" not in firing()
    os.chmod(DATABASE, 0o644)
    try:
        took = eventually(lambda: "DatabasePermissionsChanged" in firing(), 20)
    finally:
        os.chmod(DATABASE, 0o600)
    eventually(lambda: "DatabasePermissionsChanged" not in firing(), 20)
    figure("", f"DatabasePermissionsChanged fires {took:.1f} s after chmod 644, scraped every second")
