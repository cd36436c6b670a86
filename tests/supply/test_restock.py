"""Below PAR always orders, once; refills at the cabinet close; the pick list says what to bring."""

import pytest
from sqlalchemy import insert, select

from firmware.journal import kinds
from server_stub.fold import Projections, rebuild
from server_stub.ledger import schema as ledger
from server_stub.ledger.log import CentreLog
from server_stub.ledger.transaction import Transaction
from server_stub.stock.shelves import Shelves
from server_stub.supply import queries, schema
from server_stub.supply.orders import EXPIRED, PUT_AWAY, SUPERSEDED
from server_stub.supply.restock import EXPIRES_MS, Restock
from server_stub.verify.book import Book
from tests.stock.stock_site import HOUR_MS, START_MS, Cabinet

ONE = [["D02-P01", 2, 1, "MORP", 3000, 6000, 12000]]


def orders(bench):
    return sorted(bench.rows(schema.restock_orders), key=lambda row: (row.station, row.number))


def standing(bench):
    return [row for row in orders(bench) if row.closed_ms is None]


def filled(bench, quantity=6000, pockets=ONE):
    cabinet = Cabinet(bench, pockets)
    cabinet.refill("D02-P01", quantity)
    return cabinet


def test_an_empty_cabinet_orders_its_opening_load(quick):
    Cabinet(quick)
    assert [(row.item, row.quantity) for row in orders(quick)] == [("ACET", 20), ("MORP", 6000)]


@pytest.mark.req("A1.e", "A21.c")
def test_at_par_none_one_below_one_order_to_max(bench):
    cabinet = filled(bench)
    assert [row.reason for row in orders(bench)] == [PUT_AWAY]
    cabinet.use("D02-P01", 3000)
    assert standing(bench) == [], "at PAR"
    cabinet.use("D02-P01", 1)
    (order,) = standing(bench)
    fields = (order.quantity, order.on_hand, order.on_order, order.par_min, order.par_max)
    assert fields == (3001, 2999, 0, 3000, 6000)


@pytest.mark.req("A1.e")
def test_one_order_however_often_it_is_looked_at(bench):
    cabinet = filled(bench)
    cabinet.use("D02-P01", 3500)
    for quantity in (500, 500, 1000):
        cabinet.use("D02-P01", quantity)
        bench.centre.tick()
    script = cabinet.script
    bench.up("ICU1", "batch", script.batch(1, len(script.pages)))
    bench.restart()
    bench.centre.tick()
    assert len(standing(bench)) == 1, "3500 on order and 500 on hand"


def steps(bench, utc_ms):
    """How many steps SQLite takes to find the orders that have stood too long."""
    count = [0]

    def step():
        count[0] += 1

    with bench.engine.begin() as conn:
        raw = conn.connection.driver_connection
        raw.set_progress_handler(step, 1)
        Restock(Shelves(), CentreLog(b"", b"")).expire(Transaction(conn, Projections(Book()), utc_ms, 0))
        raw.set_progress_handler(None, 1)
    return count[0]


@pytest.mark.req("A1.e")
def test_orders_of_the_past_cost_a_transaction_nothing(quick):
    cabinet = filled(quick)
    closed = orders(quick)[0]._asdict()
    assert closed["closed_ms"] is not None
    before = steps(quick, cabinet.now)
    with quick.engine.begin() as conn:
        conn.execute(insert(schema.restock_orders), [{**closed, "number": n} for n in range(100, 5100)])
    assert steps(quick, cabinet.now + EXPIRES_MS) < 2 * before


@pytest.mark.req("A1.e", "P16")
def test_on_order_counts_but_only_so_much(quick):
    cabinet = filled(quick)
    cabinet.use("D02-P01", 3500)
    quick.ask("reference", station="ICU1", table="pockets", rows=[["D02-P01", 2, 1, "MORP", 8000, 9000, 12000]])
    first, second = standing(quick)
    assert (first.quantity, second.quantity) == (3500, 3000)
    assert (second.on_hand, second.on_order) == (2500, 3500)


@pytest.mark.req("A1.f")
def test_refills_count_towards_the_oldest_order_first(bench):
    cabinet = filled(bench)
    cabinet.use("D02-P01", 3500)
    bench.ask("reference", station="ICU1", table="pockets", rows=[["D02-P01", 2, 1, "MORP", 8000, 9000, 12000]])
    cabinet.refill("D02-P01", 3000)
    assert [(row.number, row.put_away) for row in standing(bench)] == [(2, 3000), (3, 0)]
    cabinet.refill("D02-P01", 1500)
    assert [(row.number, row.put_away) for row in standing(bench)] == [(3, 1000)]
    cabinet.refill("D02-P01", 2000)
    assert standing(bench) == []
    assert [row.reason for row in orders(bench)] == [PUT_AWAY] * 3
    assert orders(bench)[-1].put_away == 3000


