# Alerts by webhook and mail to servers on loopback: failed installations, alarms, certificates; quiet hours, retries; and that what an
# admin types is no way into the hub's own network. A spoke that goes down is test_alerts_live's.
import contextlib, json, os, re, shlex, sqlite3, subprocess, time

import pytest

from alerting import fail_installation, forget_targets, kinds_of, make, receivers, settings, state_of, targets, texts_of, told
from hub import DATABASE, LOGS, ROOT, SLOW, SOURCE, Stream, eventually, sh
from proofs import figure
from receivers import Webhooks, make_certificate
from test_metrics import value
from test_user_command import wghub
from test_wghub_command import written


@contextlib.contextmanager
def otherwise(hub, settings, **fields):
    """The same hub with other settings for a while."""
    try:
        hub.restart(**fields)
        hub.wait_ready()
        yield
    finally:
        hub.restart(**settings)
        hub.wait_ready()


def test_what_fails_and_what_alarms_is_told_in_one_message(targets, receivers):
    webhooks, mails = receivers
    make(targets, webhooks.url())
    make(targets, "on.call@example.net", "mail", kinds=["alarm"])
    fail_installation(targets, "büro <b>")
    token = targets.token("taken twice")["token"]["token"]
    assert targets.register(token).status == 201
    assert targets.register(token).status == 410
    eventually(lambda: webhooks.got and mails.got, 3 * 15)
    assert kinds_of(webhooks) == ["install-failed", "alarm"]
    alerts = json.loads(webhooks.got[0][2])["alerts"]
    assert (alerts[0]["reason"], alerts[0]["name"]) == ("60 NO_HANDSHAKE", "büro <b>")
    assert (alerts[1]["reason"], alerts[1]["name"]) == ("second-key", "taken twice")
    assert "The installation" not in texts_of(mails) and "taken twice" in texts_of(mails)


def test_the_stream_tells_alerts_as_the_list_has_them(targets):
    stream = Stream(targets.admin.headers)
    fail_installation(targets, "live")
    told = stream.until("alert")["alert"]
    assert told == targets.admin.get("/api/alerts?limit=1").json["alerts"][0]
    assert told["kind"] == "install-failed" and told["text"] == "The installation on live failed: 60 NO_HANDSHAKE."


def test_a_receiver_that_is_away_gets_it_later_and_the_reason_is_shown(targets, receivers):
    webhooks, mails = receivers
    webhooks.answers = [500, 503]
    made = make(targets, webhooks.url())
    mails.refuse = True
    mail = make(targets, "on.call@example.net", "mail")
    fail_installation(targets, "retried")
    eventually(lambda: state_of(targets, made)["lastError"] == "HTTP status 500", 3 * 15)
    assert state_of(targets, made)["failingSince"]
    eventually(lambda: state_of(targets, mail)["failingSince"], 3 * 15)
    assert "550" in state_of(targets, mail)["lastError"], state_of(targets, mail)
    mails.refuse = False
    eventually(lambda: len(webhooks.got) == 3, 3 * 45)
    eventually(lambda: state_of(targets, made)["lastDeliveredAt"] and not state_of(targets, made)["failingSince"], 3 * 5)
    eventually(lambda: "retried" in texts_of(mails), 3 * 45)
    assert len({body for _, _, body in webhooks.got}) <= 3 and kinds_of(webhooks)[-1] == "install-failed"


def test_quiet_hours_hold_everything_back_until_they_end(targets, receivers):
    webhooks, _ = receivers
    minute = time.localtime().tm_hour * 60 + time.localtime().tm_min

    def at(offset):
        return "{:02}:{:02}".format(*divmod((minute + offset) % 1440, 60))
    assert targets.admin.get("/api/alerts/targets").json["hubTime"] in (at(0), at(1))
    made = make(targets, webhooks.url(), quietHours={"from": at(-5), "until": at(60)})
    assert made["target"]["quietHours"] == {"from": at(-5), "until": at(60)}
    fail_installation(targets, "first")
    fail_installation(targets, "second")
    time.sleep(15 * SLOW)
    assert not webhooks.got
    path = f"/api/alerts/targets/{made['target']['id']}"
    assert targets.admin.put(path, {"quietHours": None}).json["target"]["quietHours"] is None
    eventually(lambda: webhooks.got, 3 * 5)
    assert [alert["name"] for alert in json.loads(webhooks.got[0][2])["alerts"]] == ["first", "second"]


