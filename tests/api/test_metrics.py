# GET /api/metrics, and the files of deploy/monitoring against it.
import subprocess

from hub import Client


def scraped(hub, client=None):
    answer = (client or hub.another()).get("/api/metrics")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def test_promtool_finds_nothing_to_say(hub):
    checked = subprocess.run(["promtool", "check", "metrics"], input=scraped(hub), text=True, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


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
