"""A story: what an export would hold, as objects that can be changed, and written as whoever holds certain keys would.

It is read from an export that the centre made; untouched it is written byte for byte as it was.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from firmware.journal import chain
from firmware.wire import cbor, cose, note
from server_stub.ledger.checkpoint import NoteSigner
from server_stub.ledger.pagekeys import PageKeys
from server_stub.proof.signatory import Signatory
from tests.vectors.tree.make import root as root_of

SEAL = 54
F_SEQ, F_KIND, F_ACTOR, F_EXT = 4, 8, 9, 18
COSIGNED_S = 1_700_000_500
Raw = dict[str, bytes]
Entry = list[Any]
Page = list[Any]


@dataclass(frozen=True)
class Keys:
    """Every key of the site; who tampers uses those he has."""

    logs: dict[str, bytes]
    stations: dict[str, ec.EllipticCurvePrivateKey]
    tree: NoteSigner
    witness: NoteSigner
    centre: Signatory
    cabinets: dict[str, Signatory]


@dataclass
class Book:
    """One log: its pages, and the heads after them (the first is that before)."""

    station: str
    log: int
    genesis: bytes
    pages: list[Page] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As files call it."""
        return f"{self.station}-{self.log}"

    def entry(self, seq: int) -> Entry:
        """The fields of an entry."""
        fields: Entry = cbor2.loads(self.pages[seq - 1][0])
        return fields

    def leaf(self, seq: int) -> bytes:
        """Its leaf."""
        return bytes(chain.leaf(self.pages[seq - 1][0]))

    def rewrite(self, seq: int, entries: list[tuple[Entry, Any]], key: bytes | None) -> None:
        """Go on from before `seq` with these entries (and their disclosures), numbered on; `key` K makes their MACs,
        without one they stay as they were there."""
        old = self.pages[seq - 1 :]
        del self.pages[seq - 1 :], self.heads[seq:]
        keys = None if key is None else PageKeys(key)
        for at, (fields, disclosure) in enumerate(entries):
            number = seq + at
            data = cbor.encode([*fields[:F_SEQ], number, *fields[F_SEQ + 1 :]])
            head = bytes(chain.next_head(self.heads[-1], chain.leaf(data)))
            kept = old[min(at, len(old) - 1)][2] if old else bytes(16)
            if key is not None and keys is not None:
                kept = chain.mac(key if self.station == "centre" else keys.run(number, 1)[0], head)
            self.pages.append([data, disclosure, bytes(kept)])
            self.heads.append(head)

    def tail(self, seq: int) -> list[tuple[Entry, Any]]:
        """The entries from `seq` on with their disclosures, for `rewrite`."""
        return [(self.entry(n), self.pages[n - 1][1]) for n in range(seq, len(self.pages) + 1)]


