"""Calls of the API about picking: what the pharmacy's computer picks by, and the reports."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from firmware import codes
from server_stub.console import api_models as models
from server_stub.console import picking, queries
from server_stub.console.callers import Callers
from server_stub.console.frame import Console
from server_stub.console.problems import documented, problem
from server_stub.console.roles import Right
from server_stub.console.scope import Limit
from server_stub.ledger.snapshot import snapshot
from server_stub.proof.period import BadPeriod, Period
from server_stub.site.home import Home
from server_stub.supply import life, pharmacy, reports
from server_stub.watch import conditions
from server_stub.watch import queries as watch

_Utc = Annotated[int | None, Query(ge=0, lt=2**53, description="UTC, ms since 1970; without it the last week")]


def pharmacy_calls(console: Console, callers: Callers, home: Home) -> APIRouter:
    """For the pharmacy's interface computer, by its own token."""
    router = APIRouter(tags=["Picking"], responses=documented(401))

    def token_hashes() -> Iterator[tuple[str, Path]]:
        for station in console.site().station:
            if station.pharmacy:
                yield station.id, home.token_hash(station.id)

    @router.get("/pharmacy/snapshot", dependencies=[Depends(callers.pharmacy(token_hashes))])
    def needs() -> models.PharmacySnapshot:
        """What all cabinets need, who may pick and check, and which labels are open, as of one moment."""
        cabinets = [pharmacy.Cabinet(s.id, s.zone) for s in console.site().station if not s.pharmacy]
        standing = watch.conditions(console.engine)
        unloaded = {(row.station, row.place) for row in standing if row.what == conditions.UNLOADED}
        with snapshot(console.engine) as conn:
            return models.PharmacySnapshot(**pharmacy.snapshot(conn, cabinets, unloaded))

    return router


def report_calls(console: Console, callers: Callers) -> APIRouter:
    """The reports of picking, a call each."""
    router = APIRouter(tags=["Picking"], responses=documented(401, 403, 404, 422))
    caller = [Depends(callers.with_right(Right.STOCK))]
    for name, report in reports.REPORTS.items():
        path, about = f"/picking/{name}", f"{report.title}: packages of a period, in the order of the report."
        router.get(path, dependencies=caller, description=about, name=name)(_report(console, name))
    return router


def _report(console: Console, name: str) -> Callable[..., list[models.PickingLine]]:
    def lines(from_utc_ms: _Utc = None, to_utc_ms: _Utc = None, limit: Limit = 1000) -> list[models.PickingLine]:
        report = picking.reports_of(console.site()).get(name)
        if report is None:
            raise problem(404, codes.NOT_FOUND, "this report is switched off in site.toml, section picking")
        period = _period(console, from_utc_ms, to_utc_ms)
        return [_line(line) for line in picking.read(console.engine, report, period)[:limit]]

    return lines


def _period(console: Console, start: int | None, end: int | None) -> Period:
    recent = picking.period_of("", "", queries.hospital_ms(console.engine))
    end = recent.to_utc_ms if end is None else end
    start = max(0, end - picking.RECENT_MS) if start is None else start
    try:
        return picking.bounded(Period(start, end))
    except BadPeriod as error:
        raise problem(422, codes.BAD_PARAMETER, str(error)) from None


def _line(line: reports.Line) -> models.PickingLine:
    shown = {name: getattr(line, name) for name in models.PickingLine.model_fields if hasattr(line, name)}
    shown["result"] = None if line.result is None else picking.category(line)
    shown["finding"] = life.FINDINGS.get(line.finding, "")
    return models.PickingLine(
        **shown,
        picked_utc_ms=line.picked_ms,
        when_utc_ms=line.when_ms,
        load_or_refill=line.purpose,
        entry=models.PickingEntry(station=line.by_station, log=line.by_log, seq=line.by_seq),
    )
