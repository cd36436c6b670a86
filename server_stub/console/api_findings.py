"""Calls of the API about what was found and decided: verdicts, alerts, discrepancies, restock, PAR, packets."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from server_stub.console import models_findings, models_stock
from server_stub.console.callers import Callers
from server_stub.console.door import Visitor
from server_stub.console.frame import Console
from server_stub.console.packets import recorded
from server_stub.console.problems import documented
from server_stub.console.roles import Right
from server_stub.console.scope import Limit, OneStation, OptionalStation, known_station
from server_stub.stock import queries as stock_queries
from server_stub.supply.queries import restock_orders, station_pick_list
from server_stub.verify import queries as verify
from server_stub.verify.verdict import VERDICTS
from server_stub.watch import queries as watch

REFUSALS = documented(401, 403, 404, 422)
Verdict = Annotated[
    Literal[
        "verified", "returned", "charted_late", "undocumented",
        "no_order", "not_admitted", "no_order_not_admitted", "supply", "pending",
    ] | None,
    Query(description="Only removals with this verdict"),
]  # fmt: skip


def verification(console: Console, callers: Callers) -> APIRouter:
    """Alerts and verdicts; whose dose it was only for callers who may see it."""
    router = APIRouter(tags=["Verification"], responses=REFUSALS)
    caller = Depends(callers.with_right(Right.ALERTS))

    @router.get("/alerts")
    def alerts(
        visitor: Annotated[Visitor, caller],
        station: OptionalStation = None,
        facet: Annotated[Literal[1, 2] | None, Query(description="1 authority, 2 documentation")] = None,
        state: Literal["open", "cleared", "expired"] | None = None,
        limit: Limit = 100,
    ) -> list[models_findings.Alert]:
        """Alerts with the removal they are about, the newest first."""
        known_station(console, station)
        with console.engine.connect() as conn:
            rows = verify.alerts(conn, verify.Wanted(station, facet, state), limit)
        return [models_findings.Alert(**_shown(visitor, row._asdict())) for row in rows]

    @router.get("/verdicts")
    def verdicts(
        visitor: Annotated[Visitor, caller],
        station: OptionalStation = None,
        verdict: Verdict = None,
        limit: Limit = 100,
    ) -> list[models_findings.Verdict]:
        """Removals with their verdicts, the newest first."""
        known_station(console, station)
        with console.engine.connect() as conn:
            rows = verify.removals_by_verdict(conn, [verdict] if verdict else VERDICTS, station, limit)
        return [models_findings.Verdict(**_shown(visitor, row._asdict())) for row in rows]

    @router.get("/verdicts/counts", dependencies=[caller])
    def counts(station: OptionalStation = None) -> dict[str, int]:
        """Number of removals by verdict; they sum to the removals in the ledger."""
        known_station(console, station)
        with console.engine.connect() as conn:
            return verify.count_verdicts(conn, station)

    return router


def _shown(visitor: Visitor, row: dict[str, Any]) -> dict[str, Any]:
    return row if visitor.may(Right.PATIENTS) else {**row, "patient": None, "order": None}


def supply(console: Console, callers: Callers) -> APIRouter:
    """Levels, orders, discrepancies."""
    router = APIRouter(tags=["Stock and supply"], responses=REFUSALS)
    stock = [Depends(callers.with_right(Right.STOCK))]

    @router.get("/par", dependencies=stock)
    def par(station: OptionalStation = None) -> list[models_stock.ParLevel]:
        """The levels between which each pocket is kept, and why."""
        known_station(console, station)
        stations = [station] if station else [s.id for s in console.site().station]
        return [models_stock.ParLevel(**row) for row in stock_queries.pockets(console.engine, stations)]

    @router.get("/par/commands", dependencies=stock)
    def commands(
        station: OptionalStation = None,
        state: Literal["sent", "applied", "refused", "lost"] | None = None,
        limit: Limit = 100,
    ) -> list[models_stock.ParCommand]:
        """PAR commands as sent and as the cabinets answered, the newest first."""
        known_station(console, station)
        rows = stock_queries.commands(console.engine, limit=limit, station=station, state=state)
        return [models_stock.ParCommand(**row._asdict()) for row in rows]

    @router.get("/restock-orders", dependencies=stock)
    def orders(
        station: OptionalStation = None, standing: bool | None = None, limit: Limit = 100
    ) -> list[models_stock.RestockOrder]:
        """Restock orders, the newest first."""
        known_station(console, station)
        rows = restock_orders(console.engine, standing=standing, limit=limit, station=station)
        return [models_stock.RestockOrder(**row._asdict()) for row in rows]

    @router.get("/pick-list", dependencies=stock)
    def pick_list(station: OneStation) -> models_stock.PickList:
        """What each pocket of a station needs, as a snapshot of the ledger."""
        known_station(console, station)
        return models_stock.PickList(**station_pick_list(console.engine, station))

    @router.get("/discrepancies", dependencies=[Depends(callers.with_right(Right.DISCREPANCIES))])
    def discrepancies(
        station: OptionalStation = None, resolved: bool | None = None, limit: Limit = 100
    ) -> list[models_findings.Discrepancy]:
        """Counts that did not come out, the newest first."""
        known_station(console, station)
        rows = watch.discrepancies(console.engine, resolved=resolved, limit=limit, station=station)
        return [models_findings.Discrepancy(**row._asdict()) for row in rows]

    return router


def packets(console: Console, callers: Callers) -> APIRouter:
    """Compliance packets."""
    router = APIRouter(tags=["Packets"], responses=documented(401, 403, 422))

    @router.get("/packets", dependencies=[Depends(callers.with_right(Right.PACKETS))])
    def made(limit: Limit = 100) -> list[models_findings.Packet]:
        """Packets that the ledger records, the newest first."""
        return [models_findings.Packet(**row._asdict()) for row in recorded(console.engine, limit)]

    return router
