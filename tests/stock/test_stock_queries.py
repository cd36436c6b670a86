"""What the console shows of levels: stock with reasons, the band of the forecast over use, commands."""

import pytest

from firmware import codes
from server_stub.stock import queries
from server_stub.supply import queries as supply
from tests.stock.stock_site import Cabinet


def used(bench):
    cabinet = Cabinet(bench)
    cabinet.refill("D01-P01", 10)
    cabinet.refill("D02-P01", 6000)
    for day in range(3):
        cabinet.day(day)
        cabinet.use("D01-P01", 8)
        cabinet.refill("D01-P01", 8)
    return cabinet


@pytest.mark.req("A21.c")
def test_wanted_and_applied_stand_side_by_side(bench):
    cabinet = used(bench)
    row = queries.stock_and_par(bench.engine, ["ICU1"])[0]
    assert (row["place"], row["item"], row["quantity"], row["min"], row["max"]) == ("D01-P01", "ACET", 10, 4, 10)
    assert row["state"] == "sent", "what the cabinet has not applied is visible"
    assert row["wanted_max"] > 10
    assert "28 h demand" in row["reason"]
    cabinet.take()
    row = queries.stock_and_par(bench.engine, ["ICU1"])[0]
    assert row["state"] == "applied"
    assert row["max"] == row["wanted_max"]
    assert not row["held"]


def test_the_band_lies_over_the_use(bench):
    used(bench)
    days = queries.use_by_day(bench.engine, "ACET", "ICU1")
    assert [day.removed for day in days] == [8, 8, 8]
    last = queries.forecasts(bench.engine, "ACET", "ICU1")[-1]
    assert last.p50 <= last.p90 <= last.p98
    assert last.day == days[-1].day
    assert queries.use_by_day(bench.engine, "NONE", "ICU1") == queries.forecasts(bench.engine, "NONE", "ICU1") == []


def test_all_stations_are_read_together(bench):
    used(bench)
    alone = queries.stock_and_par(bench.engine, ["ICU1"])
    assert queries.stock_and_par(bench.engine, ["ED1", "ICU1"]) == [
        *queries.stock_and_par(bench.engine, ["ED1"]), *alone,
    ]  # fmt: skip
    acet = queries.pockets(bench.engine, ["ED1", "ICU1"], item="ACET")
    assert [row for row in acet if row["station"] == "ICU1"] == [row for row in alone if row["item"] == "ACET"]


def test_refused_commands_are_listed(quick):
    cabinet = used(quick)
    number, _, body, _ = cabinet.commands()[-1]
    cabinet.answer(number, body, codes.PAR_OUT_OF_BOUNDS)
    newest = queries.commands(quick.engine, station="ICU1")[0]
    assert (newest.number, newest.state, newest.result) == (number, "refused", codes.PAR_OUT_OF_BOUNDS)


def test_orders_in_words_and_the_same_pick_list(quick):
    cabinet = used(quick)
    cabinet.use("D02-P01", 5000)
    standing = supply.restock_orders(quick.engine, standing=True, station="ICU1")
    assert "open" in {supply.WORDS[row.reason] for row in standing if row.item == "MORP"}
    assert "put away" in {supply.WORDS[row.reason] for row in supply.restock_orders(quick.engine)}
    asked = quick.ask("pick_list", station="ICU1")["lines"]
    assert supply.station_pick_list(quick.engine, "ICU1") == asked
