"""The daily update: levels from use, sent as commands until the journal has them, shown with reasons."""

import pytest

from firmware import codes
from firmware.journal import kinds
from server_stub.fold import rebuild
from server_stub.ledger import schema as ledger
from server_stub.stock import nightly, schema
from server_stub.stock.commands import EXPIRES_MS, RESEND_MOST_MS, RESEND_MS
from server_stub.supply import schema as supply
from tests.stock.stock_site import DAY_MS, HOUR_MS, ITEMS, POCKETS, START_MS, Cabinet


def busy(bench, days=6, a_day=8):
    """Days of heavy use of one item, of none of the other; up to noon of the last."""
    cabinet = Cabinet(bench)
    for place, quantity in (("D01-P01", 10), ("D01-P02", 10), ("D02-P01", 6000)):
        cabinet.refill(place, quantity)
    for day in range(days):
        cabinet.day(day)
        cabinet.use("D01-P01", a_day)
        cabinet.refill("D01-P01", a_day)
    return cabinet


@pytest.mark.req("A1.d", "A1.g", "A21.b", "A21.c")
def test_levels_follow_use_without_anybody(bench):
    cabinet = busy(bench)
    cabinet.take()
    cabinet.day(7)
    cabinet.take()
    levels = cabinet.levels()
    row = levels["D01-P01"]
    assert (row.applied_min, row.applied_max) == (row.wanted_min, row.wanted_max)
    assert sum(levels[p].applied_max for p in ("D01-P01", "D01-P02")) > 20, "more than the planogram's"
    assert row.reason.startswith("p99")
    assert "of 28 h demand, 8 days of use, mean " in row.reason
    assert levels["D02-P01"].applied_max == 6000, "the other item is young and not used: its max stays"
    assert all(state == schema.APPLIED for _, _, state in cabinet.issued())
    assert len({row.day for row in cabinet.rows(schema.forecasts)}) == 7


def test_once_a_day_at_its_hour(quick):
    cabinet = busy(quick, days=4)
    cabinet.take()
    before = len(cabinet.rows(schema.forecasts))
    cabinet.day(5, hour=0)
    assert len(cabinet.rows(schema.forecasts)) == before + 2, "the fourth night's"
    cabinet.day(5, hour=1)
    assert len(cabinet.rows(schema.forecasts)) == before + 4
    cabinet.take()
    for hour in (2, 3, 4):
        cabinet.day(5, hour=hour)
        quick.centre.tick()
    quick.restart()
    quick.centre.tick()
    assert len(cabinet.rows(schema.forecasts)) == before + 4
    assert cabinet.commands() == []


def test_commands_are_in_the_log_with_their_reasons_five_places_at_most(quick):
    pockets = [[f"D01-P{n:02}", 1, n, f"I{n}", 2, 6, 12] for n in range(1, 13)]
    cabinet = Cabinet(quick, pockets)
    quick.ask("reference", station="ICU1", table="items", rows=[[f"I{n}", 0, 1, 0] for n in range(1, 13)])
    for place in cabinet.held:
        cabinet.refill(place, 6)
    for day in range(4):
        cabinet.day(day)
        for place in cabinet.held:
            cabinet.use(place, 5)
            cabinet.refill(place, 5)
    issued = [e for e in quick.rows(ledger.entries) if e.kind == kinds.COMMAND_ISSUED]
    bodies = [body for _, body, _ in cabinet.issued()]
    assert len(issued) == len(bodies) >= 3
    assert max(len(body) for body in bodies) == 15
    assert {place for body in bodies for place in body[::3]} == set(cabinet.held)
    assert [number for number, _, _ in cabinet.issued()] == list(range(1, len(bodies) + 1))


@pytest.mark.req("A21.c")
def test_a_lost_command_comes_again_the_same_until_the_journal_has_it(bench):
    cabinet = busy(bench, days=3)
    first = [command for command in cabinet.commands() if command[1] > cabinet.now]
    bench.centre.tick()
    assert cabinet.commands() == [], "not yet"
    bench.transport_ms += RESEND_MS
    bench.sent += bench.centre.tick()
    assert cabinet.commands() == first, "same number, same bytes"
    bench.restart()
    bench.sent += bench.centre.tick()
    assert cabinet.commands() == first, "also after a restart"
    for number, _, body, _ in first:
        cabinet.answer(number, body)
    bench.transport_ms += RESEND_MOST_MS
    bench.sent += bench.centre.tick()
    assert cabinet.commands() == [], "answered"
    assert all(row.number for row in cabinet.rows(schema.par_levels) if row.applied_max)


