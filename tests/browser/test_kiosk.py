"""The kiosk's screens in a real Chromium over the real agent, with a cabinet that wants all: axe, keys, scanner."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from firmware.wire import messages
from tests.agent import fake_cabinet as fake
from tests.agent.agent_site import Site
from tests.agent.fake_cabinet import STATION
from tests.browser.touch import still
from tests.waits import free_port, until

pytestmark = pytest.mark.browser
NOW_MIN = 29_000_000
TABLES = {
    "item_names": [
        ["IBU", "Ibuprofen 400 mg tablet", "Advil"],
        ["MOR", "Morphine 10 mg ampoule", "MS Contin"],
        ["ROC", "Rocuronium 50 mg vial", "Zemuron"],
    ],
    "items": [["IBU", 0, 1, 0, 0, 0], ["MOR", 2, 1, 0, 0, 0], ["ROC", 0, 1, fake.HIGH_ALERT | fake.BLIND, 0, 7]],
    "patients": [["P1", 1], ["P2", 1]],
    "patient_names": [["P1", "Ada", "MICU"], ["P2", "Bo", "MICU"]],
    "orders": [["O1", "P1", "IBU", 2, NOW_MIN - 600, NOW_MIN + 600, 240, 0]],
    "item_codes": [["00312345678906", "IBU"]],
    "prompts": [[7, "Is the patient intubated, or about to be?"]],
    "kits": [["K1", "RSI", "ROC", 1], ["K2", "RSI", "MOR", 10]],
}
ROWS = [
    ["D01-P01", "IBU", 20, 1, 30, 40, 0, "L1", NOW_MIN + 9000],
    ["D01-P02", "MOR", 20, 1, 30, 40, 0, "", 0],
    ["D02-P01", "ROC", 20, 1, 30, 40, 0, "", 0],
    ["D02-P02", "IBU", 0, 1, 30, 40, 3, "", 0],
    ["D08-P01", "IBU", 3, 0, 0, 0, 6, "", 0],
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("kiosk"))
    try:
        _start(made)
        yield made
    finally:
        made.close()


def _start(made):
    made.kiosk = free_port()
    made.pty.cabinet.rows = ROWS
    made.agent("--kiosk", str(made.kiosk), "--clock", "stepped")
    made.process.ask("advance", utc_ms=NOW_MIN * 60_000)
    until(lambda: made.wire.statuses, "the agent's birth")
    for table, rows in TABLES.items():
        made.wire.send("reference", [1, STATION, table, 1, 0, 1, 1, rows])
    until(lambda: all(made.process.ask("status")["params"][0]["tables"].get(t) == 1 for t in TABLES), "the tables")
    made.process.ask("inventory")


@pytest.fixture
def kiosk(site, page: Page):
    """The page, with nobody signed on; the cabinet wants nothing special."""
    site.pty.do(lambda cabinet: cabinet.forget())
    site.process.ask("state")
    page.goto(f"http://127.0.0.1:{site.kiosk}/")
    expect(page.get_by_test_id("badge")).to_be_visible()
    # what is touched before that is lost
    page.wait_for_function("window.did_handshake")
    yield page
    assert serious(page) == []


@pytest.fixture
def page(context):
    return context.new_page()


def serious(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found.response["violations"]]


def scan(page: Page, text: str) -> None:
    """A keyboard wedge: all keys at once, then Enter; in one step, so that a busy machine cannot tear them apart."""
    page.evaluate(
        "keys => keys.forEach(key => (document.activeElement || document.body)"
        ".dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true})))",
        [*text, "Enter"],
    )


def sign_on(page: Page, badge: str = "B001") -> None:
    scan(page, badge)
    for digit in "1234":
        page.get_by_test_id(f"key-{digit}").click()
    expect(page.get_by_test_id("pin")).to_have_text("●●●●")
    page.get_by_test_id("sign-on").click()
    expect(page.get_by_test_id("user")).to_be_visible()


def test_no_key_moves_when_words_come(kiosk):
    before = kiosk.get_by_test_id("key-1").bounding_box()
    scan(kiosk, "B001")
    expect(kiosk.get_by_test_id("message")).to_contain_text("Badge read")
    assert kiosk.get_by_test_id("key-1").bounding_box() == before
    kiosk.get_by_test_id("sign-on").click()
    expect(kiosk.get_by_test_id("message")).to_contain_text("PIN")
    assert kiosk.get_by_test_id("key-1").bounding_box() == before
    assert lowest_button(kiosk) <= kiosk.viewport_size["height"]


@pytest.mark.req("F14", "F2", "U21")
def test_three_touches_open_the_drawer_of_what_is_due(site, kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("patient-P1").click()
    expect(kiosk.get_by_test_id("due-O1")).to_contain_text("Ibuprofen")
    kiosk.get_by_test_id("due-O1").click()
    expect(kiosk.get_by_test_id("quantity")).to_have_text("2")
    kiosk.get_by_test_id("release").click()
    expect(kiosk.get_by_test_id("place")).to_have_text("Drawer 1 · Pocket 1")


@pytest.mark.req("U7", "F6")
def test_the_search_shows_nothing_to_touch_until_one_drug_is_left(kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("patient-P1").click()
    kiosk.get_by_test_id("search").fill("m")
    expect(kiosk.get_by_test_id("hits")).to_contain_text("drugs fit")
    expect(kiosk.locator("[data-testid^=item-]")).to_have_count(0)
    kiosk.get_by_test_id("search").fill("ms con")
    expect(kiosk.locator("[data-testid^=item-]")).to_have_count(1)


@pytest.mark.req("U8", "F8", "U13")
def test_each_question_is_one_screen_without_a_fault_of_access(site, kiosk):
    site.pty.do(lambda cabinet: cabinet.want({"ROC": fake.HIGH_ALERT | fake.WITNESS_REMOVAL | fake.BLIND}))
    sign_on(kiosk)
    kiosk.get_by_test_id("patient-P1").click()
    kiosk.get_by_test_id("search").fill("rocu")
    kiosk.get_by_test_id("item-ROC").click()
    kiosk.get_by_test_id("key-1").click()
    kiosk.get_by_test_id("release").click()
    expect(kiosk.get_by_test_id("override-1")).to_be_visible()
    assert serious(kiosk) == []
    kiosk.get_by_test_id("override-1").click()
    expect(kiosk.get_by_test_id("prompt")).to_have_text("Is the patient intubated, or about to be?")
    assert serious(kiosk) == []
    kiosk.get_by_test_id("answer-yes").click()
    expect(kiosk.get_by_test_id("witness")).to_be_visible()
    assert serious(kiosk) == []
    scan(kiosk, "B002")
    for digit in "1234":
        kiosk.get_by_test_id(f"key-{digit}").click()
    kiosk.get_by_test_id("witness").click()
    expect(kiosk.get_by_test_id("counted")).to_have_text("count it")
    assert serious(kiosk) == []
    assert lowest_button(kiosk) <= min(kiosk.viewport_size["height"], kiosk.locator(".foot").bounding_box()["y"])
    for digit in "20":
        kiosk.get_by_test_id(f"key-{digit}").click()
    kiosk.get_by_test_id("confirm").click()
    expect(kiosk.get_by_test_id("message")).to_have_text("Recorded.")


@pytest.mark.req("F9", "U13")
def test_a_waste_touched_twice_is_recorded_once(site, kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("patient-P1").click()
    kiosk.get_by_test_id("due-O1").click()
    kiosk.get_by_test_id("release").click()
    kiosk.get_by_test_id("confirm").click()
    expect(kiosk.get_by_test_id("message")).to_contain_text("Recorded")
    kiosk.get_by_test_id("back").click()
    kiosk.get_by_test_id("removals").click()
    kiosk.locator("[data-testid^=waste-]").first.click()
    kiosk.get_by_test_id("key-1").click()
    expect(kiosk.get_by_test_id("quantity")).to_have_text("1")
    kiosk.get_by_test_id("waste-reason-2").evaluate("button => { button.click(); button.click(); }")
    expect(kiosk.get_by_test_id("message")).to_have_text("Waste recorded.")
    asked = []
    site.pty.do(lambda cabinet: asked.extend(args for kind, args in cabinet.asked if kind == messages.WASTE))
    assert [(args[3], args[5]) for args in asked] == [(1, 2)]


@pytest.mark.req("F14")
def test_the_drawer_names_the_patient_of_the_line_not_the_one_chosen_last(kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("patient-P1").click()
    kiosk.get_by_test_id("due-O1").click()
    kiosk.get_by_test_id("add").click()
    expect(kiosk.get_by_test_id("cart")).to_be_visible()
    kiosk.get_by_test_id("back").click()
    kiosk.get_by_test_id("patient-P2").click()
    kiosk.get_by_test_id("cart").click()
    expect(kiosk.get_by_text("for Ada")).to_be_visible()
    kiosk.get_by_test_id("next").click()
    expect(kiosk.get_by_test_id("taken-for")).to_have_text("For Ada")


@pytest.mark.req("F12")
def test_a_pocket_is_found_by_typing_its_place(kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("count").click()
    kiosk.get_by_test_id("search").fill("drawer 2")
    expect(kiosk.get_by_test_id("count-D01-P01")).to_have_count(0)
    expect(kiosk.locator("[data-testid^=count-]")).to_have_count(2)


def test_a_scanned_badge_is_shown_in_its_own_field_and_in_no_other(kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("grant").click()
    kiosk.get_by_test_id("form-user").fill("agency1")
    kiosk.get_by_test_id("form-user").focus()
    kiosk.keyboard.insert_text("B777")
    scan(kiosk, "B777")
    expect(kiosk.get_by_test_id("form-badge")).to_have_value("B777")
    expect(kiosk.get_by_test_id("form-user")).to_have_value("agency1")


@pytest.mark.req("U21")
def test_one_badge_read_changes_over_and_leaves_nothing(kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("patient-P1").click()
    kiosk.get_by_test_id("due-O1").click()
    kiosk.get_by_test_id("add").click()
    expect(kiosk.get_by_test_id("cart")).to_be_visible()
    scan(kiosk, "B002")
    expect(kiosk.get_by_test_id("badge")).to_have_value("B002")
    for digit in "1234":
        kiosk.get_by_test_id(f"key-{digit}").click()
    kiosk.get_by_test_id("sign-on").click()
    expect(kiosk.get_by_test_id("user")).to_have_text("Signed on: u2")
    kiosk.get_by_test_id("patient-P1").click()
    expect(kiosk.get_by_test_id("due-O1")).to_be_visible()
    expect(kiosk.get_by_test_id("cart")).to_have_count(0)


@pytest.mark.req("F29", "P48")
def test_a_package_by_scanner_then_keys_alone(kiosk):
    sign_on(kiosk)
    kiosk.get_by_test_id("patient-P1").click()
    expect(kiosk.get_by_test_id("search")).to_be_focused()
    scan(kiosk, "312345678906")
    expect(kiosk.get_by_test_id("quantity")).to_have_text("2")
    kiosk.keyboard.press("3", delay=60)
    expect(kiosk.get_by_test_id("quantity")).to_have_text("3")
    kiosk.wait_for_function("document.activeElement === document.body")
    kiosk.keyboard.press("Enter")
    expect(kiosk.get_by_test_id("confirm")).to_have_text("Confirm 3")


@pytest.mark.req("F22", "F26", "F11", "F31", "F17", "F16", "F12")
@pytest.mark.parametrize(
    ("path", "shows"),
    [
        (["removals"], "back"),
        (["refill"], "item-IBU"),
        (["count"], "count-D01-P01"),
        (["stock"], "empty-D08-P01"),
        (["stock", "task-load"], "load-D02-P02"),
        (["stock", "task-outdate"], "outdate-D01-P01"),
        (["stock", "task-fail", "fail-D01-P01"], "fail-reason-1"),
        (["activity"], "act"),
        (["add-patient"], "form-patient"),
        (["grant"], "form-badge"),
        (["refill", "item-IBU"], "lot"),
        (["patient-P1", "kit-RSI"], "next"),
    ],
)
def test_every_screen_is_reached_and_has_no_fault_of_access(kiosk, path, shows):
    sign_on(kiosk)
    for touched in path:
        kiosk.get_by_test_id(touched).click()
    expect(kiosk.get_by_test_id(shows).first).to_be_visible()
    assert small_targets(kiosk) == []


def lowest_button(page: Page) -> float:
    """How far down the lowest button reaches."""
    still(page)
    return max(box["y"] + box["height"] for box in map(Locator.bounding_box, page.get_by_role("button").all()))


def small_targets(page: Page) -> list[str]:
    """Whatever a finger has to hit that is smaller than 44 pixels, once nothing on the page moves any more."""
    still(page)
    return page.evaluate(
        "least => [...document.querySelectorAll('button, .q-field__control, [role=radio]')].filter(e => e.offsetParent)"
        ".map(e => [e.dataset.testid || e.className, e.getBoundingClientRect()])"
        ".filter(([_, r]) => r.width < least || r.height < least)"
        ".map(([name, r]) => `${name} ${r.width} x ${r.height}`)",
        44,
    )


@pytest.mark.req("F32")
def test_the_foot_says_how_old_each_list_is(kiosk):
    expect(kiosk.get_by_test_id("ages")).to_contain_text("item codes")
    expect(kiosk.get_by_test_id("ages")).to_contain_text("orders")


def test_the_critical_override_is_on_the_screen_while_it_lasts(site, kiosk):
    site.pty.do(lambda cabinet: setattr(cabinet, "more", [(NOW_MIN + 30) * 60_000]))
    site.process.ask("state")
    expect(kiosk.get_by_test_id("critical")).to_contain_text("CRITICAL OVERRIDE until")
    site.pty.do(lambda cabinet: setattr(cabinet, "more", []))
    site.process.ask("state")
    expect(kiosk.get_by_test_id("critical")).to_be_hidden()
