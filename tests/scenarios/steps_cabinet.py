"""What there is before the story begins: drawers, drugs, pockets, rules."""

from decimal import Decimal
from pathlib import Path

from firmware import flags
from firmware.cradle.addresses import from_base62
from tests.scenarios import language
from tests.scenarios.language import BadScenario, sentence
from tests.scenarios.site import PIN, ROLES
from tests.scenarios.world import World

CABINETS = Path(__file__).parent / "cabinets"
CARE = {
    "high alert": flags.HIGH_ALERT,
    "removed before a witness": flags.WITNESS_AT_REMOVAL,
    "wasted before a witness": flags.WITNESS_AT_WASTE,
    "returned before a witness": flags.WITNESS_AT_RETURN,
    "counted blind": flags.BLIND_COUNT,
    "counted": flags.VERIFIED_COUNT,
    "scanned at removal": flags.SCAN_AT_REMOVAL,
    "scanned when put in": flags.SCAN_AT_REFILL,
    "returned to the bin only": flags.BIN_ONLY,
}
STORAGE = {
    "matrix drawer": "matrix",
    "drawer with lids": "lidded",
    "single-dose drawer": "single",
    "tower door": "tower",
    "fridge": "fridge",
    "shelf with buttons": "shelf",
    "coil dispenser": "coil",
    "return bin": "bin",
}
LABELS = {"": 1, "voided": 2, "superseded": 3, "delivered": 4}
LABEL_HOURS = 72
SCHEDULE, SCALE, FLAGS, CLASS, PROMPT = range(1, 6)
CLASSES = 6
"""Columns of the tables `items` and `users`."""


@sentence("Given", "the {cabinet:name} cabinet")
def the_cabinet(world: World, cabinet: str) -> None:
    """All that the file `cabinets/NAME.txt` says."""
    path = CABINETS / f"{cabinet}.txt"
    if not path.exists():
        raise BadScenario(f"there is no {path.name}")
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if text and not text.startswith("#"):
            known, filled = language.understand(language.Line(path, number, "Given", text))
            known.step(world, **filled)


@sentence("Given", "drawer {drawer:number} is a {kind:words}")
def drawer_is(world: World, drawer: int, kind: str) -> None:
    """Of which storage type a drawer is: matrix drawer, drawer with lids, single-dose drawer, tower door, fridge,
    shelf with buttons, coil dispenser, return bin."""
    if kind not in STORAGE:
        raise BadScenario(f"there is no {kind!r}; there are {', '.join(STORAGE)}")
    world.site.drawers[drawer] = STORAGE[kind]


@sentence("Given", "{item:name} is a drug of schedule {schedule:number}[, kept in parts of 1/{scale:number}]")
def drug_is(world: World, item: str, schedule: int, scale: int = 1) -> None:
    """A drug, its schedule (0 none, 2 to 5), the smallest part of a unit the cabinet counts."""
    world.site.rows["items"][item] = [item, schedule, scale, 0, 0, 0]


@sentence("Given", "{item:name} is a supply")
def supply_is(world: World, item: str) -> None:
    """Something that needs no patient."""
    world.site.rows["items"][item] = [item, 0, 1, flags.SUPPLY, 0, 0]


@sentence("Given", "{item:name} is {care:words}")
def drug_care(world: World, item: str, care: str) -> None:
    """Special care: high alert, counted, counted blind, scanned at removal, scanned when put in, returned to the bin
    only; removed, wasted or returned before a witness."""
    if care not in CARE:
        raise BadScenario(f"no drug is {care!r}; a drug is {', '.join(CARE)}")
    world.site.item(item)[FLAGS] |= CARE[care]


@sentence("Given", "{item:name} is high alert, prompt {prompt:number}")
def drug_prompt(world: World, item: str, prompt: int) -> None:
    """Removing it without an order asks this question."""
    world.site.item(item)[FLAGS] |= flags.HIGH_ALERT
    world.site.item(item)[PROMPT] = prompt


@sentence("Given", "{item:name} is of class {item_class:number}")
def drug_class(world: World, item: str, item_class: int) -> None:
    """The class of the drug, 0 to 31: people may have some classes and not others."""
    world.site.item(item)[CLASS] = item_class


