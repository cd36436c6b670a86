#!/usr/bin/env python3
"""Verify a compliance packet or an export of Apotheca: python3 verify_apotheca.py FOLDER [--ca FILE]

One file, Python 3.11 or newer, standard library alone; it reads nothing but FOLDER and FILE. It checks the manifest's
signature, every file's hash, that no file is missing or added, every hash chain entry by entry, that the dataset says
what the chains say, and in an export the stations' signatures and journals. With --ca it also checks that the signer's
certificate comes from that authority; take that file from the site itself, never from the folder.
It does not check the PDF's own signature (any PDF reader does) nor the entries' MACs (their keys never leave the site).

Exit code: 0 good, 1 bad (it says what and where), 2 cannot read. Formats: docs/packets.md, docs/journal.md.
"""

import argparse
import base64
import binascii
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
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


# --- the folder: what it holds, and the manifest that was signed


@dataclass
class Findings:
    """What came out: `entries` (first bad ones) and `files` that are bad, and what there is to tell."""

    kind: str = ""
    notes: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Is nothing bad?"""
        return not self.entries and not self.files

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


def read_logs(manifest: dict[str, Any]) -> list[Log]:
    """The logs that the manifest names, each anchored at its genesis if it begins there; raises Wrong."""
    logs = []
    for one in manifest["logs"]:
        genesis, first = bytes.fromhex(one["genesis"]), one["first_seq"]
        heads = bytes.fromhex(one["start_head"]), bytes.fromhex(one["head"])
        log = Log(one["station"], one["log"], genesis, first, one["seq"], *heads, one["entries"])
        if decode(genesis)[1:3] != [log.station, log.log]:
            raise Wrong(f"{MANIFEST}: the genesis of {log.name} is of another log")
        if first == 1 and log.start_head != sha256(b"\3" + genesis).digest():
            raise Wrong(f"{MANIFEST}: {log.name} does not start at its genesis")
        logs.append(log)
    return logs


# --- chains


class WrongEntry(Exception):
    """An entry is not as it was signed; the text names it."""


def walk(lines: Iterable[bytes], log: Log, names: tuple[str, ...]) -> Iterator[tuple[Page, bytes]]:
    """Every page of a log's file with the head after it, checked in turn; raises WrongEntry at the first bad one."""
    seq, head = log.first_seq, log.start_head
    for line in lines:
        try:
            page, head = _link(line, log, seq, head, names)
        except (Wrong, ValueError, TypeError, KeyError, RecursionError) as wrong:
            raise WrongEntry(f"{log.at(seq)}: {_words(wrong)}") from None
        yield page, head
        seq += 1
    if seq <= log.last_seq:
        raise WrongEntry(f"{log.at(seq)}: missing; the log ends at {log.last_seq}")
    if head != log.end_head:
        raise WrongEntry(f"{log.at(log.last_seq)}: the chain does not end at the head that was signed")


def _words(wrong: Exception) -> str:
    return str(wrong) if isinstance(wrong, Wrong) else "its line is malformed"


def _link(line: bytes, log: Log, seq: int, head: bytes, names: tuple[str, ...]) -> tuple[Page, bytes]:
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
    return page, head


