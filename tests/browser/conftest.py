"""A real Chromium, brought by `make chromium`; each test gets a fresh context and page."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.live import Live
from tests.scenario.mini import MiniDay
from tests.tools import chromium

# how long a busy machine may take until a page shows what it must
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright keeps a loop running in this thread, so it ends before other modules call `asyncio.run`."""
    found = chromium.remembered(chromium.VENV / "chromium.json")
    if found is None:
        pytest.fail("no working Chromium is known: run `make test` (or `make chromium`) once")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(**chromium.launch_options(found, os.environ))
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A touch panel of a cabinet; the site's own certificate authority is not the browser's business here."""
    fresh = browser.new_context(viewport={"width": 1280, "height": 800}, ignore_https_errors=True)
    fresh.set_default_timeout(PATIENCE_MS)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One station with its opening load and one removal, at rest."""
    with Live(MiniDay(stations=1, full=False).plan, tmp_path_factory.mktemp("live") / "home") as running:
        yield running
