"""The loader of each controller board: who reaches the REPL, and what it reads of key and locks."""

import ast
import importlib
import sys
import time
from types import SimpleNamespace

import pytest

from agent.cabinet import bytecode
from firmware.wire import cbor
from simulator.cabinet import cabinet as body
from tests.unit.fake_board import BOARDS, World, module, run_on


class ResetError(Exception):
    """The board starts anew."""


def reset():
    raise ResetError


@pytest.fixture(params=BOARDS)
def world(request):
    return World(request.param)


@pytest.fixture
def loader(world, tmp_path, monkeypatch):
    """The loader of the board, in a folder with its identity; Ctrl-C reaches the REPL if `world.interrupts`."""
    run_on(world, monkeypatch)
    micropython = SimpleNamespace(kbd_intr=lambda char: setattr(world, "interrupts", char == 3))
    monkeypatch.setitem(sys.modules, "micropython", micropython)
    monkeypatch.setattr(sys.modules["machine"], "reset", reset, raising=False)
    monkeypatch.setattr(time, "sleep_ms", lambda ms: None, raising=False)
    monkeypatch.setattr(sys, "print_exception", lambda error: None, raising=False)
    (tmp_path / "controller.cbor").write_bytes(cbor.encode([2, *world.identity]))
    module("chips_spi", monkeypatch)
    module("chips_loader", monkeypatch)
    return module(f"{BOARDS[world.board]}_loader", monkeypatch)


def started(monkeypatch, firmware):
    """`firmware` stands for what the loader starts."""
    monkeypatch.setattr(importlib.import_module("firmware.ports.loader"), "start", firmware)


@pytest.mark.req("U5")
@pytest.mark.parametrize("board", bytecode.BOARDS)
def test_the_loaders_folder_has_all_that_it_loads(board):
    there = bytecode.base_sources(board)
    names = {str(path.relative_to(bytecode.ROOT).with_suffix("")).replace("/", ".") for path in there}
    for path in there:
        # what a function imports is wanted when the firmware runs, from its own slot
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("firmware"):
                wanted = {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
                assert wanted & names, f"{path.name} imports {node.module}"


@pytest.mark.req("U5")
def test_the_loader_reads_key_and_locks(loader, world, tmp_path):
    assert loader.look(str(tmp_path)) == (False, 0)
    world.cabinet.service_key(True)
    world.cabinet.expanders[body.LOCKS].write(bytes((0x00, 0, 0)))
    world.cabinet.expanders[body.LOCKS].write(bytes((0x14, 0b101, 1)))
    assert loader.look(str(tmp_path)) == (True, 0x105)


@pytest.mark.req("U5")
def test_the_repl_opens_only_when_the_firmware_has_left_and_the_key_is_turned(loader, world, tmp_path, monkeypatch):
    folder, world.interrupts = str(tmp_path), True
    boards = []

    def firmware(_folder, board, *_args):
        assert world.interrupts is False  # Ctrl-C does not reach it
        boards.append(board)
        return True

    started(monkeypatch, firmware)
    world.cabinet.service_key(True)
    with pytest.raises(ResetError):
        loader.main(folder)
    (tmp_path / "service").write_bytes(b"left")
    loader.main(folder)  # the REPL
    world.cabinet.service_key(False)
    with pytest.raises(ResetError):
        loader.main(folder)
    assert not (tmp_path / "service").exists()
    assert boards == [BOARDS[world.board]] * 2


@pytest.mark.req("U5")
def test_a_firmware_that_fails_starts_again_and_is_reached_with_the_key_only(loader, world, tmp_path, monkeypatch):
    def firmware(*_args):
        raise ValueError("whatever")

    started(monkeypatch, firmware)
    with pytest.raises(ResetError):
        loader.main(str(tmp_path))
    assert not (tmp_path / "service").exists()
    world.cabinet.service_key(True)
    with pytest.raises(ResetError):
        loader.main(str(tmp_path))
    assert (tmp_path / "service").exists()


@pytest.mark.req("U5")
def test_a_firmware_that_is_not_whole_any_more_does_not_open_the_repl(loader, world, tmp_path):
    """Nothing to start: anybody may flash a board that never had a firmware, any other who has the key."""
    folder, world.interrupts = str(tmp_path), False
    loader.main(folder)
    assert world.interrupts is True
    (tmp_path / "active.cbor").write_bytes(b"whatever the flash made of it")
    with pytest.raises(ResetError):
        loader.main(folder)
    assert world.interrupts is False
    assert not (tmp_path / "service").exists()
    world.cabinet.service_key(True)
    with pytest.raises(ResetError):
        loader.main(folder)
    assert (tmp_path / "service").exists()
    loader.main(folder)  # the REPL
