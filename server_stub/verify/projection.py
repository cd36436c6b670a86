"""Facts, verdicts and alerts as tables: one part of the fold of the ledger.

A verdict is a function of facts and of whether the ledger has the removal's entry `undocumented_removal`, or
`supply_removal`: no clock and no table is read here, so a rebuild comes to the same rows.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.verify import facts, provisional, schema, settings
from server_stub.verify.book import FACTS, Book
from server_stub.verify.case import ALERTED, DECISIONS, Case
from server_stub.verify.facts import Fact

_KEY = ("station", "log", "seq")


class Verification:
    """The projections of verify/schema.py; `book` may outlive the transaction."""

    KINDS = facts.KINDS | DECISIONS | provisional.KINDS | {kinds.OPERATOR, kinds.TIME_ASSUMED}

    def __init__(self, book: Book) -> None:
        self._book = book
        self._entries: list[Entry] = []
        self._assumed: dict[facts.Key, int] = {}

    def apply(self, entry: Entry) -> None:
        """Take one entry in."""
        self._entries.append(entry)

    def flush(self, conn: Connection) -> None:
        """Write what came between two words on provisional patients, then that word, and so on."""
        entries, self._entries = self._entries, []
        some: list[Entry] = []
        for entry in entries:
            if entry.kind in provisional.KINDS or provisional.is_merge(entry):
                self._write(conn, some)
                some = []
                self._provisional(conn, entry)
            else:
                some.append(entry)
        self._write(conn, some)

    def _provisional(self, conn: Connection, entry: Entry) -> None:
        if not provisional.is_merge(entry):
            provisional.apply(conn, entry)
        elif both := provisional.merge(conn, entry):
            self._write_verdicts(conn, self._book.join(conn, *both))
        self._book.forget_merged()

    def _write(self, conn: Connection, entries: list[Entry]) -> None:
        """Write facts, then what was decided, then the verdicts that both change."""
        if not entries:
            return
        found = self._facts(conn, entries)
        _write_facts(conn, found)
        cases = self._book.judge(self._book.take(conn, found))
        cases += self._decide(conn, [entry for entry in entries if entry.kind in DECISIONS])
        self._write_verdicts(conn, cases)

    def _facts(self, conn: Connection, entries: Iterable[Entry]) -> list[Fact]:
        found: list[Fact] = []
        for entry in entries:
            if entry.kind == kinds.OPERATOR:
                self._setting(conn, entry)
            elif entry.kind == kinds.TIME_ASSUMED:
                self._assumed[_about(entry)] = entry.ext[3]
            elif entry.kind in facts.KINDS and (one := facts.fact(self._timed(entry), self._book.interval_ms(conn))):
                found.append(self._book.of_whom(conn, one))
        return found

    def _timed(self, entry: Entry) -> Entry:
        """The entry at the time that the centre took it to be of, where its own can not be right."""
        key = (entry.station, entry.log, entry.seq)
        return entry._replace(utc_ms=self._assumed.pop(key)) if key in self._assumed else entry

    def _setting(self, conn: Connection, entry: Entry) -> None:
        what, value = entry.ext
        minutes = settings.minutes(value) if what == settings.MINUTES else None
        if minutes is not None:
            row = {"name": settings.MINUTES, "value": minutes}
            conn.execute(upsert(conn, schema.verify_settings, ("name",)), row)
            self._book.set_minutes(minutes)

    def _decide(self, conn: Connection, decisions: Sequence[Entry]) -> list[Case]:
        if not decisions:
            return []
        cases = self._book.cases(conn, {_about(entry) for entry in decisions})
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for entry in decisions:
            case = cases[_about(entry)]
            if entry.kind not in ALERTED:
                case.supply = True
                continue
            row = case.decide(entry)
            rows[row["station"], row["log"], row["seq"], row["facet"]] = row
        if rows:
            conn.execute(upsert(conn, schema.alerts, (*_KEY, "facet")), list(rows.values()))
        return list(cases.values())

    def _write_verdicts(self, conn: Connection, cases: Iterable[Case]) -> None:
        rows = {}
        for case in cases:
            row = case.verdict_row()
            if row != case.row:
                case.row = rows[case.removal.key] = row
                self._book.note(case)
        if rows:
            conn.execute(upsert(conn, schema.verdicts, _KEY), list(rows.values()))


def _write_facts(conn: Connection, found: Iterable[Fact]) -> None:
    rows: dict[type[Any], list[dict[str, Any]]] = {}
    for one in found:
        rows.setdefault(type(one), []).append(one._asdict())
    for made, table in FACTS.items():
        if made in rows:
            conn.execute(insert(table), rows[made])


def _about(decision: Entry) -> facts.Key:
    station, log, seq = decision.ext[:3]
    return station, log, seq
