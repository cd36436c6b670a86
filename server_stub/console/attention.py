"""What needs a person: counted, in words, with the page where it is done. Nothing when all is well."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select

from server_stub.console import queries
from server_stub.console.queries import StationRow
from server_stub.console.roles import Right
from server_stub.ledger import schema
from server_stub.stock import schema as stock
from server_stub.verify import schema as verify
from server_stub.verify.worklists import count_unmatched
from server_stub.watch import schema as watch
from server_stub.watch.conditions import QUARANTINE

IN_SYNC, WAITING = "in sync", "waiting"


class Point(NamedTuple):
    """So many of something at `href`; `urgent` ones come first and in red; `right` is what one needs to see it."""

    name: str
    number: int
    words: str
    href: str
    right: Right
    urgent: bool = False


def points(engine: Engine, stations: Sequence[StationRow]) -> list[Point]:
    """All that is not zero, the urgent first."""
    with engine.connect() as conn:
        found = [
            *_stations(stations),
            *_alerts(conn),
            *_cabinets(conn),
            *_discrepancies(conn),
            *_stock(conn, queries.hospital_ms(engine) // 60_000),
        ]
    return sorted((p for p in found if p.number), key=lambda p: not p.urgent)


def _stations(rows: Sequence[StationRow]) -> Iterator[Point]:
    for verdict, words in (
        ("stopped", "stopped: the journal contradicts the ledger"),
        ("silent", "silent: no heartbeat for three minutes"),
        ("late", "late: a heartbeat is overdue"),
    ):
        count = sum(row.verdict == verdict for row in rows)
        yield Point(f"stations-{verdict}", count, words, "/stations", Right.STATIONS, verdict != "late")
    alarms = sum(row.alarms for row in rows)
    yield Point("alarms", alarms, "standing at the cabinets: alarms", "/stations", Right.STATIONS, True)


def _alerts(conn: Connection) -> Iterator[Point]:
    alerts, verdicts = verify.alerts.c, verify.verdicts.c
    without = conn.scalar(select(func.count()).where(alerts.state == "open", alerts.facet == 1)) or 0
    words = "removed without order or admission, to be looked at"
    yield Point("alerts", without, words, "/alerts?show=open", Right.ALERTS, True)
    undocumented = conn.scalar(select(func.count()).where(verdicts.verdict == "undocumented")) or 0
    words = "removed and never charted"
    yield Point("undocumented", undocumented, words, "/alerts?show=undocumented", Right.ALERTS, True)


def _cabinets(conn: Connection) -> Iterator[Point]:
    standing, added = watch.conditions.c, verify.provisional.c
    held = conn.scalar(select(func.count()).where(standing.what == QUARANTINE)) or 0
    yield Point("quarantine", held, "in quarantine: drawers that give nothing", "/stations", Right.STATIONS, True)
    words = "removed on override, and no order covers it yet"
    yield Point("overrides", count_unmatched(conn), words, "/overrides", Right.ALERTS)
    waiting = conn.scalar(select(func.count()).where(added.into == "")) or 0
    yield Point("provisional", waiting, "added at cabinets: patients to be merged", "/stations", Right.ORDER)


def _discrepancies(conn: Connection) -> Iterator[Point]:
    count = conn.scalar(select(func.count()).where(watch.discrepancies.c.resolved_ms.is_(None))) or 0
    yield Point("discrepancies", count, "counted and not as the book says", "/discrepancies", Right.DISCREPANCIES, True)


def _stock(conn: Connection, now_min: int) -> Iterator[Point]:
    held, commands, lots = schema.inventory.c, stock.commands.c, stock.lots.c
    for name, count, words, href in (
        (
            "owed",
            select(func.count()).where(held.must_count == 1),
            "owed a count",
            "/stock?show=owed",
        ),
        (
            "empty",
            select(func.count()).where(held.must_count == 0, held.quantity == 0),
            "empty: pockets without a unit",
            "/stock?show=empty",
        ),
        (
            "expired",
            select(func.count()).where(lots.number == 0, lots.expiry_min > 0, lots.expiry_min <= now_min),
            "expired: pockets that give nothing until it is taken out",
            "/expiry?within=0",
        ),
        (
            "par-refused",
            select(func.count()).where(commands.state == stock.REFUSED),
            "refused by a cabinet: PAR levels",
            "/restock?show=par",
        ),
    ):
        yield Point(name, conn.scalar(count) or 0, words, href, Right.STOCK)
