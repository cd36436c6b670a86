"""The pharmacy's interface computer as a process: agent, journal, cradles, snapshots (docs/operations.md)."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent import process
from agent.clock import Clock, SystemClock
from agent.control import ControlServer
from agent.cradle.line import some_block
from agent.outbox import Outbox
from agent.panel import Outcome
from agent.pharmacy import snapshots
from agent.pharmacy.bells import Bells
from agent.pharmacy.book import Book
from agent.pharmacy.cradles import Cradles
from agent.pharmacy.desk import CradleDesk
from agent.pharmacy.ini import Procar
from agent.pharmacy.intake import Intake
from agent.pharmacy.journal import Journal
from agent.pharmacy.records import Rules
from agent.settings import Settings
from agent.station import Agent
from firmware import codes

# the clock may be set meanwhile
LOOK_S = 15.0
SNAPSHOT = "snapshot"


def socket_of(settings: Settings) -> Path:
    """Where the running cradles answer."""
    return settings.panel_socket.with_name(f"{settings.station}.cradle.sock")


async def run(settings: Settings, procar: Procar, ports: Sequence[Path], link: Path | None, clock: Clock) -> None:
    """Run until SIGTERM or SIGINT; `link` None: the journal is kept by a process of this one. `clock` is hospital
    time: of records, lists, and when a snapshot is due. Raises BookError, and what `agent.process.run` raises."""
    book = _book(settings, procar)
    computer = _Computer(settings, procar, ports, book, clock)
    try:
        if link is None:
            await _with_journal(settings, computer, clock)
        else:
            await process.run(settings, link, clock, None, beside=computer.serve)
    finally:
        book.close()


def _book(settings: Settings, procar: Procar) -> Book:
    path = settings.folder / "cradle.db"
    return Book(path, settings.log, procar.not_given(), some_block(), procar.require_hash)


async def _with_journal(settings: Settings, computer: "_Computer", clock: Clock) -> None:
    bus = settings.panel_socket.with_name(f"{settings.station}.bus.sock")
    journal = Journal(settings.folder / "controller", bus, computer.journal_runs, clock)

    async def serve(agent: Agent) -> None:
        await _together(computer.serve(agent), journal.run())

    await process.run(settings, journal.link, clock, None, beside=serve)


class _Computer:
    """What runs beside the agent."""

    def __init__(self, settings: Settings, procar: Procar, ports: Sequence[Path], book: Book, clock: Clock) -> None:
        self._settings, self._procar, self._ports, self._book, self._clock = settings, procar, ports, book, clock
        self._bells = Bells()
        source = snapshots.Source(procar.centre_url or settings.api_url, settings.folder)
        self._snapshots = Snapshots(source, procar, book, self._bells, clock)

    def journal_runs(self, up: bool) -> None:
        """The journal's process has started, or ended."""
        if up:
            self._bells.good("journal")
        else:
            self._bells.trouble("journal", codes.JOURNAL_AWAY, "its process has ended")

    async def serve(self, agent: Agent) -> None:
        """Serve the cradles until cancelled."""
        bells, book, procar = self._bells, self._book, self._procar
        bells.view = agent.view
        rules = Rules(procar.require_hash, procar.checker_may_be_picker)
        intake = Intake(book, agent.outbox, agent.desk, rules, bells, self._clock)
        cradles = Cradles(procar, book, intake, None, bells, self._clock)
        cradles.open(self._ports)

        async def read() -> Outcome:
            return await self._snapshots.read_now(agent.outbox, cradles)

        control = ControlServer(socket_of(self._settings), CradleDesk(book, agent.view, cradles.clear, read))
        await control.start()
        try:
            await intake.begin(procar.reporting())
            self._snapshots.read_back(cradles)
            await _together(self._snapshots.run(agent.outbox, cradles), *(line.run() for line in cradles.lines))
        finally:
            await control.close()


class Snapshots:
    """Reads the centre's snapshots when they are due, into the book and to the cradles."""

    def __init__(
        self, source: snapshots.Source, procar: Procar, book: Book, bells: Bells, clock: Clock | None = None
    ) -> None:
        self._source, self._procar, self._book, self._bells = source, procar, book, bells
        self._clock = clock or SystemClock()
        self._turn = asyncio.Lock()

    def read_back(self, cradles: Cradles) -> None:
        """Until the centre answers, the lists are those of the last snapshot, as old as they say they are."""
        data = self._book.snapshot()
        if data:
            with contextlib.suppress(ValidationError):
                cradles.snapshot_read(snapshots.opened(data))

    async def run(self, outbox: Outbox, cradles: Cradles) -> None:
        """Read again and again, until cancelled."""
        read_ms: int | None = None
        failed_ms: int | None = None
        while True:
            due_ms = snapshots.next_read_ms(self._procar, None, read_ms, failed_ms)
            now_ms = self._clock.utc_ms()
            # a clock that was set back makes nothing wait
            if now_ms >= due_ms or now_ms < (read_ms or 0):
                good = await self.read(outbox, cradles)
                read_ms, failed_ms = (now_ms, None) if good else (read_ms, now_ms)
            else:
                await asyncio.sleep(min(LOOK_S, (due_ms - now_ms) / 1000))

    async def read_now(self, outbox: Outbox, cradles: Cradles) -> Outcome:
        """Read one although none is due: its name and as-of time (UTC ms), or code 4059."""
        if not await self.read(outbox, cradles):
            return Outcome(codes.SNAPSHOT_MISSING, [])
        snapshot = snapshots.opened(self._book.snapshot() or b"")
        return Outcome(codes.NONE, [str(snapshot.snapshot), snapshot.as_of_utc_ms])

    async def read(self, outbox: Outbox, cradles: Cradles) -> bool:
        """Read one; False, and it is told, if none came."""
        async with self._turn:
            return await self._read(outbox, cradles)

    async def _read(self, outbox: Outbox, cradles: Cradles) -> bool:
        answered = outbox.log().answered
        try:
            data = await self._source.read()
            snapshot = snapshots.opened(data)
            self._book.keep_snapshot(data, snapshot.open_labels, answered, snapshot.as_of_utc_ms)
        except snapshots.NoSnapshot as error:
            self._bells.trouble(SNAPSHOT, codes.SNAPSHOT_MISSING, str(error))
            return False
        except sqlite3.Error as error:
            self._bells.trouble(SNAPSHOT, codes.STORE_FAILED, str(error))
            return False
        cradles.snapshot_read(snapshot)
        self._bells.good(SNAPSHOT)
        return True


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, which ends all, with its exception if it raised one: a supervisor starts it anew."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
