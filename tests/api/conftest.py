import pytest

import hub as hubs


def pytest_sessionstart(session):
    hubs.prepare_machine()


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
