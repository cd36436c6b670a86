"""Is this what the station said? Signature, structure, chain and MACs of a batch or heartbeat; no state, no I/O.

Decoding is cbor2's (the hot path); the bytes that are hashed are those that came (docs/wire.md section 3).
"""

import hmac
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from firmware import codes
from firmware.wire import cose
from server_stub.ledger import shape
from server_stub.ledger.pagekeys import MAX_SEQ, PageKeys
from server_stub.ledger.record import Entry, Page

MAX_PAGES = 64
MAX_BYTES = 32_768

_ES256 = ec.ECDSA(hashes.SHA256())
_TYPES = (int, str, int, int, int, int, int, int, int, str, str, str, str, int, int, int, int, bytes, list)
_NULLABLE = frozenset((10, 11, 12, 13, 14, 15, 17))


class StationKeys(NamedTuple):
    """What the centre checks a station with: its K and the keys of its entries, its agent's public key, and whether it
    is a pharmacy's computer."""

    mac: bytes
    pages: PageKeys
    public: ec.EllipticCurvePublicKey
    pharmacy: bool = False


class Batch(NamedTuple):
    """A batch whose signature, structure, chain and MACs are right; where it belongs is decided by `verdict`."""

    station: str
    log: int
    first_seq: int
    prev_head: bytes
    pages: Sequence[Page]

    @property
    def last_seq(self) -> int:
        """The seq of the last page."""
        return self.first_seq + len(self.pages) - 1


class Heartbeat(NamedTuple):
    """A verified heartbeat (docs/wire.md section 3)."""

    station: str
    log: int
    boot: int
    seq: int
    head: bytes
    firmware: str
    utc_ms: int
    oldest_unanswered_utc_ms: int | None
    outbox_depth: int


class Refused(Exception):
    """Not what the station said: `code` of firmware/codes.py, and the detail for the one who looks into it."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_batch(raw: bytes, station: str, keys: StationKeys | None) -> Batch:
    """The batch in envelope `raw` that came on the topic of `station`; raises Refused."""
    fields = _fields(_open(raw, station, "batch", keys), codes.BAD_BATCH)
    if len(fields) != 7 or not _are(fields[2:], (int, int, bytes, list, bytes)) or fields[:2] != [1, station]:
        raise Refused(codes.BAD_BATCH, "not a batch of this station")
    _, _, log, first, prev_head, rows, last_head = fields
    if not 1 <= len(rows) <= MAX_PAGES or not 1 <= first <= MAX_SEQ or len(prev_head) != 32:
        raise Refused(codes.BAD_BATCH, f"{len(rows)} pages from seq {first}")
    assert keys is not None
    pages = _chain(rows, (station, log, first), prev_head, keys)
    if pages[-1].head != last_head:
        raise Refused(codes.BAD_CHAIN, "last_head is not the head of these pages")
    return Batch(station, log, first, prev_head, pages)


def read_heartbeat(raw: bytes, station: str, keys: StationKeys | None) -> Heartbeat:
    """The heartbeat in envelope `raw`; raises Refused."""
    fields = _fields(_open(raw, station, "heartbeat", keys), codes.BAD_HEARTBEAT)
    kinds = (int, int, int, bytes, str, int)
    if len(fields) != 10 or fields[:2] != [1, station] or not _are(fields[2:8], kinds) or type(fields[9]) is not int:
        raise Refused(codes.BAD_HEARTBEAT, "not a heartbeat of this station")
    if fields[8] is not None and type(fields[8]) is not int:
        raise Refused(codes.BAD_HEARTBEAT, "oldest unanswered is no time")
    if not shape.in_range(value for value in fields[2:] if type(value) is int) or "\0" in fields[6]:
        raise Refused(codes.BAD_HEARTBEAT, "a number or text that cannot be")
    return Heartbeat(*fields[1:])


def verify(public: ec.EllipticCurvePublicKey, tbs: bytes, signature: bytes) -> bool:
    """ES256 with the signature as r | s (RFC 9053)."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), tbs, _ES256)
    except InvalidSignature:
        return False
    return True


