"""Picking at the console and by the API: who sees it, the files, and the snapshot the pharmacy's computer picks by."""

import csv
import io
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from agent.pharmacy.book import Book
from agent.pharmacy.snapshots import opened
from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from server_stub.console.accounts import Accounts
from server_stub.ledger.schema import inventory
from server_stub.site import config
from server_stub.site.config import database_url, read
from server_stub.site.enrol import add_stations
from tests.centre.conftest import Bench
from tests.console.visitor import sign_in
from tests.stock.stock_site import HOUR_MS, Cabinet
from tests.supply.packages import Pharmacy

LISTED = ("not-checked-not-delivered", "checked-not-delivered", "not-checked-delivered", "findings")
DAY = timedelta(days=1)
SNAPSHOT = "/api/v1/pharmacy/snapshot"
# of its own: other tests of the same console have ICU1
ITEMS = [["ZINC", 0, 1, 0], ["KCL", 0, 1, 0]]
POCKETS = [
    ["D01-P01", 1, 1, "ZINC", 4, 10, 40],
    ["D01-P02", 1, 2, "ZINC", 4, 10, 20],
    ["D02-P01", 2, 1, "KCL", 2, 6, 12],
]
PIN = ["00" * 8, "00" * 16, 100]
USERS = [
    ["B1", "PT001", *PIN, messages.ROLE_REFILL],
    ["B2", "RPH1", *PIN, messages.ROLE_CHECK],
    ["B3", "PT002", *PIN, messages.ROLE_REFILL | messages.ROLE_RESTRICTED],
]


@pytest.fixture(scope="module")
def ward(web_home):
    """The centre of the site that `web` shows: packages of each kind, and an evil name."""
    site = read(web_home)
    zones = [s.model_copy(update={"zone": "North"}) if s.id == "ED1" else s for s in site.station]
    config.write(web_home, site.model_copy(update={"station": tuple(zones)}))
    bench = Bench(web_home, database_url(web_home, read(web_home)))
    ask = lambda table, rows: bench.ask("reference", station="ED1", table=table, rows=rows)  # noqa: E731
    pharmacy = Pharmacy(bench, Cabinet(bench, POCKETS, ITEMS, "ED1"))
    ask("item_names", [["ZINC", "=HYPERLINK(1)", ""]])
    ask("item_codes", [["00301", "ZINC"], ["00300", "ZINC"]])
    ask("users", USERS)
    ask("policy", [["ask_expiry", 1]])
    bench.clock.advance(bench.clock.utc_ms() + HOUR_MS)
    pharmacy.picked("AA01", 4, item="ZINC", station="ED1")
    pharmacy.picked("AA02", 2, item="KCL", station="ED1")
    pharmacy.checked("AA02", 3, item="KCL")
    yield SimpleNamespace(bench=bench, pharmacy=pharmacy)
    bench.engine.dispose()


@pytest.fixture
def at(client, web_home):
    """Sign in with a new account of a role."""
    return lambda role: sign_in(client, Accounts(web_home.accounts), role)


@pytest.fixture
def token(web_home):
    return (web_home.station("PHARM") / "api.token").read_text()


def bearer(token):
    return {"authorization": f"Bearer {token}"}


@pytest.mark.req("P96", "P99")
@pytest.mark.usefixtures("ward")
def test_a_technician_sees_reports_and_a_biomed_does_not(client, at):
    at("biomed")
    assert client.get("/picking").status_code == client.get("/picking/csv").status_code == 403
    client.post("/sign-out")
    at("technician")
    page = client.get("/picking").text
    assert "A: not checked and not delivered" in page and "AA01" in page and "AA02" not in page
    assert "<script>alert" not in page and "=HYPERLINK(1)" in page
    page = client.get("/picking?show=errors-caught").text
    assert "WRONG_STRENGTH" in page and "Errors by picker" in page and "RPH1" in page


