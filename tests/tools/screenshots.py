"""Makes the pictures of README and docs: `make screenshots` writes kiosk*.png and console*.png to docs/img.

A synthetic day is played through the whole chain; then a nurse goes through the kiosk's screens, and two drawers are
torn open.
"""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from firmware.wire import messages
from server_stub.site.home import Home
from simulator.hospital import synthetic
from simulator.plan import Item, Person
from tests.browser.live import Live
from tests.browser.people import account, at_console
from tests.browser.touch import Kiosk, still
from tests.console.hospital import Hospital
from tests.tools import chromium

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "img"
SEED = 1
SCHEDULE_II = 2
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


def picture_screens(browser: Browser, live: Live) -> None:
    """What a nurse sees on her way: patients, what is due, a question, a count, what is still to be wasted."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=0.75)
    kiosk = Kiosk(page, live.kiosk)
    nurse, colleague = _busiest(live)
    kiosk.sign_on(nurse)
    _shoot(page, "patients")
    page.get_by_test_id("removals").click()
    _shoot(page, "wastes")
    page.get_by_test_id("back").click()
    page.get_by_test_id("count").click()
    _shoot(page, "pockets")
    page.get_by_test_id("back").click()
    item = _unordered(page, live)
    _shoot(page, "due")
    _override(page, item)
    _shoot(page, "override")
    page.get_by_test_id("override-1").click()
    kiosk.witness(colleague)
    expect(page.get_by_test_id("counted")).to_be_visible()
    _shoot(page, "count")
    page.get_by_test_id("cancel").click()
    expect(page.get_by_test_id("search")).to_be_visible()
    kiosk.sign_off()


def _busiest(live: Live) -> list[Person]:
    """The two who came here most: their lists have most to show."""
    visits = Counter(visit.user for visit in live.world.plan.visits if visit.station == live.station.station)
    nurses = [person for person in live.station.people if person.roles & messages.ROLE_WITNESS]
    return sorted(nurses, key=lambda person: -visits[person.user])[:2]


def _unordered(page: Page, live: Live) -> Item:
    """The first patient without an order for one of the Schedule II drugs of the override list, counted blind."""
    listed = {name for name, _ in live.station.overrides}
    drugs = [item for item in live.world.plan.items if item.item in listed and item.schedule == SCHEDULE_II]
    patients = page.locator("[data-testid^=patient-]")
    expect(patients.first).to_be_visible()
    for number in range(patients.count()):
        patients.nth(number).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Choose an item")
        ordered = " ".join(page.locator("[data-testid^=due-]").all_inner_texts())
        for item in drugs:
            if item.name not in ordered:
                return item
        page.get_by_test_id("back").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Choose a patient")
    raise ValueError("every patient has an order for every drug on the list")


def _override(page: Page, item: Item) -> None:
    """Up to the question why."""
    page.get_by_test_id("search").fill(item.name)
    page.get_by_test_id(f"item-{item.item}").click()
    page.get_by_test_id("key-1").click()
    page.get_by_test_id("release").click()
    expect(page.get_by_test_id("override-1")).to_be_visible()


def _shoot(page: Page, name: str) -> None:
    still(page)
    page.screenshot(path=FOLDER / f"kiosk-{name}.png")


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
    """Write the pictures; exit code 1 if there is no browser."""
    found = chromium.remembered(chromium.VENV / "chromium.json")
    if found is None:
        print("No working Chromium is known: run `make chromium` once.", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        browser = playwright.chromium.launch(**chromium.launch_options(found, os.environ))
        with Live(synthetic.make_plan(SEED), Path(home) / "home", SEED) as live:
            picture_kiosk(browser, live)
            picture_screens(browser, live)
            picture_console(browser, live)
        picture_pages(browser, Hospital(Home(Path(home) / "weeks")))
        browser.close()
    print(f"{FOLDER}: kiosk*.png, console*.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
