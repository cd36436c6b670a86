"""Home: what needs attention, with the way to where it is done, and where the stations stand."""

from html import escape

from server_stub.console import attention, queries
from server_stub.console.frame import Console, View, add_page
from server_stub.console.pages.stations import sync
from server_stub.console.roles import Right
from server_stub.console.table import tile


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/", "Home", Right.STATIONS, home)


def home(view: View) -> None:
    """The page."""
    view.frame("Home", f"Pharmacy console of {view.console.site().site.id}", "/")
    view.live("What needs attention", lambda: _attention(view), "apo-points")
    view.live("", lambda: _totals(view), "apo-tiles")
    view.live("Stations", lambda: sync(view.engine, view.console.site().station))


def _attention(view: View) -> str:
    points = [p for p in attention.points(view.engine, view.console.site().station) if view.may(p.right)]
    if not points:
        return '<p class="apo-well" data-testid="all-well">Nothing needs attention.</p>'
    return "".join(
        f'<a class="apo-point{" urgent" if p.urgent else ""}" href="{escape(p.href)}" data-testid="point-{p.name}">'
        f"<strong>{p.number:,}</strong> <span>{escape(p.words)}</span></a>"
        for p in points
    )


def _totals(view: View) -> str:
    rows = queries.stations(view.engine, view.console.site().station)
    in_sync = sum(row.verdict == attention.IN_SYNC for row in rows)
    totals = queries.totals(view.engine)
    return "".join(
        (
            tile("in-sync", f"{in_sync} of {len(rows)}", "stations in sync", good=in_sync == len(rows)),
            tile("removals", f"{totals.removals:,}", "removals in the ledger"),
            tile("pockets", f"{totals.pockets:,}", "pockets with stock"),
        )
    )
