"""The REST API, version 1: what console pages show, as JSON with OpenAPI; hospital events in."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse

from firmware import codes
from server_stub.console import api_cabinet, api_findings, api_picking, queries
from server_stub.console.api_holds import holds
from server_stub.console.api_tree import tree_calls
from server_stub.console.callers import Callers
from server_stub.console.frame import Console
from server_stub.console.models_stock import Alarm, Intake, Pocket, StationState
from server_stub.console.problems import again, documented, problem
from server_stub.console.roles import Right
from server_stub.console.scope import StationId, known_station
from server_stub.integration.events import MAX_EVENTS, read_lines
from server_stub.integration.intake import IntakeAway, ask
from server_stub.site.home import Home

MAX_BODY = 4 * 1024 * 1024

REFUSALS = documented(401, 403, 422)


def add_api(app: FastAPI, console: Console, callers: Callers, home: Home) -> None:
    """Mount the calls."""
    intake = home.intake
    routers = (
        _stations(console, callers),
        api_findings.verification(console, callers),
        api_findings.supply(console, callers),
        holds(console, callers, intake),
        api_cabinet.worklist_calls(console, callers),
        api_cabinet.stock_calls(console, callers),
        api_cabinet.cabinet_calls(console, callers, intake),
        api_findings.packets(console, callers),
        tree_calls(console, callers),
        api_picking.pharmacy_calls(console, callers, home),
        api_picking.report_calls(console, callers),
        _events(callers, intake),
    )
    for router in routers:
        app.include_router(router, prefix="/api/v1")


def _stations(console: Console, callers: Callers) -> APIRouter:
    router = APIRouter(tags=["Stations and stock"], responses=REFUSALS)

    @router.get("/stations", dependencies=[Depends(callers.with_right(Right.STATIONS))])
    def stations() -> list[StationState]:
        """Where every station stands."""
        rows = queries.stations(console.engine, console.site().station)
        return [StationState(**row._asdict()) for row in rows]

    @router.get("/alarms", dependencies=[Depends(callers.with_right(Right.STATIONS))])
    def alarms() -> list[Alarm]:
        """Alarms that stand, the newest first."""
        return [Alarm(**row) for row in queries.alarms(console.engine)]

    @router.get(
        "/stations/{station}/inventory",
        dependencies=[Depends(callers.with_right(Right.STOCK))],
        responses=documented(404),
    )
    def inventory(station: StationId) -> list[Pocket]:
        """What is in the pockets of one station."""
        known_station(console, station)
        return [Pocket(**row) for row in queries.inventory(console.engine, station)]

    return router


def _events(callers: Callers, intake: Path) -> APIRouter:
    router = APIRouter(tags=["Hospital"], responses=documented(400, 401, 403, 413, 422, 503))

    @router.post(
        "/hospital-events",
        dependencies=[Depends(callers.with_right(Right.SEND_EVENTS))],
        response_model=Intake,
        openapi_extra={"requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {}}}}},
    )
    async def hospital_events(
        request: Request, idempotency_key: Annotated[str, Header(max_length=200)] = ""
    ) -> Response:
        """Take in NDJSON events (docs/wire.md section 5); 200 means they are durable."""
        values = read_lines(await _body(request))
        if len(values) > MAX_EVENTS:
            raise problem(413, codes.MALFORMED_EVENT, f"at most {MAX_EVENTS} events a call")
        try:
            reply = await ask(intake, {"do": "hospital_events", "args": {"events": values, "key": idempotency_key}})
        except IntakeAway:
            words = "the centre is not taking events in just now; send the same call again"
            raise again(codes.INTAKE_AWAY, words) from None
        if "code" in reply:
            raise again(reply["code"], reply["message"])
        return JSONResponse(reply)

    return router


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise problem(413, codes.MALFORMED_EVENT, f"at most {MAX_BODY} bytes a call")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise problem(400, codes.MALFORMED_EVENT, "the body is not UTF-8") from None
