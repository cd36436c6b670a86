"""Requests of the intake socket (docs/interfaces.md): what `web`, loading and the simulator ask of the one writer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from firmware import codes
from server_stub.clock import Clock, SteppedClock
from server_stub.integration.desk import Desk
from server_stub.integration.operator import operator
from server_stub.integration.planogram import BadReference
from server_stub.ledger import schema
from server_stub.ledger.log import CentreLog
from server_stub.ledger.transaction import Transaction
from server_stub.proof.record import packet_made

Reply = dict[str, Any]
Handler = Callable[[Transaction, dict[str, Any]], Reply]
LONGEST_KEY = 200


class Requests:
    """Carries out one request inside a transaction; a refusal is a reply with a code and what to do.

    `more` are the requests of other rooms by name.
    """

    def __init__(
        self, desk: Desk, clock: Clock, stations: Iterable[str], log: CentreLog, more: Mapping[str, Handler]
    ) -> None:
        self._desk, self._clock, self._stations = desk, clock, stations
        self._do: dict[str, Handler] = {
            "hospital_events": self._events,
            "advance": self._advance,
            "status": self._status,
            "versions": self._versions,
            "reference": self._reference,
            "packet_made": lambda tx, args: packet_made(tx, log, args),
            "operator": lambda tx, args: operator(tx, log, args),
            **more,
        }

    def perform(self, tx: Transaction, request: Any) -> Reply:
        """The reply to `request`; its effect is durable with the transaction."""
        if not isinstance(request, dict):
            return _refused("a request is a JSON object")
        do = self._do.get(str(request.get("do")))
        args = request.get("args", {key: value for key, value in request.items() if key not in ("do", "id")})
        if do is None or not isinstance(args, dict):
            return _refused("unknown request, or args is no object")
        return do(tx, args)

    def _events(self, tx: Transaction, args: dict[str, Any]) -> Reply:
        values = args.get("events")
        if not isinstance(values, list):
            return _refused("events must be an array")
        return self._desk.hospital_events(tx, values, str(args.get("key", ""))[:LONGEST_KEY])

    def _advance(self, tx: Transaction, args: dict[str, Any]) -> Reply:
        if not isinstance(self._clock, SteppedClock) or type(args.get("utc_ms")) is not int:
            return _refused("advance needs utc_ms, and a centre with --clock stepped")
        self._clock.advance(args["utc_ms"])
        tx.utc_ms = self._clock.utc_ms()
        self._desk.fire_due(tx)
        return {"versions": self._desk.versions()}

    def _versions(self, tx: Transaction, args: dict[str, Any]) -> Reply:
        return dict(self._desk.versions())

    def _reference(self, tx: Transaction, args: dict[str, Any]) -> Reply:
        station, table = str(args.get("station", "")), str(args.get("table", ""))
        try:
            version = self._desk.reference(tx, station, table, args.get("rows"), str(args.get("mode", "snapshot")))
        except BadReference as bad:
            return {"code": bad.code, "message": str(bad)}
        return {"version": version}

    def _status(self, tx: Transaction, args: dict[str, Any]) -> Reply:
        tx.settle()
        return {"stations": _stations(tx.conn, self._stations), "utc_ms": tx.utc_ms}


def _refused(message: str) -> Reply:
    return {"code": codes.MALFORMED_EVENT, "message": message}


def _stations(conn: Connection, stations: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Where each station stands (docs/interfaces.md, intake `status`)."""
    beats = {row.station: row.utc_ms for row in conn.execute(select(schema.heartbeats))}
    alarms: dict[str, int] = {}
    for station in conn.scalars(select(schema.alarms.c.station)):
        alarms[station] = alarms.get(station, 0) + 1
    logs = {row.station: row for row in conn.execute(select(schema.logs).order_by(schema.logs.c.log))}
    made = {}
    for station in stations:
        row = logs.get(station)
        made[station] = {
            "log": row.log if row else 1,
            "seq": row.seq if row else 0,
            "entries": row.entries if row else 0,
            "removals": row.removals if row else 0,
            "stopped": bool(row.stopped) if row else False,
            "heartbeat_utc_ms": beats.get(station),
            "alarms": alarms.get(station, 0),
        }
    return made
