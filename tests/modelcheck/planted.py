"""Faults planted into the firmware from outside, one or more for each invariant: the check has to find every one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from firmware import gate, motion, state
from firmware.gate import Authority
from firmware.journal import kinds
from firmware.journal.journal import Journal
from firmware.session import Session
from firmware.state import State
from firmware.station import Station
from firmware.transactions import Transaction, Transactions
from firmware.wire import messages
from tests.modelcheck import ledger


@dataclass(frozen=True)
class Planted:
    """`replaces` (an object and its attribute) by what `by` makes of it."""

    invariant: str
    what: str
    owner: Any
    attribute: str
    by: Callable[[Any], Any]
    cabinet: str = "one"

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The firmware with this fault in it."""
        if isinstance(self.owner, dict):
            with patch.dict(self.owner, {self.attribute: self.by(self.owner[self.attribute])}):
                yield
            return
        with patch.object(self.owner, self.attribute, self.by(getattr(self.owner, self.attribute))):
            yield


def _no_intent(_begin: Any) -> Any:
    def begin(self: Transactions, order: Any, pocket: Any) -> int:
        self.current = Transaction(order, pocket, self._journal.seq, ("", 0))
        return self.current.txn

    return begin


# what says that somebody wants to open stays in RAM until the next entry
def _written_later(append: Any) -> Any:
    def later(self: Journal, *args: Any, **named: Any) -> int:
        kept = self.__dict__.pop("kept", None)
        if kept:
            append(self, *kept[0], **kept[1])
        if args[0] == kinds.ACCESS:
            self.__dict__["kept"] = (args, named)
            return self.seq + 1
        return int(append(self, *args, **named))

    return later


# the badge is looked up once, when somebody signs on
def _first_row(row: Any) -> Any:
    def remembered(self: Session, badge: str, now: Any) -> Any:
        rows = self.__dict__.setdefault("remembered", {})
        if badge not in rows:
            rows[badge] = row(self, badge, now)
        return rows[badge]

    return remembered


def _nobody_restricted(person: Any) -> Any:
    def allows(view: Any, rule: Any, authority: Any, now_ms: int) -> int:
        if authority:
            authority = Authority(authority.user, authority.roles & ~messages.ROLE_RESTRICTED, *authority[2:])
        return person(view, rule, authority, now_ms)

    return allows


def _anybody_witnesses(_code: Any) -> Any:
    return lambda _actor, _witness, _now_ms: 0


def _forgets_stock(stock: Any) -> Any:
    def moved(s: State, fields: Any) -> None:
        if fields[8] != kinds.REMOVE:
            stock(s, fields)

    return moved


# the next boot counts from the snapshot
def _dump_without_counts(dump: Any) -> Any:
    def dumped(self: State) -> list[Any]:
        out = dump(self)
        out[3] = [b"", *out[3][1:]]
        return out

    return dumped


def _deaf_at_boot(_start: Any) -> Any:
    def start(self: Station, drawer: Any) -> None:
        told = drawer.start(True, True, False, [], self.now_ms)
        motion.facts(self, drawer, told)

    return start


def _not_noted(_opened: Any) -> Any:
    return lambda _s, _drawer, _released: None


def _nothing(_method: Any) -> Any:
    return lambda *_: None


PLANTED = (
    Planted(ledger.RELEASED, "no intent entry before a release", Transactions, "begin", _no_intent),
    Planted(ledger.RELEASED, "an entry is written with the one after it", Journal, "append", _written_later),
    Planted(ledger.KNOWN, "the sensors are not read at boot", Station, "_start", _deaf_at_boot),
    Planted(ledger.KNOWN, "an opening is not written", motion._FACTS, "did_open", _not_noted),
    Planted(ledger.RESTRICTED, "the gate lets restricted users in", gate, "_person", _nobody_restricted),
    Planted(ledger.RESTRICTED, "a badge keeps the rights it came with", Session, "_row", _first_row, "people"),
    Planted(ledger.WITNESS, "a witness is not compared with the actor", gate, "witness_code", _anybody_witnesses),
    Planted(
        ledger.WITNESS, "no removal needs a witness", gate, "needs_witness", lambda _: lambda _view, _request: False
    ),
    Planted(ledger.ENDS, "a boot leaves accesses open", Transactions, "interrupt_all", _nothing),
    Planted(ledger.ENDS, "an access that is not confirmed waits for ever", Transactions, "deadline", _nothing),
    Planted(ledger.FOLD, "a removal does not change the stock", state, "_stock", _forgets_stock),
    Planted(ledger.FOLD, "a snapshot has no counts", State, "dump", _dump_without_counts),
)
