# Who asks with a session in test_contract_fuzz.py: accounts that come back from whatever their own requests did to them. Leaves
# what is asked to inputs.py.
import subprocess, time

from hub import PASSWORD, Client

import inputs
from test_users import age


def code_of(secret):
    """The six digits of now, as oathtool makes them."""
    return subprocess.run(["oathtool", "--totp", "--base32", "--now", f"@{int(time.time())}", "-"], input=secret, capture_output=True, text=True,
                          check=True).stdout.strip()


class Person:
    """An admin. factor: always with a second one. stale: the password was never given within 10 minutes. pages: comes from the hub's own."""

    def __init__(self, admin, name, factor=False, stale=False, pages=True):
        answer = admin.post("/api/users", {"username": name, "password": PASSWORD, "role": "admin"})
        assert answer.status == 201, answer
        self.admin, self.name, self.id = admin, name, answer.json["user"]["id"]
        self.factor, self.stale, self.pages = factor, stale, pages
        self.client, self.secret = Client(), None
        if factor:
            self.sign_in()
            self.switch_on()

    def sign_in(self):
        client = Client()
        answer = client.post("/api/auth/login", {"username": self.name, "password": PASSWORD})
        if answer.status == 200:
            client.signed_in_by(answer)
            self.client = client
        return answer.status == 200

    def get_ready(self, operation, asked):
        """Signed in, and so that the operation can succeed; the marks of inputs.py in what is asked get their values."""
        if self.client.get("/api/auth/me").status != 200 and not self.sign_in():
            reset = self.admin.post(f"/api/users/{self.id}/reset", {"password": PASSWORD})
            assert reset.status == 200 and self.sign_in(), reset
        if self.stale:
            age("stepped_up_at", 600, self.client)
        elif self.factor or str(operation) == "DELETE /api/auth/totp":
            self.switch_on()
        elif str(operation) == "POST /api/auth/totp":
            self.client.delete("/api/auth/totp")
        elif str(operation) == "POST /api/auth/totp/confirm":
            self.client.delete("/api/auth/totp")
            self.secret = self.client.post("/api/auth/totp").json["secret"]
        if inputs.OTHER_SESSION in asked.target:
            asked.target = asked.target.replace(inputs.OTHER_SESSION, self.other_session())
        if self.secret:
            asked.put_code(code_of(self.secret))

    def switch_on(self):
        offered = self.client.post("/api/auth/totp")
        if offered.status == 201:  # else it is on already
            self.secret = offered.json["secret"]
            confirmed = self.client.post("/api/auth/totp/confirm", {"totp": code_of(self.secret)})
            assert confirmed.status == 200, confirmed

    def other_session(self):
        kept = self.client
        if not self.sign_in():  # it has a second factor now
            return inputs.OTHER_SESSION
        other = next(each["id"] for each in self.client.get("/api/auth/sessions").json["sessions"] if each["current"])
        self.client = kept
        return other

    def call(self, method, target, body, headers=None, raw=None):
        if not self.pages:
            headers = {**(headers or {}), "X-CSRF-Token": "x" * 43}
        return self.client.call(method, target, body, headers=headers, raw=raw)
