"""Expiry and recall: what expires where, and where a lot is and went."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from server_stub.console import queries, words
from server_stub.console.document import choice, field, notice
from server_stub.console.frame import Console, NoSuchPage, Part, View, add_page
from server_stub.console.roles import Right
from server_stub.console.table import Cell, Row, table
from server_stub.stock import expiry
from server_stub.watch.recall import Recall, Taken, recall

DAY_MIN = 1440
MOST = 1000
_WITHIN = (("0", "expired"), ("30", "within 30 days"), ("90", "within 90 days"), ("365", "within a year"))


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/expiry", "Expiry and recall", Right.STOCK, page)


def page(view: View) -> None:
    """The page; what is asked is in the address."""
    within, lot = view.query.get("within", "30"), view.query.get("lot", "").strip()
    if within not in dict(_WITHIN):
        raise NoSuchPage("There is no such time.")
    view.frame("Expiry and recall", "Lots in the pockets, by when they expire; or one lot, wherever it is", "/expiry")
    view.show(
        '<form method="get" action="/expiry" class="apo-form wide" data-testid="expiry-filter" role="search">'
        + choice("within", "Expires", list(_WITHIN), within)
        + field("lot", "Lot recalled", "search", lot, 'maxlength="20"')
        + '<button type="submit" class="apo-button">Show</button></form>'
    )
    if lot:
        view.follow(
            lambda: recall(view.engine, lot, MOST + 1),
            Part(f"Pockets with lot {lot}", lambda found: lots(view, "recall-pockets", found.pockets)),
            Part("Return bins that may hold some", lambda found: bin_table(view, found.bins)),
            Part("Removals that took of it", lambda found: _removals(view, found)),
        )
        return
    view.live(dict(_WITHIN)[within].capitalize(), lambda: lots(view, "expiring", _expiring(view, int(within))))


def _expiring(view: View, days: int) -> list[expiry.Lot]:
    now_min = queries.hospital_ms(view.engine) // 60_000
    return expiry.expiring(view.engine, now_min + days * DAY_MIN + 1)


def lots(view: View, testid: str, rows: Sequence[expiry.Lot]) -> str:
    """Lots with station, drawer and pocket."""
    now_min = queries.hospital_ms(view.engine) // 60_000
    shown: list[Row] = []
    for row, (name, quantity) in _named(view, rows):
        over = Cell("expired", "apo-bad") if 0 < row.expiry_min <= now_min else Cell("good", "apo-good")
        drawer, _, pocket = row.place.partition("-")
        when = words.minute(row.expiry_min)
        shown.append((_station(row.station), drawer, pocket, name, row.lot or "unknown", when, over, quantity))
    columns = ("Station", "Drawer", "Pocket", "Item", "Lot", "Expires (UTC)", "State", "Quantity")
    return table(testid, "Lots", columns, shown, key=3)


def bin_table(view: View, rows: Sequence[expiry.InBin]) -> str:
    """What return bins hold."""
    shown = [
        (_station(row.station), row.place, name, quantity, words.clock(row.utc_ms))
        for row, (name, quantity) in _named(view, rows)
    ]
    return table("bins", "Return bins", ("Station", "Bin", "Item", "Quantity", "Since (UTC)"), shown, key=2)


def _removals(view: View, found: Recall) -> str:
    columns = ("Removal", "Removed at (UTC)", "Pocket", "Item", "Of this lot", "By", "Patient")
    shown = [
        (*_who(row), row.place, *named, row.user, _patient(view, row))
        for row, named in _named(view, found.removals[:MOST])
    ]
    words_ = f"There are more. {MOST:,} are shown; the API has all." if len(found.removals) > MOST else ""
    return notice(words_, bad=True) + table("recall-removals", "Removals", columns, shown)


def _who(row: Taken) -> tuple[Cell, str]:
    href = f"/alerts/{quote(row.station)}/{row.log}/{row.seq}"
    return Cell(f"{row.station} {row.seq}", href=href), words.clock(row.utc_ms)


def _patient(view: View, row: Taken) -> str:
    return row.patient if view.may(Right.PATIENTS) else "–"


def _station(station: str) -> Cell:
    return Cell(station, href=f"/stations/{quote(station)}")


def _named(view: View, rows: Sequence[Any]) -> Iterable[tuple[Any, tuple[Cell, Cell]]]:
    items = queries.items(view.engine, (row.item for row in rows))
    for row in rows:
        item = items.get(row.item, queries.Item(row.item, 1))
        yield row, (Cell(item.name, note=row.item), Cell(words.units(row.quantity, item.scale), number=True))
