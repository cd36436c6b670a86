"""The hospital's desk: its events become entries, and the stations' tables of patients and orders follow."""

import heapq
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from firmware import codes
from firmware.journal import kinds
from server_stub.integration import events, hospital, planogram, replies
from server_stub.integration.downlink import Downlink
from server_stub.integration.events import AdministrationEvent, AdtEvent, HospitalEvent, OrderEvent
from server_stub.integration.reference import ReferenceTables
from server_stub.integration.roster import GRACE_MS, Roster, Rows, Wanted
from server_stub.ledger import schema
from server_stub.ledger.log import CentreLog
from server_stub.ledger.transaction import Transaction

Versions = dict[str, dict[str, int]]


class Desk:
    """Takes hospital events and reference tables in; `wards` is each station's wards, `areas` where it stands."""

    def __init__(
        self,
        log: CentreLog,
        tables: ReferenceTables,
        downlink: Downlink,
        wards: Mapping[str, tuple[str, ...]],
        areas: Mapping[str, str],
    ) -> None:
        self._log = log
        self._tables = tables
        self._downlink = downlink
        self._wards = wards
        self._areas = areas
        self._due: list[tuple[int, str]] = []
        self._roster = Roster(wards)
        self._over: set[str] = set()

    def load(self, tx: Transaction) -> None:
        """Take up who is where from the database (also after a transaction that failed)."""
        self._tables.load(tx.conn)
        self._roster = Roster(self._wards)
        self._due = []
        self._over = _standing(tx.conn)
        known = {p for station in self._wards for p in self._tables.keys(station, "patients")}
        self._refresh(tx, known | hospital.recent_patients(tx.conn, tx.utc_ms - GRACE_MS))

    def hospital_events(self, tx: Transaction, values: list[Any], key: str) -> dict[str, Any]:
        """Take in one call's events; the same `key` again gives the same reply and does nothing."""
        if key and (before := replies.earlier(tx.conn, key)):
            return before
        good, bad = events.validate(values)
        fresh, duplicates = self._fresh(tx.conn, good)
        for event in fresh:
            self._append(tx, event)
        tx.settle()
        touched = self._refresh(tx, {e.patient for e in fresh if not isinstance(e, AdministrationEvent)})
        reply = {
            "accepted": len(fresh),
            "duplicate": duplicates,
            "refused": [refusal._asdict() for refusal in bad],
            "versions": {station: self._tables.versions(station) for station in sorted(touched)},
        }
        if key:
            replies.keep(tx.conn, key, reply)
        return reply

    def reference(self, tx: Transaction, station: str, table: str, rows: Any, mode: str) -> int:
        """Issue a version of a table the site gives; gives the version. Raises planogram.BadReference."""
        if station not in self._wards or mode not in ("snapshot", "delta"):
            raise planogram.BadReference("station must be enrolled, mode be snapshot or delta")
        wanted = planogram.checked(table, rows)
        if table == "users":
            wanted = planogram.in_area(wanted, self._areas.get(station, ""))
        planogram.check_items(table, wanted, self._tables.keys(station, "items"))
        left = set() if mode == "snapshot" else self._tables.keys(station, table)
        left = (left | wanted.keys()) - {key for key, row in wanted.items() if row is None}
        if len(left) > planogram.LIMITS[table]:
            raise planogram.BadReference(f"{table} holds at most {planogram.LIMITS[table]} rows, not {len(left)}")
        change = self._tables.change(tx, station, table, wanted, full=mode == "snapshot")
        if change:
            self._downlink.send(tx, change)
        if table == "items":
            self._refresh(tx, self._roster.guests(station))
        return self._tables.version(station, table)

    def fire_due(self, tx: Transaction) -> set[str]:
        """Look again at every patient whose time has come; gives the stations touched."""
        patients = set()
        while self._due and self._due[0][0] <= tx.utc_ms:
            patients.add(heapq.heappop(self._due)[1])
        return self._refresh(tx, patients)

    def versions(self) -> Versions:
        """The versions of all tables of all stations."""
        return {station: self._tables.versions(station) for station in self._wards}

    def _fresh(self, conn: Connection, good: list[HospitalEvent]) -> tuple[list[HospitalEvent], int]:
        seen = hospital.seen_events(conn, [event.id for event in good]) if good else set()
        fresh = {event.id: event for event in reversed(good) if event.id not in seen}
        return list(reversed(fresh.values())), len(good) - len(fresh)

    def _append(self, tx: Transaction, event: HospitalEvent) -> None:
        common: dict[str, Any] = {"utc_ms": event.utc_ms, "patient": event.patient}
        if isinstance(event, AdtEvent):
            ext: list[Any] = [event.id, event.event, event.ward, event.from_ward, event.name]
            self._log.append(tx, kinds.HOSPITAL_ADT, ext, **common)
        elif isinstance(event, OrderEvent):
            ext = [event.id, event.event, event.dose, event.start_utc_ms, event.stop_utc_ms]
            ext += [event.interval_minutes, hospital.flags_of(event.prn, event.verified)]
            self._log.append(tx, kinds.HOSPITAL_ORDER, ext, item=event.item, order=event.order, **common)
        else:
            ext = [event.id, event.status, event.quantity, event.administered_utc_ms]
            self._log.append(tx, kinds.HOSPITAL_ADMINISTRATION, ext, item=event.item, order=event.order, **common)

    def _refresh(self, tx: Transaction, patients: set[str]) -> set[str]:
        """Bring the tables of every station these patients concern up to date, one version a table at most."""
        if not patients:
            return set()
        stays = _by_patient(hospital.stays_of(tx.conn, patients))
        orders = _by_patient(hospital.orders_of(tx.conn, patients))
        items = {station: self._tables.keys(station, "items") for station in self._wards}
        wanted: dict[str, Wanted] = {}
        for patient in sorted(patients):
            placed, due = self._roster.update(
                patient, stays.get(patient, []), orders.get(patient, []), items, tx.utc_ms
            )
            for station, rows in placed.items():
                wanted[station] = _merged(wanted.get(station), rows)
            if due is not None:
                heapq.heappush(self._due, (due, patient))
        for station in sorted(wanted):
            self._issue(tx, station, wanted[station])
        return set(wanted)

    def _issue(self, tx: Transaction, station: str, wanted: Wanted) -> None:
        self._alarm(tx, station, wanted.over_limit)
        for table in ("patients", "orders", "patient_names"):
            rows = self._changing(station, table, getattr(wanted, table))
            if rows or wanted.full:
                change = self._tables.change(tx, station, table, rows, full=wanted.full)
                if change:
                    self._downlink.send(tx, change)

    def _changing(self, station: str, table: str, rows: Rows) -> Rows:
        """Taking away what was never there changes nothing and needs no first version."""
        held = self._tables.keys(station, table)
        return {key: row for key, row in rows.items() if row is not None or key in held}

    def _alarm(self, tx: Transaction, station: str, over: bool) -> None:
        if over != (station in self._over):
            (self._over.add if over else self._over.discard)(station)
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.TABLE_FULL, station, int(over)])


def _by_patient(rows: Iterable[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.patient, []).append(row)
    return grouped


def _merged(before: Wanted | None, after: Wanted) -> Wanted:
    if before is None or after.full:
        return after
    return Wanted(
        {**before.patients, **after.patients},
        {**before.orders, **after.orders},
        {**before.patient_names, **after.patient_names},
        after.over_limit,
        before.full,
    )


def _standing(conn: Connection) -> set[str]:
    table = schema.alarms.c
    return set(conn.scalars(select(table.station).where(table.code == codes.TABLE_FULL)))
