"""People of each role at the console: every page, what can be done there, and that it is kept."""

import re
import zipfile

import pytest
from playwright.sync_api import Page, expect

from firmware.journal import kinds
from server_stub.ledger import store
from server_stub.site.home import Home
from tests.browser.people import at_console
from tests.browser.test_removal import serious
from tests.console.hospital import Hospital
from tests.waits import PATIENCE_S

pytestmark = pytest.mark.browser
PAGES = (
    "", "stations", "stations/ICU1", "stock", "items/ACET?station=ICU1", "restock", "restock?show=par",
    "restock?station=ICU1", "alerts", "alerts?show=late", "alerts?show=cleared", "discrepancies", "packets",
    "overrides", "overrides?show=matched", "wastes", "expiry", "expiry?lot=L0426",
    "picking", "picking?show=errors-caught", "picking?show=checking-detail", "picking?show=findings",
)  # fmt: skip


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    return Hospital(Home(tmp_path_factory.mktemp("hospital") / "home"))


@pytest.fixture(scope="module")
def console(hospital):
    with hospital.console() as address:
        yield address


@pytest.fixture
def pharmacist(context, hospital, console) -> Page:
    return at_console(context, hospital.home.root, console)


def operator_entries(hospital):
    with hospital.bench.engine.connect() as conn:
        entries = [page.entry for page in store.pages_in_order(conn)]
    return [(e.actor, *e.ext) for e in entries if e.kind == kinds.OPERATOR]


def test_axe_finds_nothing_serious_on_any_page(pharmacist, console):
    found = {}
    for path in PAGES:
        pharmacist.goto(console + path)
        expect(pharmacist.locator("h1")).to_have_count(1)
        found[path] = serious(pharmacist)
    assert found == {path: [] for path in PAGES}


def test_home_says_what_needs_attention_and_leads_there(pharmacist, console):
    pharmacist.goto(console)
    for name, count in (
        *(("alerts", 2), ("discrepancies", 2), ("undocumented", 1)),
        *(("quarantine", 1), ("overrides", 1), ("expired", 1), ("provisional", 1)),
    ):
        expect(pharmacist.get_by_test_id(f"point-{name}")).to_contain_text(str(count))
    pharmacist.get_by_test_id("point-undocumented").click()
    expect(pharmacist.get_by_test_id("tab-undocumented")).to_have_attribute("aria-current", "true")
    expect(pharmacist.get_by_test_id("verdicts").locator("tbody tr")).to_have_count(1)


@pytest.mark.req("A5")
def test_an_alert_appears_without_a_reload(pharmacist, console, hospital):
    pharmacist.goto(f"{console}alerts?show=open")
    rows = pharmacist.get_by_test_id("alerts").locator("tbody tr")
    before = rows.count()
    hospital.removes_without_order()
    expect(rows).to_have_count(before + 1)
    expect(rows.first).to_contain_text("no active order")


