"""Each package ends in exactly one state, whatever order what was said of it comes in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from server_stub.fold import rebuild
from server_stub.supply import life, schema
from tests.supply.packages import HOUR_MS, MINUTE_MS, T0_MS, Said, engine, findings, folded, states, tables, until

H = HOUR_MS


@pytest.fixture
def database():
    made = engine()
    yield made
    made.dispose()


def told(database, *story):
    """A story of (what, args...) with times in minutes after T0_MS."""
    said = Said()
    for what, *args in story:
        getattr(said, what)(*args)
    folded(database, said.entries)
    return said


@pytest.mark.req("P38", "P39")
@pytest.mark.parametrize("result", range(len(life.RESULTS)))
def test_a_wrong_quantity_alone_keeps_the_pick_under_a_new_label(database, result):
    said = Said()
    said.picked("AA01", T0_MS)
    said.checked("AA01", T0_MS + H, result, quantity=5, new="BB07" if result == 1 else "")
    folded(database, said.entries)
    expected = {0: life.CHECKED_OK, 1: life.SUPERSEDED}.get(result, life.VOID)
    assert states(database) == {("AA01", 0): expected} | ({("BB07", 60): life.CHECKED_OK} if result == 1 else {})
    assert findings(database) == []
    if result == 1:
        new = next(row for row in tables(database)[1] if row[0] == "BB07")
        assert new[2:7] == ("ICU1", "HEPARIN", 5, "R", "PT001")


@pytest.mark.req("P35")
def test_a_label_is_its_own_whoever_goes_on_with_it(database):
    said = Said()
    said.picked("AA01", T0_MS, by="PT001")
    said.checked("AA01", T0_MS + H, by="RPH1")
    said.delivered("AA01", T0_MS + 2 * H, T0_MS, by="PT009")
    folded(database, said.entries)
    assert states(database) == {("AA01", 0): life.DELIVERED}
    (row,) = tables(database)[1]
    assert {"PT001", "RPH1", "PT009"} <= set(row)


def test_a_delivery_without_a_check(database):
    said = Said()
    said.picked("AA01", T0_MS)
    said.delivered("AA01", T0_MS + H, T0_MS)
    folded(database, said.entries)
    assert states(database) == {("AA01", 0): life.DELIVERED}


ODD = {
    "delivered, nobody picked": ([("delivered", "AA01", T0_MS, T0_MS - H)], [("AA01", life.NOT_PICKED)]),
    "checked, nobody picked": ([("checked", "AA01", T0_MS)], [("AA01", life.NOT_PICKED)]),
    "twice": (
        [("picked", "AA01", T0_MS), ("delivered", "AA01", T0_MS + H, T0_MS), ("delivered", "AA01", T0_MS + 2 * H, T0_MS)],
        [("AA01", life.DELIVERED_TWICE)],
    ),
    "void": (
        [("picked", "AA01", T0_MS), ("checked", "AA01", T0_MS + H, 5), ("delivered", "AA01", T0_MS + 2 * H, T0_MS)],
        [("AA01", life.DELIVERED_VOID)],
    ),
    "by the checker's own check": (
        [("picked", "AA01", T0_MS), ("checked", "AA01", T0_MS + H, 0, 6, "", "HEPARIN", "PT001")],
        [("AA01", life.BY_PICKER)],
    ),
}  # fmt: skip


def story(made):
    said = Said()
    for what, *args in made:
        if what == "checked" and len(args) > 3:
            label, ms, result, quantity, new, item, by = args
            said.checked(label, ms, result, quantity=quantity, new=new, item=item, by=by)
        else:
            getattr(said, what)(*args)
    return said


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_found(database, name):
    made, expected = ODD[name]
    folded(database, story(made).entries)
    assert findings(database) == expected


LABELS = st.sampled_from(("AA01", "AA02", "BB01"))
TIMES = st.integers(0, 12).map(lambda step: T0_MS + step * 8 * HOUR_MS)
PEOPLE = st.sampled_from(("PT001", "RPH1"))
FACTS = st.lists(
    st.one_of(
        st.tuples(st.just("picked"), LABELS, TIMES, st.integers(1, 2), PEOPLE),
        st.tuples(st.just("checked"), LABELS, TIMES, st.integers(0, 2), LABELS, PEOPLE),
        st.tuples(st.just("delivered"), LABELS, TIMES, TIMES, st.integers(1, 2)),
    ),
    min_size=1,
    max_size=9,
)


def written(facts):
    said = Said()
    for what, label, ms, *rest in facts:
        if what == "picked":
            said.picked(label, ms, rest[0], by=rest[1])
        elif what == "checked":
            said.checked(label, ms, rest[0], new=rest[1] if rest[0] == 1 else "", by=rest[2])
        else:
            said.delivered(label, ms, rest[0], rest[1])
    return said.entries


@pytest.mark.req("P35", "P38", "P39")
@settings(max_examples=100, deadline=None)
@given(facts=FACTS, random=st.randoms(use_true_random=False), cuts=st.sets(st.integers(0, 9)))
def test_any_order_of_arrival_gives_the_same_tables(facts, random, cuts):
    entries = written(facts)
    shuffled = list(entries)
    random.shuffle(shuffled)
    one, other = engine(), engine()
    assert folded(one, entries) == folded(other, shuffled, cuts)
    with one.connect() as conn:
        for row in conn.execute(select(schema.pick_labels)):
            assert row.state in life.STATES[1:]
            assert (row.ended_ms is None) == (row.state in life.OPEN)
    one.dispose()
    other.dispose()
