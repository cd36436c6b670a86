"""A controller is replaced at the cabinet: the identity that two people signed at the centre, in place of the old one.

The old log must have ended where they said: nothing of it may still wait for the centre.
"""

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

FOLDER = "replacement"
AGENT = "agent.toml"


def on_board(
    folder: Path, station: str, board: Board, replace: bool, say: Callable[[str], None] = lambda text: None
) -> Told:
    """Provision the new board with the new identity, and the agent with its log; `folder` is the station's."""
    identity = check(folder, station)
    ring = provision.ring_of(folder / FOLDER / provision.IDENTITY)
    provision.check_free(board.told(), replace)
    board.write(BEFORE, (folder / FOLDER / BEFORE).read_bytes())
    told = provision.provision(board, identity, ring, replace, say)
    _take_over(folder)
    return told


def here(folder: Path, station: str) -> Path:
    """Put the new identity in place of this Linux cabinet's controller, whose folder is kept; gives where."""
    identity = check(folder, station)
    old = folder / "controller"
    kept = folder / f"controller-log{cbor.decode(identity)[2] - 1}"
    if kept.exists():
        raise CabinetError(codes.HAS_IDENTITY, str(kept))
    old.rename(kept)
    (old / "tables").mkdir(mode=0o700, parents=True)
    for name in (provision.IDENTITY, provision.RING, BEFORE):
        shutil.copy2(folder / FOLDER / name, old / name)
    _take_over(folder)
    return kept


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
    """The agent goes on with the new log; what was secret of the new identity is not left here."""
    (folder / FOLDER / AGENT).replace(folder / AGENT)
    shutil.rmtree(folder / FOLDER)
