"""Labels that a unit prints beside those of bags (P30): of a shelf, of its user, of a pocket that was damaged."""

from functools import partial
from typing import TYPE_CHECKING

from agent.handheld.lists import Held
from agent.handheld.steps import Menu
from firmware.wire import labels

if TYPE_CHECKING:
    from agent.handheld.unit import Unit


def shelf(unit: "Unit") -> None:
    """Choose the item whose shelf gets a label."""
    named = sorted((unit.lists.name(item), item) for item in unit.lists.items)
    if not named:
        return unit.refuse("No items are known. Cradle the unit.")
    unit.push(Menu(unit, "SHELF LABEL", [(name, partial(_shelf, unit, item, name)) for name, item in named]))


def _shelf(unit: "Unit", item: str, name: str) -> None:
    unit.print_label("shelf", labels.shelf(item), item=item, name=name)
    unit.beep(True)


def own(unit: "Unit") -> None:
    """The label of who is logged on."""
    user = unit.user or ""
    unit.print_label("user", labels.user(user), user=user)
    unit.beep(True)


def pocket(unit: "Unit", station: str, row: Held) -> None:
    """The label of a pocket."""
    drawer, number = int(row.place[1:3]), int(row.place[5:])
    unit.print_label("pocket", labels.pocket(station, drawer, number), station=station, drawer=drawer, pocket=number)
    unit.beep(True)
