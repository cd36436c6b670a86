"""What of a state counts: two states with the same view do the same from there on, whatever happens.

A view is made of all attributes of all objects, by itself, so that a field that is new in the firmware is seen without
anybody telling this file. What is left out, or seen as something smaller, is named here with the reason.
"""

import marshal
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from firmware import chart
from firmware.chart import Drawer
from firmware.gate import Authority, Witness
from firmware.holdings import Bin, Holdings, Lots
from firmware.journal.journal import Journal
from firmware.order import Order
from firmware.people import People
from firmware.session import Session
from firmware.state import State
from firmware.station import Station
from firmware.storage import types
from firmware.surroundings import Surroundings
from firmware.tables import Table, Tables
from firmware.transactions import Transaction, Transactions
from tests.modelcheck.cabinets import CONFIRM_MS

Rule = Callable[[Any, Any, "Moment"], Any]


class Moment:
    """What a view is relative to: the time, and the access that goes on."""

    def __init__(self, now: tuple[int, int, int] = (0, 0, 0), txn: int = 0) -> None:
        self.offset_ms = now[0] - now[1]
        self.now_ms = now[1]
        self.txn = txn

    def left_ms(self, until_ms: int | None) -> int | None:
        """Moments that have passed are all one: they are only ever compared with now."""
        return None if until_ms is None else max(0, until_ms - self.now_ms)


def _left(_holder: Any, value: Any, moment: Moment) -> Any:
    return moment.left_ms(value)


def _some(_holder: Any, value: Any, _moment: Moment) -> bool:
    return bool(value)


def _in_any_order(_holder: Any, value: Any, moment: Moment) -> Any:
    return tuple(sorted(view(part, moment) for part in value))


# the moment from which the next time of a drawer runs is only looked at while it can still run
def _since_opened(drawer: Drawer, value: int, moment: Moment) -> Any:
    return moment.left_ms(value + drawer.after[chart.AJAR]) if drawer.state in chart._INSIDE else None


def _since_released(drawer: Drawer, value: int, moment: Moment) -> Any:
    running = drawer.state in (chart.RELEASED, chart.LID_RELEASED)
    return moment.left_ms(value + drawer.after[chart.HOLD]) if running else None


# what was released last: charts without lids and counters do not ask, the others until the drawer is shut
def _inside(drawer: Drawer, value: Any, _moment: Moment) -> Any:
    plain = drawer.kind not in types.WITH_LIDS + types.COUNTING
    return None if plain or drawer.state == chart.LOCKED else value


def _while_signed_on(session: Session, value: Any, _moment: Moment) -> Any:
    return value if session.authority else None


# a witness whose window is over is none, wherever one is asked for
def _while_present(session: Session, value: Any, moment: Moment) -> Any:
    return view(value, moment) if session.present(moment.now_ms) else None


# txns rise for ever; what matters is whether a drawer was opened for the access that goes on
def _opened_for(_station: Station, value: dict[int, int], moment: Moment) -> Any:
    return tuple(sorted((drawer, 2 if txn == moment.txn else 1 if txn else 0) for drawer, txn in value.items()))


def _accesses(_state: State, value: dict[int, Any], moment: Moment) -> Any:
    return tuple((txn == moment.txn, tuple(access)) for txn, access in sorted(value.items()))


# one that has its outcome waits for its drawer, and does nothing else
def _current(_transactions: Transactions, value: Transaction | None, moment: Moment) -> Any:
    if value and value.outcome:
        return value.pocket.drawer, value.left
    return view(value, moment)


def _since_closed(_transaction: Transaction, value: int | None, moment: Moment) -> Any:
    return None if value is None else moment.left_ms(value + CONFIRM_MS)


# what else was known of it went into the answer
def _pocket(_transaction: Transaction, value: Any, _moment: Moment) -> Any:
    return value.place, value.capacity


# the first of a return's is the txn of its removal
def _extra(order: Order, value: Any, moment: Moment) -> Any:
    return view(value[1:], moment) if order.on_record else view(value, moment)


# the last column is the seq of an entry, which goes into another entry
def _stock(_holdings: Holdings, value: Table, _moment: Moment) -> Any:
    return tuple((*row[:5], row[5] > 0) for row in value.rows())


# a lock-out from before the boot runs from there
def _locked(session: Session, value: dict[str, int], moment: Moment) -> Any:
    from firmware import session as module

    out = [row[0] for row in session._people.wrong if row[1] >= module.WRONG_BEFORE_LOCK]
    return tuple((user, moment.left_ms(value.get(user, module.LOCKED_OUT_MS))) for user in sorted(out))


