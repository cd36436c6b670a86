"""The unit's memory as one file, and its monotonic clock: what tells how long the unit was off."""

import fcntl
import json
import time
from pathlib import Path
from typing import IO

from agent import durable
from agent.handheld.clock import Age
from agent.handheld.memory import Memory, from_text

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class StateUnreadable(Exception):
    """The file is damaged, so nobody knows what the unit has picked; the text names it."""


def now_ms() -> int:
    """Milliseconds that never go back, and go on while the computer sleeps where the system can count them."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


def boot_id() -> str:
    """Of this start of the computer; "" where it does not say."""
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else ""


class InUse(Exception):
    """Another handheld has this memory: two would give the same serials. The text names the file."""


class Store:
    """Keeps the memory in `path`, for itself until `close`; without one nothing outlasts the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock: IO[bytes] | None = None

    def load(self) -> tuple[Memory, Age]:
        """What was kept, or a new unit's; raises StateUnreadable, InUse, OSError. How long the unit was off is known
        only within one start of the computer: clocks on walls can be set, and then the list is too old."""
        if self._path is None:
            return Memory(), Age()
        self._claim(self._path)
        try:
            return self._read(self._path)
        except BaseException:
            self.close()
            raise

    def _read(self, path: Path) -> tuple[Memory, Age]:
        if not path.exists():
            # a unit that cannot keep anything must not begin
            self.save(Memory().to_text(Age(), 0))
            return Memory(), Age()
        try:
            kept = json.loads(path.read_text(encoding="ascii"))
            same = bool(kept["boot"]) and kept["boot"] == boot_id()
            return from_text(kept["unit"], now_ms(), now_ms() - int(kept["at_ms"]) if same else None)
        except (ValueError, TypeError, KeyError) as error:
            raise StateUnreadable(f"{path} is not the memory of a handheld ({error}): restore it") from None

    def _claim(self, path: Path) -> None:
        """The memory itself is replaced each time it is saved, so the lock has a file of its own."""
        if self._lock is None:
            lock = path.with_name(f".{path.name}.lock").open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                raise InUse(f"{path} is the memory of another handheld that is on") from None
            self._lock = lock

    def close(self) -> None:
        """Another may have it."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def save(self, text: str) -> None:
        """Keep the memory as it is now; raises OSError."""
        if self._path:
            durable.write_text(self._path, json.dumps({"boot": boot_id(), "at_ms": now_ms(), "unit": text}))
