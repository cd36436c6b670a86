"""A controller as who flashes it sees it: its files, what it says of itself, a restart."""

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from agent.cabinet.errors import CabinetError
from firmware import codes


class Told(NamedTuple):
    """What a controller says of itself. `station` "" has no identity; `slot` "" runs no firmware yet; `number` is the
    one below which it takes nothing; `serviced`: its maintenance was begun and journaled; `locks`: bits that are on."""

    board: str
    station: str
    slot: str
    number: int
    version: str
    serviced: bool
    key_turned: bool
    locks: int


class Filled(NamedTuple):
    """How many files were sent, and how many were there already."""

    sent: int
    kept: int


class Board(Protocol):
    """One controller's files, paths relative to its folder. Methods raise CabinetError (4030: no answer)."""

    def told(self) -> Told:
        """What it says of itself now."""

    def slot_for(self, told: Told, number: int) -> str:
        """The slot for a new firmware, never the one that runs."""

    def hashes(self, folder: str) -> Mapping[str, bytes]:
        """SHA-256 of every file below a folder, by name with slashes; none if there is no such folder."""

    def write(self, path: str, data: bytes) -> None:
        """Write a file, and the folders above it."""

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""

    def begin(self, identity: bytes, ring: bytes) -> None:
        """Begin the journal's ring anew with its first page, which lies nowhere else on the board; `identity` says
        where the ring is."""

    def report(self, code: int, version: str) -> None:
        """Leave for the journal why a firmware was refused."""

    def restart(self) -> None:
        """Start the controller anew."""


def fill(board: Board, folder: str, files: Mapping[str, bytes], say: Callable[[str], None]) -> Filled:
    """Make a folder hold these files and no others, and have every one read back. What is there already stays: after a
    pulled cable the same call goes on. CabinetError 4029 if a file is not what was written."""
    wanted = {name: hashlib.sha256(data).digest() for name, data in files.items()}
    there = board.hashes(folder)
    for name in sorted(set(there) - set(wanted)):
        board.remove(f"{folder}/{name}")
    missing = [name for name in wanted if there.get(name) != wanted[name]]
    for at, name in enumerate(missing, 1):
        board.write(f"{folder}/{name}", files[name])
        say(f"{at} of {len(missing)}: {folder}/{name}")
    wrong = sorted(set(wanted.items()) ^ set(board.hashes(folder).items()))
    if wrong:
        raise CabinetError(codes.FIRMWARE_DAMAGED, f"{folder}/{wrong[0][0]}")
    return Filled(len(missing), len(wanted) - len(missing))


def check_serviced(told: Told) -> None:
    """CabinetError unless the controller is in maintenance: begun and journaled, key turned, no lock driven. One that
    runs no firmware has nothing that could be released."""
    if not told.slot:
        return
    if not told.serviced:
        raise CabinetError(codes.NOT_IN_SERVICE)
    if not told.key_turned:
        raise CabinetError(codes.SERVICE_SWITCH_OFF)
    if told.locks:
        raise CabinetError(codes.LOCKS_ENERGISED, f"{told.locks:016b}")