def test_it_is_sent_less_and_less_often(quick):
    cabinet = busy(quick, days=2)
    cabinet.commands()
    times = 0
    for _ in range(3600):
        quick.transport_ms += 1000
        quick.sent += quick.centre.tick()
        times += len(cabinet.commands()) > 0
    assert 5 <= times <= 20


def test_an_expired_command_gets_a_new_number(bench):
    cabinet = busy(bench, days=2)
    (number, expires_ms, body, _), *_ = cabinet.commands()[-1:]
    assert expires_ms - EXPIRES_MS <= cabinet.now < expires_ms
    cabinet.to(expires_ms - 1)
    bench.centre.tick()
    assert cabinet.issued()[-1][0] == number
    cabinet.to(expires_ms)
    again = cabinet.commands()[-1]
    assert again[0] == number + 1
    assert again[2] == body
    assert again[1] > expires_ms
    cabinet.answer(number + 1, body)
    states = {n: state for n, _, state in cabinet.issued()}
    assert states[number] == schema.LOST
    assert states[number + 1] == schema.APPLIED
    bench.transport_ms += RESEND_MOST_MS
    bench.sent += bench.centre.tick()
    assert cabinet.commands() == []


def test_a_command_that_a_later_one_passed_by_is_issued_anew(quick):
    cabinet = busy(quick, days=2)
    cabinet.day(3)
    issued = cabinet.issued()
    assert len(issued) >= 2
    cabinet.commands()
    number, body, _ = issued[-1]
    lost = {place for n, b, _ in issued[:-1] for place in b[::3]} - set(body[::3])
    cabinet.answer(number, body)
    quick.sent += quick.centre.tick()
    again = {place for _, _, body, _ in cabinet.commands() for place in body[::3]}
    assert again == lost, "only what no later command says anyway"


def test_a_refusal_is_kept_and_shown_and_changes_nothing(quick):
    cabinet = busy(quick, days=2)
    number, _, body, _ = cabinet.commands()[-1]
    cabinet.answer(number, body, codes.PAR_OUT_OF_BOUNDS)
    (row,) = [r for r in cabinet.rows(schema.commands) if r.number == number]
    assert (row.state, row.result) == (schema.REFUSED, codes.PAR_OUT_OF_BOUNDS)
    assert cabinet.levels()[body[0]].applied_max is None
    quick.transport_ms += RESEND_MOST_MS
    quick.sent += quick.centre.tick()
    assert cabinet.commands() == []


def test_an_answer_of_older_firmware_without_a_body_is_taken_in(quick):
    cabinet = busy(quick, days=2)
    number = cabinet.commands()[-1][0]
    cabinet.append(kinds.COMMAND, (number, 2, codes.UNKNOWN_COMMAND), actor="")
    cabinet.send()
    assert {row.number: row.state for row in cabinet.rows(schema.commands)}[number] == schema.REFUSED


def test_levels_end_when_the_station_says_so(quick):
    cabinet = busy(quick, days=3)
    cabinet.take()
    assert cabinet.levels()["D01-P01"].applied_max
    cabinet.answer(0, ["D01-P01", 0, 0])
    assert "D01-P01" not in cabinet.levels()


@pytest.mark.req("A1.g")
def test_an_item_held_by_hand_keeps_its_levels(quick):
    cabinet = Cabinet(quick)
    hold = {"station": "ICU1", "item": "ACET", "person": "rph1", "held": True, "reason": "shortage"}
    assert quick.ask("par_hold", **hold) == {}
    cabinet.refill("D01-P01", 10)
    for day in range(5):
        cabinet.day(day)
        cabinet.use("D01-P01", 9)
        cabinet.refill("D01-P01", 9)
    assert "D01-P01" not in cabinet.levels()
    quick.ask("par_hold", **{**hold, "held": False, "reason": "over", "floor": 15})
    cabinet.day(6)
    cabinet.take()
    levels = cabinet.levels()
    assert levels["D01-P01"].applied_min + levels["D01-P02"].applied_min >= 15
    (row,) = cabinet.rows(schema.par_holds)
    assert (row.person, row.reason, row.held) == ("rph1", "over", 0)