def test_a_target_that_is_enabled_again_hears_nothing_of_before(targets, receivers):
    webhooks, _ = receivers
    made = make(targets, webhooks.url())
    path = f"/api/alerts/targets/{made['target']['id']}"
    assert targets.admin.put(path, {"enabled": False, "name": "Nobody"}).json["target"]["name"] == "Nobody"
    fail_installation(targets, "unheard")
    time.sleep(8 * SLOW)
    assert targets.admin.put(path, {"enabled": True}).status == 200
    fail_installation(targets, "heard")
    eventually(lambda: webhooks.got, 3 * 15)
    assert [alert["name"] for alert in json.loads(webhooks.got[0][2])["alerts"]] == ["heard"]


def test_a_test_message_says_whether_it_arrived(targets, receivers):
    webhooks, mails = receivers
    webhook = make(targets, webhooks.url(), quietHours={"from": "00:00", "until": "23:59"})
    mail = make(targets, "on.call@example.net", "mail")
    for made in (webhook, mail):
        assert targets.admin.post(f"/api/alerts/targets/{made['target']['id']}/test").status == 200
    assert json.loads(webhooks.got[0][2])["type"] == "test"
    assert mails.got[0][2]["Subject"] == "[192.0.2.1] Test of alerts"
    webhooks.answers = [404]
    answer = targets.admin.post(f"/api/alerts/targets/{webhook['target']['id']}/test")
    assert (answer.status, answer.code, answer.json["error"]) == (502, "ALERT_NOT_DELIVERED", "The message was not taken: HTTP status 404.")
    mails.refuse = True
    answer = targets.admin.post(f"/api/alerts/targets/{mail['target']['id']}/test")
    assert (answer.status, "550" in answer.json["error"]) == (502, True), answer
    for _ in range(6):
        targets.admin.post(f"/api/alerts/targets/{mail['target']['id']}/test")
    answer = targets.admin.post(f"/api/alerts/targets/{mail['target']['id']}/test")
    assert (answer.status, answer.code) == (429, "RATE_LIMITED") and answer.headers["Retry-After"], answer
    assert targets.admin.post("/api/alerts/targets/6b1d3c0a-52a5-4f0e-9c1b-2f7d3f1f0a99/test").status == 404


def test_a_redirect_is_not_followed_and_an_unknown_authority_not_believed(targets, receivers):
    webhooks, _ = receivers
    admin = another_admin(targets)
    webhooks.answers, webhooks.headers = [302], {"Location": webhooks.url("/elsewhere")}
    made = make(targets, webhooks.url())
    answer = admin.post(f"/api/alerts/targets/{made['target']['id']}/test")
    assert (answer.status, "HTTP status 302" in answer.json["error"], len(webhooks.got)) == (502, True, 1), answer
    other = Webhooks()  # another authority than the one that root named
    try:
        made = make(targets, other.url())
        answer = admin.post(f"/api/alerts/targets/{made['target']['id']}/test")
        assert (answer.status, "certificate" in answer.json["error"], other.got) == (502, True, []), answer
    finally:
        other.end()


def another_admin(hub):
    """One whose test messages are not counted yet."""
    user = hub.user("admin")
    return hub.login(user["username"])


def test_nobody_but_an_admin_sees_or_changes_targets(targets):
    viewer, operator = targets.client("viewer"), targets.client("operator")
    assert viewer.get("/api/alerts").status == 200
    for client in (viewer, operator):
        assert client.get("/api/alerts/targets").code == "FORBIDDEN"
        assert client.post("/api/alerts/targets", {"name": "x", "channel": "mail", "address": "a@b"}).code == "FORBIDDEN"


BAD = [({"address": "https://user:pass@example.net/"}, "address"), ({"address": "ftp://example.net/"}, "address"), ({"address": "x"}, "address"),
       ({"channel": "mail", "address": "a@b\r\nBcc: c@d"}, "address"), ({"channel": "mail", "address": "a@b,c@d"}, "address"), ({"address": ""}, "address"),
       ({"channel": "pager"}, "channel"), ({"kinds": []}, "kinds"), ({"kinds": ["alarm", "alarm"]}, "kinds"), ({"kinds": ["weather"]}, "kinds"),
       ({"kinds": None}, "kinds"), ({"name": " "}, "name"), ({"quietHours": {"from": "7:00", "until": "08:00"}}, "quietHours.from"),
       ({"quietHours": {"from": "07:00", "until": "24:00"}}, "quietHours.until"), ({"quietHours": {"from": "07:00", "until": "07:00"}}, "quietHours.until"),
       ({"quietHours": {"from": "07:00"}}, "quietHours.until"), ({"quietHours": []}, "quietHours")]


