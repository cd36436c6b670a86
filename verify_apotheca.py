#!/usr/bin/env python3
"""Verify a compliance packet or an export of Apotheca: python3 verify_apotheca.py FOLDER [--ca FILE] [more]

One file, Python 3.11 or newer, standard library alone; it reads nothing but FOLDER and the files named. It checks the
manifest's signature, every file's hash, that no file is missing or added, every hash chain entry by entry, the numbers
of the seals, that the dataset says what the chains say, and in an export the stations' signatures and journals; that
the entries are those of the tree whose root log and witnesses signed, and that none is left out.
With what you have from elsewhere it checks more; take that from the site itself, never from the folder:
--ca (does the signer's certificate come from there), --tree-key and --witnesses (are checkpoint and cosignatures
theirs), --key (the MAC of each entry), --heads (what the centre answered), --checkpoint and --against (was another
history shown). It does not check the PDF's own signature (any PDF reader does).

Exit code: 0 good, 1 bad (it says what and where), 2 cannot read. Formats: docs/packets.md, journal.md, wire.md.
"""

import argparse
import base64
import binascii
import hmac
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, NamedTuple

GOOD, BAD, UNREADABLE = 0, 1, 2
FORMATS = ("apotheca-packet", "apotheca-export")
MANIFEST, SIGNATURE, DATASET = "manifest.json", "manifest.sig", "dataset.ndjson"
MAX_LINE = 65_536
MAX_SMALL_FILE = 16 * 1024 * 1024


class Wrong(Exception):
    """Something is not as it was signed; the text says what is wrong with it."""


class Unreadable(Exception):
    """There is nothing here that could be verified."""


# --- CBOR, the subset of docs/journal.md section 1

MAX_DEPTH = 6


def decode(data: bytes) -> Any:
    """The one item that `data` is; raises Wrong for anything outside the subset."""
    try:
        value, end = _item(data, 0, 0)
    except (IndexError, UnicodeDecodeError):
        raise Wrong("CBOR is cut short or holds bad text") from None
    if end != len(data):
        raise Wrong("bytes after the end of the CBOR item")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    first = data[at]
    at += 1
    if first == 0xF6:
        return None, at
    major, n = first >> 5, first & 31
    if major > 4 or n > 27:
        raise Wrong("CBOR outside the subset")
    if n > 23:
        size = 1 << (n - 24)
        n = int.from_bytes(data[at : at + size], "big")
        at += size
        if at > len(data) or n < (24 if size == 1 else 1 << (size * 4)):
            raise Wrong("CBOR number cut short or not in its shortest form")
    if major < 2:
        return (-1 - n if major else n), at
    if n > len(data) - at:
        raise Wrong("CBOR is cut short")
    if major == 2:
        return data[at : at + n], at + n
    if major == 3:
        return data[at : at + n].decode(), at + n
    return _array(data, at, n, depth)


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    if depth == MAX_DEPTH:
        raise Wrong("CBOR is too deep")
    members = []
    for _ in range(count):
        member, at = _item(data, at, depth + 1)
        members.append(member)
    return members, at


def encode(value: Any) -> bytes:
    """Text, bytes and arrays of them: what disclosures and COSE's Sig_structure need."""
    if isinstance(value, list):
        return _head(0x80, len(value)) + b"".join(map(encode, value))
    if isinstance(value, str):
        return _head(0x60, len(value.encode())) + value.encode()
    return _head(0x40, len(value)) + bytes(value)


def _head(major: int, n: int) -> bytes:
    if n < 24:
        return bytes([major | n])
    power = 0 if n < 0x100 else 1 if n < 0x10000 else 2
    return bytes([major | 24 + power]) + n.to_bytes(1 << power, "big")


# --- ECDSA on P-256 (FIPS 186-5, SEC 1); points are Jacobian (x, y, z), z = 0 at infinity

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Affine = tuple[int, int]
Jacobian = tuple[int, int, int]


def _double(point: Jacobian) -> Jacobian:
    x, y, z = point
    yy = y * y % P
    s = 4 * x * yy % P
    zz = z * z % P
    m = 3 * (x - zz) * (x + zz) % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def _add(point: Jacobian, other: Affine) -> Jacobian:
    x1, y1, z1 = point
    if z1 == 0:
        return (*other, 1)
    zz = z1 * z1 % P
    h = (other[0] * zz - x1) % P
    r = (other[1] * zz * z1 - y1) % P
    if h == 0:
        return _double(point) if r == 0 else (1, 1, 0)
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P


def _affine(points: list[Jacobian]) -> list[Affine]:
    """All at once with one inversion (Montgomery's trick); none is at infinity."""
    products = [1]
    for point in points:
        products.append(products[-1] * point[2] % P)
    inverse = pow(products[-1], -1, P)
    out: list[Affine] = []
    for (x, y, z), before in zip(reversed(points), reversed(products[:-1]), strict=True):
        one = inverse * before % P
        inverse = inverse * z % P
        square = one * one % P
        out.append((x * square % P, y * square * one % P))
    return out[::-1]


@lru_cache(maxsize=256)
def _table(point: Affine) -> list[list[Affine]]:
    """table[i][b - 1] = b * 256**i * point: a multiplication becomes 32 additions, one a byte of the number."""
    table = []
    for _ in range(32):
        row = [(*point, 1), _double((*point, 1))]
        while len(row) < 256:
            row.append(_add(row[-1], point))
        multiples = _affine(row)
        table.append(multiples[:255])
        point = multiples[255]
    return table


def is_signature(key: Affine, message: bytes, r: int, s: int) -> bool:
    """Is (r, s) the owner of `key`'s ECDSA signature with SHA-256 over `message`?"""
    if not (0 < r < N and 0 < s < N):
        return False
    w = pow(s, -1, N)
    total: Jacobian = (1, 1, 0)
    for scalar, point in ((int.from_bytes(sha256(message).digest(), "big") * w % N, G), (r * w % N, key)):
        for digit, row in zip(reversed(scalar.to_bytes(32, "big")), _table(point), strict=True):
            if digit:
                total = _add(total, row[digit - 1])
    if total[2] == 0:
        return False
    return _affine([total])[0][0] % N == r


def is_raw_signature(key: Affine, message: bytes, signature: bytes) -> bool:
    """A signature as r | s, 64 bytes (RFC 9053)."""
    half = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    return len(signature) == 64 and is_signature(key, message, *half)


