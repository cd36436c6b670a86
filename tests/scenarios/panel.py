"""The controller's process with its cabinet, asked over the link, its journal read from flash."""

import os
import select
from pathlib import Path
from typing import Any

from firmware.compat import derive
from firmware.journal import chain, entry
from firmware.journal.flash import FileFlash
from firmware.journal.ring import Ring
from firmware.wire import messages, sealed
from server_stub.ledger.pagekeys import PageKeys
from simulator.cabinet.cabinet import Cabinet
from tests.scenarios.hardware import CabinetBus, HospitalTime
from tests.unit.controller_process import WAIT_S, Controller, parts_of

STATION, LOG, KEY, FIRMWARE = "ICU1", 1, bytes(range(32)), "0.1.0"
HEAP = "416K"  # 384K is not enough yet for the shipped planograms (64-bit unix port)
HAND_MS = 50  # how long a hand takes, longer than any switch bounces

Written = tuple[list[Any], list[Any] | None]


class Panel(Controller):
    """A running controller. `state` is the last STATE it said."""

    bus: CabinetBus

    def __init__(self, folder: Path, cabinet: Cabinet, hospital: HospitalTime) -> None:
        self.state: list[Any] = []
        super().__init__(folder, heap=HEAP, make_bus=lambda path: CabinetBus(path, cabinet, hospital))
        self.receive(messages.STATE)
        with self.bus.changed:
            assert self.bus.changed.wait_for(lambda: self.bus.idles > 0, WAIT_S), "the controller does not come to rest"

    def _read(self) -> list[list[Any]]:
        said = super()._read()
        for message in said:
            if message[0] == messages.STATE:
                self.state = message
        return said

    def rest(self) -> None:
        """Wait until it has handled everything, and hear what it says."""
        self.bus.idle(self.sent_bytes)
        while select.select([self._master], [], [], 0)[0]:
            self._read()

    def ask(self, request: int, *args: Any) -> tuple[int, list[Any]]:
        reply = super().ask(request, *args)
        self.pass_time(HAND_MS)
        return reply

    def hand(self, do: Any, *args: Any) -> None:
        """A hand does something at the cabinet."""
        self.bus.act(do, *args)
        self.rest()
        self.pass_time(HAND_MS)

    def pass_time(self, ms: int) -> None:
        self.bus.advance(ms)
        self.rest()

    def send_table(self, table: str, rows: list[list[Any]], version: int, key: bytes = KEY) -> int:
        """One version of a reference table, in parts; the code of its RESULT."""
        parts = parts_of(rows)
        for number, part in enumerate(parts, 1):
            fields = [1, STATION, table, version, 0, number, len(parts), part]
            self.send([messages.REFERENCE, sealed.seal(fields, derive(key, "reference"))])
        return int(self._result(messages.REFERENCE)[2])

    def send_command(self, number: int, kind: int, body: list[Any], expires_ms: int, key: bytes = KEY) -> int:
        fields = [1, STATION, LOG, number, expires_ms, kind, body]
        self.send([messages.COMMAND, sealed.seal(fields, derive(key, "command"))])
        return int(self._result(messages.COMMAND)[2])

    def answer_journal(self, seq: int, head: bytes, utc_ms: int, key: bytes = KEY) -> int:
        """The centre says that it has everything up to `seq`."""
        fields = [1, STATION, LOG, messages.ACCEPT, seq, head, utc_ms]
        self.send([messages.ANSWER, sealed.seal(fields, derive(key, "answer"))])
        return int(self._result(messages.ANSWER)[2])

    def _result(self, what: int) -> list[Any]:
        result = self.receive(messages.RESULT)
        assert result[1] == what, result
        self.rest()
        return result

    def info(self) -> list[Any]:
        self.send([messages.HELLO, 1])
        return self.receive(messages.INFO)

    def inventory(self) -> list[list[Any]]:
        """All rows of INVENTORY."""
        rows: list[list[Any]] = []
        while True:
            self.send([messages.GET_INVENTORY, len(rows)])
            _, _, total, part = self.receive(messages.INVENTORY)
            rows += part
            if not part or len(rows) >= total:
                self.rest()
                return rows


def journal(folder: Path, sectors: int) -> list[Written]:
    """Entries and disclosures on flash; each is checked to follow the one before."""
    flash = FileFlash(os.path.relpath(folder / "ring.bin"), sectors)
    ring = Ring(flash)
    ring.scan()
    pages = [ring.read(seq) for seq in range(ring.first, ring.last + 1)]
    flash.close()
    keys, head = PageKeys(KEY).run(ring.first, len(pages)), chain.head0(entry.genesis(STATION, LOG, KEY, FIRMWARE))
    written: list[Written] = []
    for page, key in zip(pages, keys, strict=True):
        assert page is not None, "a page of the journal is missing"
        data, disclosure, tag = chain.parse_page(page)
        head = chain.next_head(head, chain.leaf(data))
        assert ring.first > 1 or chain.mac(key, head) == tag, f"entry {len(written) + 1} does not follow"
        written.append((entry.decode(data), disclosure))
    return written
