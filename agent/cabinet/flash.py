"""Flashing: a bundle's files into the slot that does not run, each read back; then the controller takes it over itself.

What is there already and verified is not sent again: after a pulled cable the same command goes on.
"""

from collections.abc import Callable

from agent.cabinet.board import Board, Filled, Told, check_serviced, fill
from agent.cabinet.bundle import Bundle
from agent.cabinet.errors import CabinetError
from firmware import codes
from firmware.ports import install


def flash(board: Board, bundle: Bundle, station: str, say: Callable[[str], None] = lambda text: None) -> Filled:
    """Install an opened bundle on the controller of `station` and restart it; CabinetError says why not.

    A refusal that the controller should remember is left for its journal.
    """
    told = board.told()
    if told.station != station:
        raise CabinetError(codes.NOT_PROVISIONED, told.station)
    check_serviced(told)
    try:
        _check(told, bundle)
        manifest = bundle.manifest_for(station)
    except CabinetError as error:
        board.report(error.code, bundle.version)
        raise
    slot = board.slot_for(told, bundle.number)
    board.remove(install.PENDING)
    done = fill(board, slot, {**bundle.files, install.MANIFEST: manifest}, say)
    board.write(install.PENDING, slot.encode())
    board.remove(install.SERVICE)
    board.restart()
    return done


def _check(told: Told, bundle: Bundle) -> None:
    if told.board != bundle.board:
        raise CabinetError(codes.OTHER_BOARD, f"{bundle.board}, this is {told.board}")
    if bundle.number <= told.number:
        raise CabinetError(codes.FIRMWARE_ROLLBACK, f"{bundle.version}, it has had {told.version}")
