"""The pick list of a station, to be printed: what to bring, and into which pocket (P13, A1.f)."""

from collections.abc import Iterator
from html import escape
from typing import Any

from server_stub.console import queries, words
from server_stub.console.document import choice
from server_stub.console.frame import NoSuchPage, View
from server_stub.console.table import Cell, Row, table
from server_stub.supply.queries import station_pick_list

_PRINT = '<button type="button" class="apo-button" data-testid="print" onclick="window.print()">Print</button>'
_COLUMNS = ("Item", "Bring", "Ordered", "Orders", "Pocket", "Put in", "On hand", "PAR min", "PAR max")


def pick(view: View) -> None:
    """The part of the page Restock; the station is in the address. It stays as it is: people work from it."""
    stations = [s.id for s in view.console.site().station]
    station = view.query.get("station", "")
    if station and station not in stations:
        raise NoSuchPage(f"There is no station {station}.")
    view.show(_choose(station, stations))
    if station:
        found = station_pick_list(view.engine, station)
        view.show(_as_of(found))
        view.show(f'<div class="apo-scroll" tabindex="0">{_table(view, found)}</div>', f"Pick list of {station}")


def _choose(station: str, stations: list[str]) -> str:
    pick_one = choice("station", "Station", [(one, one) for one in stations], station)
    return (
        f'<form method="get" action="/restock" class="apo-form wide" data-testid="pick">{pick_one}'
        f'<button type="submit" class="apo-button">Take a new list</button>{_PRINT if station else ""}</form>'
    )


def _as_of(found: dict[str, Any]) -> str:
    words_ = f"As of {words.clock(found['as_of_utc_ms'])} UTC, snapshot {found['snapshot']}"
    more = "what a cabinet has not sent yet is not in it."
    return f'<p data-testid="as-of"><strong>{escape(words_)}</strong>; {more}</p>'


def _table(view: View, found: dict[str, Any]) -> str:
    items = queries.items(view.engine, (line["item"] for line in found["lines"]))
    rows = [row for line in found["lines"] for row in _rows(line, items.get(line["item"]), found["station"])]
    return table("pick-list", "Pick list", _COLUMNS, rows)


def _rows(line: dict[str, Any], known: queries.Item | None, station: str) -> Iterator[Row]:
    """A row a pocket, the hungriest first; one without a pocket where none may be filled (each owes a count)."""
    item = known or queries.Item(line["item"], 1)
    href = f"/items/{line['item']}?station={station}"
    whole: list[Cell | str | int] = [
        Cell(item.name, note=line["item"], href=href),
        *_amounts(item, line["quantity"], line["ordered"]),
        ", ".join(map(str, line["orders"])),
    ]
    for need in line["pockets"]:
        amounts = (need["quantity"], need["on_hand"], need["min"], need["max"])
        yield [*whole, need["place"], *_amounts(item, *amounts)]
    if not line["pockets"]:
        yield [*whole, "count first", *[Cell("–", number=True)] * 4]


def _amounts(item: queries.Item, *quantities: int) -> list[Cell]:
    return [Cell(words.units(quantity, item.scale), number=True) for quantity in quantities]
