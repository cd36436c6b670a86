"""The table `labels` of a cabinet (docs/wire.md section 3): which packages it may put away, which no more."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from firmware.cradle.addresses import from_base62
from server_stub.supply import life, schema
from server_stub.supply.generations import WINDOW_MS

LIMIT = 128
_OPEN, _VOIDED, _LOADS = 1, 2, 5
_STATES = {life.VOID: _VOIDED, life.SUPERSEDED: 3, life.DELIVERED: 4}
_MINUTE_MS = 60_000

_L = schema.pick_labels.c

Row = list[str | int]


class LabelRows(NamedTuple):
    """Rows by key; `left_out`: some that are open found no room."""

    rows: dict[str, Row]
    left_out: bool


def label_rows(conn: Connection, station: str, now_ms: int, items: Collection[str]) -> LabelRows:
    """The newest LIMIT packages for `station` of the items it knows, those that are open and good first."""
    query = select(_L.label, _L.item, _L.quantity, _L.state, _L.clash, _L.until_min, _L.purpose)
    which = and_(_L.station == station, _L.picked_ms >= now_ms - WINDOW_MS, _L.item.in_(items), _L.quantity > 0)
    newest = conn.execute(query.where(which).order_by(_L.picked_ms.desc(), _L.label))
    rows: dict[str, Row] = {}
    for label, item, quantity, state, clash, until_min, purpose in newest:
        what = _VOIDED if clash else _STATES.get(state, _LOADS if purpose == life.LOAD else _OPEN)
        number = from_base62(label)
        rows.setdefault(str(number), [number, item, quantity, what, until_min])
    # sorted() keeps the newest first among its equals
    ranked = sorted(rows.items(), key=lambda pair: not _good(pair[1], now_ms))
    return LabelRows(dict(ranked[:LIMIT]), any(_good(row, now_ms) for _, row in ranked[LIMIT:]))


def stations_of(conn: Connection, labels: Iterable[str], now_ms: int) -> set[str]:
    """Which cabinets' tables have one of these serials."""
    query = select(_L.station).distinct()
    return set(conn.scalars(query.where(and_(_L.label.in_(set(labels)), _L.picked_ms >= now_ms - WINDOW_MS))))


def with_labels(conn: Connection, now_ms: int) -> set[str]:
    """Cabinets for which something was picked lately."""
    return set(conn.scalars(select(_L.station).distinct().where(_L.picked_ms >= now_ms - WINDOW_MS)))


def _good(row: Row, now_ms: int) -> bool:
    return row[3] in (_OPEN, _LOADS) and int(row[4]) > now_ms // _MINUTE_MS
