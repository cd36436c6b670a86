"""Raises, clears and expires alerts: compares what each removal is judged to be with the alerts there are.

What it decides are entries of the centre's own log, in the transaction of the facts that made it so.
"""

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from firmware import codes
from firmware.journal import kinds
from server_stub.ledger.log import CentreLog
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.transaction import Transaction
from server_stub.verify import schema, supplies
from server_stub.verify.book import Book
from server_stub.verify.case import CLEARED, EXPIRED, EXPIRED_BY, OPEN, Case
from server_stub.verify.facts import Key
from server_stub.verify.notices import Notices
from server_stub.verify.settings import MINUTES
from server_stub.verify.verdict import AUTHORITY, DOCUMENTATION, DOCUMENTED, PENDING

# what a person may end: in which state, in which word, noted as what
CLEAR_ALERT, CLOSE_ALERT = "clear_alert", "close_alert"
_BY_PERSON = {AUTHORITY: (OPEN, "cleared", CLEAR_ALERT), DOCUMENTATION: (EXPIRED, "closed", CLOSE_ALERT)}


class Decider:
    """Looks at the cases that changed, and at those whose deadline has passed."""

    def __init__(self, log: CentreLog, book: Book, notices: Notices) -> None:
        self._log = log
        self._book = book
        self._notices = notices
        self._due: list[tuple[int, Key]] = []
        self._waiting: set[Key] = set()

    def load(self, conn: Connection) -> None:
        """Take up the deadlines that are still to come (also after a transaction that failed)."""
        self._book.forget()
        table = schema.verdicts.c
        pending = conn.execute(
            select(table.deadline_ms, table.station, table.log, table.seq).where(table.verdict == PENDING)
        )
        self._due = [(deadline, (station, log, seq)) for deadline, station, log, seq in pending]
        heapq.heapify(self._due)
        self._waiting = {key for _, key in self._due}

    def set_minutes(self, tx: Transaction, minutes: int) -> None:
        """How long there is for charting removals taken in from now on; an entry if that is new."""
        if self._book.interval_ms(tx.conn) != minutes * 60_000:
            self._log.append(tx, kinds.OPERATOR, [MINUTES, str(minutes)])

    def run(self, tx: Transaction) -> None:
        """Decide on everything that changed in this transaction, and on what is due at its time."""
        tx.settle()
        keys = set(self._book.changed)
        self._book.changed.clear()
        for case in self._sorted(tx.conn, keys):
            self._await(case)
        keys |= self._over(tx.utc_ms)
        for case in self._sorted(tx.conn, keys):
            if not self._supply(tx, case):
                self._authority(tx, case)
                self._documentation(tx, case)

    def clear(self, tx: Transaction, key: Key, facet: int, user: str, note: str) -> bool:
        """A person clears the open authority alert of a removal, or closes its documentation alert that has expired.

        Either stays so and the verdict stays what it is; False if there is no such alert.
        """
        tx.settle()
        case = self._book.cases(tx.conn, [key]).get(key)
        state, done, what = _BY_PERSON[facet]
        if case is None or not _is(case, facet, state):
            return False
        about = "/".join(map(str, key))
        self._clear(tx, case, facet, f"{done} by {user}: {note}", actor=user)
        self._log.append(tx, kinds.OPERATOR, [what, f"{about}: {note}"], actor=user)
        return True

    def _sorted(self, conn: Connection, keys: Iterable[Key]) -> list[Case]:
        return [case for _, case in sorted(self._book.cases(conn, keys).items())]

    def _await(self, case: Case) -> None:
        key = case.removal.key
        if not case.settled and not case.expired and key not in self._waiting:
            self._waiting.add(key)
            heapq.heappush(self._due, (case.removal.deadline_ms, key))

    def _over(self, utc_ms: int) -> set[Key]:
        """Charting at the deadline itself is in time, so it is over one millisecond later."""
        over = set()
        while self._due and self._due[0][0] < utc_ms:
            over.add(heapq.heappop(self._due)[1])
        self._waiting -= over
        return over

    def _supply(self, tx: Transaction, case: Case) -> bool:
        """Is it a supply without a patient? Said once, when it is taken in; whatever was alerted before is over."""
        if case.supply or not supplies.needs_nobody(tx.conn, case.removal):
            return case.supply
        self._log.append(tx, kinds.SUPPLY_REMOVAL, list(case.removal.key), **_of(case))
        for facet, alert in case.alerts.items():
            if alert.state != CLEARED:
                self._clear(tx, case, facet, "a supply, taken without a patient")
        return True

    def _authority(self, tx: Transaction, case: Case) -> None:
        alert, code = case.alerts.get(AUTHORITY), case.authority.code
        if alert and alert.user:
            return
        if code and (alert is None or alert.state != OPEN or alert.code != code):
            self._raise(tx, case, AUTHORITY, code)
        elif not code and alert and alert.state == OPEN:
            self._clear(tx, case, AUTHORITY, _allowed_by(case, alert.code))

    def _documentation(self, tx: Transaction, case: Case) -> None:
        alert = case.alerts.get(DOCUMENTATION)
        if alert and alert.user:
            return
        if case.settled:
            if alert and alert.state != CLEARED:
                self._clear(tx, case, DOCUMENTATION, _documented_by(case))
            return
        if alert is None or alert.state == CLEARED:
            self._raise(tx, case, DOCUMENTATION, codes.AWAITING_DOCUMENTATION)
        if case.removal.deadline_ms < tx.utc_ms and not _is(case, DOCUMENTATION, EXPIRED):
            self._log.append(tx, kinds.UNDOCUMENTED_REMOVAL, list(case.removal.key), **_of(case))
            self._notices.over(tx, case.removal, DOCUMENTATION, EXPIRED_BY)

    def _raise(self, tx: Transaction, case: Case, facet: int, code: int) -> None:
        self._log.append(tx, kinds.ALERT_RAISED, [*case.removal.key, facet, code], actor=case.removal.user, **_of(case))
        self._notices.raised(tx, case.removal, facet, code)

    def _clear(self, tx: Transaction, case: Case, facet: int, by: str, actor: str = CENTRE) -> None:
        self._log.append(tx, kinds.ALERT_CLEARED, [*case.removal.key, facet, by], actor=actor, **_of(case))
        self._notices.over(tx, case.removal, facet, by)


def _is(case: Case, facet: int, state: str) -> bool:
    alert = case.alerts.get(facet)
    return alert is not None and alert.state == state


def _of(case: Case) -> dict[str, Any]:
    return {"item": case.removal.item, "ref": case.removal.ref}


def _allowed_by(case: Case, code: int) -> str:
    order, admission = f"order {case.authority.order}", f"admission by event {case.authority.admission}"
    what = {codes.NO_ACTIVE_ORDER: [order], codes.NOT_ADMITTED: [admission]}.get(code, [order, admission])
    return " and ".join(what) + " became known"


def _documented_by(case: Case) -> str:
    if case.documentation != DOCUMENTED or case.share.at_ms is None:
        return "all of it was returned or wasted"
    at = datetime.fromtimestamp(case.share.at_ms / 1000, UTC)
    return f"charted by event {case.share.by} at {at:%H:%M} UTC"