@pytest.mark.usefixtures("ward")
def test_a_file_has_the_same_lines_and_no_formula(client, at):
    at("auditor")
    answer = client.get("/picking/csv?show=not-checked-not-delivered")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="not-checked-not-delivered--')
    headings, line = csv.reader(io.StringIO(answer.text, newline=""))
    assert dict(zip(headings, line, strict=True)) | {"Picked at (UTC)": ""} == {
        "Class": "0", "Station": "ED1", "Item": "'=HYPERLINK(1)", "Item ID": "ZINC", "Label": "AA01", "Picked": "4",
        "Picked at (UTC)": "", "Picker": "PT001",
    }  # fmt: skip


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize(
    "query",
    [
        "show=nothing",
        "from=2026-01-02&to=2026-01-01",
        "from=2026-01-01&to=2027-06-01",
        "from=x&to=y",
        "from=2026-01-01",
    ],
)
def test_a_report_or_period_that_can_not_be_is_not_found(client, at, query):
    at("auditor")
    for where in ("/picking", "/picking/csv"):
        assert client.get(f"{where}?{query}").status_code == 404


@pytest.mark.req("P98", "P101")
def test_the_switches_of_procar_ini_reach_page_file_and_api(client, at, ward, people):
    at("auditor")
    assert client.get("/picking?show=not-checked-delivered").status_code == 200
    ward.pharmacy.rules(0, 0)
    page = client.get("/picking?show=checking-detail").text
    assert "C: not checked" not in page and client.get("/picking?show=not-checked-delivered").status_code == 404
    answer = client.get("/api/v1/picking/not-checked-delivered", headers=bearer(people["auditor"]))
    assert (answer.status_code, answer.json()["code"]) == (404, codes.NOT_FOUND)
    headings = client.get("/picking/csv?show=errors-caught").text.splitlines()[0]
    assert '"Delivered at (UTC)","Deliverer"' in headings and "Checker" not in headings
    ward.pharmacy.rules(1, 0)
    headings = client.get("/picking/csv?show=errors-caught").text.splitlines()[0]
    assert "Checker" in headings and client.get("/picking?show=not-checked-delivered").status_code == 404
    ward.pharmacy.rules(1, 1)
    assert client.get("/picking?show=not-checked-delivered").status_code == 200


@pytest.mark.usefixtures("ward")
def test_the_api_tells_what_the_page_shows(client, people):
    technician = bearer(people["technician"])
    (line,) = client.get("/api/v1/picking/errors-caught", headers=technician).json()
    wanted = {"label": "AA02", "station": "ED1", "item": "KCL", "quantity": 2, "picker": "PT001", "who": "RPH1"}
    assert wanted.items() <= line.items()
    assert (line["result"], line["finding"], line["entry"]["station"]) == ("WRONG_STRENGTH", "", "PHARM")
    early = {"from_utc_ms": 0, "to_utc_ms": 1000}
    assert client.get("/api/v1/picking/errors-caught", headers=technician, params=early).json() == []
    for bad in ({"from_utc_ms": 5, "to_utc_ms": 5}, {"from_utc_ms": 0}):
        answer = client.get("/api/v1/picking/errors-caught", headers=technician, params=bad)
        assert (answer.status_code, answer.json()["code"]) == (422, codes.BAD_PARAMETER)


@pytest.mark.req("P13", "P35", "P43")
def test_the_pharmacy_picks_by_one_snapshot(client, ward, token):
    answer = client.get(SNAPSHOT, headers=bearer(token))
    found = answer.json()
    assert opened(answer.content).open_labels[0].label == "AA01", "the pharmacy's computer reads it"
    listed = ward.bench.ask("pick_list", station="ED1")
    assert (found["snapshot"], found["as_of_utc_ms"]) == (listed["snapshot"], listed["as_of_utc_ms"])
    assert found["stations"] == [
        {"station": "ICU1", "zone": "", "ask_beginning_quantity": False, "ask_expiry": False},
        {"station": "ED1", "zone": "North", "ask_beginning_quantity": False, "ask_expiry": True},
        {"station": "LAB1", "zone": "", "ask_beginning_quantity": False, "ask_expiry": False},
    ]
    needs = {line["item"]: line["quantity"] for line in listed["lines"]}
    assert needs["ZINC"] == 20
    needed = {(n["station"], n["item"]): n for n in found["needs"]}
    # four are on their way under AA01; what was voided is not
    assert needed["ED1", "ZINC"]["quantity"] == 16 and needed["ED1", "KCL"]["quantity"] == needs["KCL"]
    assert needed["ED1", "ZINC"]["load_or_refill"] == "R" and needed["ED1", "ZINC"]["pick_area"] == ""
    assert needed["ED1", "ZINC"]["place"] == listed["lines"][-1]["pockets"][0]["place"] == "D01-P01"
    assert {"item": "ZINC", "name": "=HYPERLINK(1)", "codes": ["00300", "00301"]} in found["items"]
    assert found["users"] == [
        {"user": "PT001", "may_pick": True, "may_check": False},
        {"user": "PT002", "may_pick": False, "may_check": False},
        {"user": "RPH1", "may_pick": False, "may_check": True},
    ]
    (label,) = found["open_labels"]
    assert (label["label"], label["state"], label["stale"], label["quantity"]) == ("AA01", "PICKED", False, 4)


