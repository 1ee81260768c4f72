# The second factor, against Debian's oathtool: offered, confirmed, asked for at log-in and step-up, lost and taken away.
# Steps of time, windows and a clock set back are in tests/unit/apid/service/second_factor_test.cpp.
import subprocess, time
from urllib.parse import parse_qs, urlsplit

from hub import PASSWORD, Client, sh
from proofs import figure

from test_contract import check


class Authenticator:
    """Switches the second factor of a client's account on, and makes its codes."""

    def __init__(self, person):
        answer = person.post("/api/auth/totp")
        assert answer.status == 201, answer
        self.secret, self.uri = answer.json["secret"], answer.json["uri"]
        confirmed = person.post("/api/auth/totp/confirm", {"totp": self.code(-30)})
        assert confirmed.status == 200, confirmed
        self.recovery_codes = confirmed.json["recoveryCodes"]

    def code(self, seconds_from_now=0):
        """The one of before, now and next are good; each once, and none before one that was used."""
        now = f"@{int(time.time()) + seconds_from_now}"
        return subprocess.run(["oathtool", "--totp", "--base32", "--now", now, "-"], input=self.secret, capture_output=True,
                              text=True, check=True).stdout.strip()


def log_in(username, password=PASSWORD, **fields):
    return Client().post("/api/auth/login", {"username": username, "password": password, **fields})


def calm(seconds=12):
    """Waits until the present 30 s step has this long to go, so that codes made now stay what they are."""
    left = 30 - time.time() % 30
    if left < seconds:
        time.sleep(left)


def test_a_login_with_a_code_of_oathtool_which_works_once(hub):
    name = hub.user("operator")["username"]
    person = hub.login(name)
    calm()
    app = Authenticator(person)
    uri = urlsplit(app.uri)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", f"/WireGuard%20Hub:{name}")
    assert {key: values[0] for key, values in parse_qs(uri.query).items()} == {
        "secret": app.secret, "issuer": "WireGuard Hub", "algorithm": "SHA1", "digits": "6", "period": "30"}
    assert len(set(app.recovery_codes)) == 10

    # Only who has the password learns that there is more to give.
    check(log_in(name), 401, "TOTP_REQUIRED")
    check(log_in(name, "not the password"), 401, "INVALID_CREDENTIALS")
    check(log_in(name, "not the password", totp=app.code()), 401, "INVALID_CREDENTIALS")
    for wrong in ("", "12345", "1234567", "abcdef", app.code(-600), app.code(600), "aaaa-bbbb-cccc-dddd"):
        check(log_in(name, totp=wrong), 401, "TOTP_INVALID", context=wrong)
    check(log_in(name, totp=123456), 400, "INVALID_REQUEST", "totp")

    check(log_in(name, totp=app.code(-30)), 401, "TOTP_INVALID", context="it confirmed the second factor")
    code = app.code()
    first, again = log_in(name, totp=code), log_in(name, totp=code)
    assert first.status == 200 and set(first.json) == {"user", "csrfToken"}, first
    check(again, 401, "TOTP_INVALID")
    assert "Set-Cookie" not in again.headers
    assert log_in(name, totp=app.code(30)).status == 200
    figure("T7", "TOTP: a login with oathtool's code, the same code a second time refused")
    shown = next(user for user in hub.admin.get("/api/users").json["users"] if user["username"] == name)
    assert shown["totp"] is True and shown["lastLoginAt"]


def test_a_recovery_code_works_once(hub):
    name = hub.user("viewer")["username"]
    calm()
    app = Authenticator(hub.login(name))
    for code in (app.recovery_codes[0], app.recovery_codes[9].upper().replace("-", " ")):
        assert log_in(name, totp=code).status == 200
        check(log_in(name, totp=code), 401, "TOTP_INVALID")
    assert log_in(name, totp=app.code()).status == 200


def test_a_step_up_asks_for_the_second_factor_too(hub):
    name = hub.user("admin")["username"]
    person = hub.login(name)
    calm()
    app = Authenticator(person)
    check(person.post("/api/auth/step-up", {"password": PASSWORD}), 401, "TOTP_REQUIRED")
    check(person.post("/api/auth/step-up", {"password": PASSWORD, "totp": "000000x"}), 401, "TOTP_INVALID")
    code = app.code()
    assert person.post("/api/auth/step-up", {"password": PASSWORD, "totp": code}).json == person.get("/api/auth/me").json
    check(person.post("/api/auth/step-up", {"password": PASSWORD, "totp": code}), 401, "TOTP_INVALID")


def test_an_offer_is_replaced_by_the_next_and_binds_nobody(hub):
    user = hub.user("viewer")
    person = hub.login(user["username"])
    check(person.post("/api/auth/totp/confirm", {"totp": "123456"}), 404, "NOT_FOUND")
    check(person.delete("/api/auth/totp"), 404, "NOT_FOUND")
    old = person.post("/api/auth/totp").json["secret"]
    assert log_in(user["username"]).status == 200
    calm()
    app = Authenticator(person)
    assert app.secret != old
    check(person.post("/api/auth/totp"), 409, "TOTP_ACTIVE")
    check(person.post("/api/auth/totp/confirm", {"totp": app.code()}), 404, "NOT_FOUND")
    answer = person.delete("/api/auth/totp")
    assert answer.status == 200 and answer.json["success"] is True
    assert log_in(user["username"]).status == 200
    check(log_in(user["username"], totp=5), 400, "INVALID_REQUEST", "totp")
    actions = [event["action"] for event in reversed(hub.audit(target=user["id"])) if "totp" in event["action"]]
    assert actions == ["auth.totp-offered", "auth.totp-offered", "auth.totp-enabled", "auth.totp-disabled"]


def test_an_admin_takes_a_lost_second_factor_away(hub):
    user = hub.user("viewer")
    calm()
    app = Authenticator(hub.login(user["username"]))
    answer = hub.admin.post(f"/api/users/{user['id']}/reset", {"password": "seven seas to cross"})
    assert answer.status == 200, answer
    check(log_in(user["username"]), 401, "INVALID_CREDENTIALS")
    assert log_in(user["username"], "seven seas to cross").status == 200
    assert log_in(user["username"], "seven seas to cross", totp=app.recovery_codes[0]).status == 200, "there is none to check"


def test_secrets_of_a_second_factor_are_shown_once_and_logged_never(hub):
    user = hub.user("admin")
    person = hub.login(user["username"])
    calm()
    app = Authenticator(person)
    code = app.code()
    assert log_in(user["username"], totp=code).status == 200
    said = hub.log("apid") + str(hub.audit()) + hub.admin.get("/api/users").text + person.get("/api/auth/me").text
    for secret in (app.secret, app.recovery_codes[3], app.recovery_codes[3].replace("-", "")):
        assert secret not in said
    stored = sh("strings /var/lib/wireguard-hub/database.sqlite /var/lib/wireguard-hub/database.sqlite-wal", check=False)
    assert app.recovery_codes[3].replace("-", "") not in stored and app.recovery_codes[3] not in stored
