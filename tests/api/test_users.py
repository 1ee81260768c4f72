# Users as admins see them, and what people do to their own accounts: roles, sessions, passwords, step-up.
# Second factors are in test_totp.py, the command of root in test_user_command.py.
import sqlite3, threading

import pytest

from hub import DATABASE, PASSWORD, Client, Stream
from proofs import figure, share
from test_contract import check

OTHER = "seven seas to cross"
SHOWN = {"id", "username", "role", "disabled", "totp", "createdAt", "lastLoginAt"}


def log_in(username, password=PASSWORD, **options):
    return Client().post("/api/auth/login", {"username": username, "password": password}, **options)


def named(hub, username):
    return next((user for user in hub.admin.get("/api/users").json["users"] if user["username"] == username), None)


def age(what, seconds, session):
    """A session's times set back, as if it had been left alone."""
    (shown,) = [each for each in session.get("/api/auth/sessions").json["sessions"] if each["current"]]
    with sqlite3.connect(DATABASE, timeout=20) as database:
        assert database.execute(f"UPDATE sessions SET {what} = {what} - ? WHERE id = ?", (seconds, shown["id"])).rowcount == 1
    database.close()


def at_once(*calls):
    """The answers of calls that begin at the same moment."""
    answers, barrier = [None] * len(calls), threading.Barrier(len(calls))

    def run(number, call):
        barrier.wait()
        answers[number] = call()
    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_user_from_making_to_removal(hub):
    answer = hub.admin.post("/api/users", {"username": "ann@example.org", "password": PASSWORD, "role": "viewer"})
    made = answer.json["user"]
    assert answer.status == 201 and set(answer.json) == {"success", "user"} and set(made) == SHOWN
    assert (made["username"], made["role"], made["disabled"], made["totp"], made["lastLoginAt"]) == ("ann@example.org", "viewer", False, False, None)
    path = f"/api/users/{made['id']}"
    check(hub.admin.post("/api/users", {"username": "ann@example.org", "password": PASSWORD, "role": "admin"}), 409, "USERNAME_TAKEN")
    session = hub.login("ann@example.org")
    assert named(hub, "ann@example.org")["lastLoginAt"]
    check(session.post("/api/installation/token", {"spokeName": "x"}), 403, "FORBIDDEN")

    answer = hub.admin.put(path, {"role": "operator"})
    assert answer.status == 200 and answer.json["user"]["role"] == "operator"
    check(session.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    assert hub.login("ann@example.org").post("/api/installation/token", {"spokeName": "x"}).status == 201

    assert hub.admin.post(f"{path}/reset", {"password": OTHER}).json["success"] is True
    check(log_in("ann@example.org"), 401, "INVALID_CREDENTIALS")
    session = hub.login("ann@example.org", OTHER)

    answer = hub.admin.delete(path)
    assert answer.status == 200 and answer.json["success"] is True and answer.json["message"]
    check(session.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    check(log_in("ann@example.org", OTHER), 401, "INVALID_CREDENTIALS")
    for gone in (hub.admin.delete(path), hub.admin.put(path, {"role": "admin"}), hub.admin.post(f"{path}/reset", {"password": OTHER}),
                 hub.admin.get(f"{path}/sessions"), hub.admin.delete(f"{path}/sessions")):
        check(gone, 404, "NOT_FOUND")
    assert named(hub, "ann@example.org") is None
    assert hub.user("viewer", "ann@example.org")["id"] != made["id"], "the name is free again"

    events = list(reversed(hub.audit(target=made["id"])))
    assert [event["action"] for event in events if event["action"].startswith("user.")] == ["user.created", "user.updated", "user.reset", "user.removed"]
    assert all(event["actor"] == "test admin" and event["details"]["username"] == "ann@example.org" for event in events if event["action"].startswith("user."))
    assert PASSWORD not in str(events) and OTHER not in str(events)


def test_what_is_no_user_is_refused_by_its_field(hub):
    good = {"username": "bob", "password": PASSWORD, "role": "viewer"}
    for field, values in (("username", ("", "Bob", "a b", "x" * 65, 1, None)), ("password", ("short", "password1234", "x" * 257, 5, None)), ("role", ("root", "Admin", "", 1, None))):
        for value in values:
            check(hub.admin.post("/api/users", {**good, field: value}), 400, "INVALID_REQUEST", field, (field, value))
        check(hub.admin.post("/api/users", {key: value for key, value in good.items() if key != field}), 400, "INVALID_REQUEST", field)
    check(hub.admin.post("/api/users", {**good, "id": "1"}), 400, "UNKNOWN_FIELD", "id")
    path = f"/api/users/{hub.user('viewer')['id']}"
    check(hub.admin.put(path, {}), 400, "INVALID_REQUEST", "role")
    check(hub.admin.put(path, {"role": "root"}), 400, "INVALID_REQUEST", "role")
    check(hub.admin.put(path, {"role": None}), 400, "INVALID_REQUEST", "role")
    check(hub.admin.put(path, {"disabled": "yes"}), 400, "INVALID_REQUEST", "disabled")
    check(hub.admin.put(path, {"disabled": None}), 400, "INVALID_REQUEST", "disabled")
    check(hub.admin.put(path, {"role": "viewer", "username": "eve"}), 400, "UNKNOWN_FIELD", "username")
    check(hub.admin.post(f"{path}/reset", {"password": "short"}), 400, "INVALID_REQUEST", "password")
    check(hub.admin.post(f"{path}/reset", {"password": OTHER, "role": "admin"}), 400, "UNKNOWN_FIELD", "role")
    for unknown in ("/api/users/admin", "/api/users/00000000-0000-4000-8000-000000000000"):
        check(hub.admin.put(unknown, {"role": "admin"}), 404, "NOT_FOUND")
        check(hub.admin.delete(unknown), 404, "NOT_FOUND")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_cve_2026_27899_and_ghsa_rxmp_8h9v_56cx_nobody_makes_himself_admin(hub, role):
    """Seen in WireGuard Portal and NetBird: a PUT of one's own user, or a field too many, made anybody an admin."""
    user = hub.user(role)
    session = hub.login(user["username"])
    other = hub.user("viewer")
    higher = {"role": "admin"}
    fields = ({"role": "admin"}, {"isAdmin": True}, {"is_admin": True}, {"admin": True}, {"roles": ["admin"]}, {"user": {"role": "admin"}})
    refused = 0
    for path in (f"/api/users/{user['id']}", f"/api/users/{other['id']}"):
        for body in (higher, {**user, "role": "admin"}, {"disabled": False}):
            check(session.put(path, body), 403, "FORBIDDEN", context=(path, body))
            refused += 1
    for call in (lambda: session.post("/api/users", {"username": "eve", "password": PASSWORD, "role": "admin"}),
                 lambda: session.post(f"/api/users/{other['id']}/reset", {"password": OTHER}),
                 lambda: session.delete(f"/api/users/{other['id']}"),
                 lambda: session.post("/api/api-tokens", {"name": "x", "role": "admin"}),
                 lambda: session.post("/api/hub/initialize", {}), lambda: session.get("/api/users"), lambda: session.get("/api/audit")):
        check(call(), 403, "FORBIDDEN")
        refused += 1
    # A field too many is refused wherever a body is read, before anything of it is done.
    for extra in fields:
        (name,) = extra
        for method, path, body in (("POST", "/api/auth/step-up", {"password": PASSWORD}), ("PUT", "/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER}),
                                   ("POST", "/api/auth/totp/confirm", {"totp": "123456"}), ("POST", "/api/auth/login", {"username": user["username"], "password": PASSWORD})):
            check(session.call(method, path, {**body, **extra}), 400, "UNKNOWN_FIELD", name, (path, extra))
            refused += 1
        check(Client().post("/api/spoke/register", {"token": "x" * 43, "publicKey": "A" * 43 + "=", "os": "linux", **extra}), 400, "UNKNOWN_FIELD", name)
        refused += 1
    # Neither a header nor a cookie says who one is.
    for headers in ({"X-Role": "admin"}, {"X-Forwarded-User": "admin"}, {"Cookie": session.headers["Cookie"] + "; role=admin"}):
        check(Client({**session.headers, **headers}).put(f"/api/users/{user['id']}", higher), 403, "FORBIDDEN", context=headers)
        refused += 1
    assert named(hub, user["username"])["role"] == role and named(hub, "eve") is None
    assert session.get("/api/auth/me").json["user"]["role"] == role
    figure("T1", f"CVE-2026-27899, GHSA-rxmp-8h9v-56cx: {refused} ways for a {role} to become admin, all refused")


def test_a_disabled_users_streams_sessions_and_api_tokens_end_at_once(hub):
    user = hub.user("admin")
    path = f"/api/users/{user['id']}"
    session = hub.login(user["username"])
    program = hub.client("viewer", session)
    with Stream({"Cookie": session.headers["Cookie"]}) as of_session, Stream(program.headers) as of_program, Stream(hub.admin.headers) as kept:
        assert of_session.status == of_program.status == kept.status == 200
        assert hub.admin.put(path, {"disabled": True}).json["user"]["disabled"] is True
        for stream in (of_session, of_program):
            assert stream.until("session-ended") and stream.event() is None
        check(session.get("/api/auth/me"), 401, "UNAUTHENTICATED")
        check(program.get("/api/spoke/list"), 401, "UNAUTHENTICATED")
        check(log_in(user["username"]), 401, "INVALID_CREDENTIALS")
        hub.token("still watched")
        assert kept.until("token.created")["token"]["spokeName"] == "still watched"
    assert hub.admin.put(path, {"disabled": False}).json["user"]["disabled"] is False
    check(session.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    check(program.get("/api/spoke/list"), 401, "UNAUTHENTICATED")
    assert log_in(user["username"]).status == 200


def test_of_two_admins_who_end_each_other_at_once_one_stays(fresh):
    fresh.set_up()
    users = {"admin": named(fresh, "admin"), "second": fresh.user("admin", "second")}
    for name, user in users.items():  # alone, each is the last
        other = users["second" if name == "admin" else "admin"]
        assert fresh.root_call("PUT", f"/admin/users/{other['username']}", {"disabled": True}).status == 200
        session = fresh.login(name)
        for call in (lambda: session.put(f"/api/users/{user['id']}", {"role": "viewer"}), lambda: session.put(f"/api/users/{user['id']}", {"disabled": True}),
                     lambda: session.delete(f"/api/users/{user['id']}")):
            check(call(), 409, "LAST_ADMIN")
        assert fresh.root_call("PUT", f"/admin/users/{name}", {"role": "operator"}).code == "LAST_ADMIN", "root keeps one too"
        assert fresh.root_call("PUT", f"/admin/users/{other['username']}", {"disabled": False}).status == 200
    rounds = share(5, 100)
    for number in range(rounds):
        sessions = {name: fresh.login(name) for name in users}
        change = ({"role": "viewer"}, {"disabled": True}, {"role": "operator", "disabled": True})[number % 3]
        answers = at_once(lambda: sessions["admin"].put(f"/api/users/{users['second']['id']}", change),
                          lambda: sessions["second"].put(f"/api/users/{users['admin']['id']}", change))
        assert sorted(answer.status for answer in answers)[0] == 200 and sum(answer.status == 200 for answer in answers) == 1, answers
        assert all(answer.code in (None, "FORBIDDEN", "UNAUTHENTICATED", "LAST_ADMIN") for answer in answers), answers
        left = [user for user in fresh.root_call("GET", "/admin/users").json["users"] if user["role"] == "admin" and not user["disabled"]]
        assert len(left) == 1, left
        for name in users:
            assert fresh.root_call("PUT", f"/admin/users/{name}", {"role": "admin", "disabled": False}).status == 200
    figure("T1", f"two admins who demoted or disabled each other at once, {rounds} rounds: one succeeded each time, one admin was left")


def test_one_name_is_given_once_however_many_ask_at_once(hub):
    answers = at_once(*[lambda: hub.another().post("/api/users", {"username": "once", "password": PASSWORD, "role": "viewer"}) for _ in range(6)])
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5, answers


def test_a_session_is_not_fixed(hub):
    """A cookie that somebody else planted never becomes a session."""
    name = hub.user("viewer")["username"]
    planted = "__Host-session=" + "P" * 43
    answer = log_in(name, headers={"Cookie": planted})
    assert answer.status == 200 and answer.headers["Set-Cookie"].split(";")[0] != planted
    check(Client({"Cookie": planted}).get("/api/auth/me"), 401, "UNAUTHENTICATED")
    first = Client()
    first.signed_in_by(answer)
    again = log_in(name, headers={"Cookie": first.headers["Cookie"]})
    changed = first.put("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER})
    assert len({each.headers["Set-Cookie"].split(";")[0] for each in (answer, again, changed)}) == 3
    assert len({each.json["csrfToken"] for each in (answer, again, changed)}) == 3


def test_a_password_change_ends_every_session_and_begins_one(hub):
    user = hub.user("operator")
    session, other = hub.login(user["username"]), hub.login(user["username"])
    program = Client({"Authorization": hub.admin.headers["Authorization"]})
    with Stream({"Cookie": other.headers["Cookie"]}) as stream:
        check(session.put("/api/auth/password", {"currentPassword": "not the password", "newPassword": OTHER}), 401, "INVALID_CREDENTIALS")
        check(session.put("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": "short"}), 400, "INVALID_REQUEST", "newPassword")
        check(session.put("/api/auth/password", {"currentPassword": PASSWORD}), 400, "INVALID_REQUEST", "newPassword")
        check(program.put("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER}), 403, "FORBIDDEN")
        answer = session.put("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER})
        assert answer.status == 200 and set(answer.json) == {"user", "csrfToken"} and answer.json["user"]["id"] == user["id"]
        assert stream.until("session-ended") and stream.event() is None
    for ended in (session, other):
        check(ended.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    session.signed_in_by(answer)
    assert session.get("/api/auth/me").json == answer.json
    check(log_in(user["username"]), 401, "INVALID_CREDENTIALS")
    assert log_in(user["username"], OTHER).status == 200
    assert "auth.password-changed" in {event["action"] for event in hub.audit(target=user["id"])}


def test_a_person_sees_and_ends_his_sessions(hub):
    user = hub.user("viewer")
    first = Client({"User-Agent": "Firefox"})
    first.headers.update(hub.login(user["username"]).headers)
    answer = log_in(user["username"], headers={"User-Agent": 'Old "Phone"'})
    second, third = Client(), hub.login(user["username"])
    second.signed_in_by(answer)
    listed = first.get("/api/auth/sessions").json
    assert listed["totalCount"] == len(listed["sessions"]) == 3
    assert all(set(each) == {"id", "createdAt", "lastUsedAt", "sourceAddress", "userAgent", "current"} for each in listed["sessions"])
    assert [each["current"] for each in listed["sessions"]].count(True) == 1 and {each["sourceAddress"] for each in listed["sessions"]} == {"127.0.0.1"}
    assert first.headers["Cookie"].split("=")[1] not in str(listed)
    phone = next(each for each in listed["sessions"] if each["userAgent"] == 'Old "Phone"')
    foreign = hub.login().get("/api/auth/sessions").json["sessions"][0]["id"]
    for wrong in (foreign, "x", "00000000-0000-4000-8000-000000000000"):
        check(first.delete(f"/api/auth/sessions/{wrong}"), 404, "NOT_FOUND")
    assert first.delete(f"/api/auth/sessions/{phone['id']}").json["success"] is True
    check(second.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    check(first.delete(f"/api/auth/sessions/{phone['id']}"), 404, "NOT_FOUND")
    assert first.delete("/api/auth/sessions").json["success"] is True
    check(third.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    assert first.get("/api/auth/sessions").json["totalCount"] == 1
    # An admin ends anyone's.
    assert hub.admin.get(f"/api/users/{user['id']}/sessions").json["sessions"][0]["current"] is False
    assert hub.admin.delete(f"/api/users/{user['id']}/sessions").json["success"] is True
    check(first.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    assert hub.admin.get(f"/api/users/{user['id']}/sessions").json == {"sessions": [], "totalCount": 0}
    assert [event["actor"] for event in hub.audit(target=phone["id"], action="session.ended")] == [user["username"]]


def test_what_is_dangerous_asks_for_the_password_again(hub):
    user = hub.user("admin")
    session = hub.login(user["username"])
    other = f"/api/users/{hub.user('viewer')['id']}"
    dangerous = [("POST", "/api/users", {}), ("PUT", other, {}), ("DELETE", other, None), ("POST", f"{other}/reset", {}), ("POST", "/api/auth/totp", None),
                 ("DELETE", "/api/auth/totp", None), ("POST", "/api/api-tokens", {}), ("PUT", "/api/hub/config", {}), ("POST", "/api/hub/initialize", {})]
    age("stepped_up_at", 600, session)
    for method, path, body in dangerous:
        check(session.call(method, path, body), 403, "STEP_UP_REQUIRED", context=(method, path))
    # The rest goes on, and an API token has no password to give.
    for path in ("/api/users", "/api/api-tokens", "/api/auth/sessions", f"{other}/sessions"):
        assert session.get(path).status == 200
    check(hub.admin.post("/api/users", {}), 400, "INVALID_REQUEST", "username")
    check(hub.admin.post("/api/auth/step-up", {"password": PASSWORD}), 403, "FORBIDDEN")
    check(session.post("/api/auth/step-up", {"password": "not the password"}), 401, "INVALID_CREDENTIALS")
    check(session.post("/api/users", {}), 403, "STEP_UP_REQUIRED")
    assert session.post("/api/auth/step-up", {"password": PASSWORD}).json == session.get("/api/auth/me").json
    assert session.delete(other).status == 200
    for method, path, body in dangerous:
        assert session.call(method, path, body).code != "STEP_UP_REQUIRED", (method, path)
    age("stepped_up_at", 590, session)
    assert session.post("/api/users", {}).code == "INVALID_REQUEST"
    age("stepped_up_at", 10, session)
    check(session.post("/api/users", {}), 403, "STEP_UP_REQUIRED")


def test_a_session_that_was_left_alone_is_over(hub):
    name = hub.user("viewer")["username"]
    for what, seconds in (("last_used_at", 30 * 60), ("created_at", 12 * 60 * 60)):
        session = hub.login(name)
        age(what, seconds - 30, session)
        assert session.get("/api/auth/me").status == 200, what
        age(what, 30, session)
        check(session.get("/api/auth/me"), 401, "UNAUTHENTICATED", context=what)


def test_attempts_that_fail_are_in_the_audit_trail(fresh):
    fresh.set_up()
    admin = named(fresh, "admin")
    log_in("admin", "not the password")
    check(fresh.admin.put(f"/api/users/{admin['id']}", {"disabled": True}), 409, "LAST_ADMIN")
    viewer = fresh.client("viewer")
    for _ in range(3):
        check(viewer.post("/api/users", {"username": "eve", "password": PASSWORD, "role": "admin"}), 403, "FORBIDDEN")
    person = fresh.login()
    check(Client({"Cookie": person.headers["Cookie"]}).post("/api/auth/logout"), 403, "CSRF_FAILED")
    check(Client({"Authorization": "Bearer whk_" + "A" * 43}).get("/api/users"), 401, "UNAUTHENTICATED")
    check(Client().get("/api/users"), 401, "UNAUTHENTICATED")  # no credential, no attempt
    fresh.restart()  # the sums of this minute are written
    fresh.wait_ready()
    denied = {event["details"]["code"]: event for event in fresh.audit(action="auth.denied")}
    assert denied["INVALID_CREDENTIALS"]["actor"] == "anonymous" and denied["LAST_ADMIN"]["actor"] == "test admin"
    assert (denied["FORBIDDEN"]["actor"], denied["FORBIDDEN"]["details"]["count"], denied["FORBIDDEN"]["sourceAddress"]) == ("test viewer", 3, "127.0.0.1")
    assert denied["CSRF_FAILED"]["actor"] == "admin"
    assert denied["UNAUTHENTICATED"]["actor"] == "anonymous" and denied["UNAUTHENTICATED"]["details"]["count"] == 1
    assert all(event["outcome"] == "denied" for event in denied.values())
