"""Messages to the centre: batch, heartbeat and status, encoded and signed (docs/wire.md sections 3 and 4)."""

import json
from typing import Protocol

from agent.actions import Info
from agent.keys import Signer
from agent.outbox import Outbox
from agent.settings import Settings
from agent.uplink import Batch
from firmware.wire import cbor, topics

OFFLINE = json.dumps({"v": 1, "online": False}).encode()


class Publisher(Protocol):
    """The broker as far as sending goes."""

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send if connected, else not at all."""


class Sender:
    """Speaks to the centre in the station's name."""

    def __init__(self, settings: Settings, outbox: Outbox, signer: Signer, publisher: Publisher) -> None:
        self._settings, self._outbox, self._signer, self._publisher = settings, outbox, signer, publisher

    def batch(self, batch: Batch) -> bool:
        """Send the pages of one batch; False if the outbox no longer holds them."""
        pages = self._outbox.pages(batch.first, batch.last - batch.first + 1)
        previous, last = self._outbox.head(batch.first - 1), self._outbox.head(batch.last)
        if len(pages) != batch.last - batch.first + 1 or previous is None or last is None:
            return False
        spliced = [cbor.raw(page) for page in pages]
        self._signed("batch", [1, self._settings.station, self._settings.log, batch.first, previous, spliced, last])
        return True

    def heartbeat(self, info: Info | None, utc_ms: int) -> bool:
        """Send where the log stands; False if nothing is known yet. The centre answers with what it has stored."""
        log = self._outbox.log()
        seq, head = (log.seq, log.head) if log.head is not None or info is None else (info.last_seq, info.head)
        if head is None:
            return False
        boot, firmware = (info.boot, info.firmware) if info else (0, "")
        oldest = self._outbox.utc_ms(log.answered + 1)
        depth = max(0, log.seq - log.answered)
        station, number = self._settings.station, self._settings.log
        self._signed("heartbeat", [1, station, number, boot, seq, head, firmware, utc_ms, oldest, depth])
        return True

    def status(self, boot: int, tables: dict[str, int]) -> None:
        """Publish, retained, that the station is there and which versions of the tables it holds."""
        message = {"v": 1, "online": True, "boot": boot, "tables": tables}
        self._publisher.publish(self._topic("status"), json.dumps(message).encode(), retain=True)

    def _signed(self, kind: str, fields: list[object]) -> None:
        self._publisher.publish(self._topic(kind), self._signer.seal(kind, cbor.encode(fields)))

    def _topic(self, what: str) -> str:
        return str(topics.up(self._settings.site, self._settings.shard, self._settings.station, what))