@dataclass
class Story:
    """One export: `raw` are files that nothing here stands for."""

    keys: Keys
    manifest: dict[str, Any]
    raw: Raw
    books: dict[str, Book]
    batches: Raw
    rings: dict[str, list[tuple[int, bytes]]]
    runs: list[dict[str, Any]]
    note: bytes

    @classmethod
    def read(cls, folder: Path, keys: Keys) -> "Story":
        """What an export holds."""
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        manifest = json.loads(files.pop("manifest.json"))
        files.pop("manifest.sig")
        books = {}
        for one in manifest["logs"]:
            book = Book(one["station"], one["log"], bytes.fromhex(one["genesis"]))
            rows = [json.loads(line) for line in files.pop(f"ledger/{book.name}.pages").splitlines()]
            book.pages = [cbor2.loads(bytes.fromhex(row["page"])) for row in rows]
            book.heads = [bytes(chain.head0(book.genesis)), *(bytes.fromhex(row["head"]) for row in rows)]
            books[book.name] = book
        batches = {name: files.pop(name) for name in list(files) if name.startswith("batches/")}
        rings = {name: files.pop(name) for name in list(files) if name.startswith("journals/")}
        parsed = {name: [json.loads(line) for line in data.splitlines()] for name, data in rings.items()}
        pages = {
            name.split("/")[1].removesuffix(".ring"): [(row["seq"], bytes.fromhex(row["page"])) for row in rows]
            for name, rows in parsed.items()
        }
        runs = [json.loads(line) for line in files.pop("tree/leaves.ndjson").splitlines()]
        return cls(keys, manifest, files, books, batches, pages, runs, files.pop("tree/checkpoint"))

    def copy(self) -> "Story":
        """Another one, to change."""
        other = copy.copy(self)
        other.manifest, other.raw = copy.deepcopy(self.manifest), dict(self.raw)
        books = self.books.values()
        other.books = {
            b.name: Book(b.station, b.log, b.genesis, [list(p) for p in b.pages], list(b.heads)) for b in books
        }
        other.batches, other.runs = dict(self.batches), [dict(run) for run in self.runs]
        other.rings = {name: list(pages) for name, pages in self.rings.items()}
        return other

    # ---- what those who hold the keys can do

    def spans(self, name: str) -> Iterator[tuple[str, int, int]]:
        """(file, first, last) of a log's batches, in order."""
        found = []
        for file in self.batches:
            log, first, last = file.removeprefix("batches/").removesuffix(".cose").rsplit("-", 2)
            if log == name:
                found.append((int(first), int(last), file))
        for first, last, file in sorted(found):
            yield file, first, last

    def drop_batches(self, name: str, seq: int) -> None:
        """Those with an entry from `seq` on are gone."""
        for file, _, last in list(self.spans(name)):
            if last >= seq:
                del self.batches[file]

    def batch(self, name: str, seqs: tuple[int, int], key: ec.EllipticCurvePrivateKey) -> None:
        """A batch as the station's agent signs it."""
        book, (first, last) = self.books[name], seqs
        pages = book.pages[first - 1 : last]
        payload = cbor.encode([1, book.station, book.log, first, book.heads[first - 1], pages, book.heads[last]])
        r, s = decode_dss_signature(key.sign(cose.tbs(book.station, "batch", payload), ec.ECDSA(hashes.SHA256())))
        self.batches[f"batches/{name}-{first}-{last}.cose"] = cose.envelope(
            book.station, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big")
        )

    def sign_batches(self, name: str, seq: int) -> None:
        """All from that with `seq` on again, of the entries as they are now."""
        first = next((first for _, first, last in self.spans(name) if first <= seq <= last), seq)
        self.drop_batches(name, seq)
        book = self.books[name]
        for at in range(first, len(book.pages) + 1, 8):
            self.batch(name, (at, min(at + 7, len(book.pages))), self.keys.stations[book.station])

    def ring_follows(self, name: str) -> None:
        """The ring holds what the log has now."""
        book = self.books[name]
        first = self.rings[book.station][0][0]
        numbered = enumerate(book.pages[first - 1 :], first)
        self.rings[book.station] = [(seq, bytes(cbor.encode(page))) for seq, page in numbered]

    def cut_runs(self, name: str, last: int) -> None:
        """Entries of the log beyond `last` are not in the tree any more."""
        station, log = name.rsplit("-", 1)
        for run in self.runs:
            if (run["station"], run["log"]) == (station, int(log)):
                run["count"] = max(0, min(run["count"], last + 1 - run["first_seq"]))
        self.runs = [run for run in self.runs if run["count"]]

    def leaves(self, size: int | None = None) -> list[bytes]:
        """The leaves of the tree in their order."""
        out = []
        for run in self.runs:
            book = self.books[f"{run['station']}-{run['log']}"]
            out += [book.leaf(seq) for seq in range(run["first_seq"], run["first_seq"] + run["count"])]
        return out[:size]

    def sign_tree(self, *, cosigned: bool) -> None:
        """A checkpoint of the tree as it is now; a witness puts his name to it if he is `cosigned` into it."""
        leaves = self.leaves()
        text = note.text(note.origin(self.manifest["site"], 1), len(leaves), root_of(leaves))
        lines = [self.keys.tree.sign(text)] + [self.keys.witness.cosign(text, COSIGNED_S)] * cosigned
        self.note = "\n".join([text, *lines, ""]).encode()

    # ---- as files

    def unsigned(self) -> Raw:
        """All files but manifest and signature."""
        files = {**self.raw, **self.batches}
        for book in self.books.values():
            files[f"ledger/{book.name}.pages"] = b"".join(ledger_lines(book))
        for station, pages in self.rings.items():
            files[f"journals/{station}.ring"] = b"".join(_line({"seq": seq, "page": page.hex()}) for seq, page in pages)
        files["tree/leaves.ndjson"] = b"".join(map(_line, self.runs))
        files["tree/checkpoint"] = self.note
        return files

    def files(self) -> Raw:
        """As the centre would sign it."""
        return self.signed(self.unsigned())

    def signed(self, files: Raw) -> Raw:
        """These files under a manifest of the centre's that names the logs as they are here."""
        logs = [_described(book) for book in self.books.values()]
        return signed(files, {**self.manifest, "logs": logs}, self.keys.centre)

    def of_cabinet(self, name: str) -> Raw:
        """What the cabinet itself exports of a log: ledger and batches, signed by the station."""
        book = self.books[name]
        signer = self.keys.cabinets[book.station]
        files = {"keys/sign.crt": signer.certificate_file.read_bytes(), "keys/ca.crt": self.raw["keys/ca.crt"]}
        files[f"ledger/{name}.pages"] = b"".join(ledger_lines(book))
        alone = self.copy()
        alone.batches = {}
        alone.sign_batches(name, 1)
        files |= alone.batches
        keys = {book.station: self.manifest["public_keys"][book.station]}
        of_signer = {"name": book.station, "certificate": "keys/sign.crt", "fingerprint": signer.fingerprint}
        manifest = {**self.manifest, "logs": [_described(book)], "public_keys": keys, "signer": of_signer}
        return signed(files, manifest, signer)


def ledger_lines(book: Book) -> list[bytes]:
    """The lines of a log's file."""
    rows = zip(range(1, len(book.pages) + 1), book.pages, book.heads[1:], strict=True)
    return [
        _line({"seq": seq, "page": cbor.encode(page).hex(), "leaf": book.leaf(seq).hex(), "head": head.hex()})
        for seq, page, head in rows
    ]


def signed(files: Raw, manifest: dict[str, Any], signer: Signatory) -> Raw:
    """With a manifest that names them all."""
    stated = {name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)} for name, data in sorted(files.items())}
    raw = (json.dumps({**manifest, "files": stated}, indent=1) + "\n").encode()
    return {**files, "manifest.json": raw, "manifest.sig": signer.sign(raw)}


def _described(book: Book) -> dict[str, Any]:
    return {
        "station": book.station,
        "log": book.log,
        "genesis": book.genesis.hex(),
        "key_id": cbor2.loads(book.genesis)[3].hex(),
        "first_seq": 1,
        "start_head": book.heads[0].hex(),
        "seq": len(book.pages),
        "head": book.heads[-1].hex(),
        "entries": len(book.pages),
    }


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode() + b"\n"
