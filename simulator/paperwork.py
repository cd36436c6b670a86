"""Pharmacy and centre behind handhelds in virtual time: the pharmacy's own intake, book and lists over a journal in
memory, and the centre's own fold and reports over that journal in a database of its own."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from sqlalchemy import create_engine, select
from sqlalchemy.pool import StaticPool

from agent.actions import Reply
from agent.outbox import Outbox
from agent.pharmacy import lists
from agent.pharmacy.bells import Bells
from agent.pharmacy.book import Book
from agent.pharmacy.giving import Giving
from agent.pharmacy.ini import Procar
from agent.pharmacy.intake import Intake
from agent.pharmacy.records import Rules
from agent.pharmacy.snapshot import Snapshot
from firmware import codes
from firmware.cradle.host import Host
from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.schema import metadata
from server_stub.supply import label_table, reports, schema
from server_stub.supply.generations import Label
from server_stub.supply.labels import Labels
from simulator.cradles import Clock

PHARMACY = "PHARM"
_ALL = reports.Span(0, 1 << 62)


class Ledger:
    """Entries of all logs in the order in which they came, and what the centre makes of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: list[Entry] = []
        self._seq: dict[str, int] = {}
        self._fold = Labels()
        self._database = create_engine("sqlite://", poolclass=StaticPool)
        metadata.create_all(self._database)

    def append(self, station: str, kind: int, ext: Iterable[Any], **more: Any) -> int:
        """A station has journaled this; gives the entry's number in its log."""
        self._seq[station] = seq = self._seq.get(station, 0) + 1
        known = {"actor": "", "item": None, "place": None, "change": None, **more}
        entry = Entry(station=station, log=1, boot=1, seq=seq, utc_ms=self._clock.utc_ms(), mono_ms=0, tq=3, kind=kind,
                      witness=None, before=None, after=None, txn=0, ref=None, ext=list(ext), patient="", order="",
                      **known)  # fmt: skip
        self.entries.append(entry)
        if kind in Labels.KINDS:
            self._fold.apply(entry)
            with self._database.begin() as conn:
                self._fold.flush(conn)
        return seq

    def labels(self) -> list[Label]:
        """Every label that the centre knows."""
        query = select(*(schema.pick_labels.c[name] for name in Label._fields))
        with self._database.connect() as conn:
            return [Label(*row) for row in conn.execute(query)]

    def table(self, station: str, items: Iterable[str]) -> dict[str, list[str | int]]:
        """The table `labels` of a station, as the centre issues it."""
        with self._database.connect() as conn:
            return label_table.label_rows(conn, station, self._clock.utc_ms(), set(items)).rows

    def report(self, name: str) -> list[str]:
        """The labels that a report names, sorted."""
        with self._database.connect() as conn:
            return sorted(line.label for line in reports.lines(conn, reports.REPORTS[name], _ALL))


class _Journal:
    """What the intake needs of the agent: a journal that answers at once, and nothing beyond it in an outbox."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def ask(self, _kind: int, args: list[Any], _rid: int | None) -> Reply:
        kind, actor, item, ext = args
        return Reply(0, codes.NONE, [self._ledger.append(PHARMACY, kind, ext, actor=actor, item=item)])

    async def fresh_status(self) -> dict[str, Any]:
        return {"link": True, "entries": 0, "journal": {"entries": 0}}


class _NoOutbox:
    """Nothing was left of an earlier run."""

    class _Log:
        seq = 0

    def log(self) -> "_NoOutbox._Log":
        return self._Log()

    def newest(self, _count: int, _kinds: object) -> list[bytes]:
        return []


class Pharmacy:
    """The interface computer without its processes: records in, lists out. `file` keeps its book."""

    def __init__(self, file: Path, ledger: Ledger, clock: Clock, snapshot: Snapshot, procar: Procar) -> None:
        self._clock = clock
        self.book = Book(file, 1)
        rules = Rules(procar.require_hash, procar.checker_may_be_picker, clock.zone)
        self._intake = Intake(self.book, cast(Outbox, _NoOutbox()), _Journal(ledger), rules, Bells())
        self._common = lists.of_settings(procar) | lists.of_snapshot(snapshot, procar, clock.zone)
        self._giving = Giving(self._wanted)

    def told(self, host: Host, name: str, address: str, *rest: Any) -> bool:
        """An event of a cradle's host; True when it is taken."""
        if name == "assigned":
            return asyncio.run(self._intake.assigned(address))
        if name == "record":
            taken = asyncio.run(self._intake.record(address, *rest))
            if taken:
                self._giving.give(host, address)
            return taken
        if name == "given":
            self._giving.confirmed(host, address)
        elif name in ("present", "asks"):
            self._giving.give(host, address, anew=name == "asks")
        return True

    def waits_for(self, address: str) -> bool:
        """Is there something for this unit that it does not have?"""
        return bool(self.book.addresses.status(address).waiting)

    def _wanted(self, address: str) -> dict[str, bytes]:
        return self._common | lists.of_labels(address, self.book.labels())


def refused(entries: Iterable[Entry]) -> list[str]:
    """Records that the pharmacy did not take, with the code."""
    return [f"{entry.ext[0]}: {entry.ext[3]}" for entry in entries if entry.kind == kinds.CRADLE_REFUSED]
