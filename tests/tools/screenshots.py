"""Makes the pictures of the README: `make screenshots` writes docs/img/kiosk.png and docs/img/console.png.

A synthetic day is played through the whole chain; then two drawers are torn open and one removal is begun at the kiosk.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from simulator.hospital import synthetic
from tests.browser.live import Live
from tests.browser.touch import Kiosk
from tests.tools import chromium

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "img"
SEED = 1


def picture_kiosk(browser: Browser, live: Live) -> None:
    """The kiosk with an open drawer."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    kiosk = Kiosk(page, live.kiosk)
    kiosk.sign_on(live.station.people[0])
    page.locator("[data-testid^=patient-]").nth(2).click()
    page.locator("[data-testid^=item-]").first.click()
    kiosk.release(2)
    page.screenshot(path=FOLDER / "kiosk.png")
    kiosk.confirm()
    kiosk.sign_off()


def picture_console(browser: Browser, live: Live) -> None:
    """The console's first page with alarms that stand."""
    stations = list(live.world.stations)
    live.force(stations[1], 2)
    live.force(stations[-1], 4)
    page = browser.new_page(viewport={"width": 1440, "height": 900}, ignore_https_errors=True)
    page.goto(live.console)
    for station, drawer in ((stations[1], 2), (stations[-1], 4)):
        row = page.get_by_test_id(f"alarms-{station}").filter(has_text=f"forced open (drawer {drawer})")
        expect(row).to_be_visible(timeout=30_000)
    page.screenshot(path=FOLDER / "console.png")


def main() -> int:
    """Write both pictures; exit code 1 if there is no browser."""
    found = chromium.remembered(chromium.VENV / "chromium.json")
    if found is None:
        print("No working Chromium is known: run `make chromium` once.", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, Live(synthetic.make_plan(SEED), Path(home) / "home", SEED) as live:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**chromium.launch_options(found, os.environ))
            picture_kiosk(browser, live)
            picture_console(browser, live)
            browser.close()
    print(f"{FOLDER}: kiosk.png, console.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
