"""What is in a station's pockets, as a file that a unit takes along (P29; docs/polselect.md section 5, Lists)."""

from agent import barcodes
from agent.cradle.files import lines
from agent.kiosk import lists
from agent.view import View

NAME = "contents.lst"


def of(station: str, time12: str, view: View) -> bytes:
    """`time12` is when, as TIME of the line. Of an item that is counted blind no quantity is told (F8)."""
    return lines([("H", station, time12), *(_line(view, row) for row in lists.pockets(view))])


def _line(view: View, row: lists.Pocket) -> tuple[object, ...]:
    held = "" if row.quantity is None else lists.units(row.quantity, lists.scale_of(view, row.item))
    last = barcodes.day_of(row.expiry_min) if row.expiry_min else ""
    return ("C", row.place, row.item, lists.name_of(view, row.item), held, last, row.state)
