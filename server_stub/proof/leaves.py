"""What the checkpoint's tree is made of, for who holds some of its entries (docs/packets.md, Tree): runs of those, and
hashes of what is not shown, which tell nothing about it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from server_stub.ledger import checkpoint, tiles
from server_stub.ledger.checkpoint import Checkpoint
from server_stub.ledger.tiles import Run
from server_stub.ledger.tree import Proofs
from server_stub.proof.stretch import LogKey, Stretch
from server_stub.site import treekey
from server_stub.site.config import SiteConfig
from server_stub.site.home import Home, make_folder

Line = dict[str, Any]


def write_tree(conn: Connection, folder: Path, logs: Iterable[Stretch]) -> None:
    """Write `tree/` into `folder`, for the entries of these stretches; nothing while there is no checkpoint."""
    made, row = checkpoint.newest(conn), tiles.newest(conn)
    if made is None or row is None or made.number != row.number:
        return
    shown = {(log.station, log.log): (log.first_seq, log.last_seq) for log in logs}
    out = make_folder(folder / "tree")
    (out / "checkpoint").write_bytes(checkpoint.with_cosignatures(conn, made))
    with (out / "leaves.ndjson").open("w") as file:
        for line in cover(conn, made, shown):
            file.write(json.dumps(line) + "\n")


def copy_keys(home: Home, site: SiteConfig, folder: Path) -> None:
    """Keys of checkpoint and witnesses into `folder`/keys, which is there."""
    source = home.keys / treekey.PUBLIC
    if source.exists():
        (folder / "keys" / treekey.PUBLIC).write_bytes(source.read_bytes())
    if site.witness:
        text = "".join(f"{witness.vkey}\n" for witness in site.witness)
        (folder / "keys" / "witnesses.vkey").write_text(text)


def cover(conn: Connection, made: Checkpoint, shown: Mapping[LogKey, tuple[int, int]]) -> Iterator[Line]:
    """The leaves of `made` from first to last; of each log the entries from first to last seq are `shown`."""
    proofs, at = tiles.proofs(conn, made.number), 0
    for run in _joined(_shown(tiles.runs_of(conn, made.number, made.size), shown)):
        yield from _hashes(proofs, at, run.first_index)
        yield {"station": run.station, "log": run.log, "first_seq": run.first_seq, "count": run.length}
        at = run.first_index + run.length
    yield from _hashes(proofs, at, made.size)


def _shown(runs: Iterable[Run], shown: Mapping[LogKey, tuple[int, int]]) -> Iterator[Run]:
    for run in runs:
        first, last = shown.get((run.station, run.log), (1, 0))
        low, high = max(first, run.first_seq), min(last, run.first_seq + run.length - 1)
        if low <= high:
            yield Run(run.first_index + low - run.first_seq, run.station, run.log, low, high - low + 1)


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs of one log that follow on each other are one."""
    held: Run | None = None
    for run in runs:
        if held and _follows(held, run):
            held = held._replace(length=held.length + run.length)
            continue
        if held:
            yield held
        held = run
    if held:
        yield held


def _follows(one: Run, other: Run) -> bool:
    end = (one.first_index + one.length, one.station, one.log, one.first_seq + one.length)
    return other[:4] == end


def _hashes(proofs: Proofs, low: int, high: int) -> Iterator[Line]:
    """The whole subtrees that the leaves from `low` up to `high` are."""
    while low < high:
        level = (high - low).bit_length() - 1
        if low:
            level = min(level, (low & -low).bit_length() - 1)
        yield {"level": level, "hash": proofs.subtree(level, low >> level).hex()}
        low += 1 << level
