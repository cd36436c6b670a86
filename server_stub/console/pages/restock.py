"""Restock: orders that stand with how much is put away, those that are closed, pick lists, PAR commands to cabinets."""

from collections.abc import Sequence
from functools import partial

from server_stub.console import queries, words
from server_stub.console.frame import Console, NoSuchPage, View, add_page
from server_stub.console.pages.pick import pick
from server_stub.console.roles import Right
from server_stub.console.table import Cell, Row, first, table, tabs
from server_stub.stock.queries import ParCommand, commands
from server_stub.supply.orders import EXPIRED, PUT_AWAY, SUPERSEDED
from server_stub.supply.queries import WORDS, RestockOrder, restock_orders

MOST = 200
_TABS = [("open", "Orders that stand"), ("closed", "Closed orders"), ("pick", "Pick list"), ("par", "PAR commands")]
_LOOKS = {None: "apo-warn", PUT_AWAY: "apo-good", EXPIRED: "apo-bad", SUPERSEDED: "apo-calm"}
_STATES = {"sent": "apo-warn", "applied": "apo-good", "refused": "apo-bad", "lost": "apo-calm"}


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/restock", "Restock", Right.STOCK, restock)


def restock(view: View) -> None:
    """The list that the address names; one with a station is that station's pick list."""
    show = view.query.get("show", "pick" if "station" in view.query else "open")
    if show not in dict(_TABS):
        raise NoSuchPage(f"There is no list {show} of restock.")
    view.frame("Restock", "What the cabinets were found to need, and the levels they were given", "/restock")
    view.show(tabs("/restock", "show", _TABS, show))
    if show == "pick":
        pick(view)
        return
    if show == "par":
        view.live("PAR commands", lambda: first(MOST, commands(view.engine, limit=MOST + 1), command_table))
        return
    standing = show == "open"
    view.live(
        dict(_TABS)[show],
        lambda: first(MOST, restock_orders(view.engine, standing=standing, limit=MOST + 1), partial(order_table, view)),
    )


def order_table(view: View, rows: Sequence[RestockOrder]) -> str:
    """Orders as a table."""
    items = queries.items(view.engine, (row.item for row in rows))
    shown: list[Row] = []
    for row in rows:
        item = items.get(row.item, queries.Item(row.item, 1))
        amounts = [
            Cell(words.units(amount, item.scale), number=True)
            for amount in (row.quantity, row.put_away, row.on_hand, row.par_min, row.par_max)
        ]
        times = (words.clock(row.opened_ms), words.clock(row.closed_ms))
        shown.append(
            (
                Cell(row.station, href=f"/stations/{row.station}"),
                row.number,
                Cell(item.name, note=row.item, href=f"/items/{row.item}?station={row.station}"),
                *amounts,
                Cell(WORDS[row.reason], _LOOKS[row.reason]),
                *times,
            )
        )
    columns = ("Station", "Order", "Item", "Ordered", "Put away", "On hand then", "PAR min", "PAR max", "State")
    return table("orders", "Orders", (*columns, "Ordered (UTC)", "Closed (UTC)"), shown, key=2)


def command_table(rows: Sequence[ParCommand]) -> str:
    """PAR commands as a table."""
    shown = [
        (
            Cell(row.station, href=f"/stations/{row.station}"),
            row.number,
            Cell(row.state, _STATES.get(row.state, ""), note=f"code {row.result}" if row.result else ""),
            words.clock(row.issued_ms),
            words.clock(row.done_ms),
            Cell(words.shortened(row.reason, 160)),
        )
        for row in rows
    ]
    return table(
        "commands", "Commands", ("Station", "Number", "State", "Sent (UTC)", "Done (UTC)", "Why"), shown, key=2
    )
