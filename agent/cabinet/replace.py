"""A controller is replaced at the cabinet: the identity that two people signed at the centre, in place of the old one,
and the agent's new certificate.

The old log must have ended where they said: nothing of it may still wait for the centre.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from agent.cabinet import provision
from agent.cabinet.board import Board, Told
from agent.cabinet.errors import CabinetError
from firmware import codes
from firmware.keys import Keys
from firmware.ports.install import BEFORE
from firmware.wire import cbor, sealed

FOLDER, DONE = "replacement", "replacement.done"
# a replacement made by an earlier release, or renewed since at the centre, has no certificate
OF_THE_AGENT = ("tls.key", "tls.crt", "agent.toml")


def on_board(
    folder: Path, station: str, board: Board, replace: bool, say: Callable[[str], None] = lambda text: None
) -> Told:
    """Provision the new board with the new identity, and the agent with its log and certificate; `folder` is the
    station's."""
    if _was_in_place(folder):
        return board.told()
    identity = check(folder, station)
    ring = provision.ring_of(folder / FOLDER / provision.IDENTITY)
    provision.check_free(board.told(), replace)
    board.write(BEFORE, (folder / FOLDER / BEFORE).read_bytes())
    told = provision.provision(board, identity, ring, replace, say)
    _take_over(folder)
    return told


def here(folder: Path, station: str) -> Path:
    """Put the new identity in place of this Linux cabinet's controller, whose folder is kept; gives where. Interrupted
    anywhere, the same call goes on."""
    controller = folder / "controller"
    if _was_in_place(folder):
        return _kept(folder, (controller / provision.IDENTITY).read_bytes())
    identity = check(folder, station)
    kept = _kept(folder, identity)
    if not kept.exists():
        controller.rename(kept)
    elif (controller / provision.IDENTITY).exists() and (controller / provision.IDENTITY).read_bytes() != identity:
        raise CabinetError(codes.HAS_IDENTITY, str(kept))
    if not (controller / provision.IDENTITY).exists():
        _put(folder, controller)
    _take_over(folder)
    return kept


def _kept(folder: Path, identity: bytes) -> Path:
    """Where the files of the controller before this one stay."""
    return folder / f"controller-log{cbor.decode(identity)[2] - 1}"


def _put(folder: Path, controller: Path) -> None:
    # the identity last: with it the folder is whole, and a ring that was begun is never overwritten
    (controller / "tables").mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (provision.RING, BEFORE, provision.IDENTITY):
        _copy(folder / FOLDER / name, controller / name)


def _copy(source: Path, target: Path) -> None:
    """Whole or not at all, with its mode, durable."""
    draft = target.with_name(f"{target.name}.new")
    shutil.copy2(source, draft)
    _sync(draft)
    draft.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def check(folder: Path, station: str) -> bytes:
    """The new identity; CabinetError 4036 if there is none, 4037 if it is not signed, 4039 if the old log did not end
    as they said."""
    identity = provision.identity_of(folder / FOLDER / provision.IDENTITY, station)
    key = Keys(cbor.decode(identity)[3]).firmware
    signed = sealed.open((folder / FOLDER / BEFORE).read_bytes(), key)
    if not signed or len({*signed[6:]} - {""}) != 2:
        raise CabinetError(codes.TWO_PEOPLE_NEEDED)
    _check_end(folder / "outbox.db", *signed[3:6])
    return identity


def _check_end(outbox: Path, log: int, seq: int, head: bytes) -> None:
    """An outbox that was deleted says nothing: then the centre's word holds."""
    if not outbox.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT log, seq, answered, answered_head FROM log").fetchone()
    except sqlite3.Error as error:
        raise CabinetError(codes.NOT_EXPORTED, f"{outbox}: {error}") from None
    if row and row[0] == log and (row[1] > row[2] or (row[2], row[3] or head) != (seq, head)):
        raise CabinetError(codes.NOT_ALL_ANSWERED, f"here {row[1]}, answered {row[2]}, signed {seq}")


def _take_over(folder: Path) -> None:
    """The agent goes on with the new log and certificate; what was secret of the new identity is not left here. Until
    everything is in place the folder keeps all of it: key and certificate can not stay mixed."""
    for name in OF_THE_AGENT:
        if (folder / FOLDER / name).exists():
            _copy(folder / FOLDER / name, folder / name)
    (folder / FOLDER).rename(folder / DONE)
    shutil.rmtree(folder / DONE)


def _was_in_place(folder: Path) -> bool:
    """Was an earlier call interrupted when only tidying up was left?"""
    if not (folder / DONE).exists():
        return False
    shutil.rmtree(folder / DONE)
    return not (folder / FOLDER).exists()
