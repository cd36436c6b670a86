"""What a unit must not forget when its power fails: one JSON object. All goes by label, nothing by person (P35)."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent.handheld.clock import Age, read
from agent.handheld.lists import Lists
from firmware.cradle import addresses

VERSION = 1
# as many records as can wait for a host, and as many serials as are never given again, whatever the host lists
KEPT = 1024
# a label is settled or stale by then, and its serial may come again
_FORGET_CHECKS = timedelta(hours=72)


class NoSerial(Exception):
    """All serials of this unit are on labels that are still open (RD-P9b)."""


@dataclass
class Memory:
    """`records`: flag and text of what the host does not have yet; `made`: the serials given last; `checked`: what came
    of the labels checked here, with the time; `done`: lines of this list picked here; `files` as they came."""

    address: str | None = None
    sequence: int = 0
    made: list[str] = field(default_factory=list)
    records: list[list[str]] = field(default_factory=list)
    checked: dict[str, list[str]] = field(default_factory=dict)
    picked: dict[str, list[str]] = field(default_factory=dict)
    done: list[list[str]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def to_text(self, age: Age, now_ms: int) -> str:
        """As it is kept: the list's age with it."""
        kept = vars(self) | {"version": VERSION, "snapshot": age.snapshot, "age_ms": age.age_ms(now_ms)}
        return json.dumps(kept)

    def lists(self) -> Lists:
        """The files, read again."""
        lists = Lists()
        for name, text in self.files.items():
            lists.take(name, text.encode("ascii"))
        return lists

    def new_serial(self, listed: frozenset[str]) -> str:
        """The next serial of this unit that is on no open label; raises NoSerial."""
        open_now = listed | set(self.made)
        for _ in range(addresses.SEQUENCES):
            serial = str(addresses.serial(self.address, self.sequence))
            self.sequence = (self.sequence + 1) % addresses.SEQUENCES
            if serial not in open_now:
                self.made = [*self.made, serial][-KEPT:]
                return serial
        raise NoSerial

    def note_pick(self, serial: str, station: str, purpose: str, picker: str) -> None:
        """What was picked and by whom, so that a check here can ask for another person."""
        # a serial that came round is checked anew
        self.checked.pop(serial, None)
        self.picked[serial] = [station, purpose, picker]
        if len(self.picked) > KEPT:
            del self.picked[next(iter(self.picked))]

    def note_check(self, serial: str, status: str, time12: str) -> None:
        """A label was checked here."""
        self.checked[serial] = [status, time12]

    def status(self, serial: str, now: datetime) -> str | None:
        """What came of a label's check on this unit within 72 h; None if there was none."""
        self.checked = {one: kept for one, kept in self.checked.items() if now - read(kept[1]) < _FORGET_CHECKS}
        return self.checked[serial][0] if serial in self.checked else None


def from_text(text: str, now_ms: int, off_ms: int | None) -> tuple[Memory, Age]:
    """What was kept, `off_ms` after it was written (None: nobody knows, so the list is too old); ValueError if it is
    no such thing: a unit that has forgotten what it picked must not go on as if nothing had been."""
    try:
        kept: dict[str, Any] = json.loads(text)
        if kept.pop("version") != VERSION:
            raise ValueError("another version")
        snapshot, age_ms = kept.pop("snapshot"), kept.pop("age_ms")
        memory = Memory(**kept)
        memory.lists()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"the unit's memory cannot be read: {error}") from None
    unknown = age_ms is None or off_ms is None or off_ms < 0
    return memory, Age(snapshot, None if unknown else now_ms - age_ms - off_ms)