@sentence("Given", "{place} is for {most:amount} of {item:name}[, from {low:amount} to {high:amount}]")
def pocket_is(
    world: World, place: str, most: Decimal, item: str, low: Decimal = Decimal(0), high: Decimal | None = None
) -> None:
    """A pocket: its capacity, its drug, its lowest and highest stock (0 and the capacity if nothing is said)."""
    units = world.site.units
    high_units = units(item, most if high is None else high)
    drawer, pocket = int(place[1:3]), int(place[5:])
    world.site.rows["pockets"][place] = [place, drawer, pocket, item, units(item, low), high_units, units(item, most)]


@sentence("Given", "{name:who} is a {role:words}[ with PIN {pin:number}]")
def person_is(world: World, name: str, role: str, pin: int | None = None) -> None:
    """A person with a badge: nurse, charge nurse, technician, pharmacist, restricted nurse or visitor; PIN 1234 if
    nothing is said."""
    if role not in ROLES:
        raise BadScenario(f"nobody is a {role!r}; there are {', '.join(ROLES)}")
    world.site.person(name, ROLES[role], PIN if pin is None else str(pin))


@sentence("Given", "{name:who} may have class {item_class:number} only")
def person_classes(world: World, name: str, item_class: int) -> None:
    """The drugs this person may have."""
    world.site.rows["users"][f"badge-{name.lower()}"][CLASSES] = 1 << item_class


@sentence("Given", "{patient:name} is a patient here")
def patient_here(world: World, patient: str) -> None:
    """A patient of the ward."""
    world.site.rows["patients"][patient] = [patient, 1]


@sentence("Given", "{patient:name} is a patient who has left")
def patient_left(world: World, patient: str) -> None:
    """A patient who has left the ward, and whose last doses may still be written down."""
    world.site.rows["patients"][patient] = [patient, 2]


@sentence(
    "Given",
    "order {order:name} gives {patient:name} {dose:amount} of {item:name} from {start:clock} to {stop:clock}"
    "[, {how:words}]",
)
def order_is(
    world: World, order: str, patient: str, dose: Decimal, item: str, start: int, stop: int, how: str = ""
) -> None:
    """An order, today; `as needed` or `not verified`."""
    flag = {"": 0, "as needed": flags.ORDER_PRN, "not verified": flags.ORDER_UNVERIFIED}[how]
    midnight = world.hospital.utc_ms // 86_400_000 * 1440
    times = [midnight + start, midnight + stop]
    world.site.rows["orders"][order] = [order, patient, item, world.site.units(item, dose), *times, 0, flag]


@sentence("Given", "{item:name} is on the override list[, {how:words}]")
def override_list(world: World, item: str, how: str = "") -> None:
    """It may be had without an order; `with a witness`, or `in a kit only`."""
    known = {"": 0, "with a witness": flags.OVERRIDE_WITNESS, "in a kit only": flags.OVERRIDE_KIT_ONLY}
    world.site.rows["overrides"][item] = [item, known[how]]


@sentence("Given", "kit {kit:name} has {amount} of {item:name}")
def kit_has(world: World, kit: str, amount: Decimal, item: str) -> None:
    """One line of a kit."""
    line = f"{kit[:7]}-{item[:8]}"
    world.site.rows["kits"][line] = [line, kit, item, world.site.units(item, amount)]


@sentence("Given", "label {label:name} is on {amount} of {item:name}[, good until {date}][, {state:words}]")
def label_is(world: World, label: str, amount: Decimal, item: str, date: int | None = None, state: str = "") -> None:
    """The label of a package on its way, good for three days if nothing is said; `voided`, `superseded` or
    `delivered`."""
    until_min = world.hospital.utc_ms // 60_000 + 60 * LABEL_HOURS if date is None else date
    row = world.site.rows["labels"].get(label)
    until_min = row[4] if row and date is None else until_min
    world.site.rows["labels"][label] = [
        from_base62(label),
        item,
        world.site.units(item, amount),
        LABELS[state],
        until_min,
    ]


@sentence("Given", "the rule {rule:name} is {value:number}")
def rule_is(world: World, rule: str, value: int) -> None:
    """A rule of the station, docs/wire.md section 3, table policy: `profiled`, `label_scan`, `witness_window_s` ..."""
    world.site.rows["policy"][rule] = [rule, value]


@sentence("Given", "the cabinet's journal has {sectors:number} sectors")
def journal_of(world: World, sectors: int) -> None:
    """How large the ring of the journal is: 15 entries a sector."""
    world.site.sectors = sectors


@sentence("Given", "the pharmacy has sent nothing yet")
def nothing_sent(world: World) -> None:
    """The cabinet has just been put there."""
    world.nothing_sent = True
