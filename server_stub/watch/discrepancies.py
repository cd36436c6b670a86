"""Discrepancies: a count that does not come out opens one; only an exact compensating transaction closes it by itself.

The rules (A8, A24, RD-A4, RD-A5), all within WITHIN_MS and each entry compensating one discrepancy at most:

1. Two counts: same station, same item, changes exactly opposite, both still open; of the same pocket first (a
   miscount), else of two pockets of the item (put into the wrong one). They resolve each other.
2. A surplus return: a return at the same station brings back more than its removal (from the pocket counted, before
   the count, in the same log) still had out; what is too much came with this one return and is exactly what the count
   missed.

Whatever else happens leaves it open for a person.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, and_, select

from firmware.journal import kinds
from server_stub.ledger import schema as ledger
from server_stub.ledger import store
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import Entry
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.transaction import Transaction
from server_stub.watch import schema
from server_stub.watch.found import COUNTED

WITHIN_MS = 72 * 3_600_000
# an access writes access, opened, outcome, closed; alarms may come between
_OUTCOME_WITHIN = 40

_T, _E = schema.discrepancies.c, ledger.entries.c


class NotResolved(Exception):
    """A discrepancy that a person can not resolve; the text says why."""


class Discrepancies:
    """Opens and resolves; what was appended must have been settled before `decide`."""

    def __init__(self, log: CentreLog) -> None:
        self._log = log

    def decide(self, tx: Transaction, entries: Iterable[Entry]) -> None:
        """Look at each count and each return."""
        for entry in entries:
            if entry.kind in COUNTED and entry.change:
                self._open(tx, entry)
                self._match_counts(tx, entry)
            elif entry.kind == kinds.RETURN and entry.ext[1]:
                self._match_return(tx, entry)

    def resolve(self, tx: Transaction, key: tuple[str, int, int], person: str, note: str) -> None:
        """A person resolves the discrepancy of count `key` (station, log, seq). Raises NotResolved."""
        row = tx.conn.execute(
            select(schema.discrepancies).where(and_(_T.station == key[0], _T.log == key[1], _T.seq == key[2]))
        ).one_or_none()
        if row is None:
            raise NotResolved("there is no such discrepancy: name station, log and seq of the count")
        if row.resolved_ms is not None:
            raise NotResolved(f"it is resolved already: {row.note}")
        self._resolve(tx, row, ("", 0, 0), note, actor=person)

    def _open(self, tx: Transaction, count: Entry) -> None:
        ext = [count.station, count.log, count.seq]
        self._log.append(tx, kinds.DISCREPANCY_OPENED, ext, item=count.item, place=count.place, change=count.change)
        tx.settle()

    def _match_counts(self, tx: Transaction, count: Entry) -> None:
        assert count.change is not None
        rows = self._candidates(tx, count, -count.change, count.utc_ms + WITHIN_MS)
        others = [row for row in rows if (row.log, row.seq) != (count.log, count.seq)]
        if not others:
            return
        other = min(others, key=lambda row: (row.place != count.place, row.counted_ms, row.log, row.seq))
        mine = tx.conn.execute(
            select(schema.discrepancies).where(
                and_(_T.station == count.station, _T.log == count.log, _T.seq == count.seq)
            )
        ).one()
        cause = "likely a counting error" if other.place == count.place else "likely put into the wrong pocket"
        for row, by in ((other, mine), (mine, other)):
            note = f"resolved by matching to {_words(by)}, {cause}, net change 0"
            self._resolve(tx, row, (by.station, by.log, by.seq), note)

    def _match_return(self, tx: Transaction, back: Entry) -> None:
        rows = self._candidates(tx, back, None, back.utc_ms)
        if not rows:
            return
        removal = _removal(tx, back)
        if removal is None:
            return
        surplus = _surplus(tx, removal, back)
        for row in rows:
            exact = row.change == -surplus and surplus <= (back.change or 0)
            taken_there = row.place == removal.place and row.log == removal.log and removal.seq < row.seq < back.seq
            if exact and taken_there:
                note = (
                    f"resolved by matching to return {back.station} {back.log}/{back.seq} by {back.actor}, "
                    f"likely more taken than entered at removal {removal.log}/{removal.seq}, returned {surplus:+}"
                )
                self._resolve(tx, row, (back.station, back.log, back.seq), note)
                return

    def _candidates(self, tx: Transaction, entry: Entry, change: int | None, until_ms: int) -> list[Row[Any]]:
        """Open discrepancies of the entry's station and item from WITHIN_MS before it, the oldest first."""
        near = and_(_T.counted_ms >= entry.utc_ms - WITHIN_MS, _T.counted_ms <= until_ms)
        which = and_(_T.station == entry.station, _T.item == entry.item, _T.resolved_ms.is_(None))
        wanted = _T.change == change if change is not None else _T.change < 0
        query = select(schema.discrepancies).where(and_(which, near, wanted))
        return list(tx.conn.execute(query.order_by(_T.counted_ms, _T.log, _T.seq)))

    def _resolve(
        self, tx: Transaction, row: Row[Any], by: tuple[str, int, int], note: str, *, actor: str = CENTRE
    ) -> None:
        ext = [row.station, row.log, row.seq, *by, note]
        self._log.append(
            tx, kinds.DISCREPANCY_RESOLVED, ext, item=row.item, place=row.place, change=row.change, actor=actor
        )
        tx.settle()


def _words(row: Row[Any]) -> str:
    return f"count {row.station} {row.log}/{row.seq} of {row.place} by {row.counted_by}, {row.change:+}"


def _removal(tx: Transaction, back: Entry) -> Entry | None:
    """The removal that a return names, which must be of the same item."""
    txn = back.ext[1]
    for entry in _entries(tx, back, (kinds.REMOVE,), txn, txn + _OUTCOME_WITHIN):
        if entry.txn == txn and entry.item == back.item:
            return entry
    return None


def _surplus(tx: Transaction, removal: Entry, back: Entry) -> int:
    """What has come back or was wasted of a removal up to this return, beyond what it took."""
    total = removal.change or 0
    for entry in _entries(tx, back, (kinds.RETURN, kinds.RETURN_BIN, kinds.WASTE), removal.seq, back.seq):
        if entry.ext[1] == removal.txn and entry.item == removal.item:
            total += entry.ext[2] if entry.kind == kinds.WASTE else entry.change or 0
    return total


def _entries(tx: Transaction, of: Entry, which: tuple[int, ...], first: int, last: int) -> list[Entry]:
    query = select(_E.page).where(
        and_(_E.station == of.station, _E.log == of.log, _E.seq >= first, _E.seq <= last, _E.kind.in_(which))
    )
    return [store.read_page(page, b"").entry for page in tx.conn.scalars(query.order_by(_E.seq))]
