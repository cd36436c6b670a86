"""A removal whose time can not be right is judged by when it came in, and the cabinet's clock is an alarm."""

import pytest

from firmware import codes
from firmware.journal import kinds
from server_stub import fold
from server_stub.ledger import schema as ledger
from server_stub.ledger import store
from server_stub.ledger.clocks import AHEAD_MS, EARLIEST_MS
from server_stub.verify import schema
from tests.verify.day import MINUTE, at, charted

WRONG = {
    "no time": (0, 1),
    "no time of any quality": (at(0), 0),
    "of 2019": (EARLIEST_MS - 1, 3),
    "in the next year": (at(0) + 365 * 86_400_000, 3),
    "a moment more than a day ahead": (at(5) + AHEAD_MS + 1, 3),
}
RIGHT = {"a day ahead": (at(5) + AHEAD_MS, 3), "of 2020": (EARLIEST_MS, 1)}


def removed(day, utc_ms, tq):
    day.at(5)
    day.script.tq = tq
    seq = day.removed(utc_ms / MINUTE - at(0) / MINUTE)
    day.script.tq = 3
    return seq


def standing(day):
    return {(alarm.station, alarm.code) for alarm in day.bench.rows(ledger.alarms)}


def entries(day):
    with day.bench.engine.connect() as conn:
        return [page.entry for page in store.pages_in_order(conn)]


@pytest.mark.req("A3", "A4.b", "A4.c")
@pytest.mark.parametrize("why", WRONG)
def test_a_removal_is_judged_by_when_it_came_in(day_anywhere, why):
    day = day_anywhere
    day.admitted_with_order()
    seq = removed(day, *WRONG[why])
    assert day.verdicts() == {seq: "pending"}, "admitted and ordered when it came in"
    assert [row.utc_ms for row in day.bench.rows(schema.removals)] == [at(5)]
    assert day.row(seq).deadline_ms == at(65)
    assert standing(day) == {("ICU1", codes.CLOCK_WRONG)}
    said = [(e.kind, e.ext) for e in entries(day)]
    assumed = said.index((kinds.TIME_ASSUMED, ["ICU1", 1, seq, at(5)]))
    assert said[assumed + 1][0] == kinds.REMOVE
    assert next(e.utc_ms for e in entries(day) if e.kind == kinds.REMOVE) == WRONG[why][0], "the entry stays as it is"
    day.hospital(charted("c", 30))
    assert day.verdicts() == {seq: "verified"}
    assert day.rebuilt_the_same()


def test_one_that_is_never_charted_ends_as_undocumented(day):
    day.admitted_with_order()
    removed(day, *WRONG["in the next year"])
    day.at(66)
    assert day.verdicts() == {1: "undocumented"}


@pytest.mark.parametrize("why", RIGHT)
def test_a_time_that_can_be_right_is_the_cabinets(day, why):
    removed(day, *RIGHT[why])
    assert [row.utc_ms for row in day.bench.rows(schema.removals)] == [RIGHT[why][0]]
    assert standing(day) == set()
    assert all(entry.kind != kinds.TIME_ASSUMED for entry in entries(day))


def alarms(day):
    return [e.ext for e in entries(day) if e.kind == kinds.CENTRE_ALARM and e.ext[0] == codes.CLOCK_WRONG]


def test_the_alarm_is_said_once_and_ends_with_a_right_time_also_after_a_restart(day):
    for _ in range(2):
        removed(day, *WRONG["no time"])
    assert alarms(day) == [[codes.CLOCK_WRONG, "ICU1", 1]]
    day.bench.restart()
    removed(day, *WRONG["no time"])
    assert alarms(day) == [[codes.CLOCK_WRONG, "ICU1", 1]]
    day.removed(4)
    assert standing(day) == set()
    assert alarms(day) == [[codes.CLOCK_WRONG, "ICU1", 1], [codes.CLOCK_WRONG, "ICU1", 0]]


def test_a_rebuild_that_flushes_between_the_time_and_its_removal_agrees(day, monkeypatch):
    day.admitted_with_order()
    removed(day, *WRONG["no time"])
    monkeypatch.setattr(fold, "_FLUSH_EVERY", 1)
    assert day.rebuilt_the_same()
