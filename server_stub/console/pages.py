"""The pharmacy's console: all stations on one page, one page a station. It shows; it changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import HTTPException
from nicegui import ui
from sqlalchemy import Engine

from server_stub.console import queries, words
from server_stub.console.table import Cell, table
from server_stub.console.theme import CSS, TAGS
from server_stub.site.config import SiteConfig

REFRESH_S = 1.0
MOST = 60


def add_pages(engine: Engine, site: Callable[[], SiteConfig]) -> None:
    """Register the pages; `site` reads the site anew."""

    @ui.page("/", title="Apotheca console")
    def overview() -> None:
        with _frame(f"Pharmacy console · {site().site.id}", "This computer only: sign-in is not built yet."):
            _live("Stations", lambda: _stations(engine, site()))
            _live("Alarms", lambda: _alarms(engine))
            _live("Evidence", lambda: _evidence(engine))
            _live(f"Stock: what needs a hand, then the latest changes (at most {MOST})", lambda: _stock(engine, None))

    @ui.page("/stations/{station}", title="Apotheca station")
    def one(station: str) -> None:
        known = {s.id: s for s in site().station}
        if station not in known:
            raise HTTPException(404, f"{station} is not enrolled here")
        with _frame(f"Station {station}", ", ".join(known[station].wards), back=True):
            _live("Sync", lambda: _stations(engine, site(), station))
            _live("Stock", lambda: _stock(engine, station))
            _live("Last entries", lambda: _entries(engine, station))


@contextmanager
def _frame(title: str, below: str, *, back: bool = False) -> Iterator[None]:
    ui.add_css(CSS)
    ui.add_head_html('<script>document.documentElement.lang = "en"</script>')
    with ui.element("header").classes("apo-head"):
        with ui.element("h1"):
            ui.label(title).props('data-testid="title"').style("display: inline")
        with ui.element("p"):
            ui.label(below).style("display: inline")
        if back:
            ui.link("All stations", "/").props('data-testid="back"')
    with ui.element("div").classes("apo-main"):
        yield


def _live(title: str, render: Callable[[], str]) -> None:
    with ui.element("h2"):
        ui.label(title).style("display: inline")
    html = ui.html(render(), sanitize=False).classes("apo-scroll")

    def refresh() -> None:
        fresh = render()
        if fresh != html.content:
            html.set_content(fresh)

    ui.timer(REFRESH_S, refresh)


def _stations(engine: Engine, site: SiteConfig, only: str | None = None) -> str:
    enrolled = [s for s in site.station if only in (None, s.id)]
    rows = [
        (
            Cell(row.station, href=f"/stations/{row.station}"),
            Cell(row.verdict, TAGS[row.verdict], note=row.why),
            row.wards,
            row.seq,
            row.removals,
            words.clock(row.last_utc_ms),
            words.age(row.heartbeat_age_ms),
            "–" if row.unanswered is None else row.unanswered,
            Cell(f"{row.alarms} standing", "apo-bad") if row.alarms else Cell("none", "apo-good"),
        )
        for row in queries.stations(engine, enrolled)
    ]
    columns = ("Station", "Sync", "Wards", "Last seq", "Removals", "Last entry (UTC)", "Heartbeat", "Unanswered")
    return table("stations", "Stations", (*columns, "Alarms"), rows)


def _alarms(engine: Engine) -> str:
    rows = [
        (a["station"], Cell(a["words"], "apo-bad"), int(a["code"]), words.clock(a["utc_ms"]))
        for a in queries.alarms(engine)
    ]
    return table("alarms", "Standing alarms", ("Station", "Alarm", "Code", "Since (UTC)"), rows)


def _evidence(engine: Engine) -> str:
    rows = [
        (e["station"], Cell(str(e["code"]), "apo-warn"), e["detail"], words.clock(e["utc_ms"]), e["sha256"][:16])
        for e in queries.evidence(engine)
    ]
    return table("evidence", "Evidence", ("Station", "Code", "What was wrong", "At (UTC)", "SHA-256"), rows)


def _stock(engine: Engine, station: str | None) -> str:
    rows = [
        (
            p["station"],
            p["place"],
            p["item"],
            int(p["quantity"]),
            Cell("count owed", "apo-warn") if p["must_count"] else _level(p["quantity"]),
            words.clock(p["utc_ms"]),
        )
        for p in (queries.inventory(engine, station) if station else queries.busy_pockets(engine, MOST))
    ]
    columns = ("Station", "Pocket", "Item", "Quantity", "State", "Last change (UTC)")
    return table("stock", "Stock", columns, rows, key=2)


def _level(quantity: int) -> Cell:
    return Cell("stocked", "apo-good") if quantity else Cell("empty", "apo-bad")


def _entries(engine: Engine, station: str) -> str:
    rows = [
        (e.seq, words.clock(e.utc_ms), words.entry(e), e.place or "", e.actor, e.patient)
        for e in queries.last_entries(engine, station)
    ]
    return table("entries", "Last entries", ("Seq", "At (UTC)", "What", "Place", "Who", "Patient"), rows)
