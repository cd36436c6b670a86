"""Under CPython the controller's files ask the system to write through; under MicroPython flush() does."""

import os

import pytest

from firmware.journal.flash import PAGE, FileFlash
from firmware.journal.snapshot import FileStore


@pytest.fixture
def written_through(monkeypatch):
    """Sizes of the files that were synced, as the system knew them at that moment: nothing is left in a buffer."""
    sizes = []
    monkeypatch.setattr(os, "fsync", lambda fd: sizes.append(os.fstat(fd).st_size))
    return sizes


@pytest.mark.req("A12.a")
def test_a_page_of_the_ring(tmp_path, monkeypatch, written_through):
    path = tmp_path / "ring.bin"
    flash = FileFlash(path, 2)
    assert written_through == [2 * 4096]
    flash.program(3, b"\1" * PAGE)
    seen = []
    monkeypatch.setattr(os, "fsync", lambda fd: seen.append(path.read_bytes()[3 * PAGE : 4 * PAGE]))
    flash.sync()
    flash.close()
    assert seen == [b"\1" * PAGE]


def test_a_snapshot(tmp_path, written_through):
    FileStore(tmp_path / "a", tmp_path / "b").write(1, (b"one", b"two"))
    assert written_through == [6]
