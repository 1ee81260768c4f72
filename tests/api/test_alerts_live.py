# A spoke in a namespace goes down and comes back: webhook and mail, each once, over the end of apid too. Mostly waits.
import hashlib, hmac, json, time

from alerting import kinds_of, make, receivers, settings, targets, text_of, texts_of, told
from hub import SLOW, eventually, sh
from proofs import figure
from test_data_plane import Spoke


def test_a_spoke_that_goes_down_is_told_once_and_so_is_its_return(targets, receivers):
    webhooks, mails = receivers
    made = make(targets, webhooks.url())
    make(targets, "on.call@example.net", "mail")
    spoke = Spoke(targets, 1)
    try:
        spoke.come_online()
        time.sleep(6 * SLOW)  # until a look has heard it
        sh("ip link set s1 down")
        told_after = eventually(lambda: webhooks.got and mails.got, 3 * 85)
        (path, headers, body), sent = webhooks.got[0], json.loads(webhooks.got[0][2])
        assert (path, sent["type"], sent["hub"]) == ("/hooks/EXAMPLE-SECRET-PART", "alerts", "192.0.2.1")
        assert [(each["kind"], each["subject"], each["name"]) for each in sent["alerts"]] == [("spoke-down", spoke.id, "spoke-1")]
        key = made["signingKey"].encode()
        assert headers["X-WireGuard-Hub-Signature"] == "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        sender, recipients, mail = mails.got[0]
        assert (sender, recipients) == ("<hub@hub.example.net>", ["<on.call@example.net>"])
        assert mail["Subject"].startswith("[192.0.2.1] spoke-1 is down: ") and mail["Date"] and mail["Message-ID"], mail.as_string()
        assert "spoke-1 is down: nothing was heard of it for " in text_of(mail)
        targets.kill("apid")  # the one behind it neither tells again nor forgets
        targets.wait_ready()
        time.sleep(30)
        assert (len(webhooks.got), len(mails.got)) == (1, 1), (webhooks.got, mails.got)
        sh("ip link set s1 up && ip address replace 198.51.100.1/30 dev s1")
        back_after = eventually(lambda: len(webhooks.got) == 2 and len(mails.got) == 2, 3 * 60)
        assert kinds_of(webhooks) == ["spoke-down", "spoke-up"]
        assert "spoke-1 is back after " in texts_of(mails)
        figure("", f"a spoke went down: webhook and mail after {told_after:.0f} s, once, also over kill -9 of apid; after its return {back_after:.0f} s")
        newest = targets.admin.get("/api/alerts?limit=1").json
        before = targets.admin.get(f"/api/alerts?limit=1&cursor={newest['nextCursor']}").json
        assert [each["kind"] for each in newest["alerts"] + before["alerts"]] == ["spoke-up", "spoke-down"]
    finally:
        targets.admin.delete(f"/api/spoke/{spoke.id}")
        spoke.end()
