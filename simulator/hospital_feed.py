"""The hospital's systems: they post the plan's events to the centre as they happen, each until it is answered."""

import asyncio
import json
import ssl
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx

from simulator.errors import RunFailed
from simulator.panel import Panel
from simulator.plan import Plan

MINUTE_MS = 60_000
RETRY_S = 0.1
PATIENCE_S = 120.0
APPLIED_WITHIN_S = 180.0
HOSPITAL = "hospital"
HTTP_OK = 200


class FeedFailed(RunFailed):
    """The centre did not take an event; the message says what it said."""


@dataclass(frozen=True)
class Post:
    """Events to be sent in one call, and the places of the clock that they concern."""

    at_ms: int
    places: tuple[str, ...]
    events: tuple[dict[str, Any], ...]


def posts(plan: Plan) -> Iterator[Post]:
    """The plan's events in order: those of one minute in one call, unless a visit lies between them.

    An event concerns the stations of the wards its patient is on, comes from or goes to, so that it is never posted
    before what happened there earlier has happened.
    """
    visits = sorted(visit.at_ms for visit in plan.visits)
    located = _locate(plan)
    for _, group in groupby(located, key=lambda e: (e[0] // MINUTE_MS, bisect_left(visits, e[0]))):
        batch = list(group)
        stations = sorted(set().union(*(stations for _, stations, _ in batch)))
        yield Post(batch[-1][0], (HOSPITAL, *stations), tuple(event for _, _, event in batch))


def _locate(plan: Plan) -> Iterator[tuple[int, set[str], dict[str, Any]]]:
    stations_of: dict[str, set[str]] = {}
    for station in plan.stations:
        for ward in station.wards:
            stations_of.setdefault(ward, set()).add(station.station)
    ward_of: dict[str, str] = {}
    for at_ms, event in sorted(plan.events, key=lambda timed: timed[0]):
        wards = {ward_of.get(event["patient"], ""), event.get("ward", ""), event.get("from_ward", "")}
        if event.get("ward"):
            ward_of[event["patient"]] = event["ward"]
        yield at_ms, set().union(*(stations_of.get(ward, set()) for ward in wards)), event


@dataclass
class Reached:
    """Versions of a station's tables: what the centre has sent, and what the controller is known to have."""

    wanted: dict[str, int] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> bool:
        return any(self.applied.get(table, 0) < version for table, version in self.wanted.items())


class Feed:
    """Posts events, and knows which table versions each station must have before someone goes there."""

    def __init__(self, url: str, authority: Path, token: str, panels: dict[str, Panel]) -> None:
        context = ssl.create_default_context(cafile=str(authority))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        self._http = httpx.AsyncClient(base_url=url, verify=context, headers=headers, timeout=30, trust_env=False)
        self._panels = panels
        self._reached = {station: Reached() for station in panels}
        self.refused = 0

    async def post(self, events: Iterable[dict[str, Any]]) -> None:
        """Send events until they are answered; FeedFailed when they never are, or the call as a whole is refused."""
        events = list(events)
        body = "".join(json.dumps(event) + "\n" for event in events)
        answer = await self._until_answered(body, f"{events[0]['id']}+{len(events)}")
        self.refused += len(answer["refused"])
        for station, versions in answer["versions"].items():
            self.expect(station, versions)

    def expect(self, station: str, versions: dict[str, int]) -> None:
        """The controller of `station` is to reach these versions."""
        wanted = self._reached[station].wanted
        for table, version in versions.items():
            wanted[table] = max(version, wanted.get(table, 0))

    async def applied(self, station: str, within_s: float = APPLIED_WITHIN_S) -> bool:
        """Wait (real time) until the controller of `station` has what was sent to it; False if it has not in time."""
        reached = self._reached[station]
        deadline = asyncio.get_running_loop().time() + within_s
        delay_s = 0.004
        while reached.missing:
            reply = await self._panels[station].ask("status")
            reached.applied = reply.params[0]["tables"] if reply.params else {}
            if not reached.missing:
                break
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(delay_s)
            delay_s = min(0.2, delay_s * 1.5)
        return True

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def _until_answered(self, body: str, key: str) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        problem = ""
        while asyncio.get_running_loop().time() < deadline:
            try:
                answer = await self._http.post(
                    "/api/v1/hospital-events", content=body, headers={"Idempotency-Key": key}
                )
                if answer.status_code == HTTP_OK:
                    parsed: dict[str, Any] = answer.json()
                    return parsed
                if answer.status_code < 500:
                    raise FeedFailed(f"the centre answered {answer.status_code}: {answer.text[:200]}")
                problem = answer.text[:200]
            except httpx.TransportError as error:
                problem = repr(error)
            await asyncio.sleep(RETRY_S)
        raise FeedFailed(f"the centre took no hospital event for {PATIENCE_S:.0f} s: {problem}")
