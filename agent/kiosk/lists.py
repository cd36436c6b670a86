"""What the kiosk lists: patients, items, removals, as plain rows made from the view. No page code here."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import cbor2

from agent import words
from agent.view import View
from firmware import codes
from firmware.journal import chain, entry

_HERE = 1


@dataclass(frozen=True)
class Patient:
    """A patient to choose; `name` is the id where no name is known."""

    patient: str
    name: str
    ward: str


@dataclass(frozen=True)
class Item:
    """An item of this cabinet; `scale` smallest units make one unit, `on_hand` is in smallest units."""

    item: str
    name: str
    aliases: str
    scale: int
    on_hand: int
    schedule: int
    ordered: bool


@dataclass(frozen=True)
class Removal:
    """A removal that is still in the outbox, to return or waste from."""

    txn: int
    actor: str
    patient: str
    order: str
    item: str
    quantity: int


def patients(view: View) -> list[Patient]:
    """Patients who are here, by name; those without a name by id."""
    names = view.directory.get("patient_names", {})
    known = view.directory.get("patients", {})
    ids = {patient for patient, row in known.items() if row[1] == _HERE} if known else set(names)
    rows = [Patient(p, names[p][1] if p in names else p, names[p][2] if p in names else "") for p in ids]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.patient))


def items(view: View, search: str = "", patient: str = "") -> list[Item]:
    """Items with a pocket here whose id, name or alias holds every word of `search`; ordered ones first."""
    ordered = {row[2] for row in view.directory.get("orders", {}).values() if row[1] == patient} if patient else set()
    on_hand: dict[str, int] = {}
    for _, item, quantity, *_ in view.inventory.values():
        on_hand[item] = on_hand.get(item, 0) + quantity
    rows = [_item(view, item, quantity, item in ordered) for item, quantity in on_hand.items() if item]
    wanted = search.casefold().split()
    found = [row for row in rows if all(word in f"{row.item} {row.name} {row.aliases}".casefold() for word in wanted)]
    return sorted(found, key=lambda row: (not row.ordered, row.name.casefold()))


def _item(view: View, item: str, on_hand: int, ordered: bool) -> Item:
    _, name, aliases = view.directory.get("item_names", {}).get(item, [item, item, ""])
    _, schedule, scale, *_ = view.directory.get("items", {}).get(item, [item, 0, 1, 0])
    return Item(item, name, aliases, max(1, scale), on_hand, schedule, ordered)


def name_of(view: View, item: str | None) -> str:
    """The name of an item, its id where none is known."""
    return str(view.directory.get("item_names", {}).get(item or "", [item, item or ""])[1])


def scale_of(view: View, item: str | None) -> int:
    """Smallest units in one unit of an item."""
    return max(1, int(view.directory.get("items", {}).get(item or "", [item, 0, 1])[2]))


def order_for(view: View, patient: str, item: str) -> str:
    """The patient's order for an item, `""` without one."""
    orders = view.directory.get("orders", {}).values()
    return next((str(row[0]) for row in orders if row[1] == patient and row[2] == item), "")


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


def removals(view: View, pages: Iterable[bytes], actor: str | None) -> list[Removal]:
    """Removals by `actor` among journal pages whose patient is disclosed."""
    found = [_removal(page) for page in pages]
    return [removal for removal in found if removal and removal.actor == actor]


def _removal(page: bytes) -> Removal | None:
    data, disclosure, _ = chain.parse_page(page)
    fields = cbor2.loads(data)
    if disclosure is None:
        return None
    quantity = -(fields[entry.F_CHANGE] or 0)
    _, patient, order = disclosure
    return Removal(fields[entry.F_TXN], fields[entry.F_ACTOR], patient, order, fields[entry.F_ITEM], quantity)


def age_words(seconds: float | None) -> str:
    """How long ago, in words."""
    if seconds is None:
        return "never"
    if seconds < 90:
        return f"{int(seconds)} s ago"
    return f"{int(seconds // 60)} min ago" if seconds < 5400 else f"{int(seconds // 3600)} h ago"