def _to_utc(_holder: Any, value: int | None, moment: Moment) -> Any:
    return None if value is None else value - moment.offset_ms


SKIP = None
# class -> attribute -> rule, or SKIP
RULES: dict[type, dict[str, Rule | None]] = {
    Station: {
        # the same for the whole life of a cabinet
        "id": SKIP, "log": SKIP, "genesis": SKIP, "entropy": SKIP,
        # ways to the fold, the tables and the files
        "uplink": SKIP, "commands": SKIP, "reference": SKIP, "credentials": SKIP, "pockets": SKIP,
        # the time of the last event; every event brings its own
        "_clock": SKIP,
        # what was said to the agent, and is being said: nothing is decided by it
        "replies": SKIP, "reply": SKIP, "outbox": SKIP, "_said": SKIP, "state_due": SKIP, "frames_dropped": SKIP,
        "_moves": SKIP, "_light": SKIP, "_buzz": SKIP,
        "released_for": _opened_for,
    },
    Session: {
        # other objects, seen where they belong
        "_users": SKIP, "_credentials": SKIP, "_people": SKIP,
        "rounds": SKIP,  # of the last row looked at: what an unknown badge costs
        "badge": _while_signed_on, "witness": _while_present, "_witness_badge": _while_present, "_locked": _locked,
    },
    Drawer: {
        "number": SKIP, "chart": SKIP, "after": SKIP,
        "at": SKIP, "n": SKIP,  # of the event being handled
        "deadline_ms": _left, "_opened_ms": _since_opened, "_released_ms": _since_released,
        "pocket": _inside, "units": _inside, "seen": _inside,
    },
    Transactions: {"_state": SKIP, "_confirm_ms": SKIP, "current": _current},
    Transaction: {"txn": SKIP, "previous": SKIP, "closed_at_ms": _since_closed, "pocket": _pocket},
    Order: {"extra": _extra},
    State: {
        # counted or named in entries and messages only
        "boot": SKIP, "entries": SKIP, "removals": SKIP, "last": SKIP,
        "open": _accesses, "alarms": _in_any_order,
    },
    Holdings: {"stock": _stock},
    People: {"wrong": _in_any_order},
    Surroundings: {"_offset_ms": _to_utc, "_sure_ms": _left},
    # bound methods of the table
    Lots: {"dump": SKIP, "load": SKIP},
    Bin: {"dump": SKIP, "load": SKIP},
}  # fmt: skip


def view(value: Any, moment: Moment) -> Any:
    """The value as numbers, texts and tuples."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind in _VIEWS:
        return _VIEWS[kind](value, moment)
    if isinstance(value, tuple):
        return _each(value, moment)
    parts = vars(value)
    seen = _seen_of(kind, parts)
    return tuple([rule(value, parts[name], moment) if rule else view(parts[name], moment) for name, rule in seen])


# which attributes are seen, and by which rule; looked up once for each class with these attributes
def _seen_of(kind: type, parts: dict[str, Any]) -> list[tuple[str, Rule | None]]:
    known = _known.get(kind)
    if known is None or known[0] != len(parts):
        rules = RULES.get(kind, {})
        known = len(parts), [(name, rules.get(name)) for name in parts if rules.get(name, _some) is not SKIP]
        _known[kind] = known
    return known[1]


_known: dict[type, tuple[int, list[tuple[str, Rule | None]]]] = {}
_PLAIN = {int, str, bool, bytes, type(None)}


def _each(value: Any, moment: Moment) -> Any:
    return tuple([view(part, moment) for part in value])


def _items(value: dict[Any, Any], moment: Moment) -> Any:
    return tuple([(key, view(value[key], moment)) for key in sorted(value)])


def _until(value: Authority | Witness, moment: Moment) -> Any:
    return tuple(value._replace(until_ms=moment.left_ms(value.until_ms)))


_VIEWS: dict[type, Callable[[Any, Moment], Any]] = {
    # what is durable is seen in the fold; where in the ring it lies changes nothing before the ring turns over, and the
    # check stops if it does
    Journal: lambda _journal, _moment: None,
    # the reference tables are seen by the versions that the fold names
    Tables: lambda _tables, _moment: None,
    list: _each,
    tuple: _each,
    dict: _items,
    set: lambda value, _: tuple(sorted(value)),
    Table: lambda table, _: bytes(table.dump()),
    Authority: _until,
    Witness: _until,
}


def key(seen: Any) -> bytes:
    """Sixteen bytes that stand for a view. Of a million states two are taken for one with probability 1e-27."""
    return blake2b(marshal.dumps(seen, 2), digest_size=16).digest()
