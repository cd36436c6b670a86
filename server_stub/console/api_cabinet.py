"""Calls of the API about cabinets as a whole: overrides, wastes, expiry, recall, what stands; and orders to them."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from firmware import codes
from server_stub.console import models_findings as models
from server_stub.console import queries
from server_stub.console.callers import Callers
from server_stub.console.door import Visitor
from server_stub.console.frame import Console
from server_stub.console.problems import documented, problem
from server_stub.console.roles import Right
from server_stub.console.scope import Limit, OptionalStation, StationId, known_station
from server_stub.integration.intake import IntakeAway, ask
from server_stub.stock import expiry
from server_stub.verify import worklists
from server_stub.watch import queries as watch
from server_stub.watch.recall import recall

REFUSALS = documented(401, 403, 404, 422)
DAY_MIN = 1440

_Reason = Annotated[str, Field(min_length=1, max_length=200)]
_Patient = Annotated[str, Field(pattern=r"^[!-~]{1,16}$")]
_Lot = Annotated[str, Query(min_length=1, max_length=20, description="The lot as the package has it")]
_Days = Annotated[int, Query(ge=0, le=3650, description="What expires in so many days of hospital time; 0: expired")]


class CriticalOverride(BaseModel):
    """For so many hours what is locked for want of an order may be removed on override."""

    hours: Annotated[int, Field(ge=1, le=12)]
    reason: _Reason


class Release(BaseModel):
    """A drawer that may be used again."""

    drawer: Annotated[int, Field(ge=1, le=16)]
    reason: _Reason


class Merge(BaseModel):
    """Whose wristband it was."""

    patient: _Patient
    into: _Patient


class Ordered(BaseModel):
    """The number of the command that went to the cabinet; 0 if it needs none."""

    number: int


def worklist_calls(console: Console, callers: Callers) -> APIRouter:
    """Overrides and open wastes; whose dose it was only for callers who may see it."""
    router = APIRouter(tags=["Verification"], responses=REFUSALS)
    caller = Depends(callers.with_right(Right.ALERTS))

    @router.get("/overrides")
    def overrides(
        visitor: Annotated[Visitor, caller],
        station: OptionalStation = None,
        matched: bool | None = None,
        limit: Limit = 100,
    ) -> list[models.Override]:
        """Removals on override, with the order that covers each or none, the newest first."""
        known_station(console, station)
        rows = worklists.overrides(console.engine, matched=matched, limit=limit, station=station)
        return [models.Override(**_whose(visitor, row)) for row in rows]

    @router.get("/open-wastes")
    def open_wastes(
        visitor: Annotated[Visitor, caller], station: OptionalStation = None, limit: Limit = 100
    ) -> list[models.OpenWaste]:
        """Doses of which a part is neither given nor wasted nor returned, the newest first."""
        known_station(console, station)
        rows = worklists.open_wastes(console.engine, limit=limit, station=station)
        return [models.OpenWaste(**_whose(visitor, row)) for row in rows]

    return router


def stock_calls(console: Console, callers: Callers) -> APIRouter:
    """Lots and return bins."""
    router = APIRouter(tags=["Stock and supply"], responses=REFUSALS)
    caller = Depends(callers.with_right(Right.STOCK))

    @router.get("/expiring", dependencies=[caller])
    def expiring(station: OptionalStation = None, days: _Days = 0, limit: Limit = 100) -> list[models.Lot]:
        """Lots that expire, with station and place (drawer and pocket), the earliest first."""
        known_station(console, station)
        before_min = queries.hospital_ms(console.engine) // 60_000 + days * DAY_MIN + 1
        rows = expiry.expiring(console.engine, before_min, station=station, limit=limit)
        return [models.Lot(**row._asdict()) for row in rows]

    @router.get("/recall")
    def recalled(visitor: Annotated[Visitor, caller], lot: _Lot) -> models.Recall:
        """Pockets that hold a lot, return bins that may, removals that took of it."""
        found = recall(console.engine, lot)
        return models.Recall(
            pockets=[models.Lot(**row._asdict()) for row in found.pockets],
            bins=[models.InBin(**row._asdict()) for row in found.bins],
            removals=[models.Taken(**_whose(visitor, row)) for row in found.removals],
        )

    @router.get("/return-bins", dependencies=[caller])
    def bins(station: OptionalStation = None) -> list[models.InBin]:
        """What lies in the return bins."""
        known_station(console, station)
        return [models.InBin(**row._asdict()) for row in expiry.bins(console.engine, station=station)]

    return router


def cabinet_calls(console: Console, callers: Callers, intake: Path) -> APIRouter:
    """What stands at cabinets, and orders to them."""
    router = APIRouter(tags=["Stations and stock"], responses=REFUSALS)
    look = [Depends(callers.with_right(Right.STATIONS))]
    caller = Depends(callers.with_right(Right.ORDER))
    refusals = documented(409, 503)

    @router.get("/conditions", dependencies=look)
    def conditions(station: OptionalStation = None) -> list[models.Condition]:
        """Failed places, quarantine, temperature, power, clock, critical override: what stands."""
        known_station(console, station)
        return [models.Condition(**row._asdict()) for row in watch.conditions(console.engine, station)]

    @router.get("/temporary-users", dependencies=look)
    def users(station: OptionalStation = None, limit: Limit = 100) -> list[models.TemporaryUser]:
        """Users let in at cabinets, those who stay longest first."""
        known_station(console, station)
        return [models.TemporaryUser(**row._asdict()) for row in watch.temporary_users(console.engine, station, limit)]

    @router.get("/provisional-patients", dependencies=[Depends(callers.with_right(Right.PATIENTS))])
    def provisional(station: OptionalStation = None, limit: Limit = 100) -> list[models.Provisional]:
        """Patients added at cabinets, those to be merged first."""
        known_station(console, station)
        return [models.Provisional(**row._asdict()) for row in worklists.provisional(console.engine, station, limit)]

    @router.post("/stations/{station}/critical-override", responses=refusals)
    async def critical(station: StationId, wanted: CriticalOverride, visitor: Annotated[Visitor, caller]) -> Ordered:
        """Let this cabinet give what it has without orders, for a time."""
        known_station(console, station)
        return await _order(intake, "critical_override", station, visitor, wanted)

    @router.post("/stations/{station}/release-quarantine", responses=refusals)
    async def release(station: StationId, wanted: Release, visitor: Annotated[Visitor, caller]) -> Ordered:
        """Let a drawer be used again."""
        known_station(console, station)
        return await _order(intake, "release_quarantine", station, visitor, wanted)

    @router.post("/stations/{station}/merge-provisional", responses=refusals)
    async def merge(station: StationId, wanted: Merge, visitor: Annotated[Visitor, caller]) -> Ordered:
        """Say who a patient added at this cabinet is."""
        known_station(console, station)
        return await _order(intake, "merge_provisional", station, visitor, wanted)

    return router


async def _order(intake: Path, do: str, station: str, visitor: Visitor, wanted: BaseModel) -> Ordered:
    args = {"station": station, "person": visitor.name, **wanted.model_dump()}
    try:
        reply = await ask(intake, {"do": do, "args": args})
    except IntakeAway:
        raise problem(
            503, codes.INTAKE_AWAY, "the centre takes nothing in just now; send the same call again"
        ) from None
    if "code" in reply:
        raise problem(409, reply["code"], reply["message"])
    return Ordered(number=reply["number"])


def _whose(visitor: Visitor, row: Any) -> dict[str, Any]:
    shown: dict[str, Any] = row._asdict()
    return shown if visitor.may(Right.PATIENTS) else {**shown, "patient": None}
