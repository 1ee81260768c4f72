# The audit trail taken out of the hub, and whether it is still what was written (T17). What is recorded stands beside what does it.
import contextlib, json, sqlite3

from hub import DATABASE, Client
from proofs import figure
from test_contract import check
from test_user_command import REFUSED, UNREACHABLE, wghub

TRIGGER = "audit_events_keep_values"


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
def behind_the_hubs_back(statement, *values):
    """Does to the file what the schema refuses, and takes it back."""
    with contextlib.closing(sqlite3.connect(DATABASE, timeout=20, isolation_level=None)) as database:
        rule, = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (TRIGGER,)).fetchone()
        before = database.execute("SELECT details FROM audit_events WHERE id = ?", values[-1:]).fetchone()
        database.execute(f"DROP TRIGGER {TRIGGER}")
        assert database.execute(statement, values).rowcount == 1
        try:
            yield
        finally:
            database.execute("UPDATE audit_events SET details = ? WHERE id = ?", (*before, *values[-1:]))
            database.execute(rule)


def test_wghub_audit_verify_names_the_event_that_was_changed(hub):
    newest = hub.audit(limit=1)[0]["id"]
    status, said, _ = wghub("audit", "verify")
    assert status == 0 and int(said.split()[0]) >= newest and "as it was written" in said
    changed = newest // 2
    with behind_the_hubs_back("UPDATE audit_events SET details = replace(details, '{', '{ ') WHERE id = ?", changed):
        status, said, complaint = wghub("audit", "verify")
        assert (status, said) == (REFUSED, "") and f"event {changed} was changed" in complaint
    assert wghub("audit", "verify")[0] == 0
    assert wghub("--socket", "/nonexistent", "audit", "verify")[0] == UNREACHABLE
    figure("T17", f"one of {newest} events changed in the file by a blank: `wghub audit verify` names it, and ends with {REFUSED}")


def test_nobody_but_root_may_ask_for_the_check(hub):
    for client in (hub.admin, Client()):
        check(client.get("/admin/audit/verify"), 404, "NOT_FOUND")
