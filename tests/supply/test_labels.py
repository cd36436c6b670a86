"""Each package ends in exactly one state, whatever order what was said of it comes in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.supply import life, schema
from server_stub.supply import settings as supply_settings
from server_stub.supply.labels import good_hours
from tests.supply.packages import HOUR_MS, T0_MS, Said, engine, findings, folded, states, tables

H = HOUR_MS


@pytest.fixture
def database():
    made = engine()
    yield made
    made.dispose()


@pytest.fixture
def said():
    return Said()


@pytest.mark.req("P37", "P38", "P39")
@pytest.mark.parametrize("result", range(len(life.RESULTS)))
def test_a_wrong_quantity_alone_keeps_the_pick_under_a_new_label(database, said, result):
    said.picked("AA01", T0_MS)
    said.checked("AA01", T0_MS + H, result, quantity=5, new="BB07" if result == 1 else "")
    folded(database, said.entries)
    old = {0: life.CHECKED_OK, 1: life.SUPERSEDED}.get(result, life.VOID)
    new = {("BB07", 60): life.CHECKED_OK} if result == 1 else {}
    assert states(database) == {("AA01", 0): old} | new
    assert findings(database) == []


def test_a_corrected_label_has_what_it_replaces_and_the_quantity_found(database, said):
    said.picked("AA01", T0_MS, station="ED1", by="PT003", purpose="L")
    said.checked("AA01", T0_MS + H, 1, quantity=5, new="BB07")
    said.checked("BB07", T0_MS + 2 * H, 1, quantity=4, new="BB08")
    said.delivered("BB08", T0_MS + 3 * H, T0_MS + 2 * H, 4, station="ED1")
    folded(database, said.entries)
    assert states(database) == {
        ("AA01", 0): life.SUPERSEDED, ("BB07", 60): life.SUPERSEDED, ("BB08", 120): life.DELIVERED
    }  # fmt: skip
    with database.connect() as conn:
        last = conn.execute(select(schema.pick_labels).where(schema.pick_labels.c.label == "BB08")).one()
    assert (last.station, last.item, last.quantity, last.purpose, last.picker) == ("ED1", "HEPARIN", 4, "L", "PT003")
    assert (last.checker, last.from_label, last.deliverer, last.delivered) == ("RPH1", "BB07", "PT002", 4)
    assert findings(database) == []


@pytest.mark.req("P35")
def test_a_label_is_its_own_whoever_goes_on_with_it(database, said):
    said.picked("AA01", T0_MS, by="PT001")
    said.checked("AA01", T0_MS + H, by="RPH1")
    said.delivered("AA01", T0_MS + 2 * H, T0_MS, by="PT009")
    folded(database, said.entries)
    with database.connect() as conn:
        row = conn.execute(select(schema.pick_labels)).one()
    assert (row.state, row.picker, row.checker, row.deliverer) == (life.DELIVERED, "PT001", "RPH1", "PT009")


# what is said after a pick at T0_MS by PT001 of 6 for ICU1, and what is odd about it
ODD = {
    "delivered twice": (
        lambda s: (s.delivered("AA01", T0_MS + H, T0_MS), s.delivered("AA01", T0_MS + 2 * H, T0_MS)),
        life.DELIVERED_TWICE,
        life.DELIVERED,
    ),
    "delivered though void": (
        lambda s: (s.checked("AA01", T0_MS + H, 5), s.delivered("AA01", T0_MS + 2 * H, T0_MS)),
        life.DELIVERED_VOID,
        life.VOID,
    ),
    "delivered though replaced": (
        lambda s: (s.checked("AA01", T0_MS + H, 1, new="BB01"), s.delivered("AA01", T0_MS + 2 * H, T0_MS)),
        life.DELIVERED_OLD,
        life.SUPERSEDED,
    ),
    "checked late": (
        lambda s: (s.delivered("AA01", T0_MS + H, T0_MS), s.checked("AA01", T0_MS + 2 * H)),
        life.CHECKED_LATE,
        life.DELIVERED,
    ),
    "checked when void": (
        lambda s: (s.checked("AA01", T0_MS + H, 5), s.checked("AA01", T0_MS + 2 * H)),
        life.CHECKED_CLOSED,
        life.VOID,
    ),
    "checked by the picker": (lambda s: s.checked("AA01", T0_MS + H, by="PT001"), life.BY_PICKER, life.CHECKED_OK),
    "no new label": (lambda s: s.checked("AA01", T0_MS + H, 1), life.NO_NEW_LABEL, life.PICKED),
    "less delivered": (lambda s: s.delivered("AA01", T0_MS + H, T0_MS, 4), life.OTHER_QUANTITY, life.DELIVERED),
    "elsewhere": (
        lambda s: s.delivered("AA01", T0_MS + H, T0_MS, station="ED1"), life.OTHER_STATION, life.DELIVERED
    ),
    "another item": (
        lambda s: s.delivered("AA01", T0_MS + H, T0_MS, item="ACET"), life.OTHER_ITEM, life.DELIVERED
    ),
    "picked twice": (lambda s: s.picked("AA01", T0_MS, 7), life.PICKED_TWICE, life.PICKED),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_found_and_the_package_has_one_state(database, said, name):
    tell, finding, state = ODD[name]
    said.picked("AA01", T0_MS)
    tell(said)
    folded(database, said.entries)
    assert findings(database) == [("AA01", finding)]
    assert states(database)["AA01", 0] == state


def test_nothing_follows_from_what_is_said_of_a_label_nobody_picked(database, said):
    said.delivered("AA01", T0_MS, T0_MS - H)
    said.checked("AA02", T0_MS, 1, new="BB01")
    folded(database, said.entries)
    assert states(database) == {}
    assert sorted(findings(database)) == [("AA01", life.NOT_PICKED), ("AA02", life.NOT_PICKED)]
    late = Said()
    late.picked("AA01", T0_MS - H)
    late.picked("AA02", T0_MS - H)
    folded(database, [entry._replace(seq=entry.seq + 10) for entry in late.entries])
    assert findings(database) == []
    assert states(database) == {
        ("AA01", -60): life.DELIVERED, ("AA02", -60): life.SUPERSEDED, ("BB01", 0): life.CHECKED_OK
    }  # fmt: skip


@pytest.mark.req("P55")
def test_a_delivery_is_of_the_pick_whose_label_it_names(database, said):
    said.picked("AA01", T0_MS)
    said.picked("AA01", T0_MS + H)
    said.delivered("AA01", T0_MS + 2 * H, T0_MS)
    folded(database, said.entries)
    assert states(database) == {("AA01", 0): life.DELIVERED, ("AA01", 60): life.PICKED}
    with database.connect() as conn:
        rows = conn.execute(select(schema.pick_labels).order_by(schema.pick_labels.c.picked_ms)).all()
    assert [row.clash for row in rows] == [0, 1]


def test_a_pick_that_named_no_item_learns_it_from_its_check(database, said):
    said.picked("AA01", T0_MS, item=None)
    said.checked("AA01", T0_MS + H)
    folded(database, said.entries)
    with database.connect() as conn:
        assert conn.scalar(select(schema.pick_labels.c.item)) == "HEPARIN"


@pytest.mark.parametrize("text", ["", "0", "-5", "abc", "337", "٣"])
def test_what_is_no_setting_sets_nothing(database, text):
    def setting(words, actor="centre"):
        ext = [supply_settings.LABEL_HOURS, words]
        return Entry("centre", 1, 1, 1, 0, 0, 2, kinds.OPERATOR, actor, *[None] * 6, 0, None, ext, "", "")

    folded(database, [setting("24"), setting(text), setting("48", actor="mallory")])
    with database.connect() as conn:
        assert good_hours(conn) == 24


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
    told = Said()
    for what, label, ms, *rest in facts:
        if what == "picked":
            told.picked(label, ms, rest[0], by=rest[1])
        elif what == "checked":
            told.checked(label, ms, rest[0], new=rest[1] if rest[0] == 1 else "", by=rest[2])
        else:
            told.delivered(label, ms, rest[0], rest[1])
    return told.entries


@pytest.mark.req("P35", "P38", "P39")
@settings(max_examples=100, deadline=None)
@given(facts=FACTS, random=st.randoms(use_true_random=False), cuts=st.sets(st.integers(0, 9)))
def test_any_order_of_arrival_gives_the_same_tables(facts, random, cuts):
    entries = written(facts)
    shuffled = list(entries)
    random.shuffle(shuffled)
    one, other = engine(), engine()
    assert folded(one, entries) == folded(other, shuffled, cuts)
    assert all(state in life.STATES[1:] for state in states(one).values())
    # the last three columns of a fact are what was made of it: at most one delivery of a package counts
    counted = [fact[-3] for fact in tables(one)[0] if fact[3] == kinds.DELIVERED and fact[-2]]
    labels = [fact[4] for fact in tables(one)[0] if fact[3] == kinds.DELIVERED and fact[-2]]
    assert len(set(zip(labels, counted, strict=True))) == len(counted)
    one.dispose()
    other.dispose()