@pytest.mark.parametrize(
    "bad",
    [
        {"item": "NONE"},
        {"station": "NOWHERE"},
        {"held": 1},
        {"floor": -1},
        {"person": ""},
        {"person": "centre"},
        {"more": 1},
    ],
)
def test_a_hold_that_means_nothing_is_refused(quick, bad):
    Cabinet(quick)
    good = {"station": "ICU1", "item": "ACET", "person": "rph1", "held": True, "reason": "x"}
    reply = quick.ask("par_hold", **{**good, **bad})
    assert reply["code"] in (codes.BAD_STOCK_REQUEST, codes.MALFORMED_EVENT)
    assert reply["message"]
    assert quick.rows(schema.par_holds) == []


@pytest.mark.req("A1.e")
def test_a_pocket_with_room_for_one_unit_is_ordered_when_it_is_empty(quick):
    cabinet = Cabinet(quick, [["D01-P01", 1, 1, "ACET", 1, 1, 1]])
    cabinet.refill("D01-P01", 1)
    for day in range(5):
        cabinet.day(day)
        cabinet.take()
    assert [row for row in cabinet.rows(supply.restock_orders) if row.closed_ms is None] == []
    cabinet.use("D01-P01", 1)
    (order,) = [row for row in cabinet.rows(supply.restock_orders) if row.closed_ms is None]
    assert (order.item, order.quantity) == ("ACET", 1)


@pytest.mark.req("A1.d")
def test_a_cabinet_that_was_away_is_given_the_levels_of_today(quick):
    def levels(which):
        rows = [row for place, row in cabinet.levels().items() if place.startswith("D01")]
        return sum(getattr(row, f"{which}_min") for row in rows), sum(getattr(row, f"{which}_max") for row in rows)

    cabinet = busy(quick, days=16, a_day=1)
    cabinet.take()
    before = levels("applied")
    for _ in range(30):
        cabinet.use("D01-P01", 1)
        cabinet.refill("D01-P01", 1)
    cabinet.day(16)
    assert levels("wanted") > levels("applied") == before, "sent, not answered: the cabinet is away"
    for day in range(17, 60):
        cabinet.day(day)
    assert levels("wanted") <= before, "the rush is long over"
    assert levels("wanted")[1] <= before[1]


@pytest.mark.req("A1.d", "A1.g")
def test_many_stations_are_updated_a_few_a_transaction_and_after_a_restart_the_rest(quick, monkeypatch):
    monkeypatch.setattr(nightly, "STATIONS_AT_ONCE", 1)
    quick.clock.advance(START_MS)
    for station in ("ICU1", "ED1"):
        quick.ask("reference", station=station, table="items", rows=ITEMS)
        quick.ask("reference", station=station, table="pockets", rows=POCKETS)
    quick.ask("advance", utc_ms=START_MS + HOUR_MS)
    quick.centre.tick()
    quick.ask("advance", utc_ms=START_MS + HOUR_MS + DAY_MS)
    updated = {row.station for row in quick.rows(schema.forecasts) if row.day == max(quick_days(quick))}
    assert len(updated) == 1
    quick.restart()
    quick.centre.tick()
    assert {row.station for row in quick.rows(schema.forecasts) if row.day == max(quick_days(quick))} == {"ICU1", "ED1"}


def quick_days(bench):
    return [row.day for row in bench.rows(schema.forecasts)]


@pytest.mark.req("A1.c")
def test_demand_that_was_not_there_counts(quick):
    cabinet = Cabinet(quick)
    cabinet.refill("D01-P01", 3)
    for day in range(4):
        cabinet.day(day)
        cabinet.denied("ACET", 12, codes.NOT_ENOUGH)
        cabinet.denied("ACET", 500, codes.NOT_ALLOWED)
    assert sum(row.quantity for row in cabinet.rows(schema.unmet)) == 48
    assert cabinet.levels()["D01-P01"].wanted_max > POCKETS[0][5]


def test_the_feed_and_the_kiosk_hear_of_new_levels(quick):
    cabinet = busy(quick, days=2)
    number, _, body, _ = cabinet.commands()[-1]
    cabinet.answer(number, body)
    topics = [m.topic for m in quick.sent]
    assert topics.count("apotheca/1/demo/feed/par") == 1
    assert topics.count("apotheca/1/demo/s0/ICU1/down/notice") == len(body) // 3


@pytest.mark.req("A12.b")
def test_a_rebuild_is_the_same(bench):
    cabinet = busy(bench)
    cabinet.take()
    cabinet.count("D01-P02", 8)
    cabinet.to(cabinet.now + DAY_MS + HOUR_MS)
    hold = {"station": "ICU1", "item": "MORP", "person": "rph1", "held": True, "floor": 0, "reason": "x"}
    bench.ask("par_hold", **hold)
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after
    assert len(cabinet.rows(schema.closing_stock)) > 6
