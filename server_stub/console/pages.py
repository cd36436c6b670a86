"""The pharmacy's console: all stations on one page, one page a station. It shows; it changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi import HTTPException
from nicegui import ui
from sqlalchemy import Engine

from server_stub.console import queries, words
from server_stub.console.table import Cell, Row, table, tile
from server_stub.console.theme import CSS, TAGS
from server_stub.site.config import SiteConfig

REFRESH_S = 1.0
MOST = 60
IN_SYNC = "in sync"


def add_pages(engine: Engine, site: Callable[[], SiteConfig]) -> None:
    """Register the pages; `site` reads the site anew."""

    @ui.page("/", title="Apotheca console")
    def overview() -> None:
        with _frame(f"Pharmacy console · {site().site.id}", "This computer only: sign-in is not built yet."):
            _live("", lambda: _summary(engine, site()), "apo-tiles")
            _live("Stations", lambda: _stations(engine, site()))
            with ui.element("div").classes("apo-columns"):
                _live("Alarms", lambda: _alarms(engine))
                _live("Evidence of refused or contradicting messages", lambda: _evidence(engine))
            _live(f"Stock: what needs a hand, then the latest changes (at most {MOST})", lambda: _busy_stock(engine))

    @ui.page("/stations/{station}", title="Apotheca station")
    def one(station: str) -> None:
        known = {s.id: s for s in site().station}
        if station not in known:
            raise HTTPException(404, f"{station} is not enrolled here")
        with _frame(f"Station {station}", ", ".join(known[station].wards), back=True):
            _live("Sync", lambda: _stations(engine, site(), station))
            with ui.element("div").classes("apo-columns"):
                _live("Last entries", lambda: _entries(engine, station))
                _live("Stock", lambda: _station_stock(engine, station))


@contextmanager
def _frame(title: str, below: str, *, back: bool = False) -> Iterator[None]:
    ui.add_css(CSS)
    ui.add_head_html('<script>document.documentElement.lang = "en"</script>')
    with ui.element("header").classes("apo-head"):
        with ui.element("div"):
            with ui.element("h1"):
                ui.label(title).props('data-testid="title"').style("display: inline")
            ui.label(below).classes("apo-below")
        if back:
            ui.link("All stations", "/").props('data-testid="back"')
    with ui.element("main").classes("apo-main"):
        yield


def _live(title: str, render: Callable[[], str], look: str = "apo-scroll") -> None:
    with ui.element("section").classes("apo-section"):
        if title:
            with ui.element("h2"):
                ui.label(title).style("display: inline")
        html = ui.html(render(), sanitize=False).classes(look)
        if title:
            html.props(f'tabindex=0 role=region aria-label="{title}"')

    def refresh() -> None:
        fresh = render()
        if fresh != html.content:
            html.set_content(fresh)

    ui.timer(REFRESH_S, refresh)


def _summary(engine: Engine, site: SiteConfig) -> str:
    rows = queries.stations(engine, site.station)
    in_sync = sum(row.verdict == IN_SYNC for row in rows)
    totals = queries.totals(engine)
    return "".join(
        (
            tile("in-sync", f"{in_sync} of {len(rows)}", "stations in sync", good=in_sync == len(rows)),
            tile("alarms", str(totals.alarms), "alarms standing", good=not totals.alarms),
            tile("owed", str(totals.owed), "pockets owe a count", good=not totals.owed),
            tile("empty", str(totals.empty), "pockets empty", good=not totals.empty),
            tile("removals", f"{totals.removals:,}", "removals in the ledger"),
        )
    )


def _stations(engine: Engine, site: SiteConfig, only: str | None = None) -> str:
    enrolled = [s for s in site.station if only in (None, s.id)]
    rows = [
        (
            Cell(row.station, href=f"/stations/{row.station}"),
            Cell(row.verdict, TAGS[row.verdict], note=row.why),
            Cell(f"{row.alarms} standing", "apo-bad") if row.alarms else Cell("none", "apo-good"),
            Cell(row.wards),
            row.removals,
            row.seq,
            words.clock(row.last_utc_ms),
            words.age(row.heartbeat_age_ms),
            "–" if row.unanswered is None else row.unanswered,
        )
        for row in queries.stations(engine, enrolled)
    ]
    columns = ("Station", "Sync", "Alarms", "Wards", "Removals", "Last seq", "Last entry (UTC)", "Heartbeat")
    return table("stations", "Stations", (*columns, "Unanswered then"), rows)


def _alarms(engine: Engine) -> str:
    rows = [
        (a["station"], Cell(words.alarm(a["code"], a["drawer"]), "apo-bad"), int(a["code"]), words.clock(a["utc_ms"]))
        for a in queries.alarms(engine)
    ]
    return table("alarms", "Standing alarms", ("Station", "Alarm", "Code", "Since (UTC)"), rows)


def _evidence(engine: Engine) -> str:
    rows = [
        (e["station"], Cell(str(e["code"]), "apo-warn"), Cell(e["detail"]), words.clock(e["utc_ms"]), e["sha256"][:16])
        for e in queries.evidence(engine)
    ]
    return table("evidence", "Evidence", ("Station", "Code", "What was wrong", "At (UTC)", "SHA-256"), rows)


_STOCK = ("Pocket", "Item", "Quantity", "State", "Last change (UTC)")


def _busy_stock(engine: Engine) -> str:
    pockets = queries.busy_pockets(engine, MOST)
    rows = [(p["station"], *row) for p, row in zip(pockets, _stock_rows(engine, pockets), strict=True)]
    return table("stock", "Stock", ("Station", *_STOCK), rows, key=2)


def _station_stock(engine: Engine, station: str) -> str:
    return table(f"stock-{station}", "Stock", _STOCK, _stock_rows(engine, queries.inventory(engine, station)))


def _stock_rows(engine: Engine, pockets: Sequence[dict[str, Any]]) -> list[Row]:
    items = queries.items(engine, (p["item"] for p in pockets))
    rows: list[Row] = []
    for p in pockets:
        item = items.get(p["item"], queries.Item(p["item"], 1))
        state = Cell("count owed", "apo-warn") if p["must_count"] else _level(p["quantity"])
        quantity = Cell(words.units(p["quantity"], item.scale), number=True)
        rows.append((p["place"], Cell(item.name, note=p["item"]), quantity, state, words.clock(p["utc_ms"])))
    return rows


def _level(quantity: int) -> Cell:
    return Cell("stocked", "apo-good") if quantity else Cell("empty", "apo-bad")


def _entries(engine: Engine, station: str) -> str:
    entries = queries.last_entries(engine, station)
    items = queries.items(engine, (e.item for e in entries))
    rows = [
        (e.seq, words.clock(e.utc_ms), Cell(words.entry(e, items)), e.place or "", e.actor, e.patient) for e in entries
    ]
    return table("entries", "Last entries", ("Seq", "At (UTC)", "What", "Place", "Who", "Patient"), rows)
