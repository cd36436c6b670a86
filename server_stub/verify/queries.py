"""What console and demo ask of verification. Rows carry the patient: who shows them decides whether to."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, func, select

from server_stub.verify import schema
from server_stub.verify.case import OPEN
from server_stub.verify.verdict import VERDICTS

_A, _R, _V = schema.alerts.c, schema.removals.c, schema.verdicts.c
_STATES = ("open", "cleared", "expired")


class Wanted(NamedTuple):
    """Which alerts; None leaves a field open."""

    station: str | None = None
    facet: int | None = None
    state: str | None = None


class AlertRow(NamedTuple):
    """An alert with the removal it is about; `by` says what ended it, `over_ms` when."""

    station: str
    log: int
    seq: int
    facet: int
    code: int
    state: str
    by: str
    raised_ms: int
    over_ms: int | None
    utc_ms: int
    deadline_ms: int
    user: str
    patient: str
    order: str
    item: str
    quantity: int


class VerdictRow(NamedTuple):
    """A removal with its verdict: `quantity` = `charted` + `back` + what is missing; `documented_ms` is when the last
    charting that was needed was entered, None where none was. `override` is the reason given instead of an order (0:
    there was none), `matched_order` the order that covers it."""

    station: str
    log: int
    seq: int
    utc_ms: int
    user: str
    patient: str
    order: str
    item: str
    quantity: int
    verdict: str
    authority: int
    documentation: str
    deadline_ms: int
    back: int
    charted: int
    documented_by: str
    documented_ms: int | None
    override: int
    matched_order: str
    matched_ms: int | None


_REMOVAL_OF_ALERT = and_(_R.station == _A.station, _R.log == _A.log, _R.seq == _A.seq)
_REMOVAL_OF_VERDICT = and_(_R.station == _V.station, _R.log == _V.log, _R.seq == _V.seq)
_ALERTS = select(
    *(_A.station, _A.log, _A.seq, _A.facet, _A.code, _A.state, _A.by, _A.raised_ms, _A.over_ms),
    *(_R.utc_ms, _R.deadline_ms, _R.user, _R.patient, _R.order, _R.item, _R.quantity),
).join_from(schema.alerts, schema.removals, _REMOVAL_OF_ALERT)
_VERDICTS = select(
    *(_R.station, _R.log, _R.seq, _R.utc_ms, _R.user, _R.patient, _R.order, _R.item, _R.quantity),
    *(_V.verdict, _V.authority, _V.documentation, _V.deadline_ms, _V.back, _V.charted),
    *(_V.documented_by, _V.documented_ms, _R.override, _V.matched_order, _V.matched_ms),
).join_from(schema.verdicts, schema.removals, _REMOVAL_OF_VERDICT)


def count_verdicts(conn: Connection, station: str | None = None) -> dict[str, int]:
    """Number of removals by verdict, every verdict named; they sum to the removals in the ledger."""
    query = select(_V.verdict, func.count()).group_by(_V.verdict)
    return {
        **dict.fromkeys(VERDICTS, 0),
        **_counts(conn, query if station is None else query.where(_V.station == station)),
    }


def count_alerts(conn: Connection, station: str | None = None) -> dict[str, int]:
    """Alerts `raised`, and how many of them are `open`, `cleared`, `expired`."""
    query = select(_A.state, func.count()).group_by(_A.state)
    states = _counts(conn, query if station is None else query.where(_A.station == station))
    return {"raised": sum(states.values()), **dict.fromkeys(_STATES, 0), **states}


def alerts(conn: Connection, wanted: Wanted, limit: int) -> list[AlertRow]:
    """Alerts, the newest first."""
    query = _ALERTS.order_by(_A.raised_ms.desc(), _A.station, _A.log.desc(), _A.seq.desc(), _A.facet).limit(limit)
    for column, value in zip((_A.station, _A.facet, _A.state), wanted, strict=True):
        if value is not None:
            query = query.where(column == value)
    return [AlertRow._make(row) for row in conn.execute(query)]


def alerts_of(conn: Connection, station: str, log: int, seq: int) -> list[AlertRow]:
    """The alerts of one removal."""
    query = _ALERTS.where(_A.station == station, _A.log == log, _A.seq == seq).order_by(_A.facet)
    return [AlertRow._make(row) for row in conn.execute(query)]


def open_alerts(conn: Connection, station: str | None = None, limit: int = 100) -> list[AlertRow]:
    """Alerts that stand, the newest first."""
    return alerts(conn, Wanted(station, None, OPEN), limit)


def removals_by_verdict(
    conn: Connection, verdicts: Sequence[str], station: str | None = None, limit: int = 100
) -> list[VerdictRow]:
    """Removals with one of these verdicts, the newest first."""
    query = _VERDICTS.where(_V.verdict.in_(verdicts))
    query = query.order_by(_V.deadline_ms.desc(), _R.station, _R.log.desc(), _R.seq.desc()).limit(limit)
    if station is not None:
        query = query.where(_V.station == station)
    return [VerdictRow._make(row) for row in conn.execute(query)]


def charted_late(conn: Connection, station: str | None = None, limit: int = 100) -> list[VerdictRow]:
    """Removals charted after their deadline: `utc_ms` and `documented_ms` are both times."""
    return removals_by_verdict(conn, ("charted_late",), station, limit)


def undocumented(conn: Connection, station: str | None = None, limit: int = 100) -> list[VerdictRow]:
    """Removals that nobody charted."""
    return removals_by_verdict(conn, ("undocumented",), station, limit)


def verdict_of(conn: Connection, station: str, log: int, seq: int) -> VerdictRow | None:
    """The verdict of one removal."""
    row = conn.execute(_VERDICTS.where(_V.station == station, _V.log == log, _V.seq == seq)).one_or_none()
    return None if row is None else VerdictRow._make(row)


def by_station(conn: Connection) -> dict[str, dict[str, int]]:
    """For each station with removals, their number by verdict."""
    found: dict[str, dict[str, int]] = {}
    query = select(_V.station, _V.verdict, func.count()).group_by(_V.station, _V.verdict)
    for station, verdict, count in conn.execute(query):
        found.setdefault(station, dict.fromkeys(VERDICTS, 0))[verdict] = count
    return found


def _counts(conn: Connection, query: Select[Any]) -> dict[str, int]:
    return {name: count for name, count in conn.execute(query)}
