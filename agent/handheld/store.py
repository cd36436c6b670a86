"""The unit's memory as one file, and its monotonic clock: what tells how long the unit was off."""

import json
import time
from pathlib import Path

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


class Store:
    """Keeps the memory in `path`; without one nothing outlasts the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def load(self) -> tuple[Memory, Age]:
        """What was kept, or a new unit's; raises StateUnreadable, OSError. How long the unit was off is known only
        within one start of the computer: clocks on walls can be set, and then the list is too old."""
        if self._path is None:
            return Memory(), Age()
        if not self._path.exists():
            # a unit that cannot keep anything must not begin
            self.save(Memory().to_text(Age(), 0))
            return Memory(), Age()
        try:
            kept = json.loads(self._path.read_text(encoding="ascii"))
            same = bool(kept["boot"]) and kept["boot"] == boot_id()
            return from_text(kept["unit"], now_ms(), now_ms() - int(kept["at_ms"]) if same else None)
        except (ValueError, TypeError, KeyError) as error:
            raise StateUnreadable(f"{self._path} is not the memory of a handheld ({error}): restore it") from None

    def save(self, text: str) -> None:
        """Keep the memory as it is now; raises OSError."""
        if self._path:
            durable.write_text(self._path, json.dumps({"boot": boot_id(), "at_ms": now_ms(), "unit": text}))
