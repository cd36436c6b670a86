"""A SQLite file on a computer's disk: what a kill leaves of it, what a power cut leaves, and what fits.

The files are real and SQLite itself recovers them. A commit is on the disk once SQLite has synced its log (WAL): with
`synchronous=FULL` at each commit, with NORMAL only when it moves the log into the file. `synced` is told after each
commit that the program went on from; of the log beyond, a power cut leaves blocks in any order: the last may be there
and one before it not.
"""

import random
import shutil
from pathlib import Path

FULL = 2
REORDERED = 0.5
_HEADER = 32
_BLOCK = 512
Image = dict[str, bytes]


class Disk:
    """One database file; each life of the program that uses it has a path of its own."""

    def __init__(self, folder: Path, name: str, template: Path | None = None) -> None:
        self._folder, self._name = folder, name
        self._live(0)
        if template:
            shutil.copy(template, self.path)
        self.reordered = False  # did the last power cut leave a later block and not an earlier one?
        self._safe = self._size()
        self._salt = self._header()

    def _live(self, life: int) -> None:
        """`path` is the file of this life."""
        self._life = life
        self.path = self._folder / f"{self._name}.{life}.db"
        self._log = self.path.with_name(f"{self.path.name}-wal")

    def synced(self, level: int) -> None:
        """A commit has returned; `level` is what PRAGMA synchronous gives on its connection."""
        self.reordered = False
        if level >= FULL:
            self._safe = self._size()
            return
        salt = self._header()
        if salt != self._salt:
            self._safe, self._salt = _HEADER, salt

    def image(self) -> Image:
        """The files as a process sees them now; call between transactions."""
        return {
            end: Path(f"{self.path}{end}").read_bytes() for end in ("", "-wal") if Path(f"{self.path}{end}").exists()
        }

    def renew(self, image: Image) -> None:
        """A new life begins with these files; those of the old one go once its program has let go of them."""
        self._remove()
        self._live(self._life + 1)
        for end, data in image.items():
            Path(f"{self.path}{end}").write_bytes(data)
        self._safe, self._salt = self._size(), self._header()

    def after_power_cut(self, rng: random.Random) -> Image:
        """What is on the disk when the power goes now: the log beyond what was synced is lost from some byte on, or
        blocks of it never came."""
        image = self.image()
        log = image.get("-wal", b"")
        if len(log) > self._safe:
            kept = bytearray(log[: rng.randint(self._safe, len(log))])
            blocks = range(self._safe, len(kept) - _BLOCK, _BLOCK)
            for at in rng.sample(blocks, rng.randint(0, len(blocks))) if rng.random() < REORDERED else ():
                kept[at : at + _BLOCK] = bytes(_BLOCK)
                self.reordered = True
            image["-wal"] = bytes(kept)
        return image

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0

    def _header(self) -> bytes:
        try:
            with self._log.open("rb") as file:
                return file.read(_HEADER)
        except FileNotFoundError:
            return b""

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)
