"""What the agent shows: the controller's live state, the inventory, names, and troubles, for kiosk and panel socket."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent import words
from agent.floor import Floor
from agent.notices import Notices
from firmware import codes
from firmware.wire import messages

_STATE = ("phase", "user", "purpose", "txn", "item", "place", "quantity", "prompt")
# STATE from its 15th field on, and what stands until a controller says so
_MORE: dict[str, Any] = {
    "count_mode": 0,
    "label_needed": 0,
    "witness": "",
    "critical_until_ms": 0,
    "quarantined": [],
    "failed": [],
    "provisional": [],
    "units_seen": None,
    "temporary": [],
    "must_change_pin": 0,
}
IN_BIN = 6


@dataclass
class View:
    """One picture of the station; `changed` is called after each update.

    `received_ms` says when each table of the directory came, on the computer's clock; `troubles` holds the code of what
    is wrong by what it is about.
    """

    link: bool = False
    broker: bool = False
    silent: bool = False
    state: dict[str, Any] = field(default_factory=lambda: no_state(0))
    inventory: dict[str, list[Any]] = field(default_factory=dict)
    bins: list[list[Any]] = field(default_factory=list)
    directory: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    received_ms: dict[str, int] = field(default_factory=dict)
    centre_at: float | None = None
    frames_dropped: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    notices: Notices = field(default_factory=Notices)
    floor: Floor = field(default_factory=Floor)
    listeners: set[Callable[[], None]] = field(default_factory=set)

    def changed(self) -> None:
        """Tell those who show it."""
        for listener in tuple(self.listeners):
            listener()

    def set_state(self, fields: list[Any], boot: int) -> None:
        """A STATE of the controller, fields in the order of docs/wire.md."""
        opened = int(fields[8])
        last = dict(zip(("txn", "kind", "quantity"), fields[10:13], strict=True))
        self.state = {
            **dict(zip(_STATE, fields[:8], strict=True)),
            "open": [drawer for drawer in range(1, opened.bit_length() + 1) if opened >> (drawer - 1) & 1],
            "alarms": [list(alarm) for alarm in fields[9]],
            "last": last,
            "must_count": list(fields[13]),
            **_more(fields[14:]),
            "boot": boot,
        }
        if not self.state["user"]:
            self.floor.unit = ""
        self.changed()

    def set_inventory(self, rows: list[list[Any]]) -> None:
        """All rows of the controller's inventory (docs/wire.md, INVENTORY); a bin has a row an item."""
        self.inventory = {row[0]: row for row in rows if row[6] != IN_BIN}
        self.bins = [row for row in rows if row[6] == IN_BIN]
        self.changed()

    def moved(self, place: str | None, after: int | None) -> None:
        """An entry says what a pocket holds now."""
        if place in self.inventory and after is not None:
            self.inventory[place][2] = after

    def trouble(self, about: str, code: int) -> None:
        """Something is wrong until what it is about is `good` again."""
        self.troubles[about] = code
        self.changed()

    def good(self, about: str) -> None:
        """What this is about is right."""
        if self.troubles.pop(about, None) is not None:
            self.changed()

    def alarm_words(self) -> list[str]:
        """Sentences for everything that is wrong, the cabinet's alarms first."""
        told = [words.alarm(int(code), int(drawer)) for code, drawer in self.state["alarms"]]
        told += [words.quarantined(int(drawer)) for drawer in self.state["quarantined"]]
        told += [words.of(code) for code in sorted(set(self.troubles.values()))]
        if not self.link:
            told.append(words.of(codes.LINK_DOWN))
        if self.silent:
            told.append("The broker takes our records but the centre is silent. You can go on; tell the pharmacy.")
        return told


def no_state(boot: int) -> dict[str, Any]:
    """The state before the controller has said anything."""
    return {
        **dict.fromkeys(_STATE),
        "phase": messages.IDLE,
        "prompt": 0,
        "open": [],
        "alarms": [],
        "last": {"txn": 0, "kind": 0, "quantity": 0},
        "must_count": [],
        **_more([]),
        "boot": boot,
    }


def _more(fields: list[Any]) -> dict[str, Any]:
    return dict(zip(_MORE, [*fields, *list(_MORE.values())[len(fields) :]], strict=False))