@pytest.mark.req("P44", "F23")
def test_what_a_pocket_took_in_reaches_reports_lists_and_the_pharmacys_computer(client, at, ward, token, tmp_path):
    at("auditor")
    book = Book(tmp_path / "cradle.db", 1)
    # the cabinet's clock is a second ahead of the centre's
    now = datetime.fromtimestamp(ward.bench.clock.utc_ms() / 1000, UTC)
    period = urlencode({"from": f"{now - DAY:%FT%T}", "to": f"{now + DAY:%FT%T}"})

    def seen():
        answer = client.get(SNAPSHOT, headers=bearer(token))
        snapshot = opened(answer.content)
        book.keep_snapshot(answer.content, snapshot.open_labels, 0, snapshot.as_of_utc_ms)
        need = sum(need.quantity for need in snapshot.needs if (need.station, need.item) == ("ED1", "KCL"))
        pages = {name: client.get(f"/picking?show={name}&{period}").text for name in LISTED}
        return (
            need,
            "AA07" in {one.label for one in book.labels()},
            [name for name in LISTED if "AA07" in pages[name]],
        )

    lacks, _, _ = seen()
    picked = ward.pharmacy.picked("AA07", 4, item="KCL", station="ED1")
    assert seen() == (lacks - 4, True, ["not-checked-not-delivered"])
    ward.pharmacy.delivered("AA07", picked, "D02-P01", 3)
    assert seen() == (lacks - 3, False, ["not-checked-delivered", "findings"])
    (held,) = [row for row in ward.bench.rows(inventory) if (row.station, row.place) == ("ED1", "D02-P01")]
    assert held.quantity == 3
    book.close()


def test_a_pocket_that_is_not_loaded_is_to_be_loaded(client, ward, token):
    cabinet = ward.pharmacy.cabinet
    cabinet.append(kinds.UNLOAD, (0,), item="ZINC", place="D01-P02", stock=(0, 0), txn=len(cabinet.script.pages) + 1)
    cabinet.send()
    needs = client.get(SNAPSHOT, headers=bearer(token)).json()["needs"]
    assert sorted((n["load_or_refill"], n["quantity"]) for n in needs if n["item"] == "ZINC") == [("L", 10), ("R", 6)]


@pytest.mark.usefixtures("ward")
def test_the_snapshot_is_for_the_pharmacys_token_alone(client, people, token, web_home):
    kept = web_home.token_hash("PHARM").read_text()
    assert kept == sha256(token.encode()).hexdigest() and token not in kept
    assert not web_home.token_hash("ED1").exists()
    own = (web_home.keys / "hospital.token").read_text()
    for headers in ({}, bearer("x"), bearer(token[:-1]), bearer(kept), bearer(own), bearer(people["pharmacist"])):
        answer = client.get(SNAPSHOT, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, codes.NOT_AUTHORISED)
    assert client.get("/api/v1/stations", headers=bearer(token)).status_code == 401


def test_a_token_that_is_no_longer_there_opens_nothing(client, web_home, token):
    path = web_home.token_hash("PHARM")
    kept = path.read_text()
    path.unlink()
    assert client.get(SNAPSHOT, headers=bearer(token)).status_code == 401
    path.write_text(kept)
    add_stations(web_home, {"PHARM2": ("PHARMACY",)}, board="pharmacy")
    second = (web_home.station("PHARM2") / "api.token").read_text()
    assert client.get(SNAPSHOT, headers=bearer(second)).status_code == 200
