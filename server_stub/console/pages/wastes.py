"""Open wastes: doses of which a part is neither given nor wasted nor returned, and the sums of what is missing."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from server_stub.console import queries, words
from server_stub.console.frame import Console, View, add_page
from server_stub.console.roles import Right
from server_stub.console.table import Cell, Row, first, table
from server_stub.verify.worklists import Conservation, OpenWaste, conservation, open_wastes

MOST = 200


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/wastes", "Open wastes", Right.ALERTS, page)


def page(view: View) -> None:
    """The page."""
    view.frame("Open wastes", "What was removed beyond what was given, until it is wasted or returned", "/wastes")
    view.live("Open wastes", lambda: first(MOST, open_wastes(view.engine, limit=MOST + 1), partial(_open, view)))
    view.live("Removed and not accounted for", lambda: _sums(view, conservation(view.engine)))


def _open(view: View, rows: Sequence[OpenWaste]) -> str:
    items = queries.items(view.engine, (row.item for row in rows))
    shown: list[Row] = []
    for row in rows:
        item = items.get(row.item, queries.Item(row.item, 1))
        amounts = (row.quantity, row.charted, row.back)
        shown.append(
            (
                Cell(f"{row.station} {row.seq}", href=f"/alerts/{quote(row.station)}/{row.log}/{row.seq}"),
                words.clock(row.utc_ms),
                row.station,
                Cell(item.name, note=row.item),
                *(Cell(words.units(amount, item.scale), number=True) for amount in amounts),
                Cell(words.units(row.open, item.scale), "apo-warn"),
                row.user,
                row.patient if view.may(Right.PATIENTS) else "–",
            )
        )
    columns = ("Removal", "Removed at (UTC)", "Station", "Item", "Removed", "Given", "Wasted or returned", "Open")
    return table("wastes", "Open wastes", (*columns, "By", "Patient"), shown)


def _sums(view: View, rows: Sequence[Conservation]) -> str:
    items = queries.items(view.engine, (row.item for row in rows))
    shown: list[Row] = []
    for row in rows:
        item = items.get(row.item, queries.Item(row.item, 1))
        amounts = (row.removed, row.given, row.back, row.missing)
        shown.append(
            (
                row.station,
                Cell(item.name, note=row.item),
                *(Cell(words.units(amount, item.scale), number=True) for amount in amounts),
            )
        )
    columns = ("Station", "Item", "Removed", "Given", "Wasted or returned", "Not accounted for")
    return table("conservation", "Removed and not accounted for", columns, shown)
