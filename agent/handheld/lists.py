"""Files that a unit is loaded with: lines of fields between pipes. A file is taken whole or not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent import barcodes
from agent.handheld import clock
from firmware.schema import QUANTITY_MAX, is_id, is_place
from firmware.wire import labels

# P51: a host may ask for less, not for more
STALE_HOURS = 4


@dataclass(frozen=True)
class Need:
    """A line to pick: so many of an item for a station, `purpose` R refill or L load; `place` is the pocket worked out
    for it, "" where the host does not say."""

    station: str
    zone: str
    item: str
    name: str
    area: str
    quantity: int
    purpose: str
    place: str = ""


@dataclass(frozen=True)
class Picks:
    """`picks.lst`: the needs as of a time."""

    snapshot: str = ""
    as_of: datetime | None = None
    stale_hours: int = STALE_HOURS
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True)
class Waiting:
    """A label that waits for its check; `item`, `purpose` and `picker` are empty where the host does not know."""

    station: str
    item: str
    quantity: int
    purpose: str = ""
    picker: str = ""


@dataclass(frozen=True)
class Item:
    """An item's name, and the codes on its packages as a scanner reads them."""

    name: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class User:
    """Who may work with a unit."""

    picks: bool
    checks: bool


@dataclass(frozen=True)
class Held:
    """A pocket of a station: `held` in units of the item, "" where nobody may know; `last` its last day of use or "";
    `state` as in INVENTORY (docs/wire.md)."""

    place: str
    item: str
    name: str
    held: str
    last: str
    state: int


@dataclass(frozen=True)
class Contents:
    """`contents.lst`: what was in a station's pockets at a time (P29)."""

    station: str = ""
    as_of: datetime | None = None
    pockets: tuple[Held, ...] = ()


@dataclass
class Lists:
    """What a unit has been loaded with, by file."""

    picks: Picks = field(default_factory=Picks)
    stations: Mapping[str, str] = field(default_factory=dict)  # zone by station
    items: Mapping[str, Item] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    serials: frozenset[str] = frozenset()
    config: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Waiting] = field(default_factory=dict)
    contents: Contents = field(default_factory=Contents)

    def take(self, name: str, data: bytes) -> None:
        """A file has come; ValueError, with the line, for one that cannot be read: what was there stays."""
        if name not in _READERS:
            raise ValueError("unknown file")
        setattr(self, name.removesuffix(".lst"), _READERS[name](_rows(data)))

    def name(self, item: str) -> str:
        """An item's name, else its id."""
        known = self.items.get(item)
        return known.name if known else item

    def item_of(self, text: str) -> str | None:
        """The item of a scanned package: GS1, UPC-A or a code of the house (P58); None if it is no item's."""
        codes = {code: [code, item] for item, known in self.items.items() for code in known.codes}
        return barcodes.item_of(barcodes.package(text), codes, ())

    def is_set(self, key: str) -> bool:
        """A switch of the site's settings."""
        return self.config.get(key, "0") == "1"


_Rows = list[tuple[int, list[str]]]


def _rows(data: bytes) -> _Rows:
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ValueError("not ASCII") from None
    if lines.pop():
        raise ValueError("its last line has no end")
    return [(number, line.split("|")) for number, line in enumerate(lines, 1)]


def _each(rows: _Rows, mark: str, read: Callable[..., Any]) -> list[Any]:
    return [_one(number, fields, mark, read) for number, fields in rows]


def _one(number: int, fields: list[str], mark: str, read: Callable[..., Any]) -> Any:
    try:
        if fields[0] != mark:
            raise ValueError
        return read(*fields[1:])
    except (TypeError, ValueError, KeyError):
        raise ValueError(f"line {number} is wrong") from None


def _picks(rows: _Rows) -> Picks:
    if not rows:
        raise ValueError("line 1 is wrong")
    snapshot, as_of, hours = _one(*rows[0], "H", _head)
    return Picks(snapshot, as_of, hours, tuple(_each(rows[1:], "N", _need)))


def _head(snapshot: str, as_of: str, hours: str) -> tuple[str, datetime, int]:
    if not snapshot or int(hours) < 1:
        raise ValueError
    return snapshot, clock.read(as_of), min(int(hours), STALE_HOURS)


def _need(*fields: str) -> Need:
    station, zone, item, name, area, quantity, purpose, *more = fields
    place = "".join(more)
    if len(more) > 1 or (place and not is_place(place)):
        raise ValueError
    known = (_station(station), zone, _id(item), name, area, _quantity(quantity), {"L": "L", "R": "R"}[purpose])
    return Need(*known, place)


def _contents(rows: _Rows) -> Contents:
    if not rows:
        raise ValueError("line 1 is wrong")
    station, as_of = _one(*rows[0], "H", lambda station, at: (_station(station), clock.read(at)))
    return Contents(station, as_of, tuple(_each(rows[1:], "C", _held)))


def _held(*fields: str) -> Held:
    place, item, name, held, last, state = fields
    if not is_place(place):
        raise ValueError
    return Held(place, item, name, held, last, int(state))


# purpose and picker at the end are ours, and may be left out; the record of a pick need not say its item (RD-P11)
def _waiting(*fields: str) -> tuple[str, Waiting]:
    label, station, item, quantity, *more = fields
    return _serial(label), Waiting(_station(station), item and _id(item), _quantity(quantity), *more)


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError
    return text


def _station(text: str) -> str:
    if not is_id(text, labels.STATION_MAX):
        raise ValueError
    return text


def _serial(text: str) -> str:
    if not labels.is_serial(text):
        raise ValueError
    return text


def _quantity(text: str) -> int:
    if not 1 <= int(text) <= QUANTITY_MAX:
        raise ValueError
    return int(text)


def _flag(text: str) -> bool:
    return {"0": False, "1": True}[text]


def _t(station: str, zone: str, _beginning: str, _expiry: str) -> tuple[str, str]:
    return _station(station), zone


def _i(item: str, name: str, codes: str = "") -> tuple[str, Item]:
    return _id(item), Item(name, tuple(code for code in codes.split(",") if code))


def _u(user: str, picks: str, checks: str) -> tuple[str, User]:
    return _id(user), User(_flag(picks), _flag(checks))


def _k(name: str, value: str) -> tuple[str, str]:
    return name, value


_READERS: Mapping[str, Callable[[_Rows], Any]] = {
    "picks.lst": _picks,
    "stations.lst": lambda rows: dict(_each(rows, "T", _t)),
    "items.lst": lambda rows: dict(_each(rows, "I", _i)),
    "users.lst": lambda rows: dict(_each(rows, "U", _u)),
    "serials.lst": lambda rows: frozenset(_each(rows, "S", _serial)),
    "config.lst": lambda rows: dict(_each(rows, "K", _k)),
    "contents.lst": _contents,
    "labels.lst": lambda rows: dict(_each(rows, "L", _waiting)),
}
