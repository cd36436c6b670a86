"""The HTTP interface: hospital events in, stations and inventory out; every call needs the site's token."""

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Engine

from firmware import codes
from server_stub.console import queries
from server_stub.integration.events import MAX_EVENTS, read_lines
from server_stub.integration.intake import IntakeAway, ask
from server_stub.site.config import SiteConfig

MAX_BODY = 4 * 1024 * 1024
RETRY_AFTER_S = 2


class Api:
    """Routes under /api/v1; `site` reads the site anew (stations may have been added)."""

    def __init__(self, engine: Engine, site: Callable[[], SiteConfig], intake: Path, token: str) -> None:
        self._engine = engine
        self._site = site
        self._intake = intake
        self._token = f"Bearer {token}".encode()

    def add_to(self, app: FastAPI) -> None:
        """Mount the routes."""
        app.add_api_route("/api/v1/hospital-events", self.hospital_events, methods=["POST"], response_model=None)
        app.add_api_route("/api/v1/stations", self.stations, methods=["GET"])
        app.add_api_route("/api/v1/stations/{station}/inventory", self.inventory, methods=["GET"])

    def _authorise(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._token):
            detail = {"code": codes.NOT_AUTHORISED, "message": "send the site's token as Authorization: Bearer"}
            raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})

    async def hospital_events(self, request: Request) -> Response:
        """Take in NDJSON events (docs/wire.md section 5); 200 means they are durable."""
        self._authorise(request)
        values = read_lines(await _body(request))
        if len(values) > MAX_EVENTS:
            raise HTTPException(413, {"code": codes.MALFORMED_EVENT, "message": f"at most {MAX_EVENTS} events a call"})
        args = {"events": values, "key": request.headers.get("idempotency-key", "")}
        try:
            reply = await ask(self._intake, {"do": "hospital_events", "args": args})
        except IntakeAway:
            words = {"message": "the centre is not taking events in just now; send the same call again"}
            return JSONResponse(words, 503, {"Retry-After": str(RETRY_AFTER_S)})
        if "code" in reply:
            return JSONResponse(reply, 503, {"Retry-After": str(RETRY_AFTER_S)})
        return JSONResponse(reply)

    def stations(self, request: Request) -> list[dict[str, Any]]:
        """Where every station stands."""
        self._authorise(request)
        return [row._asdict() for row in queries.stations(self._engine, self._site().station)]

    def inventory(self, request: Request, station: str) -> list[dict[str, Any]]:
        """What is in the pockets of one station."""
        self._authorise(request)
        if station not in {s.id for s in self._site().station}:
            raise HTTPException(404, {"code": codes.UNKNOWN_STATION, "message": f"{station} is not enrolled here"})
        return queries.inventory(self._engine, station)


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, {"code": codes.MALFORMED_EVENT, "message": f"at most {MAX_BODY} bytes a call"})
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise HTTPException(400, {"code": codes.MALFORMED_EVENT, "message": "the body is not UTF-8"}) from None
