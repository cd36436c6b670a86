"""The cradles of the pharmacy: one host for each serial port, all with the same list of addresses and one journal.

Events of the lines come in; records go to the journal, lists to the units (P34, P57, P64).
"""

import logging
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from agent.clock import Clock, SystemClock
from agent.cradle.line import Event, Line, time12
from agent.pharmacy import lists
from agent.pharmacy.bells import Bells
from agent.pharmacy.book import Book
from agent.pharmacy.giving import Giving
from agent.pharmacy.ini import Procar
from agent.pharmacy.intake import Intake
from agent.pharmacy.labels import NotPrinted, Printer
from agent.pharmacy.snapshot import Snapshot
from firmware import codes
from firmware.cradle import polls
from firmware.cradle.addresses import SEQUENCES
from firmware.cradle.cycles import UNKNOWN
from firmware.cradle.host import CRADLE, Host

# of a unit's serials, when it is told that they run short
SHORT = SEQUENCES * 9 // 10
_STORE = "store"
_CODES = {UNKNOWN: codes.FOREIGN_UNIT, polls.FULL: codes.NO_ADDRESS_LEFT}

log = logging.getLogger("agent")


class CradleLine(Line):
    """A line that says when its port is not there."""

    def __init__(self, path: Path, host: Host, cradles: "Cradles", baud: int) -> None:
        super().__init__(path, host, lambda event: cradles.told(self, event), baud=baud)
        self.host = host
        self._name, self._cradles = f"cradle {path}", cradles
        cradles.bells.trouble(self._name, codes.CRADLE_AWAY, "not open yet")

    def port_opened(self) -> None:
        self._cradles.bells.good(self._name)
        super().port_opened()

    def port_lost(self) -> None:
        self._cradles.bells.trouble(self._name, codes.CRADLE_AWAY, "lost")
        super().port_lost()


class Cradles:
    """The application behind the lines."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        procar: Procar,
        book: Book,
        intake: Intake,
        zone: tzinfo | None,
        bells: Bells,
        clock: Clock | None = None,
    ) -> None:
        self._procar, self._book, self._intake, self._zone = procar, book, intake, zone
        self._clock = clock or SystemClock()
        self.bells = bells
        self.lines: list[CradleLine] = []
        self._snapshot: Snapshot | None = None
        self._common: dict[str, bytes] = lists.of_settings(procar)
        self._giving = Giving(self.wanted)
        self._printer = Printer(Path(procar.label_printer), procar.label_format) if procar.label_printer else None

    def open(self, ports: Sequence[Path]) -> None:
        """Make a line for each port."""
        for path in ports:
            host = Host(CRADLE, self._book.addresses, self._procar.host(), self._time12)
            self.lines.append(CradleLine(path, host, self, self._procar.baud))

    def snapshot_read(self, snapshot: Snapshot) -> None:
        """Units get what is in it when they are next in a cradle."""
        self._snapshot = snapshot
        self._common = lists.of_settings(self._procar) | lists.of_snapshot(snapshot, self._procar, self._zone)
        self.print_due()

    async def clear(self, address: str, actor: str) -> int:
        """P56: the unit leaves this site. A code; 0 is done."""
        code = await self._intake.cleared(address, actor)
        if code == codes.NONE:
            for line in self.lines:
                self._giving.forget(line.host, address)
        return code

    async def told(self, line: CradleLine, event: Event) -> bool | None:
        """An event of a host (firmware/cradle/host.py)."""
        try:
            done = await self._done(line, *event)
        except sqlite3.Error as error:
            # the unit keeps what it has
            self.bells.trouble(_STORE, codes.STORE_FAILED, str(error))
            return False
        self.bells.good(_STORE)
        return done

    async def _done(self, line: CradleLine, name: str, address: str, *rest: Any) -> bool:
        if name == "record":
            return await self._record(line, address, *rest)
        if name == "assigned":
            return await self._assigned(address)
        if name == "file":
            # no unit has one to send: its name is kept as that of a record that is none
            return await self._intake.record(address, "A", rest[0].encode())
        if name == "trouble":
            self._troubled(address, rest[0])
        elif name == "gone":
            self._book.save(address)
        elif name == "given":
            self._giving.confirmed(line.host, address)
        else:
            self._give(line, address, anew=name == "asks")
        return True

    async def _record(self, line: CradleLine, address: str, flag: str, data: bytes) -> bool:
        if not await self._intake.record(address, flag, data):
            return False
        self._count(address)
        self._give(line, address)
        self.print_due()
        return True

    async def _assigned(self, address: str) -> bool:
        taken = await self._intake.assigned(address)
        for why in _CODES if taken else ():
            # what was wrong with an address ends with a new one
            self.bells.good(why)
        return taken

    def _count(self, address: str) -> None:
        """RD-P9b: before a unit has no serial left."""
        count, about = self._book.count(address), f"serials of {address}"
        if count >= SHORT:
            self.bells.trouble(about, codes.SERIALS_SHORT, f"{count} of {SEQUENCES} labels are under way")
        else:
            self.bells.good(about)

    def _give(self, line: CradleLine, address: str, anew: bool = False) -> None:
        refused = self._giving.give(line.host, address, anew)
        if refused:
            self.bells.trouble("lists", codes.LIST_TOO_LONG, ", ".join(refused))
        else:
            self.bells.good("lists")

    def wanted(self, address: str) -> dict[str, bytes]:
        """The lists of a unit as they are now, by name."""
        return self._common | lists.of_labels(address, self._book.labels())

    def print_due(self) -> None:
        """Print corrected labels that no printer has had."""
        if self._printer is None:
            return
        try:
            self._printer.print_due(self._book, self._snapshot)
            self.bells.good("labels")
        except NotPrinted as error:
            self.bells.trouble("labels", codes.LABEL_NOT_PRINTED, str(error))

    def _troubled(self, address: str | None, why: str) -> None:
        if why in _CODES:
            self.bells.trouble(why, _CODES[why], address or "")
        else:
            log.info("unit %s: %s", address or "without a name", why)

    def _time12(self) -> str:
        return time12(datetime.fromtimestamp(self._clock.utc_ms() / 1000, UTC).astimezone(self._zone))
