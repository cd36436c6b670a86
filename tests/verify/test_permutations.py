"""Whatever order facts come in, the final verdicts are the same, and the ledger alone gives them again."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server_stub.verify import schema
from tests.verify.day import adt, charted, order

END = 400
MINUTES = st.integers(0, 30).map(lambda step: step * 10)
PATIENTS = st.sampled_from(("P1", "P2"))
AMOUNTS = st.integers(1, 4)
ORDERS = st.sampled_from(("", "O1", "O2"))

STATION = st.lists(
    st.one_of(
        st.tuples(st.just("removes"), AMOUNTS, PATIENTS, ORDERS, st.just(0)),
        st.tuples(st.sampled_from(("returns", "wastes")), AMOUNTS, PATIENTS, ORDERS, st.integers(0, 6)),
    ),
    min_size=1,
    max_size=6,
)
MOVES = st.lists(
    st.tuples(st.sampled_from(("A01", "A02", "A03", "A11", "A13")), MINUTES, PATIENTS), max_size=6, unique=True
)
WORDS = st.lists(
    st.tuples(
        st.sampled_from(("new", "change", "discontinue")),
        st.sampled_from(("O1", "O2")),
        MINUTES,
        st.none() | MINUTES,
        MINUTES,
    ),
    max_size=4,
    unique_by=lambda w: (w[0], w[1], w[4]),
)
CHARTS = st.lists(st.tuples(MINUTES, AMOUNTS, PATIENTS, ORDERS), max_size=5)


def hospital(moves, words, charts):
    made = [adt(event, minute, patient) for event, minute, patient in moves]
    for event, name, start, stop, said in words:
        patient = "P1" if name == "O1" else "P2"
        made.append(order(name, start, stop, event=event, said=said, patient=patient))
    for number, (minute, quantity, patient, name) in enumerate(charts):
        made.append(charted(f"c{number}", minute, quantity, order=name, patient=patient))
    return made


def play(day, station, events, times, cuts):
    """The station writes its entries first; then everything arrives, mixed, as the clock goes on to `times`."""
    for number, (what, quantity, patient, name, txn) in enumerate(station):
        more = {} if what == "removes" else {"txn": txn}
        getattr(day, what)(number * 40, quantity, patient=patient, order=name, **more)
    sent = 0
    for number, event in enumerate(events):
        if number in cuts and sent < len(station):
            sent = len(station)
            day.send()
        day.at(times[number % len(times)] if times else 0)
        day.hospital(event)
        if number % 5 == 4:
            day.bench.restart()
    if sent < len(station):
        day.send()
    day.at(END)
    return day.verdict_rows()


@pytest.mark.req("A3.c", "A4.b", "A4.c")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    station=STATION,
    moves=MOVES,
    words=WORDS,
    charts=CHARTS,
    random=st.randoms(use_true_random=False),
    times=st.lists(st.integers(0, END), max_size=5).map(sorted),
    cut=st.integers(0, 12),
)
def test_any_order_of_arrival_gives_the_same_verdicts(new_day, station, moves, words, charts, random, times, cut):
    events = hospital(moves, words, charts)
    shuffled = list(events)
    random.shuffle(shuffled)
    one, other = new_day(), new_day()
    assert play(one, station, events, [], {0}) == play(other, station, shuffled, times, {cut})
    for day in (one, other):
        verdicts = day.verdicts()
        assert len(verdicts) == sum(what == "removes" for what, *_ in station)
        assert "pending" not in verdicts.values()
        standing = [row for row in day.bench.rows(schema.alerts) if row.state == "open"]
        assert {(row.seq, row.facet) for row in standing} == {
            (row.seq, 1) for row in day.bench.rows(schema.verdicts) if row.authority
        }
        assert day.rebuilt_the_same()
