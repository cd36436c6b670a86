"""A controller's side of the link in plain Python: keeps pages, speaks docs/wire.md section 2."""

import hashlib

import cbor2

from firmware.journal import chain, entry, kinds
from firmware.wire import cbor, messages

STATION, LOG = "ICU1", 1
KEY = bytes(range(32))
PLACES = ("D01-P01", "D01-P02", "D02-P01")
USERS = {"B1": "u1", "B2": "u2", "b": "u1", "b1": "u1", "B001": "u1", "B002": "u2"}
HIGH_ALERT, WITNESS_REMOVAL, WITNESS_WASTE, BLIND, VERIFIED, SCAN_REMOVAL = 1, 2, 4, 16, 32, 64
PROMPT = 7


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
        self.flags: dict[str, int] = {}
        self.orders: set[tuple[str, str]] | None = None
        self.label_needed = 0
        self.witness = ""
        self.bypassed = self.again = False
        self.more: list[object] = []
        self.asked: list[tuple[int, list]] = []
        self.rows: list[list] | None = None

    def append(
        self,
        kind: int,
        place: str | None = None,
        after: int | None = None,
        item: str | None = None,
        change: int | None = None,
        ext: tuple = (),
        disclosure: list | None = None,
    ) -> int:
        """One more journal entry; gives its number."""
        self.seq += 1
        txn = self.seq if place else 0
        fields = [1, STATION, LOG, self.boot, self.seq, self.seq * 1000, self.seq, 3, kind, self.user or "u1", None]
        fields += [item, place, None, change, after, txn, None, list(ext)]
        data = entry.encode(fields)
        self.heads.append(chain.next_head(self.heads[-1], chain.leaf(data)))
        self.pages[self.seq] = chain.page(data, disclosure, hashlib.sha256(self.heads[-1]).digest()[:16])
        self.removals += kind == kinds.REMOVE
        while len(self.pages) > self.ring and min(self.pages) <= self.released:
            del self.pages[min(self.pages)]
        return self.seq

    def forget(self) -> None:
        """Nobody is signed on, nothing is open, nothing special is wanted."""
        self.user, self.open, self.orders, self.witness = None, None, None, ""
        self.flags, self.more, self.label_needed = {}, [], 0

    def want(self, flags: dict[str, int]) -> None:
        """Nothing is ordered, and items have these flags."""
        self.orders, self.flags = set(), flags

    def info(self) -> bytes:
        first = min(self.pages, default=1)
        tables = [[name, version, bytes(32)] for name, version in self.tables.items()]
        return cbor.encode(
            [messages.INFO, STATION, LOG, self.boot, "0.1.0", self.genesis, first, self.seq, self.heads[-1],
             self.released, tables, [self.seq, self.removals], 0]
        )  # fmt: skip

    def state(self) -> bytes:
        phase = messages.OPEN if self.open else messages.SIGNED_ON if self.user else messages.IDLE
        purpose, item, place, quantity = self.open or (None, None, None, None)
        drawers = 1 if self.open else 0
        return cbor.encode(
            [messages.STATE, phase, self.user, purpose, self.seq + bool(self.open), item, place, quantity, 0,
             drawers, [], self.seq, kinds.REMOVE, 1, [], self.count_mode(item), self.label_needed if self.open else 0,
             self.witness, *self.more]
        )  # fmt: skip

    def count_mode(self, item: object) -> int:
        """0 none, 1 verified, 2 blind."""
        flags = self.flags.get(str(item), 0)
        return 2 if flags & BLIND else 1 if flags & VERIFIED else 0

    def stream(self) -> list[bytes]:
        """Pages that may go now."""
        out = []
        while self.streaming and self.next <= min(self.seq, self.kept + messages.PAGES_IN_FLIGHT):
            if self.next in self.pages:  # what does not read back is left out
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
                rows = self.rows or [[place, "IBU", n, 1, 30, 40, 0] for place, n in self.stock.items()]
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
        self.asked.append((request, args))
        handler = {
            messages.SIGN_ON: self._sign_on,
            messages.SIGN_OFF: self._sign_off,
            messages.WITNESS: self._witness,
            messages.BYPASS: self._bypass,
            messages.REMOVE: self._remove,
            messages.WASTE: self._waste,
            messages.CONFIRM: self._confirm,
            messages.COUNT: lambda place: self._opens(kinds.PURPOSE_COUNT, "IBU", 0, place),
            messages.OUTDATE: lambda place: self._opens(kinds.PURPOSE_OUTDATE, "IBU", 0, place),
            messages.UNLOAD: lambda place: self._opens(kinds.PURPOSE_UNLOAD, "IBU", 0, place),
            messages.RECOVER: lambda place: self._opens(kinds.PURPOSE_RECOVER, "IBU", 0, place),
            messages.LOAD: lambda place, quantity, *_: self._opens(kinds.PURPOSE_LOAD, "IBU", quantity, place),
            messages.REFILL: lambda item, quantity, *_: self._opens(kinds.PURPOSE_REFILL, item, quantity),
            messages.RETURN: lambda p, o, item, quantity, *_: self._opens(kinds.PURPOSE_RETURN, item, quantity),
            messages.EMPTY_BIN: lambda place: self._opens(kinds.PURPOSE_EMPTY_BIN, None, 0, place, True),
            messages.CONFIRM_BIN: lambda counted: self._ends(kinds.BIN_EMPTIED, 0),
            messages.CANCEL: lambda: self._ends(kinds.CANCELLED, 0),
            messages.GRANT: lambda *_: (0, [90]),
            messages.ADD_PATIENT: lambda *_: (0, [90]),
        }.get(request)
        return handler(*args) if handler else (0, [])

    def _sign_on(self, badge: str, pin: str) -> tuple[int, list]:
        if badge not in USERS:
            return 101, []
        if pin != "1234":
            return 102, []
        self.user, self.witness = USERS[badge], ""
        self.append(kinds.SIGN_ON)
        return 0, [self.user, 32767, 0]

    def _sign_off(self) -> tuple[int, list]:
        if self.open:
            return 105, []
        self.user, self.witness = None, ""
        return 0, []

    def _witness(self, badge: str, pin: str) -> tuple[int, list]:
        if USERS.get(badge) == self.user:
            return 123, []
        if badge not in USERS or pin != "1234":
            return 102, []
        self.witness = USERS[badge]
        return 0, [self.witness]

    def _bypass(self, *_: object) -> tuple[int, list]:
        self.bypassed = True
        return 0, [self.append(kinds.BYPASS)]

    def _remove(self, patient, order, item, quantity, _at, code, override, _kit, answer) -> tuple[int, list]:
        missing, params = self._missing(patient, item, code, override, answer)
        if missing:
            return missing, params
        self.witness, self.bypassed = "", False
        self.disclosure = [bytes(16), patient, order]
        return self._opens(kinds.PURPOSE_REMOVE, item, quantity)

    def _missing(self, patient, item, code, override, answer) -> tuple[int, list]:
        flags = self.flags.get(item, 0)
        no_order = self.orders is not None and (patient, item) not in self.orders
        checks = [
            (no_order and not override, 120, []),
            (no_order and flags & HIGH_ALERT and not answer, 125, [PROMPT]),
            (answer == 2, 126, []),
            (flags & SCAN_REMOVAL and code is None and not self.bypassed, 127, []),
            (flags & WITNESS_REMOVAL and not self.witness, 122, []),
        ]
        return next(((code, params) for failed, code, params in checks if failed), (0, []))

    def _opens(self, purpose, item, quantity, place=PLACES[0], witness=False) -> tuple[int, list]:
        if self.open:
            return 105, []
        if witness and not self.witness:
            return 122, []
        self.open, self.again = [purpose, item, place, quantity], False
        txn = self.append(kinds.ACCESS, place, None, item)
        mode = self.count_mode(item)
        return 0, [txn, place, 1, 1, None if mode == 2 else self.stock.get(place), mode]

    def _confirm(self, quantity: int, counted=None, label=None) -> tuple[int, list]:
        if self.open is None:
            return 115, []
        purpose, item, place, _ = self.open
        if self.label_needed and label != place and not self.bypassed:
            return 128, [place]
        before, mode = self.stock[place], self.count_mode(item)
        if mode and counted is None and purpose != kinds.PURPOSE_COUNT:
            return 129, []
        if mode and counted is not None and counted != before and not self.again:
            self.again = True
            return 142, []
        before = before if counted is None else counted
        self.stock[place] = before - quantity
        self.append(kinds.REMOVE, place, before - quantity, item, -quantity, (0,), getattr(self, "disclosure", None))
        self.open = None
        return 0, [self.seq, None, None] if mode == 2 else [self.seq, before, before - quantity]

    def _waste(self, patient, order, item, quantity, removed_txn, reason) -> tuple[int, list]:
        if self.flags.get(item, 0) & WITNESS_WASTE and not self.witness:
            return 122, []
        self.witness = ""
        disclosure = [bytes(16), patient, order]
        return 0, [self.append(kinds.WASTE, None, None, item, None, (reason, removed_txn, quantity), disclosure)]

    def _ends(self, kind: int, change: int) -> tuple[int, list]:
        self.open = None
        return 0, [self.append(kind, PLACES[0], None, None, change)]
