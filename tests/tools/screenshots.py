"""Makes the pictures of README and docs: `make screenshots` writes kiosk.png, console.png, console-*.png to docs/img.

A synthetic day is played through the whole chain; then two drawers are torn open and one removal is begun at the kiosk.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from server_stub.site.home import Home
from simulator.hospital import synthetic
from tests.browser.live import Live
from tests.browser.people import account, at_console
from tests.browser.touch import Kiosk
from tests.console.hospital import Hospital
from tests.tools import chromium

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "img"
SEED = 1
SCREEN: ViewportSize = {"width": 1440, "height": 900}
PAGES = {
    "home": "",
    "station": "stations/ICU1",
    "stock": "stock",
    "item": "items/ACET?station=ICU1",
    "restock": "restock?show=closed",
    "alerts": "alerts?show=open",
    "late": "alerts?show=late",
    "overrides": "overrides",
    "wastes": "wastes",
    "expiry": "expiry",
    "recall": "expiry?lot=L0426",
    "discrepancies": "discrepancies",
    "packets": "packets",
}


def picture_kiosk(browser: Browser, live: Live) -> None:
    """The kiosk with an open drawer."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    kiosk = Kiosk(page, live.kiosk)
    kiosk.sign_on(live.station.people[0])
    page.locator("[data-testid^=patient-]").nth(2).click()
    page.locator("[data-testid^=due-]").first.click()
    kiosk.release(2)
    page.screenshot(path=FOLDER / "kiosk.png")
    kiosk.confirm()
    kiosk.sign_off()


def picture_console(browser: Browser, live: Live) -> None:
    """The console's first page with alarms that stand."""
    stations = list(live.world.stations)
    live.force(stations[1], 2)
    live.force(stations[-1], 4)
    context = browser.new_context(viewport=SCREEN, ignore_https_errors=True)
    page = at_console(context, live.world.home, live.console)
    page.goto(f"{live.console}stations")
    for station, drawer in ((stations[1], 2), (stations[-1], 4)):
        row = page.get_by_test_id(f"alarms-{station}").filter(has_text=f"forced open (drawer {drawer})")
        expect(row).to_be_visible(timeout=30_000)
    page.screenshot(path=FOLDER / "console.png")


def picture_pages(browser: Browser, hospital: Hospital) -> None:
    """Each page of the console over weeks of use, with what is odd in them."""
    with hospital.console() as console:
        page = at_console(browser.new_context(viewport=SCREEN, ignore_https_errors=True), hospital.home.root, console)
        page.goto(f"{console}packets")
        page.get_by_label("From (UTC)").fill("2026-01-01T00:00")
        page.get_by_label("To (UTC, not included)").fill("2026-02-01T00:00")
        page.get_by_role("button", name="Make packet").click()
        page.get_by_role("link", name="look and verify").click(timeout=60_000)
        expect(page.get_by_test_id("notice")).to_contain_text("GOOD", timeout=60_000)
        page.screenshot(path=FOLDER / "console-packet.png")
        for name, path in PAGES.items():
            page.goto(console + path)
            page.screenshot(path=FOLDER / f"console-{name}.png")
        picture_accounts(browser, hospital, console)


def picture_accounts(browser: Browser, hospital: Hospital, console: str) -> None:
    """Signing in, and accounts as an administrator sees them."""
    page = browser.new_page(viewport=SCREEN, ignore_https_errors=True)
    page.goto(console)
    page.screenshot(path=FOLDER / "console-sign-in.png")
    for role in ("technician", "auditor"):
        account(hospital.home.root, role)
    context = browser.new_context(viewport=SCREEN, ignore_https_errors=True)
    page = at_console(context, hospital.home.root, console, "administrator")
    page.goto(f"{console}accounts")
    page.screenshot(path=FOLDER / "console-accounts.png")


def main() -> int:
    """Write both pictures; exit code 1 if there is no browser."""
    found = chromium.remembered(chromium.VENV / "chromium.json")
    if found is None:
        print("No working Chromium is known: run `make chromium` once.", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        browser = playwright.chromium.launch(**chromium.launch_options(found, os.environ))
        with Live(synthetic.make_plan(SEED), Path(home) / "home", SEED) as live:
            picture_kiosk(browser, live)
            picture_console(browser, live)
        picture_pages(browser, Hospital(Home(Path(home) / "weeks")))
        browser.close()
    print(f"{FOLDER}: kiosk.png, console.png, console-*.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
