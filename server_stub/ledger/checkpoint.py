"""Checkpoints: the tree's size and root under the sequencer's own signature (C2SP notes; docs/wire.md section 6)."""

from collections.abc import Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection, delete, insert, select, update

from firmware.wire import note, signed
from server_stub.ledger import tiles
from server_stub.ledger import tree_schema as schema
from server_stub.ledger.store import upsert
from server_stub.ledger.tree import edge_of


class Checkpoint(NamedTuple):
    """A note that was signed: which log's, of which tree, when by the computer's clock, was it `shown` to a cabinet."""

    number: int
    size: int
    root: bytes
    made_ms: int
    shown: int
    note: bytes


class WrongTree(RuntimeError):
    """What would be signed is not what the database holds: nothing was signed."""


class Key(NamedTuple):
    """A key under notes: its name, what kind of signature, its public half."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def read(cls, vkey: str) -> "Key":
        """From its text; raises ValueError."""
        return cls(*signed.read_vkey(vkey))


class NoteSigner:
    """Signs under `name` with an Ed25519 key."""

    def __init__(self, pem: bytes, name: str, kind: int = signed.ED25519) -> None:
        key = load_pem_private_key(pem, None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")
        self._key = key
        self.key = Key(name, kind, key.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        """As verifiers are told it."""
        return str(signed.vkey(*self.key))

    def sign(self, text: str) -> str:
        """The signature line under `text`."""
        return str(signed.line(*self.key, self._key.sign(text.encode())))

    def cosign(self, text: str, time_s: int) -> str:
        """The signature line of a witness who saw `text` at `time_s` (POSIX seconds)."""
        signature = self._key.sign(signed.cosigned(text, time_s).encode())
        return str(signed.line(*self.key, time_s.to_bytes(8, "big") + signature))


def signed_by(data: bytes, key: Key) -> bool:
    """Is there a signature of `key` under this note, and is it right? Raises ValueError if it is no note."""
    text, _ = note.split(data)
    signature = signed.signature_of(data, *key)
    if signature is None:
        return False
    if key.kind == signed.COSIGNATURE:
        text = signed.cosigned(text, int.from_bytes(signature[:8], "big"))
        signature = signature[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def publish(conn: Connection, signer: NoteSigner, made_ms: int) -> Checkpoint | None:
    """Sign the tree as the database holds it, if it has grown and nothing speaks against it.

    The root is computed again from tiles that are read again; raises WrongTree if it is another.
    """
    row = tiles.newest(conn)
    if row is None or row.halted or not row.size or not _rooted(conn, row):
        return None
    last = newest(conn, row.number)
    if last and last.size == row.size:
        return None
    if edge_of(row.size, tiles.reader(conn, row.number)).root() != row.root:
        raise WrongTree(f"the tiles of {row.origin} at {row.size} do not give its root")
    text = note.text(row.origin, row.size, row.root)
    made = Checkpoint(row.number, row.size, row.root, made_ms, 0, f"{text}\n{signer.sign(text)}\n".encode())
    _forget(conn)
    conn.execute(insert(schema.checkpoints), made._asdict())
    return made


def _forget(conn: Connection) -> None:
    """What nobody else has seen needs no keeping: the next one says as much."""
    table, other = schema.checkpoints, schema.cosignatures
    seen = select(other.c.size).where(other.c.number == table.c.number, other.c.size == table.c.size).exists()
    conn.execute(delete(table).where(table.c.shown == 0, ~seen))


def was_shown(conn: Connection, made: Checkpoint) -> None:
    """A cabinet gets it."""
    table = schema.checkpoints
    conn.execute(update(table).where(table.c.number == made.number, table.c.size == made.size).values(shown=1))


def _rooted(conn: Connection, row: tiles.TreeRow) -> bool:
    """A successor shows itself only with the entry that began it."""
    if row.number == 1:
        return True
    index = conn.scalar(select(schema.successors.c.leaf_index).where(schema.successors.c.number == row.number))
    return index is not None and index < row.size and _is_leaf(conn, row.number, index)


def _is_leaf(conn: Connection, number: int, index: int) -> bool:
    """Has the successor's entry come into this tree, not only into the one before?"""
    data = conn.scalar(select(schema.successors.c.entry).where(schema.successors.c.number == number))
    return data is not None and tiles.proofs(conn, number).subtree(0, index) == tiles.leaf_hash(data)


def newest(conn: Connection, number: int | None = None) -> Checkpoint | None:
    """The last checkpoint (of log `number`), with the log's signature alone; None before the first."""
    table = schema.checkpoints
    query = select(table).order_by(table.c.number.desc(), table.c.size.desc()).limit(1)
    row = conn.execute(query if number is None else query.where(table.c.number == number)).one_or_none()
    return Checkpoint(*row) if row else None


def root_at(conn: Connection, number: int, size: int) -> bytes | None:
    """The root that was signed for this size, None if none was."""
    table = schema.checkpoints.c
    return conn.scalar(select(table.root).where(table.number == number, table.size == size))


def with_cosignatures(conn: Connection, made: Checkpoint) -> bytes:
    """The note with every cosignature that came for it."""
    table = schema.cosignatures.c
    where = (table.number == made.number, table.size == made.size)
    lines = conn.scalars(select(table.line).where(*where).order_by(table.name))
    return made.note + "".join(f"{line}\n" for line in lines).encode()


def add_cosignatures(conn: Connection, made: Checkpoint, lines: Iterable[tuple[str, str]]) -> None:
    """Keep cosignature lines by the names of their keys."""
    rows = [{"number": made.number, "size": made.size, "name": name, "line": line} for name, line in lines]
    if rows:
        conn.execute(upsert(conn, schema.cosignatures, ("number", "size", "name")), rows)
