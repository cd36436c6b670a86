"""`apotheca cabinet flash`: a bundle from a file to a running cabinet, a board or this Linux computer."""

import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from agent.cabinet.board import Filled
from agent.cabinet.bundle import SIGNER, Bundle, unpack
from agent.cabinet.errors import CabinetError
from agent.cabinet.flash import flash
from agent.cabinet.folder import FolderBoard
from agent.cabinet.panel import PanelClient, told_service, wait_for_version
from agent.cabinet.repl import ReplBoard
from agent.keys import Verifier
from agent.settings import Settings
from firmware import codes
from firmware.ports import install
from firmware.requests import service

LOOK_S = 0.05
Say = Callable[[str], None]


def opened(file: Path, station_folder: Path) -> Bundle:
    """The bundle in `file`, checked with the release key that the station was given; CabinetError, KeyFileError."""
    return unpack(file.read_bytes(), Verifier.load(station_folder / "release-sign.pub", SIGNER))


def flash_board(settings: Settings, bundle: Bundle, port: Path, say: Say, within_s: float) -> Filled:
    """Flash the board at `port`; then the running firmware is asked, if an agent has its link."""
    with ReplBoard(port) as board:
        done = flash(board, bundle, settings.station, say)
    if settings.panel_socket.exists():
        wait_for_version(settings.panel_socket, bundle.version, within_s)
    return done


def flash_here(settings: Settings, bundle: Bundle, say: Say, within_s: float) -> Filled:
    """Flash this Linux cabinet: into a folder of its own, taken over by the controller when it is started again."""
    folder = settings.folder / "controller"
    board = FolderBoard(folder, lambda: told_service(settings.panel_socket)[:2], lambda: restart(settings))
    done = flash(board, bundle, settings.station, say)
    wait_until_taken(folder, bundle, within_s)
    return done


def restart(settings: Settings) -> None:
    """Start the controller anew with the command of the settings; without one it is asked to end, and is started again
    by what runs it. One that does not answer runs no firmware, and looks by itself. CabinetError 4034 if the command
    fails."""
    if settings.controller_restart:
        try:
            subprocess.run(shlex.split(settings.controller_restart), check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CabinetError(codes.NOT_STARTED, str(error)) from None
    elif settings.panel_socket.exists():
        _ask_to_end(settings.panel_socket)


def _ask_to_end(panel_socket: Path) -> None:
    try:
        with PanelClient(panel_socket) as panel:
            panel.ask("maintenance", what=service.HAND_OVER, reason=1)
    except CabinetError as error:
        if error.code != codes.LINK_DOWN:
            raise


def wait_until_taken(folder: Path, bundle: Bundle, within_s: float) -> None:
    """Until the controller has judged what is pending; CabinetError 4034 if it did not take it."""
    until = time.monotonic() + within_s
    while (folder / install.PENDING).exists() and time.monotonic() < until:
        time.sleep(LOOK_S)
    who = install.identity(str(folder))
    if who is None or install.active(str(folder), who[1])[1] != bundle.number:
        raise CabinetError(codes.NOT_STARTED, bundle.version)
