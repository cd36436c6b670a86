"""What console and API show of discrepancies, and of what people did and left at cabinets: reads only."""

from typing import Any, NamedTuple

from sqlalchemy import Engine, Table, and_, select

from server_stub.watch import schema

_T = schema.discrepancies.c


class Discrepancy(NamedTuple):
    """A count whose `change` (smallest units) is not 0; `resolved_ms` None while open, `person` "" for by itself.

    `previous` is who was at the place before, "" if nobody is known; None if the cabinet did not say.
    """

    station: str
    log: int
    seq: int
    item: str
    place: str
    change: int
    counted_by: str
    counted_ms: int
    previous: str | None
    previous_seq: int | None
    opened_ms: int | None
    resolved_ms: int | None
    person: str | None
    note: str | None


_QUERY = select(*(_T[name] for name in Discrepancy._fields))


def discrepancies(
    engine: Engine, *, resolved: bool | None = None, limit: int = 100, station: str | None = None
) -> list[Discrepancy]:
    """Open ones, resolved ones, or (None) both; the newest first."""
    query = _QUERY
    if resolved is not None:
        query = query.where(_T.resolved_ms.is_not(None) if resolved else _T.resolved_ms.is_(None))
    if station is not None:
        query = query.where(_T.station == station)
    query = query.order_by(_T.counted_ms.desc(), _T.station, _T.log.desc(), _T.seq.desc()).limit(limit)
    with engine.connect() as conn:
        return [Discrepancy(*row) for row in conn.execute(query)]


def discrepancy(engine: Engine, station: str, log: int, seq: int) -> Discrepancy | None:
    """The one of this count."""
    with engine.connect() as conn:
        row = conn.execute(_QUERY.where(and_(_T.station == station, _T.log == log, _T.seq == seq))).first()
    return Discrepancy(*row) if row else None


class Condition(NamedTuple):
    """Something that stands at a cabinet: watch/conditions.py has the words of `what` and what `value` means."""

    station: str
    what: str
    place: str
    value: int
    actor: str
    utc_ms: int


def conditions(engine: Engine, station: str | None = None) -> list[Condition]:
    """What stands, by station and place."""
    table = schema.conditions.c
    return _rows(engine, Condition, schema.conditions, (table.station, table.what, table.place), station, None)


class TemporaryUser(NamedTuple):
    """A user let in at a cabinet, until a minute since 1970."""

    station: str
    user: str
    badge: str
    roles: int
    until_min: int
    granted_by: str
    utc_ms: int


def temporary_users(engine: Engine, station: str | None = None, limit: int = 100) -> list[TemporaryUser]:
    """Temporary users, those who stay longest first."""
    table = schema.temporary_users.c
    return _rows(
        engine,
        TemporaryUser,
        schema.temporary_users,
        (table.until_min.desc(), table.station, table.user),
        station,
        limit,
    )


class Bypass(NamedTuple):
    """How often a user went without a scan: `what` 1 item code, 2 pocket label (U9, F42)."""

    station: str
    user: str
    what: int
    reason: int
    times: int


def bypasses(engine: Engine, station: str | None = None, limit: int = 100) -> list[Bypass]:
    """Scans passed by, the most frequent first."""
    table = schema.bypasses.c
    return _rows(
        engine,
        Bypass,
        schema.bypasses,
        (table.times.desc(), table.station, table.user, table.what, table.reason),
        station,
        limit,
    )


class Attestation(NamedTuple):
    """What a user answered to a prompt: 1 yes, 2 no."""

    station: str
    log: int
    seq: int
    utc_ms: int
    user: str
    item: str
    prompt: int
    answer: int


def attestations(engine: Engine, station: str | None = None, limit: int = 100) -> list[Attestation]:
    """Answers to prompts, the newest first."""
    table = schema.attestations.c
    return _rows(
        engine, Attestation, schema.attestations, (table.utc_ms.desc(), table.station, table.seq.desc()), station, limit
    )


def _rows(  # noqa: PLR0913, PLR0917 - one query
    engine: Engine, made: Any, table: Table, order: tuple[Any, ...], station: str | None, limit: int | None
) -> list[Any]:
    query = select(*(table.c[name] for name in made._fields)).order_by(*order).limit(limit)
    if station is not None:
        query = query.where(table.c.station == station)
    with engine.connect() as conn:
        return [made(*row) for row in conn.execute(query)]
