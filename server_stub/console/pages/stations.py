"""All stations on one page, and one page a station: sync, alarms, stock, PAR, the last entries in words."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from server_stub.console import queries, words
from server_stub.console.frame import Console, NoSuchPage, View, add_page
from server_stub.console.pages import cabinet
from server_stub.console.pages.stock import pocket_table
from server_stub.console.roles import Right
from server_stub.console.table import Cell, table
from server_stub.console.theme import TAGS
from server_stub.stock import queries as stock_queries


def add(console: Console) -> None:
    """Register the pages."""
    add_page(console, "/stations", "Stations", Right.STATIONS, all_stations)
    add_page(console, "/stations/{station}", "Station", Right.STATIONS, one_station)


def all_stations(view: View) -> None:
    """Every station, alarms that stand, and messages that were refused."""
    site = view.console.site()
    view.frame("Stations", f"{len(site.station)} at {site.site.id}", "/stations")
    view.live("Sync", lambda: sync(queries.stations(view.engine, view.console.site().station)))
    view.live("Alarms that stand", lambda: alarms(view.engine))
    view.live("Evidence of refused or contradicting messages", lambda: evidence(view.engine))


def one_station(view: View) -> None:
    """One station."""
    name = view.path["station"]
    enrolled = [s for s in view.console.site().station if s.id == name]
    if not enrolled:
        raise NoSuchPage(f"No station {name} is enrolled here.")
    view.frame(f"Station {name}", ", ".join(enrolled[0].wards), "/stations")
    view.live("Sync", lambda: sync(queries.stations(view.engine, enrolled)))
    view.live("Alarms that stand", lambda: alarms(view.engine, name))
    view.live("What stands", lambda: cabinet.standing(view.engine, name))
    if view.may(Right.STOCK):
        view.live(
            "Stock and PAR",
            lambda: pocket_table(view.engine, f"stock-{name}", stock_queries.pockets(view.engine, [name])),
        )
    cabinet.show(view, name)
    view.live("Last entries", lambda: entries(view.engine, name, patients=view.may(Right.PATIENTS)))


def sync(stations: Sequence[queries.StationRow]) -> str:
    """Where stations stand."""
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
        for row in stations
    ]
    columns = ("Station", "Sync", "Alarms", "Wards", "Removals", "Last seq", "Last entry (UTC)", "Heartbeat")
    return table("stations", "Stations", (*columns, "Unanswered"), rows)


def alarms(engine: Engine, station: str | None = None) -> str:
    """Alarms that stand."""
    rows = [
        (
            Cell(a["station"], href=f"/stations/{a['station']}"),
            Cell(words.alarm(a["code"], a["drawer"]), "apo-bad"),
            int(a["code"]),
            words.clock(a["utc_ms"]),
        )
        for a in queries.alarms(engine)
        if station in (None, a["station"])
    ]
    return table("alarms", "Standing alarms", ("Station", "Alarm", "Code", "Since (UTC)"), rows)


def evidence(engine: Engine) -> str:
    """Messages that were refused, and why."""
    rows = [
        (e["station"], Cell(str(e["code"]), "apo-warn"), _refusal(e), words.clock(e["utc_ms"]), e["sha256"][:16])
        for e in queries.evidence(engine)
    ]
    return table("evidence", "Evidence", ("Station", "Code", "What was wrong", "At (UTC)", "SHA-256"), rows)


def _refusal(row: dict[str, Any]) -> Cell:
    return Cell(row["detail"], note=words.REFUSALS.get(row["code"], ""))


def entries(engine: Engine, station: str, *, patients: bool) -> str:
    """The newest entries of the station; whose dose it was only for those who may see it."""
    found = queries.last_entries(engine, station)
    items = queries.items(engine, (e.item for e in found))
    columns = ("Seq", "At (UTC)", "What", "Place", "Who", *(("Patient",) if patients else ()))
    rows = [
        (e.seq, words.clock(e.utc_ms), Cell(words.entry(e, items)), e.place or "", e.actor)
        + ((e.patient,) if patients else ())
        for e in found
    ]
    return table("entries", "Last entries", columns, rows)
