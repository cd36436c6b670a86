"""What stands at a cabinet and is no alarm: failed places, quarantine, temperature, power, critical override."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete

from firmware.journal import kinds
from firmware.wire import messages
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.watch import schema

FAILED, UNLOADED, QUARANTINE, TEMPERATURE = "failed", "unloaded", "quarantine", "temperature"
POWER, BATTERY, CLOCK, CRITICAL = "power", "battery", "clock", "critical"
_LOST, _BACK = 0, 1

_KEY = ("station", "what", "place")
_T = schema.conditions.c
_OVER = delete(schema.conditions).where(
    and_(_T.station == bindparam("s"), _T.what == bindparam("w"), _T.place == bindparam("p"))
)
_Change = tuple[str, bool, int]


_SIMPLE: dict[int, Callable[[list[Any]], _Change]] = {
    kinds.FAILED: lambda ext: (FAILED, True, ext[0]),
    kinds.RECOVERED: lambda ext: (FAILED, False, 0),
    kinds.UNLOAD: lambda ext: (UNLOADED, True, 0),
    kinds.LOAD: lambda ext: (UNLOADED, False, 0),
    kinds.QUARANTINE: lambda ext: (QUARANTINE, bool(ext[0]), ext[1]),
    kinds.TEMPERATURE: lambda ext: (TEMPERATURE, bool(ext[0]), ext[1]),
    kinds.CLOCK: lambda ext: (CLOCK, True, ext[0]),
}


class Conditions:
    """The projection `conditions`: a row while it stands.

    `value` is the reason it failed, centi-Celsius, percent of battery, ms the clock jumped (its last jump stays), or
    until when (UTC ms) the critical override holds.
    """

    KINDS = frozenset((*_SIMPLE, kinds.POWER, kinds.COMMAND))

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str, str], tuple[Entry, int] | None] = {}

    def apply(self, entry: Entry) -> None:
        """Something begins, or is over."""
        for what, stands, value in _changes(entry):
            self._latest[entry.station, what, entry.place or ""] = (entry, value) if stands else None

    def flush(self, conn: Connection) -> None:
        """Write what began or ended since the last flush."""
        over = [dict(zip("swp", key, strict=True)) for key, now in self._latest.items() if now is None]
        rows = [
            {**dict(zip(_KEY, key, strict=True)), "value": now[1], "actor": now[0].actor, "utc_ms": now[0].utc_ms}
            for key, now in self._latest.items()
            if now is not None
        ]
        if over:
            conn.execute(_OVER, over)
        if rows:
            conn.execute(upsert(conn, schema.conditions, _KEY), rows)
        self._latest = {}


def _changes(entry: Entry) -> list[_Change]:
    """(what, does it stand, value)."""
    if entry.kind == kinds.POWER:
        return _power(*entry.ext)
    if entry.kind == kinds.COMMAND:
        return _command(*entry.ext)
    return [_SIMPLE[entry.kind](entry.ext)]


def _power(state: int, percent: int) -> list[_Change]:
    if state == _BACK:
        return [(POWER, False, percent), (BATTERY, False, percent)]
    return [(POWER if state == _LOST else BATTERY, True, percent)]


def _command(_number: int, kind: int, code: int, body: object = None) -> list[_Change]:
    if kind != messages.COMMAND_CRITICAL_OVERRIDE or code or not isinstance(body, list):
        return []
    return [(CRITICAL, True, body[0])]
