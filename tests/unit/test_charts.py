"""The charts of the drawers: `transitions` reads the same rows, draws the page and walks in step with the firmware."""

from typing import Any

import pytest
import storage_contract
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import chart
from firmware.storage import types
from server_stub.supply import life
from tests.tools import charts

LATCH_MS, RELEASE_MS, AJAR_MS = 500, 10_000, 60_000
POCKETS = st.sampled_from((1, 2))
EVENTS = st.one_of(
    st.tuples(st.just(chart.RELEASE), POCKETS, st.sampled_from((0, 2))),
    st.tuples(
        st.sampled_from(
            (chart.RELOCK, chart.OPENED, chart.CLOSED, chart.LATCHED, chart.UNLATCHED, chart.FAIL,
             chart.FOUND_SHUT, chart.FOUND_OPEN)
        ),
        st.just(0),
        st.just(0),
    ),
    st.tuples(st.sampled_from((chart.LID_OPENED, chart.LID_CLOSED, chart.DROP)), POCKETS, st.just(0)),
    st.tuples(st.just(chart.BUTTON), POCKETS, st.sampled_from((1, -1))),
    st.tuples(st.just(chart.TICK), st.just(0), st.sampled_from((0, 1, LATCH_MS, chart.TURN_MS, RELEASE_MS, AJAR_MS))),
)  # fmt: skip
MOVES = (chart.UNLOCK, chart.LID, chart.DISPENSE, chart.LOCK_OFF, chart.REACHED)


class Shadow:
    """What the guards look at, kept beside a machine of `transitions`; a released pocket and its doses as rows say."""

    def __init__(self, kind: int) -> None:
        self.closed = self.latched = False
        self.up: set[int] = set()
        self.pocket = self.units = self.seen = self.at = self.n = 0
        self.rows: list[tuple[Any, ...]] = []
        self.machine = charts.machine(kind, self)

    @property
    def number(self) -> int:
        return charts.NAMES.index(self.state)  # type: ignore[attr-defined] # set by the machine

    def took(self, row: tuple[Any, ...]) -> None:
        self.rows.append(row)
        if row[1] == chart.RELEASE:
            self.pocket, self.units, self.seen = self.at, self.n, 0

    def feed(self, event: str, at: int, n: int) -> list[str]:
        """The moves of the row that was taken."""
        self.rows.clear()
        now = type("Now", (), {})()
        now.__dict__.update(self.__dict__, state=self.number)
        chart.sense(now, event, at, n)
        for name in ("closed", "latched", "seen", "at", "n"):
            setattr(self, name, getattr(now, name))
        if event in self.machine.events:
            self.trigger(event)  # type: ignore[attr-defined] # set by the machine
        return [what for row in self.rows for what, _ in row[5] if what in MOVES]


@pytest.mark.req("P5", "U2")
@pytest.mark.parametrize("kind", types.ALL)
@settings(max_examples=40, deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=40), was_open=st.booleans())
def test_both_interpreters_walk_in_step(kind, events, was_open):
    drawer, shadow = types.make(1, kind, chart.times(RELEASE_MS, AJAR_MS, LATCH_MS)), Shadow(kind)
    now_ms = 0
    for event, at, n in [(chart.LATCHED, 0, 0), (chart.FOUND_SHUT, 0, int(was_open)), *events]:
        if event == chart.TICK:
            now_ms += n
            due = drawer.deadline_ms is not None and now_ms >= drawer.deadline_ms
            expected = shadow.feed(chart.EXPIRED, 0, 0) if due else []
            facts = drawer.handle(event, now_ms)
        else:
            expected = shadow.feed(event, at, n)
            facts = drawer.handle(event, now_ms, at, n)
        assert drawer.state == shadow.number
        assert [what for what, _ in facts if what in MOVES] == expected


@pytest.mark.parametrize("kind", types.ALL)
def test_every_row_can_be_written_down(kind):
    for source, event, guard, dest, time, facts in types.chart(kind):
        assert not guard or set(guard.split(", ")) <= set(chart.CONDITIONS)
        assert {source, dest} <= set(range(len(charts.NAMES))) and isinstance(event, str)
        assert time in (None, chart.KEEP, chart.AJAR, chart.HOLD, chart.LATCH, chart.RETRY, chart.TURN)
        assert all(len(fact) == 2 for fact in facts)


@pytest.mark.parametrize("kind", types.ALL)
def test_no_row_hides_another(kind):
    """A row behind one of the same state and event without a guard would never be taken, but where a type's own rows
    stand before the common ones."""
    rows = types.chart(kind)
    common = 0 if kind in (types.MATRIX, types.TOWER, types.FRIDGE) else len(types.chart(types.MATRIX))
    own = rows[: len(rows) - common]
    certain = set()
    for source, event, guard, *_ in own:
        assert (source, event) not in certain, (charts.NAMES[source], event)
        if not guard:
            certain.add((source, event))


@pytest.mark.req("P5", "F21")
@pytest.mark.parametrize("suite", storage_contract.SUITES)
def test_the_contract_takes_every_row(suite, monkeypatch):
    taken, take = set(), chart.Drawer._take

    def noting(self, row, now_ms):
        taken.add(row)
        return take(self, row, now_ms)

    monkeypatch.setattr(chart.Drawer, "_take", noting)
    for name in storage_contract.checks(suite):
        getattr(suite(), name)()
    left = [(charts.NAMES[row[0]], *row[1:3]) for row in types.chart(suite.kind) if row not in taken]
    assert left == []


def test_the_page_is_current():
    assert charts.PAGE.read_text(encoding="utf-8") == charts.page(), "out of date: run `make docs`"


LIFE = st.lists(
    st.sampled_from((life.PICK, life.ISSUED, life.PASSED, life.CORRECTED, life.REJECTED, life.PUT_AWAY)), max_size=8
)


@pytest.mark.req("P38", "P39")
@given(events=LIFE)
def test_the_life_of_a_label_walks_as_its_chart_is_drawn(events):
    model = charts.Sketch()
    charts.label_machine(model)
    state = life.NEW
    for event in events:
        state = life.after(state, event) or state
        model.trigger(event)  # type: ignore[attr-defined] # set by the machine
        assert model.state == state  # type: ignore[attr-defined]


def test_the_page_of_labels_is_current():
    assert charts.LABELS_PAGE.read_text(encoding="utf-8") == charts.labels_page(), "out of date: run `make docs`"
