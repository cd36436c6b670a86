"""The MIMIC loader and its rules on a small set of tables written here."""

import gzip
from pathlib import Path

import pytest

from simulator.hospital.clocktime import DAY_0_MS, DAY_MS, HOUR_MS, day_of
from simulator.hospital.mimic import DataError, make_plan
from simulator.hospital.mimic.orders import Order
from simulator.plan import Plan, Refill, Remove
from tests.hospital.planchecks import check, removals

TABLES = {
    "transfers": """subject_id,hadm_id,transfer_id,eventtype,careunit,intime,outtime
1,100,1,ED,Emergency Department,2150-03-01 08:00:00,2150-03-01 10:00:00
1,100,2,admit,Medicine,2150-03-01 10:00:00,2150-03-04 12:00:00
1,100,3,discharge,,2150-03-04 12:00:00,
2,,4,ED,Emergency Department,2150-03-01 08:00:00,2150-03-01 10:00:00
3,300,5,admit,Unknown,2151-01-01 00:30:00,2151-01-02 00:00:00
3,300,6,discharge,,2151-01-02 00:00:00,
""",
    "pharmacy": """hadm_id,pharmacy_id,poe_id,starttime,stoptime,medication,entertime,verifiedtime,dispensation,\
frequency,doses_per_24_hrs
100,11,1-1,2150-03-01 09:00:00,2150-03-04 10:00:00,OxyCODONE,2150-03-01 09:30:00,2150-03-01 12:30:00,Omnicell,Q6H,4
100,12,1-2,2150-03-01 09:00:00,,Vancomycin,2150-03-01 09:00:00,,IV MED,DAILY,1
100,13,1-3,2150-03-01 09:00:00,,Furosemide,2150-03-01 09:00:00,,OmniCell,ONCE,1
100,14,1-4,2150-03-01 09:00:00,,Mystery,2150-03-01 09:00:00,,Omnicell,PRN,
100,15,1-5,2150-03-01 09:00:00,,Senna,2150-03-01 09:00:00,,Omnicell,Q4H:PRN,
300,31,3-1,2151-01-01 00:40:00,,OxyCODONE,2151-01-01 00:40:00,,Omnicell,BID,2
""",
    "prescriptions": """pharmacy_id,drug_type,drug,formulary_drug_cd,prod_strength,form_val_disp,form_unit_disp
11,MAIN,OxyCODONE (Immediate Release),OXYC5,5mg Tablet,0.5-1,TAB
13,BASE,Soln,SOLN,50 mL Vial,1,VIAL
13,MAIN,Furosemide,FURO/40I,40mg/4mL Vial,1,VIAL
15,MAIN,Senna,SENN,8.6mg,,TAB
31,MAIN,OxyCODONE (Immediate Release),OXYC5,5mg Tablet,1,TAB
""",
    "emar_detail": """emar_id,administration_type,product_amount_given,product_unit,product_code,product_description
e1,Standard,,,,
e1,,0.5,TAB,OXYC5,OxyCODONE 5mg Tablet
e2,,3,mL,FURO/40I,
e2,,1,mL,FURO/40I,
e2,,2,mL,FURO-20I,Furosemide 20 mg / 2 mL Vial
""",
    "emar": """hadm_id,emar_id,emar_seq,poe_id,pharmacy_id,charttime,medication,event_txt,scheduletime,storetime
100,e1,1,1-1,11,2150-03-01 12:00:00,OxyCODONE,Administered,,2150-03-01 12:02:00
100,e2,2,1-3,13,2150-03-01 10:01:00,Furosemide,Delayed Administered,,2150-03-01 10:02:00
100,e3,3,1-1,11,2150-03-02 12:00:00,OxyCODONE,Applied,,2150-03-02 12:02:00
100,e4,4,1-2,12,2150-03-02 12:00:00,Vancomycin,Administered,,2150-03-02 12:02:00
100,e5,5,1-4,14,2150-03-02 12:00:00,Mystery,Administered,,2150-03-02 12:02:00
100,e6,6,1-5,15,2150-03-02 12:00:00,Senna,Administered,,2150-03-02 12:02:00
100,e7,7,9-9,,2150-03-02 12:00:00,Saline,Administered,,2150-03-02 12:02:00
300,e8,8,3-1,31,2151-01-01 01:00:00,OxyCODONE,Administered,,2151-01-01 01:00:00
,e9,9,1-1,11,2150-03-02 12:00:00,OxyCODONE,Administered,,2150-03-02 12:02:00
100,e10,10,,,2150-03-02 12:00:00,,Flushed,,2150-03-02 12:02:00
""",
}
HELD = "".join(f"100,h{n},{n},1-1,,2150-03-02 {n % 24:02}:00:00,OxyCODONE,Not Given,,\n" for n in range(48))


def write(folder: Path, changes: dict[str, str] | None = None) -> Path:
    for name, content in {**TABLES, **(changes or {})}.items():
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(content.encode()))
    return folder


