"""A disk in memory under SQLite: it records what is written and synced, and gives what a crash can leave of it.

Installed as a VFS of `apsw`'s own SQLite, which `dbapi.py` puts under code that asks for `sqlite3`.
"""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import apsw

VFS = "disk-in-memory"


class Operation(NamedTuple):
    """One call that changes a file: `data` is written at `at`, or None: cut to length `at`; a sync has neither, the end
    of a file (`gone`) comes with the sync of its folder."""

    file: str
    at: int = -1
    data: bytes | None = None
    gone: bool = False

    @property
    def is_sync(self) -> bool:
        return self.at < 0


class Disk:
    """Files by name. `failing(number)` is asked before each operation: an exception it gives is what the call says."""

    def __init__(self, files: dict[str, bytearray] | None = None) -> None:
        self.files = {name: bytearray(data) for name, data in (files or {}).items()}
        self.log: list[Operation] | None = None
        self.failing: Callable[[int], Exception | None] | None = None
        self.calls = 0
        self.connections: list[Any] = []

    def record(self) -> list[Operation]:
        """Begin to record; the list grows from now on."""
        self.log = []
        return self.log

    def do(self, operation: Operation) -> None:
        """Carry out and record, or fail."""
        self.calls += 1
        error = self.failing(self.calls) if self.failing else None
        if error:
            raise error
        carry_out(self.files, operation)
        if self.log is not None:
            self.log.append(operation)


def carry_out(files: dict[str, bytearray], operation: Operation) -> None:
    """Do one operation to files."""
    file, at, data, gone = operation
    if gone:
        files.pop(file, None)
    elif data is not None:
        held = files.setdefault(file, bytearray())
        if len(held) < at:
            held.extend(bytes(at - len(held)))
        held[at : at + len(data)] = data
    elif at >= 0:
        held = files.setdefault(file, bytearray())
        del held[at:]


class _File:
    """SQLite's file over the disk; locks are nobody else's business."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk, self._name = disk, name
        disk.files.setdefault(name, bytearray())

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._disk.files.get(self._name, b"")[offset : offset + amount])

    def xWrite(self, data: Any, offset: int) -> None:
        self._disk.do(Operation(self._name, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        self._disk.do(Operation(self._name, size))

    def xSync(self, _flags: int) -> None:
        self._disk.do(Operation(self._name))

    def xFileSize(self) -> int:
        return len(self._disk.files.get(self._name, b""))

    def xLock(self, _level: int) -> None:
        pass

    xUnlock = xLock

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, _op: int, _pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return 4096

    def xDeviceCharacteristics(self) -> int:
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE)

    def xClose(self) -> None:
        pass


class DiskVfs(apsw.VFS):
    """The VFS; `disk` is the one it works on now."""

    def __init__(self) -> None:
        super().__init__(VFS, "")
        self.disk = Disk()
        self._temporary = 0

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        flags[1] = flags[0]
        if name is None:
            self._temporary += 1
            return _File(Disk(), f"temporary-{self._temporary}")
        return _File(self.disk, name.filename() if isinstance(name, apsw.URIFilename) else name)

    def xAccess(self, name: str, _flags: int) -> bool:
        return name in self.disk.files

    def xDelete(self, name: str, _sync: bool) -> None:
        # SQLite asks for the sync wherever the file could come back to life
        self.disk.do(Operation(name, gone=True))

    def xFullPathname(self, name: str) -> str:
        return name


class Image(NamedTuple):
    """What a crash left, and by which model; the first `at` operations of the log had returned. `make` builds the files
    and is good until the next image is asked for."""

    at: int
    model: str
    make: Callable[[], dict[str, bytearray]]


def images(log: list[Operation], subsets: int, seed: int = 1) -> Iterator[Image]:
    """What crashes can leave: each operation the last, or torn, or unsynced ones lost, all or some of them."""
    rng = random.Random(seed)
    durable: dict[str, bytearray] = {}
    written: dict[str, bytearray] = {}
    waiting: list[Operation] = []
    for at, operation in enumerate(log):
        yield Image(at, "prefix", lambda: _with(written, []))
        for part in _torn(operation):
            yield Image(at, "torn", partial(_with, written, [part]))
        waiting.append(operation)
        carry_out(written, operation)
        if operation.is_sync:
            _sync(durable, waiting, operation.file)
            waiting = [other for other in waiting if other.file != operation.file]
        elif waiting:
            yield Image(at + 1, "unsynced lost", lambda: _with(durable, []))
            for _ in range(subsets):
                yield Image(at + 1, "subset", partial(_with, durable, _some(waiting, rng)))
    yield Image(len(log), "prefix", lambda: _with(written, []))


def _with(files: dict[str, bytearray], operations: list[Operation]) -> dict[str, bytearray]:
    made = {name: bytearray(data) for name, data in files.items()}
    for operation in operations:
        carry_out(made, operation)
    return made


def _sync(durable: dict[str, bytearray], waiting: list[Operation], file: str) -> None:
    for operation in waiting:
        if operation.file == file:
            carry_out(durable, operation)


def _torn(operation: Operation) -> list[Operation]:
    data = operation.data or b""
    cuts = {1, 16, 512, len(data) // 2, len(data) - 1}
    return [operation._replace(data=data[:n]) for n in sorted(cuts) if 0 < n < len(data)]


def _some(waiting: list[Operation], rng: random.Random) -> list[Operation]:
    kept = [operation for operation in waiting if rng.random() < 0.5]
    if kept and kept[-1].data and rng.random() < 0.3:
        kept[-1] = rng.choice(_torn(kept[-1]) or [kept[-1]])
    return kept
