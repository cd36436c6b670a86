"""`apotheca cabinet export`: this cabinet's journal with its proofs, without the centre (docs/interfaces.md, Export).

What the agent read from the controller: pages as they are chained and MACed there, in batches that the station signs.
`verify_apotheca.py` verifies the folder.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from agent.cabinet.errors import CabinetError
from agent.keys import Signer
from agent.pages import UnverifiedPageError, read
from agent.settings import Settings
from agent.uplink import BATCH_PAGES
from firmware import codes
from firmware.journal import chain
from firmware.wire import cbor

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CERTIFICATE, AUTHORITY = "sign.crt", "ca.crt"


class _Held(NamedTuple):
    """What the outbox holds: pages from `first` on, the head before them, and the log's genesis."""

    genesis: bytes
    first: int
    start_head: bytes
    pages: list[bytes]


def export(settings: Settings, out: Path, made_utc_ms: int) -> int:
    """Write everything into the new folder `out`; how many entries there are. CabinetError 4038 if the journal does not
    hold together, FileExistsError if `out` is there."""
    held = _held(settings)
    heads = list(_heads(settings, held))
    # what is there already would be signed with the rest
    out.mkdir(parents=True)
    for name in ("ledger", "batches", "keys"):
        (out / name).mkdir()
    for name in (CERTIFICATE, AUTHORITY):
        (out / "keys" / name).write_bytes((settings.folder / name).read_bytes())
    log = f"{settings.station}-{settings.log}"
    with (out / "ledger" / f"{log}.pages").open("w") as file:
        for at, page in enumerate(held.pages):
            leaf = chain.leaf(chain.parse_page(page)[0])
            row = {"seq": held.first + at, "page": page.hex(), "leaf": leaf.hex(), "head": heads[at + 1].hex()}
            file.write(json.dumps(row) + "\n")
    _write_batches(settings, out / "batches", held, heads)
    _seal(settings, out, _manifest(settings, held, heads), made_utc_ms)
    return len(held.pages)


def answered_head(settings: Settings) -> str:
    """What the centre's last answer said of this log, a line for `--heads` of the verifier ("" if it has answered
    nothing): from then on no export of the centre's may end before it. CabinetError 4038 if the outbox can not be read.
    """
    path = settings.folder / "outbox.db"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            log, seq, head = db.execute("SELECT log, answered, answered_head FROM log").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise CabinetError(codes.NOT_EXPORTED, f"{path}: {error}") from None
    return json.dumps({"station": settings.station, "log": log, "seq": seq, "head": head.hex()}) if seq else ""


def _held(settings: Settings) -> _Held:
    path = settings.folder / "outbox.db"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            genesis, log = db.execute("SELECT genesis, log FROM log").fetchone()
            rows = db.execute("SELECT seq, page, head FROM pages ORDER BY seq").fetchall()
    except (sqlite3.Error, TypeError) as error:
        raise CabinetError(codes.NOT_EXPORTED, f"{path}: {error}") from None
    if genesis is None or log != settings.log:
        raise CabinetError(codes.NOT_EXPORTED, f"{path}: the log's beginning is not known here")
    if not rows or rows[0][0] == 1:
        return _Held(genesis, 1, chain.head0(genesis), [row[1] for row in rows])
    # of the oldest only the head is needed: the chain is followed from there
    return _Held(genesis, rows[1][0] if rows[1:] else rows[0][0] + 1, rows[0][2], [row[1] for row in rows[1:]])


def _heads(settings: Settings, held: _Held) -> Iterator[bytes]:
    """The head before the first page, then that after each."""
    head = held.start_head
    yield head
    try:
        for seq, page in enumerate(held.pages, held.first):
            head = read(page, settings.station, settings.log, seq, head).head
            yield head
    except UnverifiedPageError as error:
        raise CabinetError(codes.NOT_EXPORTED, str(error)) from None


def _write_batches(settings: Settings, folder: Path, held: _Held, heads: list[bytes]) -> None:
    signer = Signer.load(settings.folder / "sign.key", settings.station)
    for at in range(0, len(held.pages), BATCH_PAGES):
        pages = held.pages[at : at + BATCH_PAGES]
        first, last = held.first + at, held.first + at + len(pages) - 1
        spliced = [cbor.raw(page) for page in pages]
        fields = [1, settings.station, settings.log, first, heads[at], spliced, heads[at + len(pages)]]
        name = f"{settings.station}-{settings.log}-{first}-{last}.cose"
        (folder / name).write_bytes(signer.seal("batch", bytes(cbor.encode(fields))))


def _manifest(settings: Settings, held: _Held, heads: list[bytes]) -> dict[str, Any]:
    log = {
        "station": settings.station,
        "log": settings.log,
        "genesis": held.genesis.hex(),
        "first_seq": held.first,
        "start_head": heads[0].hex(),
        "seq": held.first + len(held.pages) - 1,
        "head": heads[-1].hex(),
        "entries": len(held.pages),
    }
    public = _certificate(settings).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    keys = {settings.station: pem.decode()}
    return {"format": "apotheca-export", "v": 1, "site": settings.site, "logs": [log], "public_keys": keys}


def _certificate(settings: Settings) -> x509.Certificate:
    return x509.load_pem_x509_certificate((settings.folder / CERTIFICATE).read_bytes())


def _seal(settings: Settings, out: Path, manifest: dict[str, Any], made_utc_ms: int) -> None:
    """The manifest of all files there, signed with the station's key."""
    certificate = _certificate(settings)
    name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    signer = {
        "name": str(name),
        "certificate": f"keys/{CERTIFICATE}",
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
    }
    names = sorted(path for path in out.rglob("*") if path.is_file())
    files = {
        path.relative_to(out).as_posix(): {
            "sha256": sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in names
    }
    raw = json.dumps({**manifest, "signer": signer, "files": files, "made_utc_ms": made_utc_ms}, indent=1) + "\n"
    (out / "manifest.json").write_text(raw)
    (out / "manifest.sig").write_bytes(_signature(settings.folder / "sign.key", raw.encode()))


def _signature(path: Path, data: bytes) -> bytes:
    """DER with s in the lower half, as docs/packets.md has it."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return encode_dss_signature(r, min(s, _ORDER - s))
