"""Stock and PAR: pockets of all stations, searched and filtered; an item's page draws its use and its forecast."""

from collections.abc import Sequence
from html import escape
from typing import Any

from sqlalchemy import Engine

from server_stub.console import queries, words
from server_stub.console.document import choice, field
from server_stub.console.frame import Console, View, add_page
from server_stub.console.roles import Right
from server_stub.console.table import Cell, Row, table
from server_stub.stock import queries as stock_queries

MOST = 300
_SHOW = (("", "all pockets"), ("below", "below PAR"), ("empty", "empty"), ("owed", "owing a count"))
_COLUMNS = ("Pocket", "Item", "Quantity", "PAR min", "PAR max", "State", "Why this PAR", "PAR since (UTC)")


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/stock", "Stock and PAR", Right.STOCK, stock)


def stock(view: View) -> None:
    """The page; its filter is in the address."""
    view.frame("Stock and PAR", "Units on hand, and the levels between which each pocket is kept", "/stock")
    view.show(_filter(view))
    view.live("Pockets", lambda: _pockets(view))


def _filter(view: View) -> str:
    stations = [("", "all stations"), *((s.id, s.id) for s in view.console.site().station)]
    find, station, show = (view.query.get(name, "") for name in ("find", "station", "show"))
    return (
        '<form method="get" action="/stock" class="apo-form wide" data-testid="stock-filter" role="search">'
        + field("find", "Item", "search", find, 'maxlength="60"')
        + choice("station", "Station", stations, station)
        + choice("show", "Show", list(_SHOW), show)
        + '<button type="submit" class="apo-button">Show</button></form>'
    )


def _pockets(view: View) -> str:
    find, station, show = (view.query.get(name, "") for name in ("find", "station", "show"))
    stations = [s.id for s in view.console.site().station if station in ("", s.id)]
    pockets = stock_queries.pockets(view.engine, stations, show=show)
    items = queries.items(view.engine, {p["item"] for p in pockets})
    wanted = [p for p in pockets if _matches(find, p["item"], items)]
    rows = [
        (Cell(p["station"], href=f"/stations/{p['station']}"), *row)
        for p, row in zip(wanted[:MOST], pocket_rows(view.engine, wanted[:MOST]), strict=True)
    ]
    shown = table("stock", "Pockets", ("Station", *_COLUMNS), rows, key=2)
    more = len(wanted) - len(rows)
    return shown + (f'<p class="apo-empty">and {more} more: narrow the search</p>' if more else "")


def _matches(find: str, item: str, items: dict[str, queries.Item]) -> bool:
    name = f"{item} {items[item].name if item in items else ''}".lower()
    return all(part in name for part in find.lower().split())


def pocket_table(engine: Engine, testid: str, pockets: Sequence[dict[str, Any]]) -> str:
    """Pockets of one station."""
    return table(testid, "Stock", _COLUMNS, pocket_rows(engine, pockets))


def pocket_rows(engine: Engine, pockets: Sequence[dict[str, Any]]) -> list[Row]:
    """Pockets as rows of a table."""
    items = queries.items(engine, (p["item"] for p in pockets))
    rows: list[Row] = []
    now_min = queries.hospital_ms(engine) // 60_000
    for p in pockets:
        item = items.get(p["item"], queries.Item(p["item"], 1))
        name = Cell(item.name, note=p["item"], href=f"/items/{escape(p['item'])}?station={p['station']}")
        levels = (_level(p["min"], item), _level(p["max"], item))
        quantity = Cell(words.units(p["quantity"], item.scale), number=True)
        why = _why(p)
        rows.append((p["place"], name, quantity, *levels, _state(p, now_min), why, words.clock(p["applied_ms"])))
    return rows


def _level(quantity: int, item: queries.Item) -> Cell:
    return Cell(words.units(quantity, item.scale), number=True)


def _why(pocket: dict[str, Any]) -> Cell:
    wanted = {"refused": ("refused by the cabinet", "apo-bad"), "sent": ("on its way", "apo-warn")}
    text, tag = wanted.get(pocket["state"] or "", ("", ""))
    if tag:
        return Cell(text, tag, note=pocket["reason"])
    held = "held by a person. " if pocket["held"] else ""
    return Cell(held + (pocket["reason"] if pocket["applied_ms"] is not None else "as the planogram has it"))


def _state(pocket: dict[str, Any], now_min: int) -> Cell:
    if pocket["must_count"]:
        return Cell("count owed", "apo-warn")
    if 0 < pocket["expiry_min"] <= now_min:
        return Cell("expired", "apo-bad", note=pocket["lot"])
    if not pocket["quantity"]:
        return Cell("empty", "apo-bad")
    if pocket["quantity"] < pocket["min"]:
        return Cell("below PAR", "apo-warn")
    return Cell("stocked", "apo-good")
