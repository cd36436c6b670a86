"""An item at a station: its use by day with the forecast as a band over it, its pockets and their levels."""

from math import ceil
from typing import Any, NamedTuple

from server_stub.console import queries, words
from server_stub.console.chart import Band, Bar, Level, draw
from server_stub.console.document import choice
from server_stub.console.frame import Console, NoSuchPage, Part, View, add_page
from server_stub.console.pages.stock import pocket_table
from server_stub.console.roles import Right
from server_stub.console.table import table
from server_stub.stock import queries as stock

MOST_DAYS = 60
_KEY = (
    '<p class="apo-key"><span class="use"></span> used a day <span class="band"></span> expected a day, of what may '
    'be used until a restock comes: 50th to 98th percentile <span class="mean"></span> mean expected '
    '<span class="par"></span> PAR min and max</p>'
)


def add(console: Console) -> None:
    """Register the page."""
    add_page(console, "/items/{item}", "Item", Right.STOCK, item)


def item(view: View) -> None:
    """The page; the station is in the address."""
    name = view.path["item"]
    held = stock.pockets(view.engine, [s.id for s in view.console.site().station], item=name)
    stations = sorted({p["station"] for p in held})
    if not held:
        raise NoSuchPage(f"No cabinet holds an item {name}.")
    station = view.query.get("station", stations[0])
    if station not in stations:
        raise NoSuchPage(f"Station {station} holds no {name}.")
    known = queries.items(view.engine, [name]).get(name, queries.Item(name, 1))
    view.frame(known.name, f"{name} at {station}", "/stock")
    if len(stations) > 1:
        view.show(_choose(name, station, stations))
    view.follow(
        lambda: _read(view, name, station),
        Part("Use and forecast", lambda now: _use(now, station, known), "apo-card"),
        Part("Pockets and PAR", lambda now: pocket_table(view.engine, f"stock-{station}", now.held)),
        Part("By day", lambda now: _by_day(now, known)),
    )


class _Now(NamedTuple):
    days: list[stock.Day]
    made: list[stock.Forecast]
    held: list[dict[str, Any]]


def _read(view: View, name: str, station: str) -> _Now:
    return _Now(
        stock.use_by_day(view.engine, name, station)[-MOST_DAYS:],
        stock.forecasts(view.engine, name, station)[-MOST_DAYS:],
        stock.pockets(view.engine, [station], item=name),
    )


def _choose(name: str, station: str, stations: list[str]) -> str:
    pick = choice("station", "Station", [(one, one) for one in stations], station)
    return (
        f'<form method="get" action="/items/{name}" class="apo-form wide">{pick}'
        '<button type="submit" class="apo-button">Show</button></form>'
    )


def _use(now: _Now, station: str, known: queries.Item) -> str:
    if not now.days and not now.made:
        return '<p class="apo-empty" data-testid="no-use">No use yet.</p>'
    bars = [Bar(d.day, (d.removed - d.returned) / known.scale) for d in now.days]
    levels = [
        Level(words_, sum(p[field] for p in now.held) / known.scale)
        for words_, field in (("PAR min", "min"), ("PAR max", "max"))
    ]
    return draw(f"Use of {known.name} at {station} by day", bars, _bands(now.made), levels) + _KEY


def _bands(made: list[stock.Forecast]) -> list[Band]:
    """The forecast of each day, a day's share of the time until a restock; the last one as far as it reaches."""
    bands: dict[int, Band] = {}
    for f in made:
        reach = f.mean / f.daily if f.daily > 0 else 1.0
        for day in range(f.day, f.day + ceil(reach)):
            bands[day] = Band(day, f.daily, f.p50 / reach, f.p98 / reach)
    return [bands[day] for day in sorted(bands)]


def _by_day(now: _Now, known: queries.Item) -> str:
    rows = [(words.date(d.day), *(words.units(amount, known.scale) for amount in d[1:])) for d in reversed(now.days)]
    return table("use", "Use by day", ("Day (UTC)", "Removed", "Returned", "Wasted", "Refilled"), rows)
