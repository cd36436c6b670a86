"""Which charting documents which removal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_stub.verify.facts import Back, Chart, Removal
from server_stub.verify.matching import match

HOUR = 3_600_000


def removal(seq, at, quantity=2, order="", station="S1"):
    return Removal(station, 1, seq, seq, at, at + HOUR, "P1", order, "I", quantity, "u", None)


def chart(name, at, quantity=2, order=""):
    return Chart(name, "P1", order, "I", quantity, at, at)


def back(seq, at, quantity, txn=0, order="", station="S1"):
    return Back(station, 1, seq, txn, at, "P1", order, "I", quantity)


def shares(removals, charts=(), backs=()):
    return {key[2]: share for key, share in match(removals, backs, charts).items()}


@pytest.mark.req("A4.a", "A4.b")
@pytest.mark.parametrize("delay, late", [(HOUR, False), (HOUR + 1, True), (0, False), (-HOUR, False)])
def test_the_deadline_itself_is_in_time(delay, late):
    share = shares([removal(1, 5 * HOUR)], [chart("c", 5 * HOUR + delay)])[1]
    assert (share.late, share.missing, share.by) == (late, 0, "c")


def test_a_record_of_long_before_documents_nothing():
    assert shares([removal(1, 5 * HOUR)], [chart("c", 4 * HOUR - 1)])[1].missing == 2


def test_parts_add_up_and_the_last_one_counts():
    share = shares([removal(1, 0, 5)], [chart("b", 300, 1), chart("a", 100, 2), chart("c", 2 * HOUR, 9)])[1]
    assert (share.charted, share.missing, share.by, share.late) == (5, 0, "c", True)
    share = shares([removal(1, 0, 5)], [chart("b", 300, 3), chart("a", 100, 2)])[1]
    assert (share.by, share.at_ms, share.late) == ("b", 300, False)


def test_one_record_documents_several_removals_earliest_first():
    found = shares([removal(2, 20), removal(1, 10), removal(3, 30)], [chart("c", 40, 5)])
    assert [(found[n].charted, found[n].missing) for n in (1, 2, 3)] == [(2, 0), (2, 0), (1, 1)]


def test_one_that_was_never_charted_does_not_make_all_after_it_late():
    removals = [removal(n, n * 2 * HOUR) for n in range(5)]
    charts = [chart(f"c{n}", n * 2 * HOUR + 60_000) for n in range(1, 5)]
    found = shares(removals, charts)
    assert [found[n].missing for n in range(5)] == [2, 0, 0, 0, 0]
    assert not any(share.late for share in found.values())


def test_the_same_order_where_both_name_one():
    found = shares([removal(1, 0, order="A"), removal(2, 1, order="B")], [chart("c", 9, order="B")])
    assert (found[1].missing, found[2].missing) == (2, 0)
    # the record that names the order leaves the other one to the removal without
    found = shares([removal(1, 0), removal(2, 1, order="B")], [chart("b", 5, order="B"), chart("x", 9)])
    assert (found[1].by, found[2].by) == ("x", "b")
    late = [chart("b", 2 * HOUR, order="B"), chart("x", 3 * HOUR)]
    found = shares([removal(1, 0), removal(2, 1, order="B")], late)
    assert [(found[n].by, found[n].late) for n in (1, 2)] == [("x", True), ("b", True)]


def test_what_went_back_needs_no_charting():
    removals = [removal(1, 0, 3), removal(2, 10, 2)]
    found = shares(removals, [chart("c", 30, 2)], [back(5, 20, 1, txn=1), back(6, 25, 2, txn=2)])
    assert [(s.back, s.charted, s.missing) for s in (found[1], found[2])] == [(1, 2, 0), (2, 0, 0)]


def test_a_return_that_names_nothing_goes_to_the_newest_before_it_at_its_station():
    removals = [removal(1, 0), removal(2, 10), removal(3, 30), removal(4, 15, station="S2")]
    found = shares(removals, backs=[back(9, 20, 3)])
    assert [found[n].back for n in (1, 2, 3, 4)] == [1, 2, 0, 0]
    # more than it took goes on to the one before
    assert [shares(removals, backs=[back(9, 20, 3, txn=2)])[n].back for n in (1, 2, 3)] == [1, 2, 0]


TIMES = st.integers(0, 300).map(lambda minute: minute * 60_000)
AMOUNTS = st.integers(1, 5)
ORDERS = st.sampled_from(("", "A", "B"))
REMOVALS = st.lists(st.tuples(TIMES, AMOUNTS, ORDERS), max_size=8)
CHARTS = st.lists(st.tuples(TIMES, AMOUNTS, ORDERS), max_size=8)
BACKS = st.lists(st.tuples(TIMES, AMOUNTS, st.integers(0, 9), ORDERS), max_size=4)


@pytest.mark.req("A3.c")
@given(REMOVALS, CHARTS, BACKS, st.randoms())
def test_quantities_are_conserved_and_order_is_nothing(removals, charts, backs, random):
    removals = [removal(n, at, quantity, order) for n, (at, quantity, order) in enumerate(removals, 1)]
    charts = [chart(f"c{n}", at, quantity, order) for n, (at, quantity, order) in enumerate(charts)]
    backs = [back(100 + n, at, quantity, txn, order) for n, (at, quantity, txn, order) in enumerate(backs)]
    found = match(removals, backs, charts)
    for one in removals:
        share = found[one.key]
        assert share.back + share.charted + share.missing == one.quantity
        assert min(share.back, share.charted, share.missing) >= 0
        assert (share.at_ms is None) == (share.charted == 0)
    assert sum(s.charted for s in found.values()) <= sum(c.quantity for c in charts)
    assert sum(s.back for s in found.values()) <= sum(b.quantity for b in backs)
    for facts in (removals, charts, backs):
        random.shuffle(facts)
    assert match(removals, backs, charts) == found
