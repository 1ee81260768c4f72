# Holes that others had, each by its name: what happened there must not happen here. Self-promotion (CVE-2026-27899,
# GHSA-rxmp-8h9v-56cx) is in test_users.py, tokens in logs (CVE-2023-47390, defguard #3614) in test_secrets.py, the race for
# one token (TS-2025-007) in test_races.py.
import base64, hashlib, urllib.parse

from hub import PASSWORD, Client
from proofs import figure, rows, tokens
from test_contract import check

USUAL = ("admin", "password", "changeme", "wireguard", "wghub", "default", "123456789012", "administrator", "x")


def ways_in(username, password):
    """A request with this credential in each form that one has."""
    basic = base64.b64encode(f"{username}:{password}".encode()).decode()
    return ({"Authorization": f"Basic {basic}"}, {"Authorization": f"Bearer {password}"}, {"Authorization": f"Bearer whk_{password}"},
            {"Cookie": f"__Host-session={password}", "X-CSRF-Token": password}, {"X-API-Key": password})


def test_cve_2025_10678_a_fresh_hub_has_no_account_and_no_default_password(fresh):
    """Seen in NetBird: an installation left an admin's account with the password that its documents name."""
    def try_all(status, code):
        tried = 0
        for username in ("admin", "root", "wghub"):
            for password in USUAL:
                answer = Client().post("/api/auth/login", {"username": username, "password": password})
                assert answer.status in (400, 401) and "Set-Cookie" not in answer.headers, (username, password, answer)
                for headers in ways_in(username, password):
                    check(Client(headers).get("/api/users"), status, code, context=headers)
                    tried += 1
        return tried
    accounts = lambda: [rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in ("users", "sessions", "api_tokens")]
    assert accounts() == [0, 0, 0]
    tried = try_all(403, "SETUP_REQUIRED")
    for code in (*USUAL, "A" * 24, "0" * 24):
        check(Client().post("/api/setup", {"setupCode": code, "username": "admin", "password": PASSWORD}), 401, "INVALID_SETUP_CODE", context=code)
    assert accounts() == [0, 0, 0]
    fresh.set_up()
    assert [user["username"] for user in fresh.admin.get("/api/users").json["users"]] == ["admin"]
    tried += try_all(401, "UNAUTHENTICATED")
    figure("T1", f"CVE-2025-10678: {tried} usual credentials tried before and after set-up, all refused")


def test_wg_easy_2646_nobody_guesses_a_link(hub):
    """Seen in wg-easy: the tokens of one-time links could be tried out."""
    made = tokens(hub, 200)
    secrets = [base64.urlsafe_b64decode(token["token"] + "=") for token in made]
    assert {len(secret) for secret in secrets} == {32} and len(set(secrets)) == len(secrets)
    # Random bits: each is set in about half of all, none follows from its neighbours' or from what else is known of a token.
    spread = 5 * (len(secrets) / 4) ** 0.5
    for bit in range(256):
        ones = sum(secret[bit // 8] >> bit % 8 & 1 for secret in secrets)
        assert abs(ones - len(secrets) / 2) < spread, (bit, ones)
    one, client, wrong = made[0], Client(), set()
    for place in range(43):
        for letter in "AQgw" if place == 42 else "AZaz09-_":  # the last one has four bits
            wrong.add(one["token"][:place] + letter + one["token"][place + 1:])
    known = (one["id"], one["spokeId"], one["spokeName"], "1")
    for text in known:
        for digest in ("md5", "sha256"):
            raw = hashlib.new(digest, text.encode()).digest().ljust(32, b"\0")
            wrong.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
    wrong.discard(one["token"])
    for guess in sorted(wrong):
        answer = client.get(f"/api/installation/script/{guess}?platform=linux")
        assert (answer.status, answer.code) == (404, "TOKEN_NOT_FOUND"), (guess, answer)
    for text in known[:3]:  # the name of a token is no key to it
        assert client.get(f"/api/installation/script/{urllib.parse.quote(text)}?platform=linux").status in (400, 404), text
    assert client.get(f"/api/installation/script/{one['token']}?platform=linux", headers={"Accept": "*/*"}).status == 200
    for token in made:
        hub.admin.delete(f"/api/installation/token/{token['id']}")
    figure("T2", f"wg-easy #2646: {len(secrets)} tokens of 256 bits, all different; {len(wrong)} guesses beside a valid one: 404")
