"""Makes the vectors of tree, checkpoint and cosignature (docs/wire.md section 6).

    python -m tests.vectors.tree.make

Fixed keys and times: the same bytes come out each time. Trees and proofs are made here as RFC 6962 section 2.1 defines
them, apart from the code that is tested with them. The keys are for tests only.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.compat import derive
from firmware.journal import kinds
from firmware.wire import cbor, note, sealed, signed
from tests.vectors import make as journal

HERE = Path(__file__).parent
SITE = "mercy"
ENTRIES = 13
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
WITNESS = "apotheca/1/mercy/witness/compliance"
TIME_S = 1782720060
Case = dict[str, Any]


def raw_entries() -> list[bytes]:
    """Entries of two logs, as they could come."""
    made = []
    for n in range(ENTRIES):
        station, seq = ("ICU1", 1 + n // 2) if n % 2 == 0 else ("centre", 1 + n // 2)
        head = [1, station, 1, 1, seq, 1782720000000 + n, n, 3, kinds.SIGN_OFF, "", None, None, None, None, None, None]
        made.append(cbor.encode([*head, 0, None, [1]]))
    return made


def leaf(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    k = _split(len(leaves))
    return sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D)."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D, whole); PROOF(m, D) is that of the whole."""
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = _split(len(leaves))
    if m <= k:
        return [*proof(m, leaves[:k], whole=whole), root(leaves[k:])]
    return [*proof(m - k, leaves[k:], whole=False), root(leaves[:k])]


def _split(n: int) -> int:
    return 1 << ((n - 1).bit_length() - 1)


def merkle() -> Case:
    """Roots of every size, and proofs that are good or bad."""
    raws = raw_entries()
    leaves = [leaf(raw) for raw in raws]
    return {
        "what": "merkle",
        "entries": [raw.hex() for raw in raws],
        "roots": [root(leaves[:n]).hex() for n in range(len(leaves) + 1)],
        "inclusion": [case for case in _inclusion(leaves)],
        "consistency": [case for case in _consistency(leaves)],
    }


def _inclusion(leaves: list[bytes]) -> list[Case]:
    cases = []
    for size, index in ((1, 0), (2, 1), (7, 0), (7, 6), (8, 3), (13, 12), (13, 8), (13, 5)):
        way = path(index, leaves[:size])
        top = root(leaves[:size])
        cases.append(_included("right", (index, index, size), top, way))
        cases.append(_included("another leaf", ((index + 1) % 13, index, size), top, way))
        cases.append(_included("one hash more", (index, index, size), top, [*way, leaves[0]]))
        cases.append(_included("beyond the tree", (index, size, size), top, way))
    cases.append(_included("a hash too few", (5, 5, 13), root(leaves), path(5, leaves)[:-1]))
    cases.append(_included("of another size", (12, 12, 12), root(leaves[:12]), path(11, leaves[:12])))
    return cases


def _included(why: str, where: tuple[int, int, int], top: bytes, way: list[bytes]) -> Case:
    which, index, size = where
    proof_ = [one.hex() for one in way]
    good = why == "right"
    return {"why": why, "leaf": which, "index": index, "size": size, "root": top.hex(), "proof": proof_, "good": good}


def _consistency(leaves: list[bytes]) -> list[Case]:
    cases = []
    for old, new in ((1, 2), (1, 13), (3, 7), (4, 7), (6, 8), (8, 13), (12, 13), (13, 13), (0, 5)):
        way = proof(old, leaves[:new]) if old else []
        tops = root(leaves[:old]), root(leaves[:new])
        cases.append(_grown("right", (old, new), tops, way))
        cases.append(_grown("another old root", (max(old, 1), new), (leaves[12], tops[1]), way))
        cases.append(_grown("another new root", (max(old, 1), new), (tops[0], leaves[12]), way))
        cases.append(_grown("one hash more", (old, new), tops, [*way, leaves[0]]))
    cases.append(_grown("smaller", (8, 7), (root(leaves[:8]), root(leaves[:7])), []))
    cases.append(_grown("a hash too few", (3, 7), (root(leaves[:3]), root(leaves[:7])), proof(3, leaves[:7])[:-1]))
    return cases


def _grown(why: str, sizes: tuple[int, int], tops: tuple[bytes, bytes], way: list[bytes]) -> Case:
    proof_ = [one.hex() for one in way]
    roots = {"root1": tops[0].hex(), "root2": tops[1].hex()}
    return {"why": why, "size1": sizes[0], "size2": sizes[1], **roots, "proof": proof_, "good": why == "right"}


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def signed_note(number: int, size: int) -> bytes:
    """A checkpoint with the log's signature and the witness's."""
    text = note.text(note.origin(SITE, number), size, root([leaf(raw) for raw in raw_entries()][:size]))
    name = note.origin(SITE, 1)
    own = signed.line(name, signed.ED25519, public(LOG_KEY), LOG_KEY.sign(text.encode()))
    stamp = TIME_S.to_bytes(8, "big") + WITNESS_KEY.sign(signed.cosigned(text, TIME_S).encode())
    theirs = signed.line(WITNESS, signed.COSIGNATURE, public(WITNESS_KEY), stamp)
    return f"{text}\n{own}\n{theirs}\n".encode()


def notes() -> Case:
    """Notes as bytes, and what is read from them."""
    good = signed_note(1, 13)
    return {
        "what": "note",
        "log_vkey": signed.vkey(note.origin(SITE, 1), signed.ED25519, public(LOG_KEY)),
        "witness_vkey": signed.vkey(WITNESS, signed.COSIGNATURE, public(WITNESS_KEY)),
        "note": good.decode(),
        "origin": note.origin(SITE, 1),
        "size": 13,
        "root": root([leaf(raw) for raw in raw_entries()]).hex(),
        "cosigned_utc_s": TIME_S,
        "successor_note": signed_note(2, 5).decode(),
        "refused": {
            "one leaf more": good.replace(b"\n13\n", b"\n14\n").decode(),
            "another site": good.replace(b"apotheca/1/mercy\n", b"apotheca/1/mercx\n").decode(),
            "no signature": good.decode().split("\n\n")[0] + "\n\n",
            "no newline at the end": good.decode()[:-1],
            "a leading zero": good.replace(b"\n13\n", b"\n013\n").decode(),
        },
    }


def message() -> Case:
    """A `checkpoint` payload for ICU1, which held size 8."""
    leaves = [leaf(raw) for raw in raw_entries()]
    grown, way = proof(8, leaves), path(12, leaves)
    fields = [1, "ICU1", 1, 1782720060000, signed_note(1, 13), 8, grown, 7, 12, way, []]
    payload = sealed.seal(fields, derive(journal.KEY, "checkpoint"))
    return {"what": "checkpoint", "key": journal.KEY.hex(), "hex": payload.hex(), "expect": journal.plain(fields)}


def cases() -> dict[str, Case]:
    """All cases by file name without suffix."""
    return {"merkle": merkle(), "note": notes(), "checkpoint": message()}


if __name__ == "__main__":
    journal.write(HERE, cases())
