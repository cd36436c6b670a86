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
    row = queries.stock_and_par(bench.engine, "ICU1")[0]
    assert (row["place"], row["item"], row["quantity"], row["min"], row["max"]) == ("D01-P01", "ACET", 10, 4, 10)
    assert row["state"] == "sent", "what the cabinet has not applied is visible"
    assert row["wanted_max"] > 10
    assert "28 h demand" in row["reason"]
    cabinet.take()
    row = queries.stock_and_par(bench.engine, "ICU1")[0]
    assert row["state"] == "applied"
    assert row["max"] == row["wanted_max"]
    assert not row["held"]


def test_the_band_lies_over_the_use(bench):
    used(bench)
    drawn = queries.band(bench.engine, "ICU1", "ACET")
    assert [units for _, units in drawn["use"]] == [0, 8, 8]
    last = drawn["forecast"][-1]
    assert last["p50"] <= last["p90"] <= last["p98"]
    assert last["day"] == drawn["use"][-1][0] + 1
    assert queries.band(bench.engine, "ICU1", "NONE") == {
        "station": "ICU1", "item": "NONE", "use": [], "forecast": [],
    }  # fmt: skip
    scaled = queries.band(bench.engine, "ICU1", "MORP")
    assert [units for _, units in scaled["use"]] == [0, 0, 0]


def test_refused_commands_are_listed(quick):
    cabinet = used(quick)
    number, _, body, _ = cabinet.commands()[-1]
    cabinet.answer(number, body, codes.PAR_OUT_OF_BOUNDS)
    newest = queries.commands(quick.engine, "ICU1")[0]
    assert (newest["number"], newest["state"], newest["result"]) == (number, "refused", codes.PAR_OUT_OF_BOUNDS)


def test_orders_in_words_and_the_same_pick_list(quick):
    cabinet = used(quick)
    cabinet.use("D02-P01", 5000)
    states = {row["item"]: row["state"] for row in supply.restock_orders(quick.engine, "ICU1")}
    assert states["MORP"] == "open"
    assert "put away" in {row["state"] for row in supply.restock_orders(quick.engine, only_open=False)}
    asked = quick.ask("pick_list", station="ICU1")
    assert supply.station_pick_list(quick.engine, "ICU1") == asked