def test_a_refill_and_the_removal_before_it_in_one_batch_order_nothing(quick):
    cabinet = filled(quick)
    cabinet.remove("D02-P01", 4000)
    cabinet.move(kinds.REFILL, "D02-P01", 4000, (0, None, None))
    cabinet.send()
    assert standing(quick) == []


def test_an_order_expires_after_a_day_and_what_is_below_is_ordered_anew(bench):
    cabinet = filled(bench)
    cabinet.use("D02-P01", 4000)
    (first,) = standing(bench)
    cabinet.to(first.opened_ms + EXPIRES_MS - 1)
    assert [row.number for row in standing(bench)] == [first.number]
    cabinet.to(first.opened_ms + EXPIRES_MS)
    (second,) = standing(bench)
    assert second.number == first.number + 1
    assert second.quantity == 4000
    assert [row.reason for row in orders(bench)] == [PUT_AWAY, EXPIRED, None]


def test_an_order_nobody_needs_any_more_is_superseded(quick):
    cabinet = filled(quick)
    cabinet.use("D02-P01", 3500)
    cabinet.count("D02-P01", 6000)
    assert orders(quick)[-1].reason == SUPERSEDED
    assert orders(quick)[-1].put_away == 0


def test_levels_set_by_command_are_the_ones_that_count(quick):
    cabinet = filled(quick)
    cabinet.answer(7, ["D02-P01", 5000, 8000])
    cabinet.use("D02-P01", 1500)
    (order,) = standing(quick)
    assert (order.par_min, order.par_max, order.quantity) == (5000, 8000, 3500)


@pytest.mark.req("A1.f")
def test_the_pick_list_says_what_each_pocket_takes(quick):
    cabinet = Cabinet(quick)
    cabinet.refill("D01-P01", 10)
    cabinet.refill("D01-P02", 10)
    cabinet.refill("D02-P01", 6000)
    assert quick.ask("pick_list", station="ICU1")["lines"] == []
    cabinet.use("D01-P01", 6)
    cabinet.use("D01-P02", 10)
    (line,) = quick.ask("pick_list", station="ICU1")["lines"]
    assert (line["item"], line["quantity"], line["ordered"]) == ("ACET", 16, 16)
    assert [(p["place"], p["quantity"]) for p in line["pockets"]] == [("D01-P02", 10), ("D01-P01", 6)]
    assert quick.ask("pick_list", station="ICU1", more=1)["code"]


@pytest.mark.req("P13", "A1.f")
def test_a_pick_list_names_the_snapshot_it_is_of(bench):
    cabinet = filled(bench)
    cabinet.use("D02-P01", 4000)
    first = queries.station_pick_list(bench.engine, "ICU1")
    with bench.engine.connect() as conn:
        last = conn.execute(select(ledger.entries).order_by(ledger.entries.c.id.desc()).limit(1)).one()
    assert (first["snapshot"], first["as_of_utc_ms"]) == (last.id, last.utc_ms)
    assert queries.station_pick_list(bench.engine, "ICU1") == first == bench.ask("pick_list", station="ICU1")
    cabinet.to(cabinet.now + HOUR_MS)
    cabinet.use("D02-P01", 500)
    second = queries.station_pick_list(bench.engine, "ICU1")
    assert second["snapshot"] > first["snapshot"] and second["as_of_utc_ms"] > first["as_of_utc_ms"]
    assert [line["quantity"] for line in (*first["lines"], *second["lines"])] == [4000, 4500]


@pytest.mark.req("P15")
def test_daily_on_hand_is_what_each_day_ended_with(quick):
    cabinet = filled(quick)
    cabinet.use("D02-P01", 1000)
    cabinet.day(1)
    cabinet.use("D02-P01", 500)
    cabinet.use("D02-P01", 500)
    cabinet.day(3)
    cabinet.refill("D02-P01", 2000)
    day = (START_MS - HOUR_MS) // 86_400_000 + 1
    rows = queries.daily_on_hand(quick.engine, "ICU1", day, day + 3)
    assert [row["quantity"] for row in rows] == [5000, 4000, 4000, 6000]
    assert {row["item"] for row in rows} == {"MORP"}


def test_a_rebuild_is_the_same(bench):
    cabinet = filled(bench)
    for quantity in (3500, 500, 1000):
        cabinet.use("D02-P01", quantity)
        cabinet.refill("D02-P01", 600)
    cabinet.day(2)
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after
    assert len(orders(bench)) >= 3