def test_charted_late_shows_both_times(pharmacist, console):
    pharmacist.goto(f"{console}alerts?show=late")
    row = pharmacist.get_by_test_id("verdicts").locator("tbody tr").first
    expect(row).to_contain_text("charted late")
    expect(row).to_contain_text(re.compile(r"\d+ min|\d+ h \d+ min"))
    assert len(re.findall(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", row.inner_text())) == 3


def test_a_pharmacist_clears_an_alert_with_a_reason(pharmacist, console):
    pharmacist.goto(f"{console}alerts?show=open")
    row = pharmacist.get_by_test_id("alerts").locator("tbody tr", has_text="patient not admitted").first
    row.get_by_role("link").first.click()
    pharmacist.get_by_label("Why it may be cleared").fill("Emergency before registration")
    pharmacist.get_by_role("button", name="Clear the alert").click()
    expect(pharmacist.get_by_test_id("notice")).to_contain_text("is cleared")
    pharmacist.get_by_test_id("tab-cleared").click()
    expect(pharmacist.get_by_test_id("alerts")).to_contain_text("Emergency before registration")


def test_a_pharmacist_resolves_a_discrepancy_and_a_technician_can_not(pharmacist, console, hospital, browser):
    pharmacist.goto(f"{console}discrepancies")
    pharmacist.get_by_test_id("discrepancies").get_by_role("link").first.click()
    where = pharmacist.url
    pharmacist.get_by_label("What was the cause").select_option("Broken or lost")
    pharmacist.get_by_label("Note").fill("vial broke")
    other = browser.new_context(ignore_https_errors=True)
    other.set_default_timeout(PATIENCE_S * 1000)
    technician = at_console(other, hospital.home.root, console, "technician")
    technician.goto(where)
    expect(technician.get_by_test_id("facts")).to_be_visible()
    expect(technician.get_by_test_id("resolve")).to_have_count(0)
    other.close()
    pharmacist.get_by_role("button", name="Resolve").click()
    expect(pharmacist.get_by_test_id("notice")).to_contain_text("broken or lost")
    pharmacist.get_by_test_id("tab-resolved").click()
    expect(pharmacist.get_by_test_id("discrepancies")).to_contain_text("vial broke")


@pytest.mark.req("A1.d")
def test_an_items_page_draws_use_forecast_and_levels(pharmacist, console):
    pharmacist.goto(f"{console}stock?find=aceta")
    pharmacist.get_by_test_id("stock").get_by_role("link", name="Acetaminophen").first.click()
    chart = pharmacist.get_by_test_id("chart")
    expect(chart).to_be_visible()
    expect(chart.get_by_test_id("band")).to_have_count(1)
    assert chart.locator("[data-testid^=use-]").count() >= 20
    expect(chart).to_contain_text("PAR max")


@pytest.mark.req("A16.a")
def test_a_packet_is_made_verified_and_fetched(pharmacist, console, tmp_path):
    pharmacist.goto(f"{console}packets")
    pharmacist.get_by_label("From (UTC)").fill("2026-01-01T00:00")
    pharmacist.get_by_label("To (UTC, not included)").fill("2026-02-01T00:00")
    pharmacist.get_by_role("button", name="Make packet").click()
    row = pharmacist.get_by_test_id("packets").locator("tbody tr").first
    expect(row).to_contain_text("2026-02-01 00:00:00", timeout=90_000)
    with pharmacist.expect_download() as waiting:
        row.get_by_role("link", name="download").click()
    waiting.value.save_as(tmp_path / "packet.zip")
    names = zipfile.ZipFile(tmp_path / "packet.zip").namelist()
    assert any(name.endswith("/report.pdf") for name in names)
    row.get_by_role("link", name="look and verify").click()
    expect(pharmacist.get_by_test_id("notice")).to_contain_text("GOOD", timeout=90_000)
    assert serious(pharmacist) == []


def test_what_is_done_is_in_the_centres_log(pharmacist, console, hospital):
    who = pharmacist.get_by_test_id("who").inner_text().split(" ")[0]
    pharmacist.get_by_role("button", name="Sign out").click()
    expect(pharmacist.get_by_test_id("sign-in")).to_be_visible()
    pharmacist.get_by_label("Name").fill(who)
    pharmacist.get_by_label("Password").fill("wrong")
    pharmacist.get_by_role("button", name="Sign in").click()
    expect(pharmacist.get_by_test_id("notice")).to_contain_text("not right")
    assert serious(pharmacist) == []
    wanted = [(who, "signed in", "console"), (who, "signed out", "console"), ("console", "sign-in refused", who)]
    hospital.until(lambda: set(wanted) <= set(operator_entries(hospital)))


@pytest.mark.req("F4", "U28")
def test_a_pharmacist_orders_a_critical_override_and_it_is_in_the_log(pharmacist, console, hospital):
    pharmacist.goto(f"{console}stations/ICU1")
    expect(pharmacist.get_by_test_id("conditions")).to_contain_text("quarantine: nothing is given from it")
    expect(pharmacist.get_by_test_id("temporary")).to_contain_text("agency1")
    form = pharmacist.get_by_test_id("critical")
    form.get_by_label("Hours").select_option("2")
    form.get_by_label("Reason").fill("mass casualty")
    form.get_by_role("button").click()
    expect(pharmacist.get_by_test_id("notice")).to_contain_text("Critical override of ICU1 is on its way")
    who = pharmacist.get_by_test_id("who").inner_text().split(" ")[0]
    with hospital.bench.engine.connect() as conn:
        entries = [page.entry for page in store.pages_in_order(conn)]
    ordered = [(e.actor, e.ext[4]) for e in entries if e.kind == kinds.COMMAND_ISSUED and e.ext[2] == 3]
    assert ordered == [(who, "mass casualty")]


@pytest.mark.req("P23", "P25", "U19")
def test_a_recalled_lot_is_found_in_pockets_bins_and_removals(pharmacist, console):
    pharmacist.goto(f"{console}expiry")
    expect(pharmacist.get_by_test_id("expiring-ICU1-D01-P02")).to_contain_text("expired")
    pharmacist.get_by_label("Lot recalled").fill("L0426")
    pharmacist.get_by_role("button", name="Show").click()
    expect(pharmacist.get_by_test_id("recall-pockets-ICU1-D01-P01")).to_contain_text("L0426")
    expect(pharmacist.get_by_test_id("bins")).to_contain_text("D08-P01")


@pytest.mark.req("F16")
def test_a_pharmacist_merges_a_patient_added_at_the_cabinet(pharmacist, console):
    pharmacist.goto(f"{console}stations/ICU1")
    form = pharmacist.get_by_test_id("merge")
    form.get_by_label("Is the hospital's patient").fill("P2")
    form.get_by_role("button").click()
    expect(pharmacist.get_by_test_id("notice")).to_contain_text("TEMP7 is merged: it is P2")
    expect(pharmacist.get_by_test_id("provisional")).to_contain_text("is P2")


@pytest.mark.req("F5", "U14")
def test_overrides_and_open_wastes_wait_on_their_pages(pharmacist, console):
    pharmacist.goto(f"{console}overrides")
    expect(pharmacist.get_by_test_id("overrides").locator("tbody tr")).to_contain_text("no order yet")
    pharmacist.goto(f"{console}wastes")
    expect(pharmacist.get_by_test_id("wastes").locator("tbody tr").first).to_contain_text("Acetaminophen")


def test_a_session_that_ends_leaves_the_page(pharmacist, console, hospital):
    pharmacist.goto(f"{console}stock")
    who = pharmacist.get_by_test_id("who").inner_text().split(" ")[0]
    hospital.accounts().enable(who, False, "test")
    expect(pharmacist.get_by_test_id("sign-in")).to_be_visible(timeout=90_000)


def test_a_session_that_ends_before_the_page_is_connected_leaves_it_too(pharmacist, console, hospital):
    who = pharmacist.get_by_test_id("who").inner_text().split(" ")[0]
    pharmacist.route_web_socket("**/_nicegui_ws/**", lambda socket: socket.close())
    pharmacist.route("**/_nicegui_ws/**", lambda route: route.abort())
    pharmacist.goto(f"{console}stock")
    hospital.accounts().enable(who, False, "test")
    expect(pharmacist.get_by_test_id("sign-in")).to_be_visible(timeout=90_000)


def test_an_administrator_makes_an_account(context, hospital, console):
    page = at_console(context, hospital.home.root, console, "administrator")
    page.get_by_test_id("menu-accounts").click()
    page.get_by_test_id("account-add").get_by_label("Name").fill("mira")
    page.get_by_test_id("account-add").get_by_label("Role").select_option("technician")
    page.get_by_role("button", name="Add account").click()
    expect(page.get_by_test_id("notice")).to_contain_text("One-time password of mira")
    expect(page.get_by_test_id("accounts-mira")).to_contain_text("one-time password")
    assert serious(page) == []


def test_the_console_is_used_by_keyboard_alone(pharmacist, console):
    pharmacist.goto(f"{console}stock")
    for _ in range(40):
        pharmacist.keyboard.press("Tab")
        if pharmacist.evaluate("document.activeElement.name") == "find":
            break
    pharmacist.keyboard.type("morphine")
    pharmacist.keyboard.press("Enter")
    expect(pharmacist.get_by_test_id("stock").locator("tbody tr")).to_have_count(1)
    assert "find=morphine" in pharmacist.url
