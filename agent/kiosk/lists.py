"""What the kiosk lists: patients, items, pockets, as plain rows made from the view. No page code here.

Of an item counted blind no quantity is ever told: `on_hand` is None, and so is every word made of it (F8).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

from agent import search, words
from agent.view import View
from firmware import codes
from firmware.schema import QUANTITY_MAX

_HERE = 1
BLIND, VERIFIED, SUPPLY, BIN_ONLY = 16, 32, 256, 512
NOT_LOADED, FAILED, EXPIRED = 3, 2, 5


@dataclass(frozen=True)
class Patient:
    """A patient to choose; `name` is the id where no name is known, `ward` says `provisional` where there is none."""

    patient: str
    name: str
    ward: str


@dataclass(frozen=True)
class Item:
    """An item of this cabinet; `scale` smallest units make one unit, `on_hand` is in smallest units, None if blind."""

    item: str
    name: str
    aliases: str
    scale: int
    on_hand: int | None
    schedule: int
    flags: int = 0
    room: int = 0


@dataclass(frozen=True)
class Pocket:
    """A pocket as the inventory has it; `quantity` is None where the count is blind."""

    place: str
    item: str
    quantity: int | None
    min: int
    max: int
    capacity: int
    state: int
    lot: str = ""
    expiry_min: int = 0


def patients(view: View, recent: Iterable[str] = ()) -> list[Patient]:
    """Patients who are here, those of `recent` first, then by name; those without a name by id (F14)."""
    names = view.directory.get("patient_names", {})
    known = view.directory.get("patients", {})
    ids = {patient for patient, row in known.items() if row[1] == _HERE} if known else set(names)
    rows = [Patient(p, names[p][1] if p in names else p, names[p][2] if p in names else "") for p in ids]
    rows += [Patient(p, p, "provisional") for p, _ in view.state["provisional"] if p not in ids]
    order = {patient: place for place, patient in enumerate(recent)}
    return sorted(rows, key=lambda row: (order.get(row.patient, len(order)), row.name.casefold(), row.patient))


def pockets(view: View) -> list[Pocket]:
    """All pockets, by place."""
    rows = [Pocket(*row[:9]) for row in view.inventory.values()]
    return sorted((unseen(view, row) for row in rows), key=lambda row: row.place)


def is_about(view: View, row: Pocket, typed: str) -> bool:
    """Whether place or item of a pocket has what was typed in it; nothing typed is about all."""
    words_of = f"{row.place} {where(row.place)} {row.item} {name_of(view, row.item)}"
    return (typed or "").casefold().strip() in words_of.casefold()


def unseen(view: View, row: Pocket) -> Pocket:
    """The pocket without its quantity, if its item is counted blind."""
    if not is_blind(view, row.item):
        return row
    return Pocket(row.place, row.item, None, row.min, row.max, row.capacity, row.state, row.lot, row.expiry_min)


def bin_items(view: View, place: str) -> list[str]:
    """Items of the return bin at `place`."""
    return [str(row[1]) for row in view.bins if row[0] == place]


def items(view: View) -> list[Item]:
    """Items with a pocket here, by name."""
    held: dict[str, list[Pocket]] = {}
    for row in view.inventory.values():
        if row[1]:
            held.setdefault(row[1], []).append(Pocket(*row[:9]))
    return sorted((_item(view, item, rows) for item, rows in held.items()), key=lambda row: row.name.casefold())


def item(view: View, wanted: str) -> Item | None:
    """One item of this cabinet."""
    return next((row for row in items(view) if row.item == wanted), None)


def found(view: View, typed: str, among: Iterable[Item]) -> tuple[int, list[Item]]:
    """(drugs that fit, items to choose from: those of the one drug that is left) for what was typed (U7, F6)."""
    rows = {row.item: row for row in among}
    result = search.find([search.Entry(row.item, row.name, row.aliases) for row in rows.values()], typed or "")
    return result.drugs, [rows[entry.item] for entry in result.entries]


def hungriest(rows: Iterable[Item], typed: str) -> list[Item]:
    """Items to refill, those with most room first; with something typed only those whose words begin so (P46)."""
    wanted = (typed or "").casefold().split()
    fitting = [row for row in rows if search.fits(search.Entry(row.item, row.name, row.aliases), wanted)]
    return sorted(fitting, key=lambda row: (-row.room, row.name.casefold()))


def _item(view: View, item: str, rows: list[Pocket]) -> Item:
    _, name, aliases = view.directory.get("item_names", {}).get(item, [item, item, ""])
    row = view.directory.get("items", {}).get(item, [item, 0, 1, 0])
    schedule, scale, flags = row[1:4]
    quantity = sum(row.quantity or 0 for row in rows)
    room = sum(max(0, row.max - (row.quantity or 0)) for row in rows)
    blind = bool(flags & BLIND)
    return Item(item, name, aliases, max(1, scale), None if blind else quantity, schedule, flags, 0 if blind else room)


def kits(view: View) -> dict[str, list[tuple[str, int]]]:
    """The kits of this cabinet: items and quantities of each, in the order of their lines (F15)."""
    found: dict[str, list[tuple[str, int]]] = {}
    for _, kit, item, quantity in sorted(view.directory.get("kits", {}).values()):
        found.setdefault(kit, []).append((item, quantity))
    return found


def policy(view: View) -> dict[str, int]:
    """The policy by name."""
    return {name: int(row[1]) for name, row in view.directory.get("policy", {}).items()}


def doses(view: View) -> dict[str, int]:
    """The dose of each order known here, in smallest units."""
    return {order: int(row[3]) for order, row in view.directory.get("orders", {}).items()}


def flags_of(view: View, item: str | None) -> int:
    """An item's flags; 0 of an item that is not known."""
    row = view.directory.get("items", {}).get(item or "")
    return int(row[3]) if row else 0


