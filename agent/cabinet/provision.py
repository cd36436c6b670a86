"""Provisioning: the identity that the centre made at enrolment, and the loader, onto a board. Never twice."""

import functools
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from agent.cabinet import bytecode
from agent.cabinet.board import Board, Told, check_serviced, fill
from agent.cabinet.errors import CabinetError
from firmware import codes
from firmware.journal import keypage
from firmware.journal.flash import PAGE
from firmware.keys import Keys
from firmware.ports import install
from firmware.wire import cbor

IDENTITY = "controller.cbor"
RING = "ring.bin"
# what a board had under the identity it loses
OF_THE_OLD = (
    IDENTITY,
    install.ACTIVE,
    install.PENDING,
    install.OUTCOME,
    RING,
    "snapshot-a.bin",
    "snapshot-b.bin",
    "element-a.bin",
    "element-b.bin",
)
FOLDERS_OF_THE_OLD = ("tables", "a", "b")
MAIN = """import sys
sys.path.insert(0, "base")
from firmware.ports import {board}_loader
{board}_loader.main()
"""


def identity_of(path: Path, station: str) -> bytes:
    """The record that enrolment left for this station's controller; CabinetError 4036 if it is not there (any more)."""
    try:
        data = path.read_bytes()
        fields = cbor.decode(data)
        if fields[1] != station or not all(any(key) for key in fields[3]):
            raise ValueError("it is not this station's")
        Keys(fields[3])
    except (OSError, ValueError, IndexError, TypeError) as error:
        raise CabinetError(codes.NO_IDENTITY, f"{path}: {error}") from None
    return data


def ring_of(path: Path) -> bytes:
    """The page that enrolment left beside that record, for the controller's ring to begin with; CabinetError 4036."""
    try:
        page = path.with_name(RING).read_bytes()
    except OSError as error:
        raise CabinetError(codes.NO_IDENTITY, str(error)) from None
    if len(page) != PAGE or keypage.decode(page) is None:
        raise CabinetError(codes.NO_IDENTITY, f"{path.with_name(RING)} is not the beginning of a ring")
    return page


@functools.cache
def base_files(board: str) -> Mapping[str, bytes]:
    """The loader of a kind of board: what goes into its folder `base`."""
    with tempfile.TemporaryDirectory() as name:
        bytecode.compile_into(Path(name), bytecode.ROOT, bytecode.base_sources(board))
        return bytecode.compiled_files(Path(name))


def provision(
    board: Board, identity: bytes, ring: bytes, replace: bool = False, say: Callable[[str], None] = lambda text: None
) -> Told:
    """Put loader, first page of the ring and identity on a board, the identity last; CabinetError if it has one, or is
    not in maintenance."""
    told = board.told()
    check_free(told, replace)
    if told.station:
        _forget(board)
    fill(board, "base", base_files(told.board), say)
    board.write("main.py", MAIN.format(board=told.board).encode())
    say("the journal's flash is erased")
    board.begin(identity, ring)
    board.write(IDENTITY, identity)
    return board.told()


def check_free(told: Told, replace: bool) -> None:
    """CabinetError unless the board has no identity, or may lose the one it has."""
    if told.station and not replace:
        raise CabinetError(codes.HAS_IDENTITY, told.station)
    check_serviced(told)


def _forget(board: Board) -> None:
    for name in OF_THE_OLD:
        board.remove(name)
    for folder in FOLDERS_OF_THE_OLD:
        for name in board.hashes(folder):
            board.remove(f"{folder}/{name}")
