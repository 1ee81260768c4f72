import inspect, os, re, signal, sys

import pytest

import hub as hubs
import proofs

sys.path.insert(0, f"{hubs.SOURCE}/tests/lib")
import contract
from figures import ids_in

CRASHES = [int(each) for each in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)]
OUTCOMES = {"passed": "passed", "skipped": "skipped", "failed": "failed", "error": "failed"}  # the later one counts


def pytest_sessionstart(session):
    # Started in the background, pytest ignores Ctrl-C, and so would every script that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    hubs.prepare_machine()
    hubs.HEARD = []


@pytest.hookimpl(trylast=True)  # of what -k leaves
def pytest_collection_modifyitems(items):
    """What a test proves is in its source, so that one that fails before its figure() is known too."""
    for item in items:
        if ids := ids_in(inspect.getsource(item.function)):
            item.user_properties.append(("proves", " ".join(ids)))
    first, every = map(int, os.environ.get("WGHUB_SHARE", "1/1").split("/"))
    files = list(dict.fromkeys(item.path for item in items))  # the tests of a file stay together where there are several
    mine = set(files[first - 1::every])
    items[:] = [item for item in items if item.path in mine] if len(files) > 1 else items[first - 1::every]


def pytest_sessionfinish(session):
    """A line for each test's outcome, for each figure, and for each test that proves something: its ids, outcome, name and
    figures (tests/report)."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    terminal.write_line("")
    proven = {}
    for kind, outcome in OUTCOMES.items():
        for report in terminal.stats.get(kind, []):
            terminal.write_line(f"outcome {outcome} | {report.nodeid}")
            if ids := dict(getattr(report, "user_properties", ())).get("proves"):
                reason = report.longrepr[2] if kind == "skipped" and isinstance(report.longrepr, tuple) else ""
                proven[report.nodeid] = f"proof {ids} | {outcome} | {report.nodeid} | {'; '.join(proofs.FIGURES.get(report.nodeid, [])) or reason}"
    for nodeid, texts in proofs.FIGURES.items():
        for text in texts if nodeid not in proven else ():
            terminal.write_line(text)
    for line in proven.values():
        terminal.write_line(line)


@pytest.fixture(scope="session")
def running():
    hub = hubs.Hub()
    hub.start()
    hub.set_up()
    yield hub
    hub.stop()


@pytest.fixture
def hub(running):
    """The shared hub, initialised; a test leaves it able to serve."""
    if running.activate is None:
        running.start()
    running.wait_ready()
    return running


@pytest.fixture
def fresh(running):
    """A hub that nobody has set up yet; the shared one is set up anew behind it."""
    running.wipe()
    running.start()
    yield running
    running.wipe()
    running.start()
    running.set_up()


@pytest.fixture(scope="module")
def wide(running):
    """A hub with 65,533 addresses for a module that makes many spokes; the shared one is set up anew behind it."""
    small = running.network
    running.wipe()
    running.network = "10.84.0.0/16"
    running.start()
    running.set_up()
    yield running
    running.wipe()
    running.network = small
    running.start()
    running.set_up()


def departures(kind, *answer):
    if kind == "event":
        return contract.judge_event(*answer)
    *asked, status, headers, body = answer
    text = body.decode("utf-8", "replace")
    return contract.judge(*asked, status, headers, text) if kind == "client" else contract.judge_stray(status, headers, text)


@pytest.fixture(autouse=True)
def within_the_document():
    """Every answer and event that the test got is one that docs/openapi.yaml has. Judged behind it, so that it takes none of its time."""
    yield
    heard, hubs.HEARD = hubs.HEARD, []
    faults = {fault: None for answer in heard for fault in departures(*answer)}
    assert not faults, "not in docs/openapi.yaml:\n" + "\n".join(list(faults)[:20])


@pytest.fixture(autouse=True)
def no_crash(running):
    """No daemon may end by a signal that no test sends, or by a sanitizer's report."""
    supervised = f"{hubs.LOGS}/activate.log"
    begin = os.path.getsize(supervised)
    yield
    with open(supervised) as file:
        file.seek(begin)
        ended = re.findall(r"\S+: \d+ ended with -(?:%s)$" % "|".join(map(str, CRASHES)), file.read(), re.MULTILINE)
    assert not ended, ended
    for name in ("apid", "wgprivd", "engine"):
        try:
            text = running.log(name)
        except FileNotFoundError:
            continue
        for report in ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer"):
            assert report not in text, text[text.index(report):][:6000]