def _open(raw: bytes, station: str, kind: str, keys: StationKeys | None) -> bytes:
    if keys is None:
        raise Refused(codes.UNKNOWN_STATION, f"{station} is not enrolled here")
    if len(raw) > MAX_BYTES:
        raise Refused(codes.UNSIGNED_BATCH, f"{len(raw)} bytes are more than {MAX_BYTES}")
    try:
        kid, payload, signature = cose.parse(raw)
        signed = kid == station and verify(keys.public, cose.tbs(kid, kind, payload), signature)
    except ValueError as error:
        raise Refused(codes.UNSIGNED_BATCH, f"no COSE_Sign1 envelope: {error}") from None
    if not signed:
        raise Refused(codes.UNSIGNED_BATCH, f"not signed by {station}")
    return bytes(payload)


def _fields(payload: bytes, code: int) -> list[Any]:
    try:
        fields = cbor2.loads(payload)
    except (cbor2.CBORError, ValueError) as error:
        raise Refused(code, f"not CBOR: {error}") from None
    if type(fields) is not list:
        raise Refused(code, "not an array")
    return fields


def _are(values: Sequence[Any], kinds: Sequence[type]) -> bool:
    return all(type(value) is kind for value, kind in zip(values, kinds, strict=True))


def _chain(rows: list[Any], where: tuple[str, int, int], head: bytes, keys: StationKeys) -> list[Page]:
    station, log, seq = where
    pages = []
    for row, key in zip(rows, keys.pages.run(seq, len(rows)), strict=True):
        page = _page(row, head)
        entry = page.entry
        if (entry.station, entry.log, entry.seq) != (station, log, seq):
            raise Refused(codes.BAD_BATCH, f"entry {entry.seq} of {entry.station} where {seq} of {station} was due")
        if why := shape.fault(entry, pharmacy=keys.pharmacy):
            raise Refused(codes.BAD_BATCH, f"entry {seq}: {why}")
        if not hmac.compare_digest(hmac.digest(key, page.head, "sha256")[:16], row[2]):
            raise Refused(codes.BAD_CHAIN, f"the MAC of entry {seq} is wrong")
        pages.append(page)
        head = page.head
        seq += 1
    return pages


def _page(row: Any, prev_head: bytes) -> Page:
    if type(row) is not list or len(row) != 3 or type(row[0]) is not bytes or type(row[2]) is not bytes:
        raise Refused(codes.BAD_BATCH, "not a page")
    return next_page(row[0], row[1], row[2], prev_head)


def next_page(data: bytes, disclosure: Any, mac: bytes, prev_head: bytes) -> Page:
    """The page that follows `prev_head`: entry decoded, leaf and head computed; raises Refused."""
    fields = _fields(data, codes.BAD_BATCH)
    if len(fields) != 19 or not all(map(_fits, range(19), fields)):
        raise Refused(codes.BAD_BATCH, "not an entry")
    patient, order = _disclosed(disclosure, fields[17])
    leaf = sha256(b"\0" + data).digest()
    head = sha256(b"\2" + prev_head + leaf).digest()
    return Page(Entry._make([*fields[1:], patient, order]), leaf, head, cbor2.dumps([data, disclosure, mac]))


def _fits(index: int, value: Any) -> bool:
    return type(value) is _TYPES[index] or (value is None and index in _NULLABLE)


def _disclosed(disclosure: Any, ref: bytes | None) -> tuple[str, str]:
    if disclosure is None:
        return "", ""
    if type(disclosure) is not list or len(disclosure) != 3 or not _are(disclosure, (bytes, str, str)):
        raise Refused(codes.BAD_BATCH, "not a disclosure")
    if sha256(cbor2.dumps(disclosure)).digest()[:16] != ref:
        raise Refused(codes.BAD_BATCH, "the disclosure is not what the entry refers to")
    return disclosure[1], disclosure[2]


KeyBook = Callable[[str], StationKeys | None]
