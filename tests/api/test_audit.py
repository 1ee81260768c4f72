# The audit trail taken out of the hub, and whether it is still what was written (T17). What is recorded stands beside what does it.
import contextlib, json, sqlite3

import pytest

from hub import DATABASE, Client
from proofs import figure
from test_contract import check
from test_user_command import REFUSED, UNREACHABLE, wghub


def exported(hub, query=""):
    answer = hub.admin.get(f"/api/audit/export{query}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-ndjson"), answer
    return [json.loads(line) for line in answer.text.splitlines()], answer.headers.get("X-Next-Cursor")


def test_the_export_is_the_list_line_by_line_with_the_hashes(hub):
    for number in range(7):
        assert hub.token(f"exported {number}")
    listed = hub.admin.get("/api/audit?limit=1000").json["events"]
    lines, rest = exported(hub)
    assert [{name: value for name, value in line.items() if name != "hash"} for line in lines[:len(listed)]] == listed
    assert rest is None and lines[-1]["id"] == 1 and len({line["hash"] for line in lines}) == len(lines)
    pages, cursor = exported(hub, "?limit=3&action=token.created")
    while cursor:
        more, cursor = exported(hub, f"?limit=3&action=token.created&cursor={cursor}")
        assert 1 <= len(more) <= 3
        pages += more
    assert pages == [line for line in lines if line["action"] == "token.created"] and len(pages) >= 7
    check(hub.admin.get("/api/audit/export?limit=10001"), 400, "INVALID_REQUEST", "limit")
    check(hub.client("operator").get("/api/audit/export"), 403, "FORBIDDEN")


@contextlib.contextmanager
def behind_the_hubs_back(statement, number):
    """Does to an event in the file what the schema's rules refuse, and takes it back."""
    with contextlib.closing(sqlite3.connect(DATABASE, timeout=20, isolation_level=None)) as database:
        rules = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'").fetchall()
        before = database.execute("SELECT * FROM audit_events WHERE id = ?", (number,)).fetchone()
        for name, _ in rules:
            database.execute(f"DROP TRIGGER {name}")
        assert database.execute(statement, (number,)).rowcount == 1
        try:
            yield
        finally:
            database.execute("DELETE FROM audit_events WHERE id = ?", (number,))
            database.execute(f"INSERT INTO audit_events VALUES ({', '.join('?' * len(before))})", before)
            for _, rule in rules:
                database.execute(rule)


@pytest.mark.parametrize("what,statement", [
    ("changed by a blank", "UPDATE audit_events SET details = replace(details, '{', '{ ') WHERE id = ?"),
    ("taken out", "DELETE FROM audit_events WHERE id = ?")])
def test_wghub_audit_verify_names_the_event_that_was_changed_or_taken_out(hub, what, statement):
    newest = hub.audit(limit=1)[0]["id"]
    status, said, _ = wghub("audit", "verify")
    assert status == 0 and int(said.split()[0]) >= newest and "as it was written" in said
    changed = newest // 2
    with behind_the_hubs_back(statement, changed):
        status, said, complaint = wghub("audit", "verify")
        assert (status, said) == (REFUSED, "") and f"event {changed} was changed or removed" in complaint
    assert wghub("audit", "verify")[0] == 0
    assert wghub("--socket", "/nonexistent", "audit", "verify")[0] == UNREACHABLE
    figure("T17", f"one of {newest} events {what} in the file: `wghub audit verify` names it, and ends with {REFUSED}")


def test_nobody_but_root_may_ask_for_the_check(hub):
    for client in (hub.admin, Client()):
        check(client.get("/admin/audit/verify"), 404, "NOT_FOUND")
