"""Release keys and compiled firmware, made once."""

import functools
import shutil

import pytest

from agent.cabinet import bytecode
from agent.cabinet.repl import ReplBoard
from simulator.bytecode import compiled
from tests.cabinet.desk import PATIENCE_S, Desk, Release


@pytest.fixture(scope="session")
def release():
    return Release()


@pytest.fixture(scope="session")
def firmware(tmp_path_factory):
    """The unix port's files of a version: those that all tests run, but for the one that names the version."""
    files = bytecode.compiled_files(compiled())

    @functools.cache
    def of(version):
        room, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("out")
        (room / "version.py").write_text(f'VERSION = "{version}"')
        bytecode.compile_into(out, room, [room / "version.py"])
        return {**files, "firmware/version.mpy": (out / "version.mpy").read_bytes()}

    return of


@pytest.fixture(scope="session")
def at_its_repl(tmp_path_factory, release, firmware):
    """The flash of a board that runs 0.2.0 and has left for its REPL."""
    with Desk(tmp_path_factory.mktemp("first")) as desk:
        desk.provision()
        desk.flash_with(release.bundle("0.2.0", firmware("0.2.0")))
        assert desk.booted()[4] == "0.2.0"
        desk.into_maintenance()
        with ReplBoard(desk.board.port, PATIENCE_S):
            pass
        return shutil.copytree(desk.flash, tmp_path_factory.mktemp("flash") / "flash")


@pytest.fixture
def serviced(tmp_path, at_its_repl):
    """A desk with a copy of that board, the key turned, the REPL open."""
    shutil.copytree(at_its_repl, tmp_path / "board" / "flash")
    with Desk(tmp_path, key_turned=True) as desk:
        with ReplBoard(desk.board.port, PATIENCE_S):
            pass
        yield desk


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk
