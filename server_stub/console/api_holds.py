"""Calls of the API with which a pharmacist, or a program with her rights, holds levels by hand (A1.g)."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends

from firmware import codes
from server_stub.console import models_stock as models
from server_stub.console.callers import Callers
from server_stub.console.door import Visitor
from server_stub.console.frame import Console
from server_stub.console.problems import again, documented, problem
from server_stub.console.roles import Right
from server_stub.console.scope import OptionalStation, known_station
from server_stub.integration.intake import IntakeAway, ask
from server_stub.stock.holds import par_holds


def holds(console: Console, callers: Callers, intake: Path) -> APIRouter:
    """To see them and to set one."""
    router = APIRouter(tags=["Stock and supply"], responses=documented(401, 403, 404, 422))
    caller = Depends(callers.with_right(Right.HOLD_PAR))

    @router.get("/par/holds", dependencies=[Depends(callers.with_right(Right.STOCK))])
    def seen(station: OptionalStation = None) -> list[models.ParHold]:
        """What people set for items, by station and item."""
        known_station(console, station)
        return [models.ParHold(**row._asdict()) for row in par_holds(console.engine, station=station)]

    @router.post("/par/holds", status_code=204, responses=documented(409, 503))
    async def hold(visitor: Annotated[Visitor, caller], wanted: models.WantedHold) -> None:
        """Hold the levels of an item at a station, or let them follow the forecast again; 204 means it is durable."""
        known_station(console, wanted.station)
        args = {**wanted.model_dump(), "person": visitor.name}
        try:
            reply = await ask(intake, {"do": "par_hold", "args": args})
        except IntakeAway:
            raise again(codes.INTAKE_AWAY, "the centre takes nothing in just now; send the same call again") from None
        if "code" in reply:
            raise problem(409, reply["code"], reply["message"])

    return router
