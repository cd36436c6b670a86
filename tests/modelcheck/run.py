"""One event on one world, to its end: what the shell, the drivers and the drawers do about it, and what must hold."""

from collections.abc import Callable
from typing import Any

from firmware.compat import derive
from firmware.issue import ring_start
from firmware.journal import chain, entry, kinds
from firmware.journal.flash import begin
from firmware.wire import messages, sealed
from tests.modelcheck import cabinets, chips
from tests.modelcheck.cabinets import Ask, Plan
from tests.modelcheck.ledger import ENDS, FOLD, RELEASED, RUNS, Violation
from tests.modelcheck.world import KEY, STATION, Applied, World

Event = tuple[Any, ...]
Fault = tuple[int, str] | None  # the n-th movement of an event, what becomes of it
_MOVES = ("release", "lock")


class Run:
    """One event on one world, to its end. `told(world, fold)` is called after each entry that became durable."""

    def __init__(self, world: World, plan: Plan, fault: Fault, told: Callable[[Any], None]) -> None:
        self.world, self.plan, self.fault, self.told = world, plan, fault, told
        self.moves: list[str] = []
        self.entries: list[list[Any]] = []
        self.actions: list[Any] = []

    def happen(self, event: Event) -> None:
        """Violation if an invariant does not hold on the way, or at the end."""
        Applied.told = self._appended
        chips.FILES.changed = self._written
        try:
            _HAPPEN[event[0]](self, *event[1:])
        finally:
            Applied.told = staticmethod(lambda: None)
            chips.FILES.changed = lambda: None
        if self.world.station:
            self._check()

    # ---- events

    def _ask(self, ask: Ask) -> None:
        w = self.world
        w.asked += 1
        args = [w.ledger.removal[0] if arg == cabinets.LAST_REMOVAL else arg for arg in ask.args]
        self._handle("message", [messages.REQUEST, w.asked, ask.request, args])

    def _tick(self) -> None:
        self._handle("tick")

    def _wait(self) -> None:
        self.world.elapsed_ms += cabinets.UNIT_MS

    def _scan(self) -> None:
        for at, what in ((1, "latch"), (0, "switch")):
            for number, front in self.world.fronts.items():
                level = (front.closed, front.latched)[at]
                if front.told[at] != level:
                    front.told[at] = level
                    self._handle(what, number, level)

    def _pull(self, drawer: int) -> None:
        self.world.fronts[drawer].closed = False

    def _push(self, drawer: int) -> None:
        self.world.fronts[drawer].push()

    def _lever(self, drawer: int, past_the_latch: bool) -> None:
        self.world.fronts[drawer].lever(past_the_latch)

    def _driver(self, drawer: int) -> None:
        self.world.fronts[drawer].off()

    def _cut(self) -> None:
        self.world.lose_power(self.world.fold())

    def _on(self) -> None:
        self._handle(*self.world.boot(self.plan))
        if self.world.ledger.open:
            raise Violation(ENDS, "an access has no outcome after a boot")

    def _restrict(self) -> None:
        users = [
            row if row[1] != self.plan.restricts else cabinets.restricted(row) for row in self.plan.tables["users"]
        ]
        self._table("users", 2, users)

    def _set_up(self) -> None:
        begin(chips.FLASH, ring_start(KEY))
        self._on()
        for name, rows in self.plan.tables.items():
            self._table(name, 1, rows)
        w = self.world
        for place, quantity in self.plan.stock.items():
            name = next(row[3] for row in self.plan.tables["pockets"] if row[0] == place)
            w.station.journal.append(kinds.COUNT, "setup", None, name, place, 0, quantity, quantity, 0, None, (0,))

    def _table(self, name: str, version: int, rows: list[Any]) -> None:
        payload = sealed.seal([1, STATION, name, version, 0, 1, 1, rows], derive(KEY, "reference"))
        self._handle("message", [messages.REFERENCE, payload])

    # ---- what the shell does

    def _handle(self, *event: Any) -> None:
        w = self.world
        try:
            actions = w.station.handle(event, w.now())
        except Violation:
            raise
        except Exception as error:
            raise Violation(RUNS, f"{event[0]} ends in {type(error).__name__}: {error}") from error
        self._read()
        self.actions += actions
        self._perform(actions)

    def _perform(self, actions: list[Any]) -> None:
        for action in actions:
            if action[0] not in _MOVES:
                continue
            how = self.fault[1] if self.fault and self.fault[0] == len(self.moves) else ""
            self.moves.append(action[0])
            self._move(action, how)
            if how.startswith("fails"):
                self._handle("failed", action)
                return

    def _move(self, action: Any, how: str) -> None:
        front = self.world.fronts[action[1]]
        if action[0] == "release":
            self.world.ledger.release(action[1])
        front.stuck_on = how == "fails late" or (how == "fails" and front.energised)
        if how == "fails":
            return
        if action[0] == "release":
            front.energise(how == "jams")
        else:
            front.off()

    # ---- what is durable

    def _appended(self) -> None:
        self._read()
        self._written()

    def _written(self) -> None:
        if self.world.station:
            self.told(self.world.fold())

    def _read(self) -> None:
        w = self.world
        while w.ledger.seq < w.station.journal.seq:
            page = w.station.journal.page(w.ledger.seq + 1)
            if page is None:
                raise Violation(RELEASED, f"entry {w.ledger.seq + 1} was said to be durable and is not")
            fields = entry.decode(chain.parse_page(page)[0])
            self.entries.append(fields)
            w.ledger.take(fields)

    def _check(self) -> None:
        w = self.world
        if w.station.journal.first_held != 1:
            raise RuntimeError("the ring has turned over: chips.SECTORS must be larger")
        for number, front in w.fronts.items():
            if front.quiet():
                w.ledger.opened(number, not front.closed)
        for place, held in w.ledger.counts.items():
            row = w.station.pockets.at(place)
            if w.station.state.quantity(place) != held or row.quantity != held:
                raise Violation(FOLD, f"the station has {row.quantity} at {place}, its entries {held}")


_HAPPEN: dict[str, Callable[..., None]] = {
    "ask": Run._ask,
    "tick": Run._tick,
    "wait": Run._wait,
    "scan": Run._scan,
    "pull": Run._pull,
    "push": Run._push,
    "lever": Run._lever,
    "driver": Run._driver,
    "cut": Run._cut,
    "on": Run._on,
    "restrict": Run._restrict,
    "set up": Run._set_up,
}
