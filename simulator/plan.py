"""What a hospital will do: stations with planograms, hospital events, visits of people to cabinets.

A plan is pure data made from a seed (synthetic) or from records (replay); `simulator` runs it against the real stack.
Quantities are integers of the item's smallest unit; times are hospital time, UTC milliseconds.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Item:
    """A formulary item: `scale` smallest units make one dispensed unit; `schedule` is 0 or 2..5.

    `flags`, `item_class` and `prompt` (0 none) are those of docs/wire.md; `code` is what a scanner reads off a package,
    "" if it has none.
    """

    item: str
    name: str
    schedule: int = 0
    scale: int = 1
    aliases: str = ""
    flags: int = 0
    item_class: int = 0
    prompt: int = 0
    code: str = ""


@dataclass(frozen=True)
class Pocket:
    """A pocket of a planogram; `start` is filled at the opening of the calendar."""

    place: str
    drawer: int
    pocket: int
    item: str
    min: int
    max: int
    capacity: int
    start: int


@dataclass(frozen=True)
class Person:
    """Someone with a badge; `roles` are the role bits of docs/wire.md."""

    user: str
    badge: str
    pin: str
    roles: int
    name: str


@dataclass(frozen=True)
class KitLine:
    """`quantity` (smallest units) of `item` belong to `kit`."""

    line: str
    kit: str
    item: str
    quantity: int


@dataclass(frozen=True)
class StationPlan:
    """A cabinet: `overrides` is [item, flags of docs/wire.md] of what may be taken without an order, `policy` the
    values by name, `bin_drawer` the drawer that is the return bin (0: none)."""

    station: str
    wards: tuple[str, ...]
    pockets: tuple[Pocket, ...]
    people: tuple[Person, ...]
    overrides: tuple[tuple[str, int], ...] = ()
    kits: tuple[KitLine, ...] = ()
    policy: tuple[tuple[str, int], ...] = ()
    bin_drawer: int = 0


# marks of removals that verification must find
NO_ORDER, NOT_ADMITTED = "no_order", "not_admitted"


@dataclass(frozen=True)
class Remove:
    """Take `quantity` (whole units) for a patient; `waste` of it is wasted at once in the same visit.

    `record` names the source record; `fate` is its fate if all goes well. Both are "" for a further product of a dose
    whose record another removal carries. With `cancel` the nurse opens the drawer and takes nothing. `seeded` marks one
    that must not be, put in on purpose (NO_ORDER, NOT_ADMITTED): it belongs to no record and has no fate. With `kit` it
    is taken as part of that. Where an order is wanted and there is none, she overrides for `reason` (docs/wire.md).
    """

    record: str
    patient: str
    order: str
    item: str
    quantity: int
    waste: int
    fate: str
    administration_utc_ms: int | None = None
    cancel: bool = False
    seeded: str = ""
    kit: str = ""
    reason: int = 1


@dataclass(frozen=True)
class Return:
    """Bring back what the removal of `record` took (nothing happens if that removal did not come about)."""

    record: str


@dataclass(frozen=True)
class Refill:
    """Fill every pocket of the station that is below its max up to it (to `start` for the opening load)."""

    opening: bool = False


@dataclass(frozen=True)
class Outdates:
    """Take out what expires within a day."""


@dataclass(frozen=True)
class EmptyBin:
    """Empty the return bin before a witness, item by item."""


@dataclass(frozen=True)
class Count:
    """Count one pocket."""

    place: str


@dataclass(frozen=True)
class Theft:
    """Count a pocket, say what was in it, and keep one unit."""

    place: str


@dataclass(frozen=True)
class Mishap:
    """Something goes wrong with a drawer: it is `left_open`, `forced` or `jammed`, or the cabinet's power is cut while
    it is open (`power_cut`)."""

    what: str
    drawer: int


@dataclass(frozen=True)
class AddPatient:
    """Somebody without a name yet is known at this cabinet from her wristband."""

    patient: str
    hours: int = 4


Action = Remove | Return | Refill | Outdates | EmptyBin | Count | Theft | Mishap | AddPatient


@dataclass(frozen=True)
class LetIn:
    """A charge nurse lets `guest` in for some hours; she chooses a PIN of her own and does `actions`. The visit ends
    with it."""

    guest: Person
    own_pin: str
    actions: tuple[Action, ...]
    hours: int = 8


@dataclass(frozen=True)
class Visit:
    """One person at one cabinet, signing on once and doing `actions` in order."""

    at_ms: int
    station: str
    user: str
    actions: tuple[Action | LetIn, ...]


@dataclass(frozen=True)
class Order:
    """What a pharmacist orders of a station by the centre's intake: request `do` with `args` (docs/interfaces.md)."""

    at_ms: int
    station: str
    do: str
    args: tuple[tuple[str, Any], ...]


@dataclass
class Plan:
    """A whole calendar. `fates` counts the records whose fate is known without running; `records` is their total with
    those carried by removals. `events` are hospital events of docs/wire.md section 5, each with the time it is sent;
    an event sent at t comes before a visit at t. `prompts` are number and text of what is asked before an override."""

    start_ms: int
    end_ms: int
    items: tuple[Item, ...]
    stations: tuple[StationPlan, ...]
    events: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    fates: dict[str, int] = field(default_factory=dict)
    records: int = 0
    source: str = "synthetic"
    orders: list[Order] = field(default_factory=list)
    prompts: tuple[tuple[int, str], ...] = ()
