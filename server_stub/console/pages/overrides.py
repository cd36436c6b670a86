"""Overrides: what was removed without an order, and the order that came later and covers it."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from server_stub.console import queries, words
from server_stub.console.frame import Console, NoSuchPage, View, add_page
from server_stub.console.roles import Right
from server_stub.console.table import Cell, first, table, tabs
from server_stub.verify.worklists import Override, overrides

MOST = 200
_TABS = {"open": ("Without an order", False), "matched": ("Covered by an order", True)}


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/overrides", "Overrides", Right.ALERTS, page)


def page(view: View) -> None:
    """The list that the address names."""
    show = view.query.get("show", "open")
    if show not in _TABS:
        raise NoSuchPage(f"There is no list {show} of overrides.")
    title, matched = _TABS[show]
    view.frame("Overrides", "Removed without an order, each until an order covers it", "/overrides")
    view.show(tabs("/overrides", "show", [(key, name) for key, (name, _) in _TABS.items()], show))
    view.live(
        title, lambda: first(MOST, overrides(view.engine, matched=matched, limit=MOST + 1), partial(_table, view))
    )


def _table(view: View, rows: Sequence[Override]) -> str:
    items = queries.items(view.engine, (row.item for row in rows))
    shown = []
    for row in rows:
        item = items.get(row.item, queries.Item(row.item, 1))
        covered = Cell(row.matched_order, "apo-good") if row.matched_order else Cell("no order yet", "apo-warn")
        shown.append(
            (
                Cell(f"{row.station} {row.seq}", href=f"/alerts/{quote(row.station)}/{row.log}/{row.seq}"),
                words.clock(row.utc_ms),
                row.station,
                Cell(item.name, note=row.item),
                Cell(words.units(row.quantity, item.scale), number=True),
                row.user,
                row.patient if view.may(Right.PATIENTS) else "–",
                row.reason,
                covered,
                words.clock(row.matched_ms),
            )
        )
    columns = ("Removal", "Removed at (UTC)", "Station", "Item", "Quantity", "By", "Patient", "Reason", "Order")
    return table("overrides", "Overrides", (*columns, "Ordered at (UTC)"), shown)