def quiet(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return make_plan(write(tmp_path), 5, report=quiet)


def taken_for(plan: Plan, record: str) -> tuple[int, str, Remove]:
    return next(
        (visit.at_ms, visit.station, action)
        for visit in plan.visits
        for action in visit.actions
        if isinstance(action, Remove) and action.record == record
    )


def test_each_record_has_one_fate(plan: Plan) -> None:
    check(plan)
    assert plan.records == 10
    assert plan.fates == {
        "given_admission_unknown": 1,
        "given_amount_unknown": 1,
        "given_drug_unknown": 1,
        "given_not_from_cabinet": 1,
        "given_order_unknown": 1,
        "given_ward_unknown": 1,
        "not_a_dose": 1,
    }
    assert {r.record: r.fate for r in removals(plan) if r.record} == {
        "e1": "given_part_wasted",
        "e2": "given",
        "e3": "given",
    }


def test_removal_precedes_the_administration_in_the_ward(plan: Plan) -> None:
    at_ms, station, taken = taken_for(plan, "e1")
    assert (station, taken.patient, taken.order, taken.item) == ("Medicine", "100", "11", "OXYC5")
    assert (taken.quantity, taken.waste) == (1000, 500)
    assert at_ms % DAY_MS < 12 * HOUR_MS and taken.administration_utc_ms % DAY_MS == 12 * HOUR_MS
    at_ms, station, _ = taken_for(plan, "e2")
    assert station == "Medicine" and 10 * HOUR_MS <= at_ms % DAY_MS <= 10 * HOUR_MS + 60_000


def test_a_dose_of_two_products_takes_both(plan: Plan) -> None:
    at_ms, _, taken = taken_for(plan, "e2")
    others = [a for v in plan.visits if v.at_ms == at_ms for a in v.actions if isinstance(a, Remove) and not a.cancel]
    assert [(a.record, a.item, a.quantity, a.fate) for a in others] == [
        ("e2", "FURO-40I", 1, "given"),
        ("", "FURO-20I", 1, ""),
    ]
    assert taken.waste == 0
    charted = [e for _, e in plan.events if e["type"] == "administration" and e["id"].startswith("emar-e2")]
    assert {(e["id"], e["item"], e["quantity"]) for e in charted} == {
        ("emar-e2", "FURO-40I", 1),
        ("emar-e2.2", "FURO-20I", 1),
    }


def test_order_is_sent_before_it_is_needed_though_verified_later(plan: Plan) -> None:
    sent_ms, order = next((at, e) for at, e in plan.events if e.get("order") == "11" and e["type"] == "order")
    assert sent_ms < taken_for(plan, "e1")[0]
    assert order["dose"] == 1000 and order["start_utc_ms"] % DAY_MS == 9 * HOUR_MS


@pytest.mark.req("F2")
@pytest.mark.parametrize(
    ("frequency", "doses", "interval_minutes", "prn"),
    [
        ("Q6H", "4", 360, False),
        ("ONCE", "1", 0, False),
        ("X1 PRN", "1", 0, True),
        ("Q4H:PRN", "6", 0, True),
        ("ASDIR", "", 0, False),
        ("", "0", 0, False),
    ],
)
def test_interval_of_an_order(frequency: str, doses: str, interval_minutes: int, prn: bool) -> None:
    order = Order({"pharmacy_id": "1", "frequency": frequency, "doses_per_24_hrs": doses}, None)
    assert (order.interval_minutes, order.as_needed) == (interval_minutes, prn)


def test_orders_say_how_often_and_whether_as_needed(plan: Plan) -> None:
    said = {e["order"]: (e["interval_minutes"], e["prn"]) for _, e in plan.events if e["type"] == "order"}
    assert said["11"] == (360, False) and said["13"] == (0, False)


def test_admissions_move_by_whole_days_to_one_of_28(tmp_path: Path) -> None:
    data = write(tmp_path)
    starts = set()
    for seed in range(40):
        events = [(at, e) for at, e in make_plan(data, seed, report=quiet).events if e["type"] == "adt"]
        mine = [(at, e["event"], e["ward"]) for at, e in events if e["patient"] == "100"]
        day_ms = DAY_0_MS + day_of(mine[0][0]) * DAY_MS
        assert mine == [
            (day_ms + 8 * HOUR_MS, "A01", "Emergency Department"),
            (day_ms + 10 * HOUR_MS, "A02", "Medicine"),
            (day_ms + 3 * DAY_MS + 12 * HOUR_MS, "A03", "Medicine"),
        ]
        starts.add(day_of(mine[0][0]))
    assert min(starts) >= 0 and max(starts) <= 27 and len(starts) > 10


def test_half_of_what_was_held_is_removed_and_returned(tmp_path: Path) -> None:
    plan = make_plan(write(tmp_path, {"emar": TABLES["emar"] + HELD}), 1, report=quiet)
    check(plan)
    back = [r for r in removals(plan) if r.fate == "removed_returned"]
    assert len(back) + plan.fates["never_removed"] == 48
    assert 12 <= len(back) <= 36
    assert {e["status"] for _, e in plan.events if e["id"].startswith("emar-h")} == {"not_given"}


def test_levels_from_the_first_quarter_and_a_floor(tmp_path: Path) -> None:
    rows = "".join(
        f"100,m{n},{n},1-3,13,2150-03-01 1{n % 10}:00:00,Furosemide,Administered,,2150-03-01 12:02:00\n"
        for n in range(10)
    )
    plan = make_plan(write(tmp_path, {"emar": TABLES["emar"] + rows}), 3, report=quiet)
    floor = {p.item: (p.min, p.max) for s in plan.stations for p in s.pockets}
    assert floor["OXYC5"] == (2000, 6000)
    assert floor["FURO-40I"][1] >= 6


def test_slice_keeps_the_first_days_and_the_sum(tmp_path: Path) -> None:
    data = write(tmp_path)
    whole = make_plan(data, 5, report=quiet)
    start = day_of(min(at for at, e in whole.events if e["patient"] == "100"))
    part = make_plan(data, 5, days=start + 1, report=quiet)
    check(part)
    assert part.records == whole.records == 10
    assert part.fates["outside_slice"] >= 6
    assert {r.record for r in removals(part) if r.record} == {"e1", "e2"}
    assert taken_for(part, "e1") == taken_for(whole, "e1")


def test_a_slice_before_anything_happens_is_empty(tmp_path: Path) -> None:
    data = write(tmp_path)
    seed = next(s for s in range(20) if min(at for at, _ in make_plan(data, s).events) >= DAY_0_MS + DAY_MS)
    plan = make_plan(data, seed, days=1, report=quiet)
    assert (plan.stations, plan.visits, plan.records) == ((), [], 10)


def test_refills_every_night_between_two_and_four(plan: Plan) -> None:
    nights = [v.at_ms for v in plan.visits if any(isinstance(a, Refill) and not a.opening for a in v.actions)]
    assert nights and all(2 * HOUR_MS <= at % DAY_MS < 4 * HOUR_MS for at in nights)
    assert len(nights) == len({day_of(at) for at in nights}) * len(plan.stations)


BAD_ROWS = [
    "100,b1,1,1-1,11,2150-13-01 12:00:00,OxyCODONE,Administered,,\n",
    "100,b1,1,1-1,11,,OxyCODONE,Administered,,\n",
    "100,,1,1-1,11,2150-03-01 12:00:00,OxyCODONE,Administered,,\n",
    "100,b1,1\n",
    "100,b1,1,1-1,11,2150-03-01 12:00:00,Oxy,CODONE,Administered,,\n",
    '100,b1,1,1-1,11,2150-03-01 12:00:00,"OxyCODONE,Administered,,\n',
    "\x00\x01\n",
    "\n",
    "100,e1,1,1-1,11,2150-03-01 12:00:00,OxyCODONE,Administered,,\n",
]


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_malformed_record_is_counted_and_told_with_its_line(tmp_path: Path, row: str) -> None:
    head, rest = TABLES["emar"].split("\n", 1)
    told: list[str] = []
    last = row.startswith("100,e1,")
    content = TABLES["emar"] + row if last else f"{head}\n{row}{rest}"
    plan = make_plan(write(tmp_path, {"emar": content}), 5, report=told.append)
    check(plan)
    assert plan.records == 11 and plan.fates["malformed_row"] == 1
    assert len(told) == 1 and told[0].startswith("error 5201: emar")
    assert ("e1 comes twice" if last else "emar.csv.gz line 2:") in told[0]


@pytest.mark.parametrize("table", ["emar_detail", "pharmacy", "prescriptions", "transfers"])
def test_a_malformed_row_elsewhere_is_told_and_left_out(tmp_path: Path, table: str) -> None:
    told: list[str] = []
    plan = make_plan(write(tmp_path, {table: TABLES[table] + "nonsense\n"}), 5, report=told.append)
    check(plan)
    assert plan.records == 10
    assert [f"{table}.csv.gz line" in message for message in told] == [True]


def test_bad_bytes_spoil_only_their_row(tmp_path: Path) -> None:
    write(tmp_path)
    content = TABLES["emar"].encode().replace(b"e10", b"e\xff0")
    (tmp_path / "emar.csv.gz").write_bytes(gzip.compress(content))
    assert make_plan(tmp_path, 5, report=quiet).records == 10


def test_tables_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no emar\.csv\.gz; give the folder"):
        make_plan(tmp_path, 1)
    write(tmp_path, {"emar": TABLES["emar"].replace("charttime", "time")})
    with pytest.raises(DataError, match=r"5201.*no column charttime"):
        make_plan(tmp_path, 1)
    whole = gzip.compress(TABLES["emar"].encode())
    (tmp_path / "emar.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"5201.*cannot be read to its end"):
        make_plan(tmp_path, 1)
    (tmp_path / "emar.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(DataError, match="cannot be read to its end"):
        make_plan(tmp_path, 1)
    with pytest.raises(DataError, match="give 1 or more"):
        make_plan(tmp_path, 1, days=0)


def test_unpacked_tables_in_a_hosp_folder(tmp_path: Path) -> None:
    folder = tmp_path / "hosp"
    folder.mkdir()
    for name, content in TABLES.items():
        (folder / f"{name}.csv").write_text(content)
    assert make_plan(tmp_path, 5, report=quiet).records == 10
