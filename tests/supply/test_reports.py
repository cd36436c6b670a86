"""Reports A, B, C and of checking: who is in which, in which order, and that they cost what their period holds."""

import csv
import io

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from server_stub.console import picking
from server_stub.console.spreadsheet import csv_text
from server_stub.ledger import schema as ledger
from server_stub.ledger.schema import metadata
from server_stub.supply import life, reports, schema
from tests.supply.packages import HOUR_MS, T0_MS, Said, engine, folded

H = HOUR_MS
DAY = reports.Span(T0_MS, T0_MS + 24 * H)
# item, class, name
ITEMS = (("HEPARIN", 7, "Heparin"), ("ACET", 3, "Acetaminophen"), ("MORP", 7, "Morphine"))


@pytest.fixture
def database():
    made = engine()
    metadata.create_all(made, tables=[ledger.reference_rows])
    rows = []
    for item, item_class, name in ITEMS:
        told = {"items": [item, 0, 1, 0, item_class, 0], "item_names": [item, name, ""]}
        rows += [
            {"station": "ICU1", "table": table, "key": item, "version": 1, "row": cbor2.dumps(row)}
            for table, row in told.items()
        ]
    with made.begin() as conn:
        conn.execute(insert(ledger.reference_rows), rows)
    yield made
    made.dispose()


def shown(database, name, *, checks=True, unchecked=True, span=DAY):
    with database.connect() as conn:
        report = reports.reports(checks=checks, unchecked=unchecked)[name]
        return reports.lines(conn, report, span)


def labels(*args, **more):
    return [line.label for line in shown(*args, **more)]


def day(database):
    """A package for each report and some beside it."""
    said = Said()
    for label, station, item in (("AA01", "ICU2", "ACET"), ("AA02", "ICU1", "MORP"), ("AA03", "ICU1", "HEPARIN")):
        said.picked(label, T0_MS, station=station, item=item)
    for number, result in enumerate((0, 1, 5, 0)):
        label = f"BB0{number}"
        said.picked(label, T0_MS, by=f"PT00{number % 2}", item="ACET" if number == 2 else "HEPARIN")
        new = "CC01" if result == 1 else ""
        said.checked(label, T0_MS + H, result, quantity=6 - result, new=new, item="ACET" if number == 2 else "HEPARIN")
    said.delivered("BB03", T0_MS + 2 * H, T0_MS)
    for label, by in (("DD01", "PT009"), ("DD02", "PT008")):
        said.picked(label, T0_MS)
        said.delivered(label, T0_MS + 2 * H, T0_MS, by=by)
    folded(database, said.entries)


@pytest.mark.req("P96")
def test_a_is_what_was_picked_and_went_no_further_by_class_station_and_item(database):
    day(database)
    assert labels(database, reports.A) == ["AA01", "AA03", "AA02"]
    assert [line.item_class for line in shown(database, reports.A)] == [3, 7, 7]


@pytest.mark.req("P97")
def test_b_is_what_was_checked_and_not_delivered_without_what_was_voided(database):
    day(database)
    assert labels(database, reports.B) == ["BB00", "CC01"]
    assert {line.who for line in shown(database, reports.B)} == {"RPH1"}


@pytest.mark.req("P98")
def test_c_is_what_nobody_checked_and_somebody_delivered_unless_it_is_switched_off(database):
    day(database)
    assert [(line.label, line.who) for line in shown(database, reports.C)] == [("DD02", "PT008"), ("DD01", "PT009")]
    assert reports.C not in reports.reports(checks=True, unchecked=False)


@pytest.mark.req("P99")
def test_errors_are_by_picker_and_item_with_the_screens_categories(database):
    day(database)
    found = shown(database, reports.ERRORS)
    assert [(line.picker, line.name, picking.category(line)) for line in found] == [
        ("PT000", "Acetaminophen", "PACKAGING"),
        ("PT001", "Heparin", "QTY"),
    ]
    assert life.RESULTS[1:] == picking.CATEGORIES
    assert picking.summary(found) == [("PT000", [0, 0, 0, 0, 1, 0, 0, 0]), ("PT001", [1] + [0] * 7)]


@pytest.mark.req("P100")
def test_the_detail_has_every_check_by_station_item_and_id(database):
    day(database)
    found = shown(database, reports.DETAIL)
    assert [(line.name, line.label) for line in found] == [
        ("Acetaminophen", "BB02"), ("Heparin", "BB00"), ("Heparin", "BB01"), ("Heparin", "BB03")
    ]  # fmt: skip
    assert {(line.who, line.when_ms) for line in found} == {("RPH1", T0_MS + H)}