def is_der_signature(key: Affine, message: bytes, signature: bytes, low_s: bool = False) -> bool:
    """A signature as the DER sequence of r and s (RFC 3279); with `low_s` only the one of its two forms whose s is in
    the lower half, so that nobody can make a second signature out of it."""
    outer = list(_members(signature))
    if len(outer) != 1 or outer[0].tag != 0x30:
        raise Wrong("not a DER signature")
    numbers = list(_members(outer[0].body))
    if len(numbers) != 2:
        raise Wrong("not a DER signature")
    r, s = (_positive(number) for number in numbers)
    return (s <= N // 2 or not low_s) and is_signature(key, message, r, s)


# --- Ed25519 (RFC 8032 section 5.1); points are extended (x, y, z, t), x y = z t

Q = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, Q) % Q
ROOT_OF_MINUS_1 = pow(2, (Q - 1) // 4, Q)
Edwards = tuple[int, int, int, int]


def _sum(one: Edwards, other: Edwards) -> Edwards:
    """Of any two points, also of a point with itself."""
    a = (one[1] - one[0]) * (other[1] - other[0])
    b = (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * D * one[3] * other[3], 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % Q, g * h % Q, f * g % Q, e * h % Q


def _point(data: bytes) -> Edwards | None:
    """The point that 32 bytes say, None if they say none."""
    y = int.from_bytes(data, "little")
    y, odd = y & (1 << 255) - 1, y >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    if (x * x - square) % Q:
        x = x * ROOT_OF_MINUS_1 % Q
    if len(data) != 32 or y >= Q or (x * x - square) % Q or (x == 0 and odd):
        return None
    x = Q - x if x % 2 != odd else x
    return x, y, 1, x * y % Q


BASE = _point(bytes([0x58]) + bytes([0x66]) * 31)


def is_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the Ed25519 signature of the owner of `public` over `message`?"""
    point, s = _point(public), int.from_bytes(signature[32:], "little")
    if point is None or BASE is None or len(signature) != 64 or s >= L:
        return False
    h = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    minus = (Q - point[0], point[1], 1, Q - point[3])
    both, total = _sum(BASE, minus), (0, 1, 1, 0)
    for bit in range(252, -1, -1):  # s * base - h * point, bit by bit
        total = _sum(total, total)
        which = s >> bit & 1 | (h >> bit & 1) << 1
        if which:
            total = _sum(total, (BASE, minus, both)[which - 1])
    inverse = pow(total[2], -1, Q)
    x, y = total[0] * inverse % Q, total[1] * inverse % Q
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# --- DER, PEM and X.509 (RFC 5280): as much as a signer's certificate needs

EC_P256 = bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107")
ECDSA_SHA256 = bytes.fromhex("06082a8648ce3d040302")
KEY_USAGE = bytes.fromhex("551d0f")
COMMON_NAME = bytes.fromhex("550403")
CONTENT_COMMITMENT = 0x40


class Element(NamedTuple):
    """One DER element: its tag, its contents, and the whole of it."""

    tag: int
    body: bytes
    whole: bytes


def _members(data: bytes) -> Iterator[Element]:
    at = 0
    while at < len(data):
        start, head = at, data[at : at + 2]
        if len(head) < 2 or head[1] == 0x80 or head[1] > 0x83:
            raise Wrong("not DER")
        at += 2
        length = head[1]
        if length > 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
            if length < (0x80 if size == 1 else 1 << (8 * size - 8)):
                raise Wrong("not DER: a length is not in its shortest form")
        if at + length > len(data):
            raise Wrong("not DER: cut short")
        yield Element(head[0], data[at : at + length], data[start : at + length])
        at += length


def _positive(element: Element) -> int:
    body = element.body
    if element.tag != 2 or not body or body[0] > 0x7F or (len(body) > 1 and body[0] == 0 and body[1] < 0x80):
        raise Wrong("not a DER number")
    return int.from_bytes(body, "big")


def _public_key(info: bytes) -> Affine:
    """The point of a SubjectPublicKeyInfo's contents."""
    algorithm, bits = _members(info)
    body = bits.body
    if algorithm.body != EC_P256 or bits.tag != 3 or len(body) != 66 or body[:2] != b"\0\x04":
        raise Wrong("not an uncompressed P-256 key")
    x, y = int.from_bytes(body[2:34], "big"), int.from_bytes(body[34:], "big")
    if x >= P or y >= P or (y * y - x * x * x + 3 * x - B) % P:
        raise Wrong("the public key is no point of P-256")
    return x, y


def _pem(text: str, label: str) -> bytes:
    found = re.fullmatch(rf"-----BEGIN {label}-----\n([A-Za-z0-9+/=\n]+)-----END {label}-----\n?", text)
    if not found:
        raise Wrong(f"not one PEM {label}")
    try:
        return base64.b64decode(found[1].replace("\n", ""), validate=True)
    except binascii.Error:
        raise Wrong(f"not one PEM {label}") from None


def public_key(pem: str) -> Affine:
    """The P-256 point of a PEM public key."""
    outer = list(_members(_pem(pem, "PUBLIC KEY")))
    if len(outer) != 1:
        raise Wrong("not a public key")
    return _public_key(outer[0].body)


@dataclass(frozen=True)
class Certificate:
    """What is read of an X.509 certificate."""

    der: bytes
    signed: bytes
    signature: bytes
    issuer: bytes
    subject: bytes
    not_before: datetime
    not_after: datetime
    key: Affine
    usage: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as openssl prints it."""
        return sha256(self.der).digest().hex(":").upper()

    @property
    def name(self) -> str:
        """The subject's common name."""
        return _common_name(self.subject)


def certificate(pem: str) -> Certificate:
    """The certificate in PEM; raises Wrong."""
    der = _pem(pem, "CERTIFICATE")
    try:
        (outer,) = _members(der)
        body, algorithm, signature = _members(outer.body)
        fields = list(_members(body.body))
        if fields[0].tag != 0xA0 or algorithm.body != ECDSA_SHA256 or fields[2].body != ECDSA_SHA256:
            raise Wrong("not a version 3 certificate signed with ECDSA and SHA-256")
        issuer, validity, subject, info = fields[3:7]
        not_before, not_after = (_time(one) for one in _members(validity.body))
        key, usage = _public_key(info.body), _key_usage(fields[7:])
    except (ValueError, IndexError):
        raise Wrong("not a certificate") from None
    return Certificate(
        der, body.whole, signature.body[1:], issuer.whole, subject.whole, not_before, not_after, key, usage
    )


def _time(element: Element) -> datetime:
    form = "%y%m%d%H%M%SZ" if element.tag == 0x17 else "%Y%m%d%H%M%SZ"
    return datetime.strptime(element.body.decode("ascii"), form).replace(tzinfo=UTC)


def _key_usage(rest: list[Element]) -> int:
    """The first byte of keyUsage; 0 if there is none."""
    for wrapper in (one for one in rest if one.tag == 0xA3):
        (extensions,) = _members(wrapper.body)
        for extension in _members(extensions.body):
            parts = list(_members(extension.body))
            if parts[0].body == KEY_USAGE:
                (bits,) = _members(parts[-1].body)
                return bits.body[1]
    return 0


def _common_name(name: bytes) -> str:
    (outer,) = _members(name)
    for group in _members(outer.body):
        for pair in _members(group.body):
            oid, value = _members(pair.body)
            if oid.body == COMMON_NAME:
                return value.body.decode(errors="replace")
    return "(no name)"


def check_trust(signer: Certificate, authority: Certificate, made: datetime) -> None:
    """Did `authority` issue the signer's certificate, for signing, valid when it was used? Raises Wrong."""
    if signer.issuer != authority.subject or not is_der_signature(authority.key, signer.signed, signer.signature):
        raise Wrong(f"the certificate of {signer.name} does not come from {authority.name}")
    if not signer.usage & CONTENT_COMMITMENT:
        raise Wrong(f"the certificate of {signer.name} is not one for signing documents")
    for one in (signer, authority):
        if not one.not_before <= made <= one.not_after:
            raise Wrong(f"the certificate of {one.name} was not valid at {made.isoformat()}")


# --- entries and pages (docs/journal.md sections 2 and 3)

FIELDS = (
    "version", "station", "log", "boot", "seq", "utc_ms", "mono_ms", "tq", "kind", "actor", "witness", "item", "place",
    "before", "change", "after", "txn", "ref", "ext",
)  # fmt: skip
# u uint, t text, T text or null, i int or null, r ref or null, a array
TYPES = "utuuuuuuutTTTiiiura"
STATION = re.compile(r"[A-Za-z0-9_-]{1,32}")
KINDS: dict[int, tuple[str, str]] = {
    1: ("boot", "firmware cause element adopted"),
    2: ("sign_on", "method"),
    3: ("sign_off", "reason"),
    4: ("sign_on_failed", "reason"),
    5: ("denied", "purpose reason quantity"),
    10: ("access", "purpose quantity reason"),
    11: ("opened", "drawer"),
    12: ("closed", "drawer open_ms"),
    13: ("cancelled", "reason"),
    14: ("interrupted", "reason"),
    20: ("remove", "reason administration_utc_ms code lot expiry override kit counted"),
    21: ("return", "reason removed_txn code lot expiry counted"),
    22: ("waste", "reason removed_txn quantity"),
    23: ("refill", "reason lot expiry code counted"),
    24: ("count", "expected previous_accessor previous_seq"),
    25: ("return_bin", "reason removed_txn"),
    26: ("bin_emptied", "reason"),
    27: ("load", "reason lot expiry code"),
    28: ("unload", "reason"),
    29: ("outdate", "reason lot expiry"),
    30: ("alarm", "alarm drawer"),
    31: ("alarm_cleared", "alarm drawer"),
    32: ("failed", "reason"),
    33: ("recovered", "reason"),
    34: ("discrepancy", "previous_accessor previous_seq"),
    35: ("temperature", "state value_centi limit_centi"),
    36: ("power", "state percent"),
    37: ("quarantine", "state reason"),
    38: ("clock", "jump_ms"),
    39: ("attestation", "prompt answer"),
    40: ("reference", "table version digest"),
    41: ("command", "number command result body"),
    42: ("temp_user", "badge user roles classes until_min digest"),
    43: ("provisional_patient", "until_min"),
    44: ("provisional_ended", "reason"),
    45: ("pin_changed", "digest"),
    46: ("bypass", "what reason"),
    47: ("maintenance", "state reason version"),
    48: ("selftest", "part result"),
    49: ("delivered", "label via until_min"),
    50: ("picked", "label picked_utc_ms for_station quantity load_or_refill address"),
    51: ("checked", "label checked_utc_ms quantity result new_label address"),
    52: ("unit_address", "address state"),
    53: ("cradle_refused", "code address flag record"),
    54: ("seal", "counter reason"),
    55: ("checkpoint", "size root origin_number number"),
    56: ("checkpoint_refused", "size root reason origin_number number"),
    57: ("picking_rules", "check_reporting report_not_checked_but_delivered"),
    200: ("hospital_adt", "event_id event ward from_ward name"),
    201: ("hospital_order", "event_id event dose start_utc_ms stop_utc_ms interval_minutes flags"),
    202: ("hospital_administration", "event_id status quantity administered_utc_ms"),
    203: ("evidence", "code station log seq sha256"),
    204: ("centre_alarm", "code station raised"),
    205: ("reference_issued", "station table version digest"),
    206: ("command_issued", "station number command body reason"),
    207: ("alert_raised", "station log seq facet code"),
    208: ("alert_cleared", "station log seq facet by"),
    209: ("undocumented_removal", "station log seq"),
    210: ("restock_order", "station order_number quantity on_hand on_order par_min par_max"),
    211: ("restock_order_closed", "station order_number quantity reason"),
    212: ("discrepancy_opened", "station log seq"),
    213: ("discrepancy_resolved", "station log seq by_station by_log by_seq note"),
    214: ("packet_made", "from_utc_ms to_utc_ms manifest_sha256"),
    215: ("operator", "what about"),
    216: ("time_assumed", "station log seq utc_ms"),
    217: ("supply_removal", "station log seq"),
    218: ("successor_log", "old_origin old_size old_root new_origin reason"),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Page(NamedTuple):
    """A page of a chain: the entry's bytes and fields, what is disclosed of it, and the page as three items."""

    entry: bytes
    fields: list[Any]
    patient: str
    order: str
    items: list[Any]


def read_page(data: bytes) -> Page:
    """A page whose structure is right; raises Wrong."""
    items = decode(data)
    if not isinstance(items, list) or len(items) != 3 or not isinstance(items[0], bytes):
        raise Wrong("its page is malformed")
    entry, disclosure, mac = items
    if not isinstance(mac, bytes) or len(mac) != 16:
        raise Wrong("its MAC is malformed")
    fields = decode(entry)
    if not isinstance(fields, list) or len(fields) != len(FIELDS) or not all(map(_fits, TYPES, fields)):
        raise Wrong("it is not an entry")
    if fields[0] != 1 or fields[7] > 3 or not STATION.fullmatch(fields[1]):
        raise Wrong("version, time quality or station is out of bounds")
    return Page(entry, fields, *_disclosed(disclosure, fields[17]), items)


def _fits(letter: str, value: Any) -> bool:
    if value is None:
        return letter in "Tir"
    if letter == "u":
        return type(value) is int and value >= 0
    if letter == "i":
        return type(value) is int
    if letter == "r":
        return type(value) is bytes and len(value) == 16
    return type(value) is (list if letter == "a" else str)


def _disclosed(disclosure: Any, ref: bytes | None) -> tuple[str, str]:
    if disclosure is None:
        return "", ""
    if not isinstance(disclosure, list) or [type(one) for one in disclosure] != [bytes, str, str]:
        raise Wrong("its disclosure is malformed")
    if len(disclosure[0]) != 16 or sha256(encode(disclosure)).digest()[:16] != ref:
        raise Wrong("its disclosure is not what the entry refers to")
    return disclosure[1], disclosure[2]


def dataset_row(page: Page) -> dict[str, Any]:
    """What the dataset must say of an entry (docs/packets.md, dataset)."""
    _, station, log, boot, seq, utc_ms, mono_ms, tq, kind, *rest, txn, ref, ext = page.fields
    actor, witness, item, place, before, change, after = rest
    name, labels = KINDS.get(kind, (f"kind_{kind}", ""))
    names = labels.split()
    named = {names[at] if at < len(names) else str(at): _plain(value) for at, value in enumerate(ext)}
    return {
        "station": station, "log": log, "seq": seq, "boot": boot, "utc_ms": utc_ms, "utc": iso(utc_ms),
        "mono_ms": mono_ms, "tq": tq, "kind": kind, "name": name, "actor": actor, "witness": witness, "item": item,
        "place": place, "before": before, "change": change, "after": after, "txn": txn,
        "ref": None if ref is None else ref.hex(), "patient": page.patient, "order": page.order, "ext": named,
        "entry": page.entry.hex(),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(one) for one in value] if isinstance(value, list) else value


def iso(utc_ms: int) -> str | None:
    """UTC in ISO 8601, None beyond the year 9999."""
    try:
        return (EPOCH + timedelta(milliseconds=utc_ms)).isoformat(timespec="milliseconds")
    except OverflowError:
        return None


# --- tree, checkpoints and cosignatures (docs/wire.md section 6)

OF_LOG, OF_WITNESS = 1, 4
CHECKPOINT_TEXT = re.compile(r"(apotheca/1/[^/\n]+(?:/([2-9]|[1-9][0-9]+))?)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n")
SIGNATURE_LINE = re.compile(r"\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})")


class NoteKey(NamedTuple):
    """A key under checkpoints: its name, whether of a log or a witness, and its 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The first bytes of its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


def note_keys(text: str, kind: int) -> list[NoteKey]:
    """The keys of a file, one a line; raises Wrong."""
    keys = []
    for line in text.splitlines():
        name, _, rest = line.partition("+")
        shown, _, coded = rest.partition("+")
        data = _base64(coded)
        key = NoteKey(name, kind, data[1:])
        if not name or data[:1] != bytes([kind]) or len(key.public) != 32 or key.id.hex() != shown:
            raise Wrong(f"not a key of a {'log' if kind == OF_LOG else 'witness'}")
        keys.append(key)
    return keys


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Wrong("not base64 as it is written")
    return data


class Checkpoint(NamedTuple):
    """What a note says, the text that is signed, and the signatures under it: (name, bytes with the key's id)."""

    text: str
    origin: str
    number: int
    size: int
    root: bytes
    signatures: list[tuple[str, bytes]]


def checkpoint(data: bytes) -> Checkpoint:
    """Read a note; its signatures are not looked at. Raises Wrong."""
    try:
        text, blank, rest = data.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Wrong("not a checkpoint") from None
    found = CHECKPOINT_TEXT.fullmatch(text + "\n")
    lines = [SIGNATURE_LINE.fullmatch(line) for line in rest[:-1].split("\n")]
    if not found or not blank or not rest.endswith("\n") or not all(lines):
        raise Wrong("not a checkpoint")
    signatures = [(line[1], _base64(line[2])) for line in lines if line]
    return Checkpoint(text + "\n", found[1], int(found[2] or 1), int(found[3]), _base64(found[4]), signatures)


def signed_by(made: Checkpoint, key: NoteKey) -> bool | None:
    """Is the signature of `key` under this one right? None if there is none."""
    for name, data in made.signatures:
        if name == key.name and data[:4] == key.id:
            text, signature = made.text, data[4:]
            if key.kind == OF_WITNESS:
                text, signature = f"cosignature/v1\ntime {int.from_bytes(data[4:12], 'big')}\n{text}", data[12:]
            return is_ed25519(key.public, text.encode(), signature)
    return None


@dataclass
class Tree:
    """The root of leaves that come one by one (RFC 6962 section 2.1), also as subtrees of 2**level leaves; `wanted`
    sizes get their roots on the way."""

    wanted: frozenset[int]
    size: int = 0
    held: list[tuple[int, bytes]] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)

    def put(self, level: int, one: bytes) -> None:
        """The next of them; raises Wrong where it cannot stand."""
        if not 0 <= level < 64 or self.size % (1 << level) or len(one) != 32:
            raise Wrong("a hash that stands at no place of a tree")
        self.size += 1 << level
        while self.held and self.held[-1][0] == level:
            one = sha256(b"\1" + self.held.pop()[1] + one).digest()
            level += 1
        self.held.append((level, one))
        if self.size in self.wanted:
            self.roots[self.size] = self.root()

    def root(self) -> bytes:
        """The root of all so far."""
        if not self.held:
            return sha256().digest()
        root = self.held[-1][1]
        for _, left in reversed(self.held[:-1]):
            root = sha256(b"\1" + left + root).digest()
        return root


# --- the folder: what it holds, and the manifest that was signed


@dataclass
class Findings:
    """What came out: `entries` (first bad ones) and `files` that are bad, and what there is to tell. `first` is by log
    the first bad entry: (0, seq) where something speaks against it, (1, seq) where nothing speaks for it, or it or one
    before it is another one."""

    kind: str = ""
    notes: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    first: dict[str, tuple[int, int]] = field(default_factory=dict)

    def entry(self, log: "Log", seq: int, words: str, rank: int = 0) -> None:
        """An entry is bad."""
        self.entries.append(f"{log.at(seq)}: {words}")
        self.first[log.name] = min(self.first.get(log.name, (rank, seq)), (rank, seq))

    @property
    def good(self) -> bool:
        """Is nothing bad?"""
        return not self.entries and not self.files

    def plain(self) -> dict[str, Any]:
        """For machines (docs/packets.md)."""
        first = {name: seq for name, (_, seq) in sorted(self.first.items())}
        return {"good": self.good, "first": first, "entries": self.entries, "files": self.files, "notes": self.notes}

    def lines(self) -> list[str]:
        """For people."""
        bad = [f"BAD: {one}" for one in (*self.entries, *self.files)]
        return [_shown(line) for line in (*self.notes, *(bad or [f"GOOD: this {self.kind} is as it was signed"]))]


def _shown(line: str) -> str:
    """One line, whatever names in it hold: a file's name must not be able to print a verdict of its own."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


@dataclass(frozen=True)
class Log:
    """One log as the manifest has it; an empty stretch has first_seq 1 above last_seq."""

    station: str
    log: int
    genesis: bytes
    first_seq: int
    last_seq: int
    start_head: bytes
    end_head: bytes
    entries: int

    @property
    def name(self) -> str:
        """Its name in file names."""
        return f"{self.station}-{self.log}"

    def at(self, seq: int) -> str:
        """One of its entries, in words."""
        return f"station {self.station}, log {self.log}, entry {seq}"


class Folder:
    """A folder to verify; every file is read through it, and only plain files below it are."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise Unreadable(f"{root} is not a folder")
        self.root = root
        found = {p.relative_to(root): p for p in root.rglob("*")}
        plain = {name for name, p in found.items() if p.is_file() and not p.is_symlink()}
        self.names = {name.as_posix() for name in plain}
        around = {folder for name in plain for folder in name.parents}
        self.strange = sorted(name.as_posix() for name in found.keys() - plain - around)

    def small(self, name: str) -> bytes:
        """A whole file; raises Wrong if it is not there or not small."""
        if name not in self.names:
            raise Wrong(f"{name} is missing")
        if (self.root / name).stat().st_size > MAX_SMALL_FILE:
            raise Wrong(f"{name} is too large")
        return (self.root / name).read_bytes()

    def text(self, name: str) -> str:
        """A whole file of ASCII."""
        try:
            return self.small(name).decode("ascii")
        except UnicodeDecodeError:
            raise Wrong(f"{name} is not text") from None

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, without their ends; a missing file has none, a line without an end is given as it is."""
        if name not in self.names:
            return
        with (self.root / name).open("rb") as file:
            while line := file.readline(MAX_LINE):
                yield line[:-1] if line.endswith(b"\n") else line + b"(cut)"

    def digest(self, name: str) -> tuple[str, int]:
        """SHA-256 in hex and size of a file."""
        whole, size = sha256(), 0
        with (self.root / name).open("rb") as file:
            while block := file.read(1 << 20):
                whole.update(block)
                size += len(block)
        return whole.hexdigest(), size


class Head(NamedTuple):
    """What the centre answered: it has this log up to `seq`, with this head."""

    station: str
    log: int
    seq: int
    head: bytes


@dataclass(frozen=True)
class Given:
    """What the one who verifies has from elsewhere: an authority's certificate, keys of logs by their names, heads that
    were answered, keys of tree and witnesses, and by names checkpoints and folders that were good."""

    authority: Certificate | None = None
    keys: dict[str, bytes] = field(default_factory=dict)
    heads: tuple[Head, ...] = ()
    tree_key: NoteKey | None = None
    witnesses: tuple[NoteKey, ...] = ()
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    against: "dict[str, Checked]" = field(default_factory=dict)


def read_manifest(folder: Folder, findings: Findings, authority: Certificate | None) -> dict[str, Any]:
    """The manifest, its signature checked; raises Wrong."""
    raw = folder.small(MANIFEST)
    try:
        manifest = json.loads(raw)
        kind, signer_file = manifest["format"], manifest["signer"]["certificate"]
        stated = manifest["files"][signer_file]["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Wrong(f"{MANIFEST} is malformed") from None
    if kind not in FORMATS or manifest.get("v") != 1:
        raise Wrong(f"{MANIFEST} is of a format that this program does not know")
    findings.kind = kind.removeprefix("apotheca-")
    text = folder.text(signer_file)
    if sha256(text.encode()).hexdigest() != stated:
        raise Wrong(f"{signer_file} is not the file that {MANIFEST} names")
    signer = certificate(text)
    _check_signature(signer, raw, folder.small(SIGNATURE))
    findings.notes += [
        f"{findings.kind} of site {manifest['site']}, made {iso(manifest['made_utc_ms'])}",
        f"signed by {signer.name}, certificate SHA-256 {signer.fingerprint}",
    ]
    _trust(signer, authority, EPOCH + timedelta(milliseconds=manifest["made_utc_ms"]), findings)
    return dict(manifest)


def _check_signature(signer: Certificate, raw: bytes, signature: bytes) -> None:
    try:
        if is_der_signature(signer.key, raw, signature, low_s=True):
            return
    except Wrong:
        raise Wrong(f"{SIGNATURE} is malformed") from None
    raise Wrong(f"{SIGNATURE} is not {signer.name}'s signature of {MANIFEST}: one of the two was changed")


def _trust(signer: Certificate, authority: Certificate | None, made: datetime, findings: Findings) -> None:
    if authority is None:
        findings.notes.append(
            "trust in the signer was not checked, only integrity: give the site's authority with --ca"
        )
        return
    try:
        check_trust(signer, authority, made)
        findings.notes.append(f"the signer's certificate comes from {authority.name}, SHA-256 {authority.fingerprint}")
    except Wrong as wrong:
        findings.files.append(f"{MANIFEST}: {wrong}")


def check_files(folder: Folder, manifest: dict[str, Any], findings: Findings) -> None:
    """No file changed, missing or added."""
    stated = manifest["files"]
    findings.files += [f"{name}: a link or something else that is no file" for name in folder.strange]
    for name in sorted(stated.keys() - folder.names):
        findings.files.append(f"{name}: missing")
    for name in sorted(folder.names - stated.keys() - {MANIFEST, SIGNATURE}):
        findings.files.append(f"{name}: was not there when this was signed")
    for name in sorted(stated.keys() & folder.names):
        if folder.digest(name) != (stated[name]["sha256"], stated[name]["bytes"]):
            findings.files.append(f"{name}: not as it was signed")


def read_logs(manifest: dict[str, Any], keys: dict[str, bytes]) -> list[Log]:
    """The logs that the manifest names, each anchored at its genesis if it begins there; raises Wrong."""
    logs: list[Log] = []
    for one in manifest["logs"]:
        genesis, first = bytes.fromhex(one["genesis"]), one["first_seq"]
        heads = bytes.fromhex(one["start_head"]), bytes.fromhex(one["head"])
        log = Log(one["station"], one["log"], genesis, first, one["seq"], *heads, one["entries"])
        if decode(genesis)[1:3] != [log.station, log.log]:
            raise Wrong(f"{MANIFEST}: the genesis of {log.name} is of another log")
        if first == 1 and log.start_head != sha256(b"\3" + genesis).digest():
            raise Wrong(f"{MANIFEST}: {log.name} does not start at its genesis")
        key = keys.get(log.name)
        if key and decode(genesis)[3] != sha256(b"apotheca/1/key-id" + key).digest()[:16]:
            raise Wrong(f"{MANIFEST}: the genesis of {log.name} names another key than the one given")
        if log.name in (other.name for other in logs):
            raise Wrong(f"{MANIFEST}: {log.name} is there twice")
        logs.append(log)
    return logs


# --- chains


class WrongEntry(Exception):
    """An entry is not as it was signed."""

    def __init__(self, seq: int, words: str) -> None:
        super().__init__(words)
        self.seq = seq


SEAL, CHECKPOINT, SUCCESSOR, ALARM, ALARM_CLEARED = 54, 55, 218, 30, 31
CENTRE = "centre"
ABOUT_SEALS = (13, 14)  # alarms: rolled back, element


@dataclass
class Chain:
    """A log as far as it is good: heads (the first is that before the first entry) and leaves, 32 bytes each; of an
    export also its pages, as three items. Batches are there up to `covered`, the tree has what is before `due`."""

    log: Log
    heads: bytearray
    leaves: bytearray = field(default_factory=bytearray)
    pages: list[list[Any]] = field(default_factory=list)
    taken: list[list[Any]] = field(default_factory=list)
    odd_seals: list[int] = field(default_factory=list)
    counter: int | None = None
    alarms: set[int] = field(default_factory=set)
    whole: bool = False
    covered: int = 0
    due: int = 0

    @classmethod
    def of(cls, log: Log) -> "Chain":
        """None of its entries is read yet."""
        return cls(log, bytearray(log.start_head), covered=log.first_seq - 1, due=log.first_seq)

    @property
    def end(self) -> int:
        """The last entry that is good."""
        return self.log.first_seq + len(self.leaves) // 32 - 1

    def page(self, seq: int) -> list[Any]:
        """The page of an entry that is there."""
        return self.pages[seq - self.log.first_seq]

    def leaf(self, seq: int) -> bytes:
        """The leaf of an entry that is there."""
        at = 32 * (seq - self.log.first_seq)
        return bytes(self.leaves[at : at + 32])

    def head(self, seq: int) -> bytes:
        """The head after an entry that is there, or before the first."""
        at = 32 * (seq - self.log.first_seq + 1)
        return bytes(self.heads[at : at + 32])

    def saw(self, fields: list[Any]) -> None:
        """Follow seals (docs/journal.md section 6), and the checkpoints that were taken."""
        kind, ext = fields[8], fields[18]
        if kind == SEAL and ext:
            due = self.counter is None or self.alarms or ext[0] == self.counter + 1
            if not due:
                self.odd_seals.append(fields[4])
            self.counter = ext[0]
        elif kind == ALARM and ext and ext[0] in ABOUT_SEALS:
            self.alarms.add(ext[0])
        elif kind == ALARM_CLEARED and ext:
            self.alarms.discard(ext[0])
        elif kind in (CHECKPOINT, SUCCESSOR):
            self.taken.append(fields)


Chains = dict[str, Chain]


def page_keys(key: bytes | None, log: Log) -> Iterator[bytes | None]:
    """The keys of a log's entries from its first on, None for ever without its K."""
    if key is None or log.station == CENTRE:
        while True:
            yield key
    yield from entry_keys(hmac.digest(key, b"apotheca/1/page", "sha256"), log.first_seq)


def entry_keys(epoch_key: bytes, seq: int) -> Iterator[bytes]:
    """K(seq), K(seq + 1) and so on from E(0) (docs/journal.md section 3)."""
    for _ in range((seq - 1) // 1024):
        epoch_key = sha256(b"\4" + epoch_key).digest()
    at = (seq - 1) // 1024 * 1024 + 1
    while True:
        one = sha256(b"\5" + epoch_key).digest()
        for n in range(at, at + 1024):
            if n >= seq:
                yield one
            one = sha256(b"\6" + one).digest()
        epoch_key, at = sha256(b"\4" + epoch_key).digest(), at + 1024


def walk(lines: Iterable[bytes], chain: Chain, names: tuple[str, ...], key: bytes | None) -> Iterator[Page]:
    """Every page of a log's file, checked in turn and added to `chain`; raises WrongEntry at the first bad one."""
    log, keys = chain.log, page_keys(key, chain.log)
    for line in lines:
        seq = chain.end + 1
        try:
            page, leaf, head = _link(line, log, seq, chain.head(seq - 1), names)
            one = next(keys)
            if one is not None and hmac.digest(one, head, "sha256")[:16] != page.items[2]:
                raise Wrong("its MAC is not made with the key that the station had then")
        except (Wrong, ValueError, TypeError, KeyError, RecursionError) as wrong:
            raise WrongEntry(seq, _words(wrong)) from None
        chain.leaves += leaf
        chain.heads += head
        chain.saw(page.fields)
        yield page
    if chain.end < log.last_seq:
        raise WrongEntry(chain.end + 1, f"missing; the log ends at {log.last_seq}")
    if chain.head(chain.end) != log.end_head:
        raise WrongEntry(log.last_seq, "the chain does not end at the head that was signed")
    chain.whole = True


def _words(wrong: Exception) -> str:
    return str(wrong) if isinstance(wrong, Wrong) else "its line is malformed"


def _link(line: bytes, log: Log, seq: int, head: bytes, names: tuple[str, ...]) -> tuple[Page, bytes, bytes]:
    row = strict(line, names)
    if seq > log.last_seq:
        raise Wrong("a line too many: this entry was not signed")
    if row["seq"] != seq:
        raise Wrong(f"entry {row['seq']} stands in its place: entries were left out, put in or moved")
    page = read_page(bytes.fromhex(row["page"]))
    if (page.fields[1], page.fields[2], page.fields[4]) != (log.station, log.log, seq):
        raise Wrong("its page is that of another entry")
    leaf = sha256(b"\0" + page.entry).digest()
    head = sha256(b"\2" + head + leaf).digest()
    if head.hex() != row["head"] or row.get("leaf", leaf.hex()) != leaf.hex():
        raise Wrong("it does not follow from the entries before it: it was changed, or one before it")
    return page, leaf, head


def strict(line: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    """A line that is exactly the JSON object with these names, in this order, as it was written; raises Wrong."""
    row = json.loads(line)
    if not isinstance(row, dict) or tuple(row) != names or json.dumps(row).encode() != line:
        raise Wrong("its line is not as it was written")
    return row


# --- a packet


def check_packet(folder: Folder, manifest: dict[str, Any], chains: Chains, findings: Findings, given: Given) -> None:
    """Chains and dataset, side by side: a row for each entry of the period, saying what the entry says."""
    start, end = manifest["from_utc_ms"], manifest["to_utc_ms"]
    findings.notes.append(f"period {iso(start)} (included) to {iso(end)} (not included)")
    rows = folder.lines(DATASET)
    for chain in chains.values():
        try:
            count = _check_log(folder, chain, (start, end), rows, given)
            findings.notes.append(f"{chain.log.name}: entries {_range(chain.log)} in the chain, {count} of the period")
        except WrongEntry as wrong:
            findings.entry(chain.log, wrong.seq, str(wrong))
            return
    if next(rows, None) is not None:
        findings.files.append(f"{DATASET}: rows that are of no entry of the period")


def _range(log: Log) -> str:
    return f"{log.first_seq} to {log.last_seq}" if log.last_seq >= log.first_seq else "none"


def _check_log(folder: Folder, chain: Chain, period: tuple[int, int], rows: Iterator[bytes], given: Given) -> int:
    log, count = chain.log, 0
    lines = folder.lines(f"chains/{log.name}.ndjson")
    for page in walk(lines, chain, ("seq", "page", "head"), given.keys.get(log.name)):
        if period[0] <= page.fields[5] < period[1]:
            count += 1
            if next(rows, b"") != json.dumps(dataset_row(page)).encode():
                raise WrongEntry(page.fields[4], f"its row in {DATASET} is missing, moved or does not say that")
    if count != log.entries:
        raise Wrong(f"{MANIFEST}: {log.name} has {count} entries of the period, not {log.entries}")
    return count


# --- an export

BATCH_FILE = re.compile(r"batches/([A-Za-z0-9_-]{1,32})-(\d+)-(\d+)-(\d+)\.cose")


def check_export(folder: Folder, manifest: dict[str, Any], chains: Chains, findings: Findings, given: Given) -> None:
    """Ledger, batches and journals."""
    for chain in chains.values():
        try:
            lines = folder.lines(f"ledger/{chain.log.name}.pages")
            for page in walk(lines, chain, ("seq", "page", "leaf", "head"), given.keys.get(chain.log.name)):
                chain.pages.append(page.items)
            findings.notes.append(f"{chain.log.name}: entries {_range(chain.log)}")
        except WrongEntry as wrong:
            findings.entry(chain.log, wrong.seq, str(wrong))
    keys = {name: public_key(pem) for name, pem in manifest["public_keys"].items()}
    _check_batches(folder, chains, keys, findings)
    for chain in chains.values():
        if chain.whole:
            _check_journal(folder, f"journals/{chain.log.station}.ring", chain, findings)


def _check_batches(folder: Folder, chains: Chains, keys: dict[str, Affine], findings: Findings) -> None:
    batches = [(name, found) for name in folder.names if (found := BATCH_FILE.fullmatch(name))]
    for name, found in sorted(batches, key=lambda one: (one[1][1], int(one[1][2]), int(one[1][3]), int(one[1][4]))):
        station, log, first, last = found[1], int(found[2]), int(found[3]), int(found[4])
        chain = chains.get(f"{station}-{log}")
        if chain is None:
            findings.files.append(f"{name}: of a log that the manifest does not have")
        elif chain.whole:  # of another the first bad entry is told
            # what a bad batch should have held is told once, by the batch
            if first <= chain.covered + 1:
                chain.covered = max(chain.covered, last)
            _try_batch(folder, chain, (name, first, last), keys[station], findings)
    for chain in chains.values():
        if chain.whole and chain.covered < chain.end and chain.log.station != CENTRE:
            findings.entry(chain.log, chain.covered + 1, "no batch that the station signed holds it", 1)


def _try_batch(folder: Folder, chain: Chain, batch: tuple[str, int, int], key: Affine, findings: Findings) -> None:
    name, *seqs = batch
    try:
        _check_batch(folder.small(name), chain, (seqs[0], seqs[1]), key)
    except WrongEntry as wrong:
        findings.entry(chain.log, wrong.seq, f"{wrong} ({name})")
    except (Wrong, IndexError, ValueError, KeyError) as wrong:
        findings.files.append(f"{name}: {wrong if isinstance(wrong, Wrong) else 'malformed'}")


def _check_batch(raw: bytes, chain: Chain, seqs: tuple[int, int], key: Affine) -> None:
    """A batch of its station, saying what the ledger says (docs/wire.md section 3)."""
    log = chain.log
    protected = b"\xa2\x01\x26\x04" + encode(log.station.encode())
    opening = b"\xd2\x84" + encode(protected) + b"\xa0"
    if not raw.startswith(opening):
        raise Wrong(f"not an envelope of {log.station}")
    payload, at = _item(raw, len(opening), 1)
    signature, at = _item(raw, at, 1)
    if at != len(raw) or not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise Wrong("not an envelope")
    fields = decode(payload)
    if not isinstance(fields, list) or len(fields) != 7 or not isinstance(fields[5], list):
        raise Wrong("not a batch")
    first, last = seqs
    if fields[:4] != [1, log.station, log.log, first] or len(fields[5]) != last - first + 1 or first < log.first_seq:
        raise Wrong("it does not hold what its name says")
    for seq, items in enumerate(fields[5], first):
        if seq > chain.end:
            raise WrongEntry(chain.end + 1, "missing: the station signed entries from here on")
        if items != chain.page(seq):
            raise WrongEntry(seq, "the ledger does not hold what the station signed")
    if fields[4] != chain.head(first - 1) or fields[6] != chain.head(last):
        raise Wrong("its heads are not those of the ledger")
    message = encode(["Signature1", protected, b"apotheca/1/batch", payload])
    if not is_raw_signature(key, message, signature):
        raise Wrong(f"not signed by {log.station}")


def _check_journal(folder: Folder, name: str, chain: Chain, findings: Findings) -> None:
    """What the cabinet's ring still holds is what the ledger holds; the ring may be ahead of it."""
    log, ahead = chain.log, 0
    for number, line in enumerate(folder.lines(name), 1):
        seq = None
        try:
            row = strict(line, ("seq", "page"))
            seq = int(row["seq"])
            page = read_page(bytes.fromhex(row["page"]))
            if (page.fields[1], page.fields[4]) != (log.station, seq):
                raise Wrong("its page in the journal is that of another entry")
            there = page.fields[2] == log.log and log.first_seq <= seq <= log.last_seq
            if there and page.items != chain.page(seq):
                raise Wrong("the cabinet's journal has another page")
            ahead += page.fields[2] == log.log and seq > log.last_seq
        except (Wrong, ValueError, TypeError, KeyError, RecursionError) as wrong:
            if seq is None:
                findings.files.append(f"{name}: line {number}: {_words(wrong)}")
            else:
                findings.entry(log, seq, f"{_words(wrong)} ({name})")
            return
    if ahead:
        findings.notes.append(f"{log.name}: {ahead} entries are in the cabinet's journal and not yet in the ledger")


# --- the tree, and what others have seen

NOTE, LEAVES, TREE_KEY, WITNESSES = "tree/checkpoint", "tree/leaves.ndjson", "keys/tree.vkey", "keys/witnesses.vkey"


def check_tree(folder: Folder, site: str, chains: Chains, findings: Findings, given: Given) -> None:
    """The entries here are those of the tree that was signed; of each log none is left out. Raises Wrong."""
    if not folder.names & {NOTE, LEAVES}:
        findings.notes.append("no checkpoint is here: that no entry was left out was not checked by the tree")
        findings.files += [f"{NOTE}: missing, but {name} is one" for name in given.checkpoints]
        return
    made = checkpoint(folder.small(NOTE))
    own = [given.tree_key] if given.tree_key else note_keys(folder.text(TREE_KEY), OF_LOG)
    key = own[0] if own else None
    if made.origin.split("/")[2] != site or key is None or key.name != f"apotheca/1/{site}":
        raise Wrong(f"{NOTE}: of another site")
    if not signed_by(made, key):
        raise Wrong(f"{NOTE}: not signed by the log's key")
    _check_cosignatures(folder, made, findings, given)
    if not all(chain.whole for chain in chains.values()):
        return  # what is missing there is told already
    try:
        tree = _tree_of(folder, chains, given)
    except Wrong as wrong:
        raise Wrong(f"{LEAVES}: {wrong}") from None
    except (ValueError, TypeError, KeyError):
        raise Wrong(f"{LEAVES}: malformed") from None
    _check_root(made, tree, chains, findings)
    _check_taken(made, tree, chains, findings)
    _check_given(made, tree, key, given, findings)


def _check_cosignatures(folder: Folder, made: Checkpoint, findings: Findings, given: Given) -> None:
    keys = given.witnesses
    if not keys and WITNESSES in folder.names:
        keys = tuple(note_keys(folder.text(WITNESSES), OF_WITNESS))
    for key in keys:
        good = signed_by(made, key)
        if good is False:
            findings.files.append(f"{NOTE}: the cosignature of {key.name} is not right")
        findings.notes.append(f"{key.name} has {'cosigned this' if good else 'not cosigned this'} checkpoint")
    if given.tree_key is None:
        findings.notes.append(
            "the keys of checkpoint and witnesses are those of the folder: give yours with --tree-key"
        )


def _tree_of(folder: Folder, chains: Chains, given: Given) -> Tree:
    """The tree of the leaves that the folder names; raises LeftOut, Wrong."""
    taken = {one[18][0] for chain in chains.values() for one in chain.taken if one[8] == CHECKPOINT}
    tree = Tree(frozenset(taken | {one.size for one in given.checkpoints.values()}))
    for line in folder.lines(LEAVES):
        if b'"hash"' in line:
            row = strict(line, ("level", "hash"))
            tree.put(int(row["level"]), bytes.fromhex(row["hash"]))
            continue
        row = strict(line, ("station", "log", "first_seq", "count"))
        chain = chains.get(f"{row['station']}-{row['log']}")
        if chain is None:
            raise Wrong("names a log that is not here")
        first, after = int(row["first_seq"]), int(row["first_seq"]) + int(row["count"])
        if first != chain.due or after <= first:
            raise LeftOut(chain.log, chain.due, "not in the tree, though later ones are")
        if after > chain.end + 1:
            raise LeftOut(chain.log, chain.end + 1, "missing: it is in the tree that was signed")
        for seq in range(first, after):
            tree.put(0, chain.leaf(seq))
        chain.due = after
    return tree


class LeftOut(Exception):
    """An entry is in the tree and not here, or here and not in the tree."""

    def __init__(self, log: Log, seq: int, words: str) -> None:
        super().__init__(words)
        self.log, self.seq = log, seq


def _check_root(made: Checkpoint, tree: Tree, chains: Chains, findings: Findings) -> None:
    if (tree.size, tree.root()) != (made.size, made.root):
        findings.files.append(f"{NOTE}: the entries here are not those of the tree that was signed")
        return
    findings.notes.append(f"tree {made.origin} of {made.size} leaves, root {made.root.hex()}")
    for chain in chains.values():
        log, last = chain.log, chain.due - 1
        within = f"{log.first_seq} to {last} are in the tree" if last >= log.first_seq else "none is in the tree"
        later = f", {last + 1} to {chain.end} came after the checkpoint" if chain.end > last else ""
        findings.notes.append(f"{log.name} is complete: {within}{later}")
    if made.number > 1 and "centre-1" in chains and chains["centre-1"].log.first_seq == 1:
        entries = [one for one in chains["centre-1"].taken if one[4] < chains["centre-1"].due]
        if not any(_leads_to(one, made.origin) for one in entries):
            findings.files.append(f"{NOTE}: no two people have signed in the tree that {made.origin} begins")


def _leads_to(entry: list[Any], origin: str) -> bool:
    """Is this the entry with which two people began the log `origin`?"""
    ext = entry[18]
    return bool(entry[8] == SUCCESSOR and ext[3] == origin and entry[9] and entry[10] and entry[9] != entry[10])


def _check_taken(made: Checkpoint, tree: Tree, chains: Chains, findings: Findings) -> None:
    """What cabinets took is of the same tree."""
    for chain in chains.values():
        for one in (one for one in chain.taken if one[8] == CHECKPOINT):
            size, root, number = one[18][:3]
            if number == made.number and (size > made.size or tree.roots.get(size, root) != root):
                findings.files.append(
                    f"{NOTE}: another tree than the one in the cabinet's word, {chain.log.at(one[4])}"
                )
                break


def _check_given(made: Checkpoint, tree: Tree, key: NoteKey, given: Given, findings: Findings) -> None:
    """Checkpoints from elsewhere are of the same tree."""
    for name, other in given.checkpoints.items():
        if not signed_by(other, key):
            raise Unreadable(f"{name}: not signed by the log's key")
        if other.number != made.number:
            findings.notes.append(f"{name} is of {other.origin}: not compared")
        elif other.size > made.size:
            findings.files.append(f"{NOTE}: {name} is of {other.size} leaves, here are only {made.size}")
        elif tree.roots.get(other.size, other.root) != other.root:
            findings.files.append(f"{NOTE}: {name} is of another tree: two histories were shown")


def check_seals(chains: Chains, findings: Findings) -> None:
    """The element's count rises by one from seal to seal, unless the cabinet itself raised the alarm."""
    for chain in chains.values():
        if chain.odd_seals:
            findings.entry(chain.log, chain.odd_seals[0], "its seal does not count on from the one before")


def tell_keys(chains: Chains, findings: Findings, given: Given) -> None:
    """Of which logs the MACs were looked at: a name that was mistyped must not pass for a check."""
    for name in sorted(given.keys):
        told = "each entry's MAC was looked at" if name in chains else "a key was given, and nothing of it is here"
        findings.notes.append(f"{name}: {told}")


def check_heads(checked: "Checked", findings: Findings, given: Given) -> None:
    """What the centre answered is what is here; an export of the centre's has all of its logs."""
    chains, whole = checked.chains, findings.kind == "export" and checked.of_centre
    for head in given.heads:
        name = f"{head.station}-{head.log}"
        chain = chains.get(name)
        if chain is None and whole:
            words = f"missing, as the whole log: the centre answered that it has up to {head.seq}"
            findings.entry(Log(head.station, head.log, b"", 1, 0, b"", b"", 0), 1, words)
        elif chain is None:
            findings.notes.append(f"{name}: a head was given, and nothing of it is here")
        elif head.seq > chain.log.last_seq and findings.kind == "export":
            words = f"missing: the centre answered that it has up to {head.seq}"
            findings.entry(chain.log, chain.log.last_seq + 1, words)
        elif chain.log.first_seq - 1 <= head.seq <= chain.end and chain.head(head.seq) != head.head:
            findings.entry(chain.log, max(head.seq, 1), "it or one before it is not the one that was answered", 1)


def check_against(mine: "Checked", findings: Findings, given: Given) -> None:
    """Another folder shows the same history."""
    for name, other in given.against.items():
        for log_name, theirs in other.chains.items():
            ours = mine.chains.get(log_name)
            if ours is not None:
                _compare(ours, theirs, name, findings)
            later = findings.kind == "packet" or other.made_utc_ms > mine.made_utc_ms or not other.of_centre
            if later:
                continue
            if ours is None and mine.of_centre:
                findings.files.append(f"{MANIFEST}: {log_name} is missing; {name} has it")
            elif ours is not None and ours.whole and ours.end < theirs.end:
                findings.entry(ours.log, ours.end + 1, f"missing; {name} has it")


def _compare(ours: Chain, theirs: Chain, name: str, findings: Findings) -> None:
    low, high = max(ours.log.first_seq, theirs.log.first_seq), min(ours.end, theirs.end)
    if low > high:
        return
    if ours.log.genesis != theirs.log.genesis:
        findings.entry(ours.log, low, f"the log has another genesis in {name}", 1)
        return
    for seq in range(low, high + 1):
        if ours.leaf(seq) != theirs.leaf(seq):
            findings.entry(ours.log, seq, f"it is another one in {name}: there the histories part")
            return
    if ours.head(low) != theirs.head(low):
        findings.entry(ours.log, low, f"one before it is another one in {name}", 1)


# --- the program


class Checked(NamedTuple):
    """A folder that was read: when it was made, is it the centre's, and its logs."""

    findings: Findings
    made_utc_ms: int
    of_centre: bool
    chains: Chains


def check(root: Path, authority: Path | None = None) -> Findings:
    """Verify the folder `root`; `authority` is a PEM certificate. Raises Unreadable and OSError."""
    return examine(root, Given(_authority(authority))).findings


def _authority(file: Path | None) -> Certificate | None:
    if file is None:
        return None
    try:
        return certificate(file.read_text(encoding="ascii", errors="replace"))
    except Wrong as wrong:
        raise Unreadable(f"{file}: {wrong}") from None


def examine(root: Path, given: Given) -> Checked:
    """Verify the folder `root` with what is given, and tell what was read. Raises Unreadable."""
    findings, folder = Findings(), Folder(root)
    checked = Checked(findings, 0, False, {})
    if MANIFEST not in folder.names and SIGNATURE not in folder.names:
        raise Unreadable(f"{root} is neither a packet nor an export: it has no {MANIFEST}")
    try:
        manifest = read_manifest(folder, findings, given.authority)
        check_files(folder, manifest, findings)
        chains = {log.name: Chain.of(log) for log in read_logs(manifest, given.keys)}
        of_centre = findings.kind == "packet" or CENTRE in manifest["public_keys"]
        checked = Checked(findings, manifest["made_utc_ms"], of_centre, chains)
        (check_packet if findings.kind == "packet" else check_export)(folder, manifest, chains, findings, given)
        check_seals(chains, findings)
        tell_keys(chains, findings, given)
        check_heads(checked, findings, given)
        check_against(checked, findings, given)
        check_tree(folder, manifest["site"], chains, findings, given)
    except LeftOut as left:
        findings.entry(left.log, left.seq, str(left))
    except Wrong as wrong:
        findings.files.append(str(wrong))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        findings.files.append(f"{MANIFEST}: malformed, though it is signed")
    return checked


def read_heads(data: bytes) -> tuple[Head, ...]:
    """The lines of a file for --heads (docs/packets.md); raises Wrong."""
    try:
        rows = [json.loads(line) for line in data.splitlines()]
        return tuple(Head(row["station"], int(row["log"]), int(row["seq"]), bytes.fromhex(row["head"])) for row in rows)
    except (ValueError, TypeError, KeyError):
        raise Wrong("not a file of heads") from None


def read_key(text: str) -> tuple[str, bytes]:
    """STATION-LOG=FILE with the station's K; raises Wrong and OSError."""
    name, _, file = text.partition("=")
    key = Path(file).read_bytes()
    if len(key) != 32:
        raise Wrong("not a key of 32 bytes")
    return name, key


def _given(args: argparse.Namespace) -> Given:
    """What was given on the command line; raises Unreadable and OSError."""
    authority, where = _authority(args.ca), args.heads
    keys: dict[str, bytes] = {}
    checkpoints: dict[str, Checkpoint] = {}
    try:
        heads = read_heads(where.read_bytes()) if where else ()
        for where in args.key:
            keys.update([read_key(where)])
        where = args.tree_key
        tree_keys = note_keys(where.read_text(), OF_LOG) if where else []
        where = args.witnesses
        witnesses = note_keys(where.read_text(), OF_WITNESS) if where else []
        for where in args.checkpoint:
            checkpoints[str(where)] = checkpoint(where.read_bytes())
    except Wrong as wrong:
        raise Unreadable(f"{where}: {wrong}") from None
    against = {str(path): _good(path, Given(authority)) for path in args.against}
    return Given(authority, keys, heads, tree_keys[0] if tree_keys else None, tuple(witnesses), checkpoints, against)


def _good(path: Path, given: Given) -> Checked:
    other = examine(path, given)
    if not other.findings.good:
        raise Unreadable(f"{path}: not good itself, so nothing is compared with it")
    return other


def main(arguments: list[str] | None = None) -> int:
    """The command; gives the exit code."""
    parser = argparse.ArgumentParser(description="Verify a compliance packet or an export of Apotheca.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ca", type=Path, help="the site's authority (ca.crt), got from the site itself")
    parser.add_argument("--tree-key", type=Path, metavar="FILE", help="the log's key under checkpoints (tree.vkey)")
    parser.add_argument("--witnesses", type=Path, metavar="FILE", help="the witnesses' keys, one a line")
    parser.add_argument("--key", action="append", default=[], metavar="STATION-LOG=FILE", help="K of a log, for MACs")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="the last heads that the centre answered")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="one that was kept elsewhere")
    parser.add_argument("--against", type=Path, action="append", default=[], help="another packet or export")
    parser.add_argument("--json", action="store_true", help="for machines")
    args = parser.parse_args(arguments)
    try:
        findings = examine(args.folder, _given(args)).findings
    except (Unreadable, OSError) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return UNREADABLE
    print(json.dumps(findings.plain()) if args.json else "\n".join(findings.lines()))
    return GOOD if findings.good else BAD


if __name__ == "__main__":
    sys.exit(main())
