"""Commands to stations: numbered, in the centre's log, sent again until the station's journal has them (wire.md 3)."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, func, or_, select

from firmware.compat import derive
from firmware.journal import kinds
from firmware.wire import cbor, messages, sealed
from server_stub.ledger.ingest import Enrolled, Names, Register
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import Entry
from server_stub.ledger.schema import COMMAND_FLOOR, floor
from server_stub.ledger.sign import CENTRE, Signer
from server_stub.ledger.transaction import Transaction
from server_stub.stock import schema
from server_stub.stock.issued import answer_of, reasons
from server_stub.stock.planning import Wanted

PLACES = 5
EXPIRES_MS = 12 * 3_600_000
RESEND_MS = 10_000
RESEND_MOST_MS = 320_000
NOTICE_PAR = 3

_C, _L = schema.commands.c, schema.par_levels.c
# built once: they run with every transaction
_STALE = or_(_C.state == schema.LOST, and_(_C.state == schema.SENT, _C.issued_ms <= bindparam("until_ms")))
_STALE_LEVELS = (
    select(_L.station, _L.place, _L.wanted_min, _L.wanted_max, _L.reason)
    .select_from(schema.par_levels.join(schema.commands, and_(_C.station == _L.station, _C.number == _L.number)))
    .where(_STALE)
    .order_by(_L.station, _L.place)
)
_NEWER = schema.commands.alias("newer")
_SAME = and_(_NEWER.c.station == _C.station, _NEWER.c.kind == _C.kind, _NEWER.c.body == _C.body)
_ANEW = exists().where(and_(_SAME, _NEWER.c.number > _C.number))
_UNHEARD = (
    select(schema.commands).where(_STALE, _C.kind != messages.COMMAND_PAR, ~_ANEW).order_by(_C.station, _C.number)
)


class Commands:
    """Issues commands and sends what no station has answered yet; when to send again is transport time."""

    def __init__(self, names: Names, register: Register, signer: Signer, log: CentreLog) -> None:
        self._names = names
        self._register = register
        self._signer = signer
        self._log = log
        self._due: dict[str, tuple[int, int]] = {}
        self._open: dict[str, dict[int, bytes]] = {}

    def load(self, tx: Transaction) -> None:
        """Take up what is under way where the database has it (also after a transaction that failed)."""
        self._due, self._open = {}, {}
        alive = and_(_C.state == schema.SENT, _C.issued_ms > tx.utc_ms - EXPIRES_MS)
        for row in tx.conn.execute(select(schema.commands).where(alive).order_by(_C.station, _C.number)):
            self._keep(row.station, row.number, row.issued_ms, row.kind, json.loads(row.body))

    def set_levels(self, tx: Transaction, station: str, wanted: Sequence[Wanted]) -> None:
        """Issue PAR commands, at most PLACES places each; what was appended must have been settled."""
        for at in range(0, len(wanted), PLACES):
            some = wanted[at : at + PLACES]
            body = [value for level in some for value in (level.place, level.min, level.max)]
            self.issue(tx, station, messages.COMMAND_PAR, body, "\n".join(level.reason for level in some))

    def issue(  # noqa: PLR0913, PLR0917 - the fields of a command
        self, tx: Transaction, station: str, kind: int, body: list[Any], reason: str, actor: str = CENTRE
    ) -> int:
        """Issue one command under the next number, which it gives; what was appended must have been settled."""
        given = tx.conn.scalar(select(func.max(_C.number)).where(_C.station == station)) or 0
        number = max(given, floor(tx.conn, COMMAND_FLOOR)) + 1
        # whom it is about stands where it can be redacted
        patient = body[0] if kind == messages.COMMAND_END_PROVISIONAL else ""
        ext = [station, number, kind, [] if patient else body, reason]
        self._log.append(tx, kinds.COMMAND_ISSUED, ext, actor=actor, patient=patient)
        self._keep(station, number, tx.utc_ms, kind, body)
        self._send(tx, station, [number])
        tx.settle()
        return number

    def answered(self, tx: Transaction, entry: Entry) -> None:
        """A station's journal names a command: it and all before it need no sending; tell the kiosk of new levels."""
        number, _, _, levels = answer_of(entry)
        open_ = self._open.get(entry.station, {})
        for old in [n for n in open_ if n <= number]:
            del open_[old]
        if open_:
            self._due[entry.station] = (tx.received_ms + RESEND_MS, RESEND_MS)
        else:
            self._due.pop(entry.station, None)
        if number:
            self._tell(tx, entry.station, number, levels)

    def again(self, tx: Transaction) -> None:
        """Send again what is due, and under a new number what has expired or was passed by."""
        self._renew(tx)
        for station, (due_ms, wait_ms) in list(self._due.items()):
            if due_ms <= tx.received_ms:
                self._send(tx, station, sorted(self._open.get(station, {})))
                longer_ms = min(2 * wait_ms, RESEND_MOST_MS)
                self._due[station] = (tx.received_ms + longer_ms, longer_ms)

    def _renew(self, tx: Transaction) -> None:
        rows = tx.conn.execute(_STALE_LEVELS, {"until_ms": tx.utc_ms - EXPIRES_MS}).all()
        for station in sorted({row.station for row in rows}):
            mine = [Wanted(*row[1:]) for row in rows if row.station == station]
            self._drop_expired(tx, station)
            self.set_levels(tx, station, mine)
        for row in self._unheard(tx):
            self._drop_expired(tx, row.station)
            self.issue(tx, row.station, row.kind, json.loads(row.body), row.reason, row.person or CENTRE)

    @staticmethod
    def _unheard(tx: Transaction) -> Iterator[Row[Any]]:
        """What people ordered and no station has taken: as long as it can still matter, and not ordered anew since."""
        for row in tx.conn.execute(_UNHEARD, {"until_ms": tx.utc_ms - EXPIRES_MS}).all():
            if row.kind != messages.COMMAND_CRITICAL_OVERRIDE or json.loads(row.body)[0] > tx.utc_ms:
                yield row

    def _drop_expired(self, tx: Transaction, station: str) -> None:
        query = select(_C.number).where(
            and_(_C.station == station, _C.state == schema.SENT, _C.issued_ms <= tx.utc_ms - EXPIRES_MS)
        )
        for number in tx.conn.scalars(query):
            self._open.get(station, {}).pop(number, None)

    def _keep(self, station: str, number: int, issued_ms: int, kind: int, body: list[Any]) -> None:
        known = self._register(station)
        if known is not None:
            envelope = self._envelope(known, station, number, issued_ms + EXPIRES_MS, kind, body)
            self._open.setdefault(station, {})[number] = envelope
            self._due.setdefault(station, (0, RESEND_MS))

    def _envelope(  # noqa: PLR0913, PLR0917 - the fields of a command
        self, known: Enrolled, station: str, number: int, expires_ms: int, kind: int, body: list[Any]
    ) -> bytes:
        fields = [1, station, known.log, number, expires_ms, kind, body]
        return self._signer.envelope("command", sealed.seal(fields, derive(known.keys.mac, "command")))

    def _send(self, tx: Transaction, station: str, numbers: Sequence[int]) -> None:
        topic = self._names.down(station, "command")
        for number in numbers:
            if envelope := self._open.get(station, {}).get(number):
                tx.send_once(topic, envelope)
        self._due[station] = (tx.received_ms + RESEND_MS, RESEND_MS)

    def _tell(self, tx: Transaction, station: str, number: int, levels: list[tuple[str, int, int]]) -> None:
        where = and_(_C.station == station, _C.number == number)
        text = tx.conn.scalar(select(_C.reason).where(where)) or ""
        topic = self._names.down(station, "notice")
        for (place, low, top), words in zip(levels, reasons(text, len(levels)), strict=True):
            notice = cbor.encode([1, station, tx.utc_ms, NOTICE_PAR, [place, low, top, words]])
            tx.send_once(topic, self._signer.envelope("notice", notice))
