# The hub of the API tests, with their fixtures, and a browser at it.
import importlib.util, os

import pytest

from hub import PORT, SOURCE

spec = importlib.util.spec_from_file_location("api_conftest", f"{SOURCE}/tests/api/conftest.py")
api_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api_conftest)
pytest_sessionstart, pytest_sessionfinish = api_conftest.pytest_sessionstart, api_conftest.pytest_sessionfinish
pytest_collection_modifyitems = api_conftest.pytest_collection_modifyitems
running, hub, fresh, wide, no_crash = api_conftest.running, api_conftest.hub, api_conftest.fresh, api_conftest.wide, api_conftest.no_crash
from browser import Browser


@pytest.fixture(scope="session")
def chromium(running):
    browser = Browser(f"https://192.0.2.1:{PORT}")
    yield browser
    browser.end()


@pytest.fixture
def person(chromium):
    """A browser that nobody used yet; after the test it may have nothing to complain of."""
    chromium.do("begin")
    chromium.clicks = 0
    yield chromium
    chromium.assert_content()
