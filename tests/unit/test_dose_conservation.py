"""Whatever people do at a cabinet: what the book says is what the entries add up to, is what the lots add up to, and is
what is folded again after a power cut. Of each removal no more comes back than was taken."""

from typing import Any

import fakes
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware import layers
from firmware.flags import BLIND_COUNT
from firmware.journal import entry, kinds
from firmware.wire import messages

NOW_MIN = fakes.UTC // 60000
ITEMS = st.sampled_from(["morphine", "saline"])
PLACES = st.sampled_from([row[0] for row in fakes.POCKETS])
AMOUNT = st.integers(0, 13)
OFF = st.sampled_from([0, 0, 0, -1, 1])  # what a count is wrong by, or what was stolen
LOT = st.sampled_from([(None, None), ("a", NOW_MIN + 5), ("b", NOW_MIN + 500), ("b", None)])
END = st.sampled_from(["confirm", "confirm", "confirm", "cancel", "leave", "cut"])
ACTS = st.one_of(
    st.tuples(st.just("remove"), ITEMS, AMOUNT),
    st.tuples(st.just("refill"), ITEMS, AMOUNT, LOT),
    st.tuples(st.just("bin"), ITEMS, AMOUNT),
    st.tuples(st.just("return"), ITEMS, AMOUNT),
    st.tuples(st.just("count"), PLACES),
    st.tuples(st.just("unload"), PLACES),
    st.tuples(st.just("load"), PLACES, AMOUNT, LOT),
    st.tuples(st.just("outdate"), PLACES),
    st.tuples(st.just("recover"), PLACES),
    st.tuples(st.just("wait")),
)


class Day:
    """A cabinet and all that its journal ever said."""

    def __init__(self) -> None:
        self.cabinet: Any = fakes.ready()
        self.entries = list(self.cabinet.entries())
        self.taken = {"morphine": 0, "saline": 0}  # the last removal of each, its txn
        flagged = [["saline", 0, 1, BLIND_COUNT, 0, 0]]
        assert self.cabinet.reference("items", 2, flagged, 1) == 0

    def act(self, what: str, *args: Any) -> tuple[int, list[Any]]:
        ask = self.cabinet.ask
        self.cabinet.sign_on()
        if what == "remove":
            return ask(messages.REMOVE, "pat1", "", args[0], args[1], None, None, 0, "", 0)  # type: ignore[no-any-return]
        if what in ("bin", "return"):
            txn = self.taken[args[0]]
            return ask(messages.RETURN, "pat1", "", args[0], args[1], txn, int(what == "return"), None)  # type: ignore[no-any-return]
        if what == "refill":
            return ask(messages.REFILL, args[0], args[1], *args[2], None, None, 0)  # type: ignore[no-any-return]
        if what == "load":
            return ask(messages.LOAD, args[0], args[1], *args[2], None)  # type: ignore[no-any-return]
        if what == "recover":
            ask(messages.WITNESS, "b2", "4321")
        number = {"count": 9, "unload": 13, "outdate": 14, "recover": 17}[what]
        return ask(number, args[0])  # type: ignore[no-any-return]

    def step(self, act: tuple[Any, ...], off: int, end: str) -> None:
        c = self.cabinet
        since = c.journal.seq
        if act[0] == "wait":
            c.wait(6 * 60000)
        else:
            code, params = self.act(*act)
            if code == 0:
                self.finish(act, params, off, end)
        self.entries += self.cabinet.entries(since)
        self.cabinet.answer(self.cabinet.journal.seq)

    def finish(self, act: tuple[Any, ...], params: list[Any], off: int, end: str) -> None:
        c, drawer, place = self.cabinet, params[2], params[1]
        at_bin = drawer == fakes.BIN
        c.turn() if at_bin else c.pull(drawer)
        if end == "cut":
            self.cabinet = c = fakes.reboot(c)
        elif end == "cancel":
            c.ask(messages.CANCEL)
        elif end == "confirm":
            there = max(0, c.state.quantity(place) + off)
            counts = act[0] in ("count", "unload", "recover")
            quantity = there if counts else act[2] if len(act) > 2 else c.state.quantity(place)
            for _ in (1, 2):
                if c.confirm(quantity, there)[0] == 0 and act[0] == "remove":
                    self.taken[act[1]] = params[0]
        c.let_go() if at_bin else c.push(drawer)
        c.wait(fakes.CONFIRM_MS)

    def check(self) -> None:
        held = self.cabinet.state.held
        added: dict[str, int] = {}
        for f in self.entries:
            if f[entry.F_CHANGE] is not None and f[entry.F_PLACE] != "D04-P01":
                place = f[entry.F_PLACE]
                assert f[entry.F_BEFORE] + f[entry.F_CHANGE] == f[entry.F_AFTER] >= 0
                if f[entry.F_ACTOR] == "setup":
                    added[place] = 0
                assert f[entry.F_BEFORE] == added.get(place, 0), f
                added[place] = f[entry.F_AFTER]
        for place, *_ in fakes.POCKETS:
            lots = held.layers(place)
            assert held.pocket(place)[1] == added.get(place, 0) == layers.total(lots)
            assert len(lots) <= layers.LIMIT and all(quantity > 0 for _, _, quantity in lots)


def everything(held: Any) -> list[Any]:
    """What the book says of each pocket and of the return bin."""
    pockets = [[held.pocket(row[0]), held.layers(row[0])] for row in fakes.POCKETS]
    return [*pockets, *held.bin.of("D04-P01")]


@pytest.mark.req("U15", "P12", "F26", "F10")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(ACTS, OFF, END), max_size=14))
def test_the_book_is_what_the_entries_and_the_lots_add_up_to(
    steps: list[tuple[tuple[Any, ...], int, str]],
) -> None:
    day = Day()
    for act, off, end in steps:
        day.step(act, off, end)
        day.check()
    before = everything(day.cabinet.state.held)
    day.cabinet = fakes.reboot(day.cabinet)
    assert before == everything(day.cabinet.state.held)
    outcomes = [f[entry.F_TXN] for f in day.entries if f[entry.F_KIND] in kinds.OUTCOMES and f[entry.F_TXN]]
    assert len(outcomes) == len(set(outcomes))
