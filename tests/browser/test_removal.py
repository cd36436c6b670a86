"""A person at the kiosk and a pharmacist at the console, each with a real Chromium, over the whole real chain."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from firmware import codes
from tests.browser.live import Live
from tests.browser.people import at_console
from tests.browser.touch import Kiosk
from tests.waits import until

pytestmark = pytest.mark.browser
ITEM, PATIENT, PLACE = "ACET500", "P1", "D01-P01"


@pytest.fixture(autouse=True)
def nobody_signed_on(live: Live):
    """Each test finds the centre up and the cabinet as the day begins, whatever became of the one before."""
    yield
    live.rest()


@pytest.fixture
def nurse(live: Live):
    return live.station.people[0]


@pytest.fixture
def console(live: Live, context: BrowserContext) -> Page:
    """The station's page on the centre's console."""
    page = at_console(context, live.world.home, live.console)
    page.goto(f"{live.console}stations/{live.station.station}")
    expect(page.get_by_test_id("title")).to_contain_text(live.station.station)
    return page


def stock(console: Page, live: Live, place: str):
    return console.get_by_test_id(f"stock-{live.station.station}-{place}").locator("td.num").first


def newest_removal(console: Page):
    return console.locator("[data-testid^=entries-]", has_text="removed").first


@pytest.mark.req("A1", "A1.a", "A1.b", "P130")
def test_one_removal_from_touch_to_console(live: Live, page: Page, console: Page, nurse) -> None:
    before = {place: int(stock(console, live, place).inner_text()) for place in ("D01-P01", "D01-P02")}
    kiosk = Kiosk(page, live.kiosk)
    kiosk.sign_on(nurse)
    kiosk.choose(PATIENT, "aceta 500", ITEM)
    kiosk.release(2)
    expect(kiosk.see("place")).to_have_text(re.compile(r"Drawer 1 · Pocket [12]"))
    place = f"D01-P0{kiosk.see('place').inner_text()[-1]}"
    expect(kiosk.see("confirm-quantity")).to_have_text("2")
    truly = live.world.stations[live.station.station].cabinet.contents
    held = truly[place]
    kiosk.confirm()
    expect(kiosk.see("message")).to_contain_text(f"{before[place] - 2} now in the pocket")
    kiosk.sign_off()
    # without a reload
    expect(stock(console, live, place)).to_have_text(str(before[place] - 2))
    entry = newest_removal(console)
    expect(entry).to_contain_text(f"removed 2 × Acetaminophen 500 mg tablet, {before[place]} → {before[place] - 2}")
    for word in (place, nurse.user, PATIENT):
        expect(entry).to_contain_text(word)
    assert truly[place] == held - 2


def test_wrong_pin_and_unknown_badge_say_what_to_do(live: Live, page: Page, nurse) -> None:
    kiosk = Kiosk(page, live.kiosk)
    kiosk.try_badge(nurse.badge, "9")
    expect(kiosk.see("message")).to_contain_text("The PIN is wrong. Try again")
    expect(kiosk.see("message")).to_contain_text(f"code {codes.WRONG_PIN}")
    kiosk.try_badge("NOBODY", nurse.pin)
    expect(kiosk.see("message")).to_contain_text("Ask the pharmacy to add you to this cabinet")
    expect(kiosk.see("message")).to_contain_text(f"code {codes.UNKNOWN_BADGE}")
    expect(kiosk.see("user")).to_have_count(0)
    kiosk.sign_on(nurse)
    kiosk.sign_off()


@pytest.mark.req("A12.a")
def test_the_kiosk_works_without_the_centre_and_catches_up(live: Live, page: Page, context, nurse) -> None:
    live.stop_centre()
    kiosk = Kiosk(page, live.kiosk)
    kiosk.sign_on(nurse)
    kiosk.choose(PATIENT, ITEM, ITEM)
    kiosk.release(1)
    kiosk.confirm()
    left = re.search(r"\d+", kiosk.see("message").inner_text())[0]
    kiosk.sign_off()
    expect(kiosk.see("status-centre")).to_have_text(re.compile(r"Centre answered (([3-9]|\d\d+) s|\d+ min) ago"))
    expect(kiosk.see("status-lists")).to_have_text(re.compile(r"Patients and orders changed \d+ (s|min) ago"))
    began = time.monotonic()
    live.start_centre()
    console = at_console(context, live.world.home, live.console)
    console.goto(f"{live.console}stations/{live.station.station}")
    expect(newest_removal(console)).to_contain_text(re.compile(rf"removed 1 × .*→ {left}"), timeout=90_000)
    until(lambda: answered_s(kiosk) < time.monotonic() - began, "an answer of the centre that is back")


def answered_s(kiosk: Kiosk) -> int:
    """How old the centre's last answer is, as the kiosk says; it counts in minutes from one and a half on."""
    found = re.search(r"Centre answered (\d+) (s|min|h) ago", kiosk.see("status-centre").inner_text())
    assert found
    return int(found[1]) * {"s": 1, "min": 60, "h": 3600}[found[2]]


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]


def test_axe_finds_nothing_serious_on_the_kiosk(live: Live, page: Page, nurse) -> None:
    kiosk = Kiosk(page, live.kiosk)
    found = {}

    def look(step: str) -> None:
        found[step] = serious(page)

    look("sign on")
    kiosk.try_badge("NOBODY", "1")
    expect(kiosk.see("message")).to_be_visible()
    look("refused")
    kiosk.sign_on(nurse)
    look("patients")
    for button in ("removals", "count"):
        kiosk.see(button).click()
        expect(kiosk.see("back")).to_be_visible()
        look(button)
        kiosk.see("back").click()
    kiosk.see(f"patient-{PATIENT}").click()
    expect(kiosk.see("search")).to_be_visible()
    look("items")
    kiosk.see("search").fill("aceta 500")
    expect(kiosk.see(f"item-{ITEM}")).to_be_visible()
    look("one drug left")
    kiosk.see(f"item-{ITEM}").click()
    look("quantity")
    kiosk.release(1)
    look("drawer")
    kiosk.see("cancel").click()
    expect(kiosk.see("search")).to_be_visible()
    kiosk.sign_off()
    assert found == {step: [] for step in found}


def test_axe_finds_nothing_serious_on_the_console(live: Live, console: Page) -> None:
    assert serious(console) == []
    console.get_by_test_id("menu-home").click()
    expect(console.get_by_test_id("total-in-sync")).to_contain_text("1 of 1")
    assert serious(console) == []
