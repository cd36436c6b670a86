"""Where patients are and which orders they have, from the hospital's events in the centre's log."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from firmware.journal import kinds
from server_stub.ledger import schema
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert

PRN, UNVERIFIED = 1, 2
ARRIVE = frozenset(("A01", "A02", "A12", "A13"))
LEAVE = frozenset(("A03", "A11"))


class Stay(NamedTuple):
    """A patient on a ward; `left_ms` is None while she is there."""

    patient: str
    name: str
    ward: str
    since_ms: int
    left_ms: int | None


class Order(NamedTuple):
    """An order; `dose` in smallest units of the item, `stop_ms` None if it has no end, `flags` PRN and UNVERIFIED."""

    order: str
    patient: str
    item: str
    dose: int
    start_ms: int
    stop_ms: int | None
    interval_min: int
    flags: int


_S = schema.stays.c
_CLOSE = (
    update(schema.stays)
    .where(and_(_S.patient == bindparam("p"), _S.left_ms.is_(None), _S.ward != bindparam("w")))
    .values(left_ms=bindparam("at"))
)


def flags_of(prn: bool, verified: bool) -> int:
    """The flags of an order as entries and tables have them."""
    return prn * PRN | (not verified) * UNVERIFIED


class Hospital:
    """The projections `hospital_events`, `patients`, `stays` and `orders`."""

    KINDS = frozenset((kinds.HOSPITAL_ADT, kinds.HOSPITAL_ORDER, kinds.HOSPITAL_ADMINISTRATION))

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def apply(self, entry: Entry) -> None:
        """Take one hospital event in."""
        self._entries.append(entry)

    def flush(self, conn: Connection) -> None:
        """Write events, orders (the last word on each), and patients one after another."""
        if not self._entries:
            return
        taken = [{"event_id": entry.ext[0], "seq": entry.seq} for entry in self._entries]
        conn.execute(upsert(conn, schema.hospital_events, ("event_id",)), taken)
        orders = {e.order: _order_row(e) for e in self._entries if e.kind == kinds.HOSPITAL_ORDER}
        if orders:
            conn.execute(upsert(conn, schema.orders, ("order",)), list(orders.values()))
        for entry in self._entries:
            if entry.kind == kinds.HOSPITAL_ADT:
                _move(conn, entry)
        self._entries = []


def _order_row(entry: Entry) -> dict[str, Any]:
    _, event, dose, start_ms, stop_ms = entry.ext[:5]
    interval_min, flags = entry.ext[5:7] or (0, 0)
    if event == "discontinue":
        stop_ms = entry.utc_ms if stop_ms is None else min(stop_ms, entry.utc_ms)
    return {
        "order": entry.order,
        "patient": entry.patient,
        "item": entry.item or "",
        "dose": dose,
        "start_ms": start_ms,
        "stop_ms": stop_ms,
        "interval_min": interval_min,
        "flags": flags,
    }


def _move(conn: Connection, entry: Entry) -> None:
    _, event, ward, _, name = entry.ext
    at_ward = ward if event in ARRIVE else ""
    person = {"patient": entry.patient, "name": name, "ward": at_ward}
    conn.execute(upsert(conn, schema.patients, ("patient",)), person)
    conn.execute(_CLOSE, {"p": entry.patient, "w": at_ward, "at": entry.utc_ms})
    if at_ward:
        stay = {"patient": entry.patient, "ward": ward, "since_ms": entry.utc_ms, "left_ms": None}
        conn.execute(upsert(conn, schema.stays, ("patient", "ward"), ("left_ms",)), stay)


def seen_events(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these event ids the ledger has."""
    column = schema.hospital_events.c.event_id
    return set(conn.scalars(select(column).where(column.in_(ids))))


def stays_of(conn: Connection, patients: Iterable[str]) -> list[Stay]:
    """All stays of these patients, the open and the past."""
    people = schema.patients.c
    query = (
        select(_S.patient, people.name, _S.ward, _S.since_ms, _S.left_ms)
        .join(schema.patients, people.patient == _S.patient)
        .where(_S.patient.in_(list(patients)))
    )
    return [Stay(*row) for row in conn.execute(query)]


def orders_of(conn: Connection, patients: Iterable[str]) -> list[Order]:
    """All orders of these patients, the running and the stopped."""
    table = schema.orders
    return [Order(*row) for row in conn.execute(select(table).where(table.c.patient.in_(list(patients))))]


def recent_patients(conn: Connection, since_ms: int) -> set[str]:
    """Who is here, or was at `since_ms` or later."""
    query = select(_S.patient).where(or_(_S.left_ms.is_(None), _S.left_ms >= since_ms)).distinct()
    return set(conn.scalars(query))
