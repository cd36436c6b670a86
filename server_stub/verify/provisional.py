"""Patients added at a cabinet: until when, and who they turned out to be (F16, U17).

Merging is an entry `operator` ["merge_provisional", station] that discloses the patient and, as order, the provisional
id.
From then on what was removed for the provisional patient since she was added, at that station, is the patient's.
"""

from typing import Any

from sqlalchemy import Connection, Table, and_, select, update

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.verify import schema

MERGE = "merge_provisional"
KINDS = frozenset((kinds.PROVISIONAL_PATIENT, kinds.PROVISIONAL_ENDED))
MERGED = 2

_P = schema.provisional.c


def is_merge(entry: Entry) -> bool:
    """Does this entry say who a provisional patient is?"""
    return entry.kind == kinds.OPERATOR and entry.ext[0] == MERGE


def apply(conn: Connection, entry: Entry) -> None:
    """Added anew (whoever bore the wristband before is another person), or ended at the cabinet."""
    if not entry.patient:
        return
    if entry.kind == kinds.PROVISIONAL_PATIENT:
        row = {"station": entry.station, "patient": entry.patient, "until_min": entry.ext[0], "made_by": entry.actor}
        row |= {"made_ms": entry.utc_ms, "ended_ms": None, "end_reason": 0, "into": ""}
        conn.execute(upsert(conn, schema.provisional, ("station", "patient")), row)
        return
    ended = {"ended_ms": entry.utc_ms, "end_reason": entry.ext[0]}
    conn.execute(update(schema.provisional).where(_is(entry.station, entry.patient)).values(ended))


def merge(conn: Connection, entry: Entry) -> tuple[str, str] | None:
    """Make what was removed for the provisional patient the patient's; gives both, None if there is no such."""
    station, patient, into = entry.ext[1], entry.order, entry.patient
    since_ms = conn.scalar(select(_P.made_ms).where(_is(station, patient)))
    if since_ms is None:
        return None
    conn.execute(update(schema.provisional).where(_is(station, patient)).values(into=into))
    for table in (schema.removals, schema.given_back):
        conn.execute(update(table).where(_theirs(table, station, patient, since_ms)).values(patient=into))
    return patient, into


def merged(conn: Connection) -> dict[tuple[str, str], str]:
    """Who provisional patients turned out to be, by station and provisional id."""
    query = select(_P.station, _P.patient, _P.into).where(_P.into != "")
    return {(station, patient): into for station, patient, into in conn.execute(query)}


def _is(station: str, patient: str) -> Any:
    return and_(_P.station == station, _P.patient == patient)


def _theirs(table: Table, station: str, patient: str, since_ms: int) -> Any:
    return and_(table.c.station == station, table.c.patient == patient, table.c.utc_ms >= since_ms)
