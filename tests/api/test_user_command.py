# `wghub user`: what root can do about people from the host, whatever became of their accounts.
import os, pty, subprocess

from hub import PASSWORD, PROGRAMS, Client
from test_contract import check
from test_totp import Authenticator, calm

OTHER = "seven seas to cross"
REFUSED, NOT_FOUND, WRONG_USE, UNREACHABLE = 4, 3, 2, 5


def wghub(*arguments, typed=None):
    """(exit code, what it printed, what it complained about)"""
    done = subprocess.run([f"{PROGRAMS}/wghub", *arguments], input=typed, capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL if typed is None else None)
    return done.returncode, done.stdout, done.stderr


def log_in(username, password=PASSWORD, **fields):
    return Client().post("/api/auth/login", {"username": username, "password": password, **fields})


def shown(username):
    """The user's line of `wghub user list`, taken apart."""
    status, printed, _ = wghub("user", "list")
    assert status == 0 and printed.startswith("USER ")
    return next((line.split()[1:] for line in printed.splitlines() if line.split()[0] == username), None)


def test_root_makes_changes_and_shuts_out_a_user(hub):
    assert wghub("user", "create", "carol", typed=PASSWORD + "\n")[:2] == (0, "user carol was made: viewer\n")
    assert shown("carol") == ["viewer", "enabled", "no", "never"]
    assert wghub("user", "role", "carol", "operator")[0] == 0
    session = hub.login("carol")
    assert session.post("/api/installation/token", {"spokeName": "x"}).status == 201
    assert wghub("user", "disable", "carol")[:2] == (0, "user carol is disabled\n")
    check(session.get("/api/auth/me"), 401, "UNAUTHENTICATED")
    check(log_in("carol"), 401, "INVALID_CREDENTIALS")
    assert shown("carol")[:2] == ["operator", "disabled"]
    assert wghub("user", "enable", "carol")[0] == 0
    assert log_in("carol").status == 200
    assert {event["actor"] for event in hub.audit(action="user.created") if event["details"]["username"] == "carol"} == {"root"}


def test_root_gets_back_into_an_account_whose_password_and_second_factor_are_lost(hub):
    user = hub.user("admin")
    calm()
    Authenticator(hub.login(user["username"]))
    assert shown(user["username"])[2] == "yes"
    status, printed, _ = wghub("user", "reset", user["username"], typed=OTHER + "\n")
    assert status == 0 and OTHER not in printed
    check(log_in(user["username"]), 401, "INVALID_CREDENTIALS")
    assert log_in(user["username"], OTHER).status == 200
    assert shown(user["username"])[2] == "no"


def test_what_root_asks_for_wrongly_is_told_with_an_exit_code(hub):
    for arguments, typed, expected, said in (
            (("user", "create", "admin"), PASSWORD, REFUSED, "Another user has this name"), (("user", "create", "dave"), "short", REFUSED, "12 characters"),
            (("user", "create", "Dave"), PASSWORD, REFUSED, "username"), (("user", "create", "dave"), "x" * 1025, WRONG_USE, "too long"),
            (("user", "create", "dave"), "", REFUSED, "password"), (("user", "reset", "nobody"), PASSWORD, NOT_FOUND, ""), (("user", "role", "nobody", "admin"), None, NOT_FOUND, ""),
            (("user", "disable", "../users"), None, REFUSED, "not valid"), (("user", "disable", "a/b c?d"), None, REFUSED, "not valid"),
            (("user", "role", "admin", "root"), None, WRONG_USE, ""), (("user", "create"), None, WRONG_USE, ""), (("user",), None, WRONG_USE, ""),
            (("user", "create", "dave", PASSWORD), None, WRONG_USE, ""), (("--socket", "/nonexistent", "user", "list"), None, UNREACHABLE, "no answer from apid")):
        status, printed, complaint = wghub(*arguments, typed=typed)
        assert (status, printed) == (expected, "") and said in complaint, (arguments, status, printed, complaint)
    assert shown("dave") is None


def test_root_cannot_take_the_last_admin_away(fresh):
    fresh.set_up()
    for arguments in (("disable", "admin"), ("role", "admin", "viewer")):
        status, _, complaint = wghub("user", *arguments)
        assert status == REFUSED and "last admin" in complaint
    assert log_in("admin").status == 200


def test_a_password_is_asked_for_twice_and_shown_never(hub):
    def run(*answers):
        """Types the answers at a terminal; (exit code, everything that was on the screen)."""
        child, terminal = pty.fork()
        if child == 0:
            os.execv(f"{PROGRAMS}/wghub", ["wghub", "user", "create", "erin"])
        screen = b""
        for prompt, answer in zip((b"New password: ", b"The same again: "), answers):
            while prompt not in screen:
                screen += os.read(terminal, 1024)
            with open(f"/proc/{child}/cmdline") as file:
                assert PASSWORD not in file.read()
            os.write(terminal, answer)
        while True:
            try:
                screen += os.read(terminal, 1024)
            except OSError:  # it has ended
                return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), screen.decode()
    typed = PASSWORD.encode() + b"\n"
    status, screen = run(typed, b"another one, mistyped\n")
    assert status == WRONG_USE and "differ" in screen and shown("erin") is None
    status, screen = run(b"\x03")
    assert status == WRONG_USE and "broken off" in screen
    status, screen = run(typed, PASSWORD.encode() + b"!\x7f\n")
    assert status == 0 and PASSWORD not in screen and "user erin was made" in screen, screen
    assert log_in("erin").status == 200
