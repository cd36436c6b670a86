"""The handheld as a machine without I/O: keys, scans, bytes and time come in; actions go out, in order; the display and
the user's work are looked at (docs/handheld.md).

Actions: ("save", text) first, whatever changed: it is kept before anything else is done; ("send", bytes), ("bid",),
("release",) of the line (firmware/cradle/terminal.py); ("print", label) with `kind`, `code` and the fields of a label;
("beep", good). Times are the unit's monotonic milliseconds; TIME of the hosts sets the clock on its display.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from agent.handheld import lists, menus, remote
from agent.handheld.clock import Age, Clock
from agent.handheld.link import Block, Link
from agent.handheld.memory import KEPT, Memory
from agent.handheld.screen import Line, page
from agent.handheld.steps import Message, Step
from firmware.cradle import addresses
from firmware.wire import labels

Action = tuple[Any, ...]
_HOUR_MS = 3_600_000
# L blocks come on top of records
_MOST_RECORDS = KEPT - 16
_NEARLY_ALL = addresses.SEQUENCES * 9 // 10


class Unit:
    """`memory` and `age` as `memory.from_text` gives them; `draw_block`: a block number not used lately."""

    def __init__(self, memory: Memory, age: Age, draw_block: Block, now_ms: int = 0) -> None:
        self.memory, self.age = memory, age
        self.lists = memory.lists()
        self.clock = Clock()
        self.user: str | None = None
        self.now_ms = now_ms
        self.last_session: bool | None = None
        self.link = Link(memory.address, self._minute_second, draw_block)
        for flag, text in memory.records:
            self.link.queue(flag, text.encode("ascii"))
        self._actions: list[Action] = []
        self._changed = True
        self._saved = ""
        self._steps: list[Step] = []
        self.home()

    # events

    def key(self, key: str, now_ms: int) -> None:
        """A key: a character, or one of steps.KEYS."""
        self._changed = True
        self._at(now_ms).key(key)

    def scan(self, text: str, now_ms: int) -> None:
        """The scanner has read a code."""
        self._changed = True
        self._at(now_ms).scan(text)

    def heard(self, data: bytes, now_ms: int) -> None:
        """Bytes of the line, split anywhere."""
        self._at(now_ms)
        self.link.heard(data, now_ms)
        self._follow()

    def tick(self, now_ms: int) -> None:
        """Time has passed: when `deadline` says, or at any other moment."""
        self._at(now_ms)
        self.link.tick(now_ms)
        self._follow()

    def plug(self, plugged: bool, now_ms: int) -> None:
        """The unit is put into a cradle (or linked to the station it delivers to), or taken out."""
        self._at(now_ms)
        self.link.plug(plugged, now_ms)
        self._follow()

    def granted(self, now_ms: int) -> None:
        """The line is this unit's."""
        self._at(now_ms)
        self.link.granted(now_ms)

    def deadline(self) -> int | None:
        """When tick() is due."""
        return self.link.deadline()

    # what is looked at

    @property
    def step(self) -> Step:
        """What the user is at."""
        return self._steps[-1]

    def screen(self) -> tuple[Line, ...]:
        """The display: 8 lines."""
        lines = self.step.lines()
        return page(lines, self.step.last)

    def actions(self) -> list[Action]:
        """What is to be done since it was asked last."""
        taken, self._actions = self._actions + self.link.actions(), []
        if not self._changed:
            return taken
        kept, self._changed = self.memory.to_text(Age(), 0), False
        if kept == self._saved:
            return taken
        self._saved = kept
        return [("save", self.memory.to_text(self.age, self.now_ms)), *taken]

    def now(self) -> datetime | None:
        """The hospital's time; None before a host has said it."""
        return self.clock.now(self.now_ms)

    def needs(self) -> list[lists.Need]:
        """What of the list was not picked here yet."""
        done = {tuple(one) for one in self.memory.done}
        return [need for need in self.lists.picks.needs if (need.station, need.item, need.purpose) not in done]

    def why_stale(self) -> str | None:
        """Why nothing may be picked from the list, in words (P51); None if it may."""
        picks = self.lists.picks
        if not picks.snapshot:
            return "There is no list. Put the unit into its cradle."
        age_ms = self.age.age_ms(self.now_ms)
        if age_ms is None:
            return "Nobody knows how old the list is. Put the unit into its cradle."
        if age_ms >= picks.stale_hours * _HOUR_MS:
            return f"The list is stale: older than {picks.stale_hours} h. Put the unit into its cradle."
        return None

    def why_no_record(self) -> str | None:
        """Why nothing can be recorded now, in words; None if it can."""
        if self.memory.address is None or self.now() is None:
            return "This unit has no address or no time yet. Put it into its cradle."
        if len(self.memory.records) >= _MOST_RECORDS:
            return "The memory is full. Put the unit into its cradle."
        return None

    # for the steps

    def push(self, step: Step) -> None:
        """Show this next."""
        self._steps.append(step)

    def back(self) -> None:
        """Show again what was before."""
        if len(self._steps) > 1:
            self._steps.pop()

    def home(self) -> None:
        """The main menu, or the log-on; words that were not read yet stay in front of it."""
        unread = [step for step in self._steps if isinstance(step, Message)]
        self._steps = [menus.main(self) if self.user else menus.LogOn(self), *unread]

    def tell(self, text: str) -> None:
        """Words that want to be read."""
        self.push(Message(self, text))

    def refuse(self, text: str) -> None:
        """The same, with the bad beep."""
        self.tell(text)
        self.beep(False)

    def beep(self, good: bool) -> None:
        """Let it be heard."""
        self._actions.append(("beep", good))

    def record(self, flag: str, data: bytes) -> None:
        """Keep a record until the host has it."""
        self.memory.records.append([flag, data.decode("ascii")])
        self.link.queue(flag, data)

    def print_bag(  # noqa: PLR0913, PLR0917 (a label has many fields)
        self, item: str, name: str, quantity: int, serial: str, station: str, place: str = ""
    ) -> None:
        """The label of a bag (P59), with the pocket worked out for it where that is known (U11)."""
        fields = {"name": name, "item": item, "quantity": quantity, "serial": serial, "station": station}
        self.print_label("bag", labels.bag(item, quantity, serial), **fields, place=place)

    def print_label(self, kind: str, code: str, **fields: Any) -> None:
        """A label of any kind, to the printer that is attached (P30)."""
        self._actions.append(("print", {"kind": kind, "code": code, **fields}))

    def log_on(self, user: str) -> None:
        """Somebody takes the unit; what is on it stays as it is (P35)."""
        self.user = user
        self.home()

    def log_off(self) -> None:
        """Somebody gives it away."""
        self.user = None
        self.home()

    def clear(self) -> None:
        """P56: the unit leaves the site and forgets all of it."""
        try:
            self.link.clear()
        except ValueError as error:
            return self.refuse(f"{error}. Put the unit into its cradle first.")
        self.memory, self.age, self.lists = Memory(), Age(), lists.Lists()
        self.home()

    # the line

    def _at(self, now_ms: int) -> Step:
        self.now_ms = max(self.now_ms, now_ms)
        return self.step

    def _minute_second(self) -> tuple[int, int]:
        return self.now_ms // 60_000 % 60, self.now_ms // 1000 % 60

    def _follow(self) -> None:
        for name, *values in self.link.events():
            if name in _ON:
                self._changed = self._changed or name in _KEPT
                _ON[name](self, *values)

    def _on_address(self, address: str) -> None:
        self.memory.address = address

    def _on_time(self, time12: str) -> None:
        self.clock.tell(time12, self.now_ms)

    def _on_file(self, name: str, data: bytes) -> None:
        try:
            self.lists.take(name, data)
        except ValueError as error:
            return self.refuse(f"{name} was not taken: {error}.")
        self.memory.files[name] = data.decode("ascii")
        if name == "picks.lst":
            self._new_list()
        if name == "serials.lst" and len(self.lists.serials) >= _NEARLY_ALL:
            self.tell("Nearly all serials of this unit are on open labels.")

    def _new_list(self) -> None:
        picks = self.lists.picks
        # the same data again still has what was picked here since
        if picks.snapshot != self.age.snapshot:
            self.memory.done = []
        if picks.as_of:
            self.age.came(picks.snapshot, picks.as_of, self.now(), self.now_ms)

    def _on_block(self, flag: str, data: bytes) -> None:
        if flag == "S" and self._remote:
            self._remote.said(data)

    def _on_uploaded(self, flag: str, data: bytes) -> None:
        record = [flag, data.decode("ascii")]
        if record in self.memory.records:
            self.memory.records.remove(record)

    def _on_too_long(self, _flag: str, _data: bytes) -> None:
        self.refuse("A record is too long for this host. It stays here.")

    def _on_session_end(self, good: bool) -> None:
        self.last_session = good
        if self._remote:
            self._remote.lost()

    @property
    def _remote(self) -> "remote.Remote | None":
        return next((step for step in self._steps if isinstance(step, remote.Remote)), None)


# what changes the memory
_KEPT = ("address", "file", "uploaded")
_ON: dict[str, Callable[..., None]] = {
    "address": Unit._on_address,
    "time": Unit._on_time,
    "file": Unit._on_file,
    "block": Unit._on_block,
    "uploaded": Unit._on_uploaded,
    "too_long": Unit._on_too_long,
    "session_end": Unit._on_session_end,
}
