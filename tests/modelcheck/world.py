"""One state of the check as something that runs: the firmware's station on its chips, drawers, the second ledger."""

from collections.abc import Callable
from typing import Any

from firmware import people, session
from firmware.build import build
from firmware.config import Config
from firmware.issue import keys_of
from tests.modelcheck import cabinets, chips
from tests.modelcheck.abstraction import Moment, key, view
from tests.modelcheck.cabinets import Plan
from tests.modelcheck.frozen import frozen, tables_of, thawed
from tests.modelcheck.hands import Front
from tests.modelcheck.ledger import FOLD, Ledger, Violation

STATION, LOG, KEY = "ICU1", 1, bytes(range(32))
UTC_MS = 1800000000000
SNAPSHOT_EVERY = 8  # entries: both what a snapshot holds and what is folded over it are in most recoveries
TIMINGS = (cabinets.RELEASE_MS, cabinets.AJAR_MS, cabinets.CONFIRM_MS, cabinets.IDLE_MS, cabinets.LATCH_MS)
_REAL = session.LOCKED_OUT_MS, people.WRONG_BEFORE_LOCK


def set_times() -> None:
    """How long a lock-out is, and after how many wrong PINs: no configuration has these."""
    _lock_out(cabinets.LOCKED_OUT_MS, cabinets.WRONG_BEFORE_LOCK)


def real_times() -> None:
    """As the firmware has them."""
    _lock_out(*_REAL)


def _lock_out(for_ms: int, after: int) -> None:
    session.LOCKED_OUT_MS = for_ms
    session.WRONG_BEFORE_LOCK = people.WRONG_BEFORE_LOCK = after


class Applied:
    """The journal's `apply`, that tells the world of each entry once it is durable and folded."""

    told: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, apply: Callable[..., None]) -> None:
        self.apply = apply

    def __call__(self, state: Any, fields: Any, disclosure: Any) -> None:
        self.apply(state, fields, disclosure)
        Applied.told()


class World:
    """`station` is None while the power is away. `cut` is called wherever power could go, as long as it runs."""

    def __init__(self, plan: Plan) -> None:
        self.station: Any = None
        self.ledger = Ledger(plan)
        self.fronts = {number: Front() for number in plan.drawers}
        self.elapsed_ms = 0
        self.booted_ms = 0
        self.asked = 0
        self.before: Any = None  # the fold as it was when power went

    # ---- time

    def now(self) -> tuple[int, int, int]:
        return UTC_MS + self.elapsed_ms, self.elapsed_ms - self.booted_ms, 2

    def moment(self) -> Moment:
        current = self.station.transactions.current
        return Moment(self.now(), current.txn if current else -1)

    def due(self) -> bool:
        deadline = self.station.deadline()
        return deadline is not None and deadline <= self.now()[1]

    def waits(self) -> bool:
        """Will anything end by itself?"""
        return self.station.deadline() is not None or self._locked_out()

    def _locked_out(self) -> bool:
        rows = self.station.state.people.wrong
        kept = self.station.session._locked
        full = [row[0] for row in rows if row[1] >= cabinets.WRONG_BEFORE_LOCK]
        return any(kept.get(name, cabinets.LOCKED_OUT_MS) > self.now()[1] for name in full)

    # ---- what it is

    def fold(self) -> Any:
        """The durable state, as what survives a cut."""
        return view(self.station.state, Moment(txn=-1))

    def key(self) -> bytes:
        """Two worlds of the same key do the same from here on."""
        if self.station is None:
            return self.off_key(self.before)
        moment, fronts = self.moment(), tuple([front.view() for front in self.fronts.values()])
        due = moment.left_ms(self.station.deadline())
        return key((view(self.station, moment), due, fronts, self.ledger.view(), chips.FILES.view()))

    def off_key(self, fold: Any) -> bytes:
        fronts = tuple([(front.closed, front.latched or front.closed) for front in self.fronts.values()])
        return key(("off", fold, fronts, self.ledger.view(), chips.FILES.view()))

    def rests(self) -> bool:
        """Has every access ended, and is no lock on?"""
        return not self.ledger.open and not any(front.energised for front in self.fronts.values())

    # ---- power

    def lose_power(self, fold: Any) -> None:
        self.station, self.before = None, fold
        for front in self.fronts.values():
            front.off()

    def boot(self, plan: Plan) -> tuple[Any, ...]:
        """A station made of what the chips hold; the event that starts it. Violation if not all came back."""
        drawers = [[n, n - 1, n - 1, n - 1, kind, 0, 0, 0] for n, kind in plan.drawers.items()]
        config = Config(STATION, LOG, keys_of(KEY), "0.1.0", chips.SECTORS, drawers, TIMINGS)
        made = build(config, tables_of(plan), chips.FLASH, chips.STORE, chips.FILES, bytes)
        self.station, adopted, damage = made
        self.station.journal._apply = Applied(self.station.journal._apply)
        self.station.journal._every = SNAPSHOT_EVERY
        if self.station.journal.seq != self.ledger.seq or damage:
            raise Violation(FOLD, f"{self.station.journal.seq} of {self.ledger.seq} entries came back")
        if self.before is not None and self.fold() != self.before:
            raise Violation(FOLD, "what was folded anew differs from what was folded before the cut")
        self.before, self.booted_ms = None, self.elapsed_ms
        readings = {number: front.read() for number, front in self.fronts.items()}
        return ("boot", adopted, False, readings)


def cut_short(world: World, fold: Any) -> World:
    """What is left if power goes now, in the midst of an event."""
    station, world.station = world.station, None
    off = thawed(frozen(world))
    world.station = station
    off.lose_power(fold)
    return off
