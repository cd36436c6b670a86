"""What cabinets are told of packages on their way: the table `labels`, issued as picks, checks, deliveries come in."""

from collections.abc import Collection, Iterable
from typing import cast

from sqlalchemy import select

from firmware import codes
from firmware.journal import kinds
from server_stub.integration.downlink import Downlink
from server_stub.integration.reference import ReferenceTables
from server_stub.integration.roster import Rows
from server_stub.ledger import schema
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import Entry
from server_stub.ledger.transaction import Transaction
from server_stub.supply import label_table
from server_stub.supply.labels import good_hours
from server_stub.supply.settings import LABEL_HOURS

_TABLE = "labels"
_PACKAGES = frozenset((kinds.PICKED, kinds.CHECKED, kinds.DELIVERED))


class Labelling:
    """Keeps the table of each of `stations`; CENTRE_ALARM 5202 stands while open labels find no room in one."""

    def __init__(
        self, log: CentreLog, tables: ReferenceTables, downlink: Downlink, stations: Collection[str], hours: int
    ) -> None:
        self._log, self._tables, self._downlink = log, tables, downlink
        self._stations, self._hours = stations, hours
        self._full: set[str] = set()

    def load(self, tx: Transaction) -> None:
        """Take up where the database is; `tables` must have been loaded, and what was appended settled."""
        alarms = schema.alarms.c
        self._full = set(tx.conn.scalars(select(alarms.station).where(alarms.code == codes.LABELS_FULL)))
        if good_hours(tx.conn) != self._hours:
            self._log.append(tx, kinds.OPERATOR, [LABEL_HOURS, str(self._hours)])
        self._issue(tx, label_table.with_labels(tx.conn, tx.utc_ms))

    def decide(self, tx: Transaction, entries: Iterable[Entry]) -> None:
        """Look again at each cabinet that `entries` concern."""
        entries = list(entries)
        labels = {label for entry in entries if entry.kind in _PACKAGES for label in _named(entry)}
        stations = {e.ext[0] for e in entries if e.kind == kinds.REFERENCE_ISSUED and e.ext[1] == "items"}
        if labels:
            tx.settle()
            stations |= label_table.stations_of(tx.conn, labels, tx.utc_ms)
        self._issue(tx, stations)

    def _issue(self, tx: Transaction, stations: set[str]) -> None:
        for station in sorted(stations.intersection(self._stations)):
            items = self._tables.keys(station, "items")
            wanted = label_table.label_rows(tx.conn, station, tx.utc_ms, items)
            if wanted.rows or self._tables.version(station, _TABLE):
                change = self._tables.change(tx, station, _TABLE, cast(Rows, wanted.rows), full=True)
                if change:
                    self._downlink.send(tx, change)
            self._alarm(tx, station, full=wanted.left_out)

    def _alarm(self, tx: Transaction, station: str, *, full: bool) -> None:
        if full != (station in self._full):
            (self._full.add if full else self._full.discard)(station)
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.LABELS_FULL, station, int(full)])


def _named(entry: Entry) -> tuple[str, ...]:
    return (entry.ext[0], entry.ext[4]) if entry.kind == kinds.CHECKED else (entry.ext[0],)