def strict(line: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    """A line that is exactly the JSON object with these names, in this order, as it was written; raises Wrong."""
    row = json.loads(line)
    if not isinstance(row, dict) or tuple(row) != names or json.dumps(row).encode() != line:
        raise Wrong("its line is not as it was written")
    return row


# --- a packet


def check_packet(folder: Folder, manifest: dict[str, Any], logs: list[Log], findings: Findings) -> None:
    """Chains and dataset, side by side: a row for each entry of the period, saying what the entry says."""
    start, end = manifest["from_utc_ms"], manifest["to_utc_ms"]
    findings.notes.append(f"period {iso(start)} (included) to {iso(end)} (not included)")
    rows = folder.lines(DATASET)
    try:
        for log in logs:
            count = _check_log(folder, log, (start, end), rows)
            findings.notes.append(f"{log.name}: entries {_range(log)} in the chain, {count} of the period")
        if next(rows, None) is not None:
            findings.files.append(f"{DATASET}: rows that are of no entry of the period")
    except WrongEntry as wrong:
        findings.entries.append(str(wrong))


def _range(log: Log) -> str:
    return f"{log.first_seq} to {log.last_seq}" if log.last_seq >= log.first_seq else "none"


def _check_log(folder: Folder, log: Log, period: tuple[int, int], rows: Iterator[bytes]) -> int:
    count = 0
    for page, _ in walk(folder.lines(f"chains/{log.name}.ndjson"), log, ("seq", "page", "head")):
        if period[0] <= page.fields[5] < period[1]:
            count += 1
            if next(rows, b"") != json.dumps(dataset_row(page)).encode():
                raise WrongEntry(
                    f"{log.at(page.fields[4])}: its row in {DATASET} is missing, moved or does not say that"
                )
    if count != log.entries:
        raise Wrong(f"{MANIFEST}: {log.name} has {count} entries of the period, not {log.entries}")
    return count


# --- an export

BATCH_FILE = re.compile(r"batches/([A-Za-z0-9_-]{1,32})-(\d+)-(\d+)-(\d+)\.cose")


@dataclass
class Chain:
    """A log of an export, or what a cabinet still holds of it: pages (as three items) and heads, the first of these is
    that before the first entry. Batches have been found up to `covered`."""

    log: Log
    pages: list[list[Any]]
    heads: list[bytes]
    covered: int

    def page(self, seq: int) -> list[Any]:
        """The page of an entry that is there."""
        return self.pages[seq - self.log.first_seq]

    def head(self, seq: int) -> bytes:
        """The head after an entry that is there, or before the first."""
        return self.heads[seq - self.log.first_seq + 1]


def check_export(folder: Folder, manifest: dict[str, Any], logs: list[Log], findings: Findings) -> None:
    """Ledger, batches and journals."""
    chains = {}
    for log in logs:
        try:
            chains[log.name] = _read_chain(folder, log)
            findings.notes.append(f"{log.name}: entries {_range(log)}")
        except WrongEntry as wrong:
            findings.entries.append(str(wrong))
    if len(chains) == len(logs):
        keys = {name: public_key(pem) for name, pem in manifest["public_keys"].items()}
        _check_batches(folder, chains, keys, findings)
        for log in logs:
            _check_journal(folder, f"journals/{log.station}.ring", chains[log.name], findings)


def _read_chain(folder: Folder, log: Log) -> Chain:
    chain = Chain(log, [], [log.start_head], log.first_seq - 1)
    for page, head in walk(folder.lines(f"ledger/{log.name}.pages"), log, ("seq", "page", "leaf", "head")):
        chain.pages.append(page.items)
        chain.heads.append(head)
    return chain


def _check_batches(folder: Folder, chains: dict[str, Chain], keys: dict[str, Affine], findings: Findings) -> None:
    batches = [(name, found) for name in folder.names if (found := BATCH_FILE.fullmatch(name))]
    for name, found in sorted(batches, key=lambda one: (one[1][1], int(one[1][2]), int(one[1][3]), int(one[1][4]))):
        station, log, first, last = found[1], int(found[2]), int(found[3]), int(found[4])
        chain = chains.get(f"{station}-{log}")
        if chain is None:
            findings.files.append(f"{name}: of a log that the manifest does not have")
            continue
        # what a bad batch should have held is told once, by the batch
        if first <= chain.covered + 1:
            chain.covered = max(chain.covered, last)
        try:
            _check_batch(folder.small(name), chain, (first, last), keys[station])
        except WrongEntry as wrong:
            findings.entries.append(f"{wrong} ({name})")
        except (Wrong, IndexError, ValueError, KeyError) as wrong:
            findings.files.append(f"{name}: {wrong if isinstance(wrong, Wrong) else 'malformed'}")
    for chain in chains.values():
        if chain.covered < chain.log.last_seq and chain.log.station != "centre":
            missing = chain.log.at(chain.covered + 1)
            findings.entries.append(f"{missing}: no batch that the station signed holds it")


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
    within = log.first_seq <= first and last <= log.last_seq
    if fields[:4] != [1, log.station, log.log, first] or len(fields[5]) != last - first + 1 or not within:
        raise Wrong("it does not hold what its name says, or more than the ledger")
    for seq, items in enumerate(fields[5], first):
        if items != chain.page(seq):
            raise WrongEntry(f"{log.at(seq)}: the ledger does not hold what the station signed")
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
            ahead += seq > log.last_seq
        except (Wrong, ValueError, TypeError, KeyError, RecursionError) as wrong:
            where = f"{name}, line {number}" if seq is None else log.at(seq)
            findings.entries.append(f"{where}: {_words(wrong)} ({name})")
            return
    if ahead:
        findings.notes.append(f"{log.name}: {ahead} entries are in the cabinet's journal and not yet in the ledger")


# --- the program


def check(root: Path, authority: Path | None = None) -> Findings:
    """Verify the folder `root`; `authority` is a PEM certificate. Raises Unreadable and OSError."""
    findings = Findings()
    folder = Folder(root)
    if MANIFEST not in folder.names and SIGNATURE not in folder.names:
        raise Unreadable(f"{root} is neither a packet nor an export: it has no {MANIFEST}")
    try:
        trusted = None if authority is None else certificate(authority.read_text(encoding="ascii", errors="replace"))
    except Wrong as wrong:
        raise Unreadable(f"{authority}: {wrong}") from None
    try:
        manifest = read_manifest(folder, findings, trusted)
        check_files(folder, manifest, findings)
        logs = read_logs(manifest)
        (check_packet if findings.kind == "packet" else check_export)(folder, manifest, logs, findings)
    except Wrong as wrong:
        findings.files.append(str(wrong))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        findings.files.append(f"{MANIFEST}: malformed, though it is signed")
    return findings


def main(arguments: list[str] | None = None) -> int:
    """The command; gives the exit code."""
    parser = argparse.ArgumentParser(description="Verify a compliance packet or an export of Apotheca.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ca", type=Path, help="the site's authority (ca.crt), got from the site itself")
    args = parser.parse_args(arguments)
    try:
        findings = check(args.folder, args.ca)
    except (Unreadable, OSError) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return UNREADABLE
    print("\n".join(findings.lines()))
    return GOOD if findings.good else BAD


if __name__ == "__main__":
    sys.exit(main())
