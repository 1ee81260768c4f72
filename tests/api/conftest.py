import pytest

import hub as hubs


def pytest_sessionstart(session):
    hubs.prepare_machine()


def pytest_terminal_summary(terminalreporter):
    for figure in hubs.FIGURES:
        terminalreporter.write_line(figure)


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


@pytest.fixture(autouse=True)
def no_crash(running):
    """No daemon may end by a signal or a sanitizer's report in any test that did not ask for it."""
    yield
    for name in ("apid", "wgprivd", "engine"):
        try:
            text = running.log(name)
        except FileNotFoundError:
            continue
        assert "ERROR: AddressSanitizer" not in text and "runtime error:" not in text, text[-3000:]