@pytest.mark.parametrize("fields, field", BAD, ids=[f"{number}-{field}" for number, (_, field) in enumerate(BAD)])
def test_what_is_no_target_is_refused_by_field(targets, fields, field):
    answer = targets.admin.post("/api/alerts/targets", {"name": "x", "channel": "webhook", "address": "https://example.net/", **fields})
    assert (answer.status, answer.code, answer.json["field"]) == (400, "INVALID_REQUEST", field), answer
    assert targets.admin.get("/api/alerts/targets").json["totalCount"] == 0


def test_there_are_twenty_targets_and_no_more(targets):
    for number in range(20):
        make(targets, f"a{number}@example.net", "mail")
    assert make(targets, "one@example.net", "mail", 409).code == "ALERT_TARGETS_FULL"
    assert {each["address"] for each in targets.admin.get("/api/alerts/targets").json["targets"]} == {f"a{number}@example.net" for number in range(20)}


def test_the_address_and_the_key_of_a_webhook_are_shown_nowhere(targets, receivers):
    webhooks, _ = receivers
    made = make(targets, webhooks.url())
    path, key = f"/api/alerts/targets/{made['target']['id']}", made["signingKey"]
    assert made["target"]["address"] == f"https://localhost:{webhooks.port}/…"
    fail_installation(targets, "seen")
    eventually(lambda: webhooks.got, 3 * 15)
    webhooks.answers = [500]
    answers = [targets.admin.get("/api/alerts/targets"), targets.admin.put(path, {"enabled": True}), another_admin(targets).post(f"{path}/test"),
               targets.admin.get("/api/alerts"), targets.admin.get("/api/audit?limit=50")]
    shown = "".join(answer.text for answer in answers) + "".join(open(f"{LOGS}/{name}", errors="replace").read() for name in os.listdir(LOGS) if name.endswith(".log"))
    for secret in ("EXAMPLE-SECRET-PART", key, key[4:]):
        assert secret not in shown, secret
    assert {"alert-target.created", "alert-target.updated", "alert-target.tested"} <= {event["action"] for event in answers[-1].json["events"]}


def test_root_tells_whom_he_wants_by_the_commands_of_the_page(targets, receivers):
    webhooks, mails = receivers
    with open(f"{SOURCE}/docs/alerts.md") as file:
        page, signature = re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL)
    address = written("chat-webhook", webhooks.url() + "\n")
    outputs = [wghub(*shlex.split(line.replace("/root/chat-webhook", address))[1:]) for line in page.splitlines()]
    assert [status for status, _, _ in outputs] == [0, 0, 0, 0], outputs
    key = re.search(r"^signing key +(whs_\S+)$", outputs[1][1], re.MULTILINE)[1]
    assert [mail["Subject"] for _, _, mail in mails.got] == ["[192.0.2.1] Test of alerts"]
    listed = outputs[3][1]
    assert "22:00-07:00" in listed and "nothing sent yet" in listed and "EXAMPLE-SECRET" not in listed, listed
    assert wghub("alert", "quiet", "chat", "none")[0] == 0 and wghub("alert", "test", "chat")[0] == 0
    (_, headers, body) = webhooks.got[0]
    done = subprocess.run(["bash", "-c", signature], env={"PATH": os.environ["PATH"], "BODY": body.decode(), "SIGNING_KEY": key}, capture_output=True, text=True)
    assert done.stdout.split()[-1] == headers["X-WireGuard-Hub-Signature"].removeprefix("sha256="), done
    assert wghub("alert", "disable", "chat")[0] == wghub("alert", "enable", "chat")[0] == wghub("alert", "remove", "chat")[0] == 0
    fail_installation(targets, "told to root")
    assert "The installation on told to root failed: 60 NO_HANDSHAKE." in wghub("alert", "list")[1]
    for wrong in (("add", "x"), ("add", "x", "--mail", "a@b", "--webhook-file", address), ("add", "x", "--webhook-file", "/nonexistent")):
        assert wghub("alert", *wrong)[0] == 2, wrong
    assert wghub("alert", "add", "x", "--mail", "a@b", "--quiet", "7-8")[0] == 4
    assert wghub("alert", "test", "nobody")[0] == 3
    mails.refuse = True
    status, _, complaint = wghub("alert", "test", "on call")
    assert status == 4 and complaint.startswith("wghub: ALERT_NOT_DELIVERED: The message was not taken: "), complaint