@pytest.mark.req("P101")
def test_without_check_reporting_the_deliverer_and_her_time_stand_for_the_checkers(database):
    day(database)
    said = Said()
    said.delivered("CC01", T0_MS + 3 * H, T0_MS + H, 5, by="PT007")
    folded(database, [e._replace(seq=900) for e in said.entries])
    detail = shown(database, reports.DETAIL, checks=False)
    assert {line.label: (line.who, line.when_ms) for line in detail} == {
        "BB03": ("PT002", T0_MS + 2 * H),
        "CC01": ("PT007", T0_MS + 3 * H),
        "DD01": ("PT009", T0_MS + 2 * H),
        "DD02": ("PT008", T0_MS + 2 * H),
    }
    errors = shown(database, reports.ERRORS, checks=False)
    assert [(line.label, line.who, line.when_ms) for line in errors] == [
        ("BB02", None, None), ("BB01", "PT007", T0_MS + 3 * H)
    ]  # fmt: skip
    report = reports.reports(checks=False, unchecked=True)[reports.DETAIL]
    headings = [column.heading for column in picking.columns(reports.DETAIL, report)]
    assert "Delivered at (UTC)" in headings and "Checked at (UTC)" not in headings


def test_findings_name_the_entry_and_a_number_that_was_open_twice(database):
    said = Said()
    said.picked("AA01", T0_MS)
    said.picked("AA01", T0_MS + H)
    said.checked("AA01", T0_MS + 2 * H, by="PT001")
    said.delivered("BB01", T0_MS + 3 * H, T0_MS)
    folded(database, said.entries)
    assert [(line.label, line.finding, line.by_station, line.by_seq) for line in shown(database, reports.FINDINGS)] == [
        ("BB01", life.NOT_PICKED, "ICU1", 4),
        ("AA01", life.BY_PICKER, "PHARM", 3),
        ("AA01", life.STILL_OPEN, "PHARM", 2),
    ]


@pytest.mark.parametrize("name", reports.REPORTS)
@pytest.mark.parametrize("checks", [True, False])
def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(database, name, checks):
    day(database)
    whole = shown(database, name, checks=checks)
    cut = reports.Span(T0_MS + H, T0_MS + H + 1)
    before, inside, after = (
        shown(database, name, checks=checks, span=span)
        for span in (reports.Span(0, cut.from_ms), cut, reports.Span(cut.to_ms, DAY.to_ms))
    )
    assert sorted(before + inside + after) == sorted(whole)


def steps(database, name):
    """How many steps SQLite takes for a report of a day."""
    count = [0]

    def step():
        count[0] += 1

    with database.connect() as conn:
        raw = conn.connection.driver_connection
        raw.set_progress_handler(step, 1)
        reports.lines(conn, reports.REPORTS[name], DAY)
        raw.set_progress_handler(None, 1)
    return count[0]


TIMES = ("picked_ms", "checked_ms", "delivered_ms", "ms")


def many(rows, later):
    """Two thousand copies of `rows` from `later` on, each of another package."""
    for number in range(2000):
        row = rows[number % len(rows)]
        times = {name: later + number for name in TIMES if row.get(name) is not None}
        yield {**row, **times, "label": f"{number:04}"} | ({"seq": 10_000 + number} if "seq" in row else {})


@pytest.mark.parametrize("name", reports.REPORTS)
def test_a_report_costs_what_its_period_holds(database, name):
    day(database)
    before = steps(database, name)
    with database.begin() as conn:
        for table in (schema.pick_labels, schema.label_facts):
            rows = [row._asdict() for row in conn.execute(table.select())]
            conn.execute(insert(table), list(many(rows, DAY.to_ms + H)))
    assert steps(database, name) < 2 * before


FORMULAS = st.text(max_size=8).map(lambda text: text.replace("\0", ""))


@given(rows=st.lists(st.tuples(FORMULAS, st.integers(-9, 9)), max_size=5))
def test_no_cell_of_a_file_is_a_formula_and_all_is_read_back(rows):
    read = list(csv.reader(io.StringIO(csv_text(("a", "b"), rows), newline="")))
    assert read[0] == ["a", "b"] and len(read) == len(rows) + 1
    for (text, number), (cell, other) in zip(rows, read[1:], strict=True):
        assert cell in (text, f"'{text}") and other == str(number)
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_what_could_be_a_formula_is_text(text):
    (row,) = list(csv.reader(io.StringIO(csv_text(("a",), [(text,)]), newline="")))[1:]
    assert row == [f"'{text}"]
