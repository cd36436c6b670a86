"""Home: what needs attention, with the way to where it is done, and where the stations stand."""

from html import escape
from typing import NamedTuple

from server_stub.console import attention, queries
from server_stub.console.frame import Console, Part, View, add_page
from server_stub.console.pages.stations import sync
from server_stub.console.roles import Right
from server_stub.console.table import tile


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/", "Home", Right.STATIONS, home)


def home(view: View) -> None:
    """The page."""
    view.frame("Home", f"Pharmacy console of {view.console.site().site.id}", "/")
    view.follow(
        lambda: _read(view),
        Part("What needs attention", _attention, "apo-points"),
        Part("", _totals, "apo-tiles"),
        Part("Stations", lambda now: sync(now.stations)),
    )


class _Now(NamedTuple):
    stations: list[queries.StationRow]
    points: list[attention.Point]
    totals: queries.Totals


def _read(view: View) -> _Now:
    stations = queries.stations(view.engine, view.console.site().station)
    points = [p for p in attention.points(view.engine, stations) if view.may(p.right)]
    return _Now(stations, points, queries.totals(view.engine))


def _attention(now: _Now) -> str:
    if not now.points:
        return '<p class="apo-well" data-testid="all-well">Nothing needs attention.</p>'
    return "".join(
        f'<a class="apo-point{" urgent" if p.urgent else ""}" href="{escape(p.href)}" data-testid="point-{p.name}">'
        f"<strong>{p.number:,}</strong> <span>{escape(p.words)}</span></a>"
        for p in now.points
    )


def _totals(now: _Now) -> str:
    in_sync = sum(row.verdict == attention.IN_SYNC for row in now.stations)
    return "".join(
        (
            tile("in-sync", f"{in_sync} of {len(now.stations)}", "stations in sync", good=in_sync == len(now.stations)),
            tile("removals", f"{now.totals.removals:,}", "removals in the ledger"),
            tile("pockets", f"{now.totals.pockets:,}", "pockets with stock"),
        )
    )
