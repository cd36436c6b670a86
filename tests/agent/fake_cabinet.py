"""A controller's side of the link in plain Python: keeps pages, speaks docs/wire.md section 2."""

import hashlib

import cbor2

from firmware.journal import chain, entry, kinds
from firmware.wire import cbor, messages

STATION, LOG = "ICU1", 1
KEY = bytes(range(32))
PLACES = ("D01-P01", "D01-P02", "D02-P01")


class Cabinet:
    """State of a fake controller; `handle` gives the payloads to send back."""

    def __init__(self, ring: int = 10_000) -> None:
        self.genesis = entry.genesis(STATION, LOG, KEY, "0.1.0")
        self.heads = [chain.head0(self.genesis)]
        self.pages: dict[int, bytes] = {}
        self.ring = ring
        self.boot, self.seq, self.removals, self.released = 1, 0, 0, 0
        self.tables: dict[str, int] = {}
        self.stock = dict.fromkeys(PLACES, 20)
        self.user: str | None = None
        self.open: list[object] | None = None
        self.kept = self.next = 0
        self.streaming = False
        self.replies: dict[int, bytes] = {}
        self.seen: list[list[object]] = []

    def append(self, kind: int, place: str | None = None, after: int | None = None, item: str | None = None) -> int:
        """One more journal entry; gives its number."""
        self.seq += 1
        txn = self.seq if place else 0
        fields = [1, STATION, LOG, self.boot, self.seq, self.seq * 1000, self.seq, 3, kind, "u1", None]
        fields += [item, place, None, None, after, txn, None, []]
        data = entry.encode(fields)
        self.heads.append(chain.next_head(self.heads[-1], chain.leaf(data)))
        self.pages[self.seq] = chain.page(data, None, hashlib.sha256(self.heads[-1]).digest()[:16])
        self.removals += kind == kinds.REMOVE
        while len(self.pages) > self.ring and min(self.pages) <= self.released:
            del self.pages[min(self.pages)]
        return self.seq

    def info(self) -> bytes:
        first = min(self.pages, default=1)
        tables = [[name, version, bytes(32)] for name, version in self.tables.items()]
        return cbor.encode(
            [messages.INFO, STATION, LOG, self.boot, "0.1.0", self.genesis, first, self.seq, self.heads[-1],
             self.released, tables, [self.seq, self.removals], 0]
        )  # fmt: skip

    def state(self) -> bytes:
        phase = messages.OPEN if self.open else messages.SIGNED_ON if self.user else messages.IDLE
        item, place, quantity = self.open or (None, None, None)
        return cbor.encode(
            [messages.STATE, phase, self.user, 1 if self.open else None, self.seq, item, place, quantity, 0,
             1 if self.open else 0, [], self.seq, kinds.REMOVE, 1, []]
        )  # fmt: skip

    def stream(self) -> list[bytes]:
        """Pages that may go now."""
        out = []
        while self.streaming and self.next <= min(self.seq, self.kept + messages.PAGES_IN_FLIGHT):
            out.append(cbor.encode([messages.PAGE, self.next, self.pages[self.next]]))
            self.next += 1
        return out

    def reboot(self) -> list[bytes]:
        """Power returns: what was in RAM is gone, INFO goes out unasked."""
        self.boot += 1
        self.append(kinds.BOOT)
        self.streaming, self.user, self.open, self.released = False, None, None, 0
        self.replies.clear()
        return [self.info()]

    def handle(self, payload: bytes) -> list[bytes]:  # noqa: PLR0911
        message = cbor2.loads(payload)
        self.seen.append(message)
        match message:
            case [messages.HELLO, _]:
                return [self.info()]
            case [messages.STREAM, seq]:
                self.next, self.streaming = max(seq, min(self.pages, default=1)), True
                return self.stream()
            case [messages.PAGES_KEPT, seq]:
                self.kept = seq
                return self.stream()
            case [messages.ANSWER, payload]:
                seq = cbor2.loads(payload)[4]
                self.released = max(self.released, seq)
                return [cbor.encode([messages.RESULT, messages.ANSWER, 0, [seq]])]
            case [messages.REFERENCE, payload]:
                return self._reference(cbor2.loads(payload))
            case [messages.COMMAND, payload]:
                return [cbor.encode([messages.RESULT, messages.COMMAND, 0, [cbor2.loads(payload)[3]]])]
            case [messages.REQUEST, rid, request, args]:
                if rid not in self.replies:
                    code, params = self._request(request, args)
                    self.replies[rid] = cbor.encode([messages.REPLY, rid, code, params])
                return [self.state(), self.replies[rid], *self.stream()]
            case [messages.GET_INVENTORY, start]:
                rows = [[place, "IBU", n, 1, 30, 40, 0] for place, n in self.stock.items()]
                return [cbor.encode([messages.INVENTORY, start, len(rows), rows[start : start + 2]])]
        raise AssertionError(message)

    def _reference(self, fields: list) -> list[bytes]:
        _, _, table, version, base, part, parts, _, _ = fields
        if part < parts:
            return []
        code = 0 if base in (0, self.tables.get(table, 0)) else 304
        if code == 0:
            self.tables[table] = version
            self.append(kinds.REFERENCE)
        return [cbor.encode([messages.RESULT, messages.REFERENCE, code, [table, version]]), *self.stream()]

    def _request(self, request: int, args: list) -> tuple[int, list]:
        if request == messages.SIGN_ON:
            if args[1] != "1234":
                return 102, []
            self.user = "u1"
            self.append(kinds.SIGN_ON)
            return 0, ["u1", 31]
        if request == messages.SIGN_OFF:
            self.user = None
        if request == messages.REMOVE:
            self.open = [args[2], PLACES[0], args[3]]
            self.append(kinds.ACCESS, PLACES[0], None, args[2])
            return 0, [self.seq, PLACES[0], 1, 1, self.stock[PLACES[0]]]
        if request == messages.CONFIRM:
            return self._confirm(args[0])
        return 0, []

    def _confirm(self, quantity: int) -> tuple[int, list]:
        if self.open is None:
            return 115, []
        before = self.stock[PLACES[0]]
        self.stock[PLACES[0]] = before - quantity
        self.append(kinds.REMOVE, PLACES[0], before - quantity, "IBU")
        self.open = None
        return 0, [self.seq, before, before - quantity]