def is_blind(view: View, item: str | None) -> bool:
    """Whether nobody at the screen may learn how many there are."""
    return bool(flags_of(view, item) & BLIND)


def name_of(view: View, item: str | None) -> str:
    """The name of an item, its id where none is known."""
    return str(view.directory.get("item_names", {}).get(item or "", [item, item or ""])[1])


def scale_of(view: View, item: str | None) -> int:
    """Smallest units in one unit of an item."""
    return max(1, int(view.directory.get("items", {}).get(item or "", [item, 0, 1])[2]))


def prompt(view: View, number: int) -> str:
    """The question that has to be answered before an item is taken (U8)."""
    row = view.directory.get("prompts", {}).get(str(number))
    return str(row[1]) if row else "Is this the right drug for this patient, in this situation?"


def patient_name(view: View, patient: str) -> str:
    """The name of a patient, the id where none is known."""
    return str(view.directory.get("patient_names", {}).get(patient, [patient, patient])[1])


def alerts(view: View) -> list[str]:
    """Sentences for the open alerts about removals of the one signed on; what can still be charted comes last."""
    found = view.notices.alerts_of(view.state["user"])
    open_alerts = sorted(found, key=lambda alert: alert.code == codes.AWAITING_DOCUMENTATION)
    return [words.alert(a.code, name_of(view, a.item), patient_name(view, a.patient)) for a in open_alerts]


def par_changes(view: View, item: str) -> list[str]:
    """Sentences for pockets of an item whose levels a command has changed to what the cabinet has now."""
    pockets = sorted(row for row in view.inventory.values() if row[1] == item)
    changes = [(row, view.notices.par_of(row[0])) for row in pockets]
    scale = scale_of(view, item)
    return [
        f"{change.place}: min {units(change.min, scale)}, max {units(change.max, scale)} now - {change.reason}"
        for row, change in changes
        if change and [change.min, change.max] == row[3:5]
    ]


def units(quantity: int, scale: int) -> str:
    """A quantity of smallest units as people count it: 3 of scale 2 is `1.5`."""
    return format((Decimal(quantity) / Decimal(scale)).normalize(), "f")


def smallest(text: str, scale: int) -> int | None:
    """What was entered, in smallest units; None if that is no whole number of them: half a tablet is no unit of it."""
    try:
        amount = Decimal(text) * scale
    except DecimalException:
        return None
    # text may be Infinity, or 1e99999
    fits = amount.is_finite() and abs(amount) <= QUANTITY_MAX
    return int(amount) if fits and amount == amount.to_integral_value() else None


def explained(view: View, code: int, params: list[Any], item: str | None) -> str:
    """The sentence for a refusal, with what the firmware said about it."""
    text = words.of(code)
    if code == codes.NOT_ENOUGH and params and not is_blind(view, item):
        text += f" One pocket can give {units(int(params[0]), scale_of(view, item))}."
    if code == codes.BUSY and params:
        text += f" It is in use by {params[0]}."
    if code == codes.WRONG_POCKET and params:
        text += f" The right one is {where(str(params[0]))}."
    return text


def where(place: str | None) -> str:
    """A place in words."""
    drawer, _, pocket = (place or "").partition("-")
    words_of = f"Drawer {drawer[1:].lstrip('0')}" if drawer[1:].isdigit() else drawer
    return f"{words_of} · Pocket {pocket[1:].lstrip('0')}" if pocket else words_of


def age_words(seconds: float | None) -> str:
    """How long ago, in words."""
    if seconds is None:
        return "never"
    if seconds < 90:
        return f"{int(seconds)} s ago"
    return f"{int(seconds // 60)} min ago" if seconds < 5400 else f"{int(seconds // 3600)} h ago"
