# What tests of alerts share: a hub with receivers, targets made and looked at, something to tell. Leaves the receivers to receivers.py.
import json

import pytest

from hub import Client
from receivers import Mails, Webhooks


@pytest.fixture(scope="module")
def receivers():
    webhooks, mails = Webhooks(), Mails()
    yield webhooks, mails
    webhooks.end()
    mails.end()


@pytest.fixture(scope="module")
def settings(receivers):
    """What root allows for these tests."""
    webhooks, mails = receivers
    return {"alerts__allowed_networks": '["127.0.0.0/8"]', "alerts__ca_file": f'"{webhooks.certificate}"',
            "alerts__mail_server": f'"smtp://localhost:{mails.port}"', "alerts__mail_from": '"hub@hub.example.net"'}


@pytest.fixture(scope="module")
def told(wide, settings):
    """A hub that may tell the receivers."""
    with wide.with_settings(**settings) as hub:
        yield hub


@pytest.fixture
def targets(told, receivers):
    """No target but those that the test makes, and nothing received yet."""
    forget_targets(told)
    for receiver in receivers:
        receiver.got.clear()
    yield told
    receivers[0].answers, receivers[0].headers, receivers[1].refuse = [], {}, False
    forget_targets(told)


def forget_targets(hub):
    for target in hub.admin.get("/api/alerts/targets").json["targets"]:
        assert hub.admin.delete(f"/api/alerts/targets/{target['id']}").status == 200


def make(hub, address, channel="webhook", status=201, **fields):
    answer = hub.admin.post("/api/alerts/targets", {"name": "On call", "channel": channel, "address": address, **fields})
    assert answer.status == status, answer
    return answer.json if status == 201 else answer


def state_of(hub, made):
    (found,) = [each for each in hub.admin.get("/api/alerts/targets").json["targets"] if each["id"] == made["target"]["id"]]
    return found


def fail_installation(hub, name, code=60, reason="NO_HANDSHAKE: nothing came back"):
    report = {"token": hub.token(name)["token"]["token"], "stage": "verified", "code": code, "reason": reason, "os": "linux", "detail": ""}
    assert Client().post("/api/installation/report", report).status == 202


def kinds_of(webhooks):
    return [alert["kind"] for _, _, body in webhooks.got for alert in json.loads(body)["alerts"]]


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def texts_of(mails):
    return "\n".join(text_of(message) for _, _, message in mails.got)