def test_what_is_delivered_is_counted(targets, receivers):
    series, failures = 'wireguard_alert_deliveries_total{channel="webhook",outcome="delivered"}', 'wireguard_alerts_total{kind="install-failed"}'
    time.sleep(5 * SLOW)  # until those of the tests before are counted
    before, alerts = value(targets, series), value(targets, failures)
    make(targets, receivers[0].url())
    fail_installation(targets, "counted")
    eventually(lambda: value(targets, series) == before + 1, 3 * 15)
    assert value(targets, failures) == alerts + 1


def test_a_certificate_near_its_end_is_told(told, settings):
    folder = f"{ROOT}/short"
    os.makedirs(folder, exist_ok=True)
    certificate, key = make_certificate(folder, "DNS:localhost,IP:127.0.0.1")
    sh(f"chown -R wghub {folder}")
    fields = {**settings, "tls__certificate": f'"{certificate}"', "tls__key": f'"{key}"', "api_base_url": '"https://localhost:8443"'}

    def heard():
        return [each for each in told.admin.get("/api/alerts?limit=20").json["alerts"] if each["kind"] == "certificate"]
    with otherwise(told, settings, **fields):
        eventually(lambda: len(heard()) == 2, 3 * 15)
        assert {each["subject"]: each["reason"] for each in heard()} == {"apid, port 8443": "2", "https://localhost:8443": "2"}
        told.restart(**fields)
        told.wait_ready()
        time.sleep(6 * SLOW)
        assert len(heard()) == 2  # told once, whoever starts anew


PRIVATE = ["https://localhost:{port}/x", "https://127.0.0.1:{port}/x", "https://[::1]:{port}/x", "https://[::ffff:127.0.0.1]:{port}/x", "https://0.0.0.0:{port}/x",
           "https://2130706433:{port}/x", "https://0x7f.1:{port}/x", "https://192.0.2.1:{port}/x", "https://169.254.169.254/latest/meta-data", "https://10.84.0.1:{port}/x"]


def test_without_roots_word_no_private_address_is_reached(told, settings):
    """Also by a name that leads there, and by other ways of writing it."""
    webhooks = Webhooks("0.0.0.0")
    try:
        with otherwise(told, settings):
            reached = [form for form in PRIVATE if not is_refused(told, form.format(port=webhooks.port))]
            assert not reached
            assert make(told, f"http://localhost:{webhooks.port}/", status=400).json["field"] == "address"
        assert not webhooks.got
        figure("T8", f"{len(PRIVATE)} addresses of this machine and its networks as webhooks: none was connected to")
    finally:
        webhooks.end()
        forget_targets(told)


def is_refused(hub, address):
    answer = hub.admin.post("/api/alerts/targets", {"name": "inside", "channel": "webhook", "address": address})
    if answer.status == 400:
        return True
    path = f"/api/alerts/targets/{answer.json['target']['id']}"
    tested = another_admin(hub).post(f"{path}/test")
    assert hub.admin.delete(path).status == 200
    return tested.status == 502 and "private network" in tested.json["error"]


def test_http_goes_to_allowed_networks_alone(told):
    admin = another_admin(told)
    clear = Webhooks("127.0.0.1", tls=False)
    try:
        made = make(told, clear.url(host="127.0.0.1"))
        assert admin.post(f"/api/alerts/targets/{made['target']['id']}/test").status == 200
        made = make(told, "http://192.0.2.1/x")
        answer = admin.post(f"/api/alerts/targets/{made['target']['id']}/test")
        assert (answer.status, "private network" in answer.json["error"]) == (502, True), answer
    finally:
        clear.end()
        forget_targets(told)


def test_old_alerts_are_taken_away_after_thirty_days(told, settings):
    fail_installation(told, "old")
    told.stop()
    with sqlite3.connect(DATABASE) as database:
        database.execute("UPDATE alerts SET at = at - 31 * 86400")
        newest = database.execute("SELECT MAX(number) FROM alerts").fetchone()[0]
    database.close()
    told.start(**settings)
    told.wait_ready()

    def numbers():
        return [each["id"] for each in told.admin.get("/api/alerts").json["alerts"]]
    eventually(lambda: numbers() == [newest], 3 * 10)
