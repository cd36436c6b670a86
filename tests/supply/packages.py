"""What handhelds and cabinets say of packages, as entries, and a fold of nothing but them."""

import cbor2
from sqlalchemy import create_engine, select
from sqlalchemy.pool import StaticPool

from firmware.journal import kinds
from server_stub.ledger import schema as ledger
from server_stub.ledger.record import Entry
from server_stub.ledger.schema import metadata
from server_stub.supply import schema
from server_stub.supply.labels import Labels

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
# 14 November 2023, a whole minute
T0_MS = 1_700_000_040_000
GOOD_MIN = 72 * 60


def entry(station, seq, kind, ms, ext, *, actor, item=None, change=None):
    return Entry(station, 1, 1, seq, ms, 0, 3, kind, actor, None, item, None, None, change, None, 0, None, ext, "", "")


def until(ms):
    return ms // MINUTE_MS + GOOD_MIN


class Said:
    """Entries in the order in which they were written, the pharmacy's and the cabinets'."""

    def __init__(self):
        self.entries = []

    def _add(self, station, *rest, **more):
        self.entries.append(entry(station, len(self.entries) + 1, *rest, **more))

    def picked(self, label, ms, quantity=6, *, station="ICU1", item="HEPARIN", by="PT001", purpose="R"):
        ext = [label, ms, station, quantity, purpose, label[:2]]
        self._add("PHARM", kinds.PICKED, ms + MINUTE_MS, ext, actor=by, item=item)

    def checked(self, label, ms, result=0, *, quantity=6, new="", item="HEPARIN", by="RPH1"):
        ext = [label, ms, quantity, result, new, "AA"]
        self._add("PHARM", kinds.CHECKED, ms + MINUTE_MS, ext, actor=by, item=item)

    def delivered(self, label, ms, picked_ms, quantity=6, *, station="ICU1", item="HEPARIN", by="PT002"):
        ext = [label, 1, until(picked_ms)]
        self._add(station, kinds.DELIVERED, ms, ext, actor=by, item=item, change=quantity)


def engine():
    """A database of its own in memory."""
    made = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(made, tables=(schema.label_facts, schema.pick_labels, schema.supply_settings))
    return made


def folded(database, entries, cuts=()):
    """Fold entries in this order, flushed before each index in `cuts` and at the end."""
    with database.begin() as conn:
        fold = Labels()
        for index, one in enumerate(entries):
            if index in cuts:
                fold.flush(conn)
            fold.apply(one)
        fold.flush(conn)
    return tables(database)


def tables(database):
    """Every row of both tables."""
    with database.connect() as conn:
        return tuple(
            sorted(tuple(row) for row in conn.execute(select(table)))
            for table in (schema.label_facts, schema.pick_labels)
        )


def states(database):
    """State by (label, minutes after T0_MS)."""
    with database.connect() as conn:
        rows = conn.execute(select(schema.pick_labels)).all()
    return {(row.label, (row.picked_ms - T0_MS) // MINUTE_MS): row.state for row in rows}


def findings(database):
    """(label, finding) of all that is odd, in the order of its times."""
    with database.connect() as conn:
        table = schema.label_facts
        rows = conn.execute(select(table).where(table.c.finding != 0).order_by(table.c.ms, table.c.seq)).all()
    return [(row.label, row.finding) for row in rows]


class Pharmacy:
    """Station PHARM of `bench` beside a `Cabinet`: what its computer and the cabinet say of packages, sent at once."""

    def __init__(self, bench, cabinet):
        self.bench, self.cabinet = bench, cabinet
        self.script = bench.station("PHARM")
        self.sent = 0

    def send(self):
        self.bench.up("PHARM", "batch", self.script.batch(self.sent + 1, len(self.script.pages)))
        self.sent = len(self.script.pages)

    def _add(self, kind, ext, by, item):
        self.script.utc_ms = max(self.script.utc_ms, self.bench.clock.utc_ms())
        return self.script.add(kind, ext, actor=by, item=item)

    def picked(self, label, quantity=6, *, item="ACET", by="PT001", at=None, station="ICU1", purpose="R"):
        at = self.bench.clock.utc_ms() if at is None else at
        self._add(kinds.PICKED, (label, at, station, quantity, purpose, label[:2]), by, item)
        self.send()
        return at

    def checked(self, label, result=0, *, quantity=6, new="", item="ACET", by="RPH1", at=None):
        at = self.bench.clock.utc_ms() if at is None else at
        self._add(kinds.CHECKED, (label, at, quantity, result, new, "AA"), by, item)
        self.send()
        return at

    def rules(self, check_reporting, report_unchecked):
        """What its PROCAR.INI says is reported."""
        self._add(kinds.PICKING_RULES, (check_reporting, report_unchecked), "", None)
        self.send()

    def delivered(self, label, picked_ms, place="D01-P01", quantity=6, *, by="PT002"):
        """A delivery as the cabinet writes it: the label, then the refill of the same transaction."""
        cabinet = self.cabinet
        txn = len(cabinet.script.pages) + 1
        item = cabinet.items[place]
        cabinet.append(
            kinds.DELIVERED, (label, 1, until(picked_ms)), item=item, place=place, change=quantity, txn=txn, actor=by
        )
        cabinet.move(kinds.REFILL, place, quantity, (0, None, None), txn=txn, actor=by)
        cabinet.send()

    def table(self, station="ICU1"):
        """The rows of the table `labels` as issued, by serial number."""
        rows = [
            cbor2.loads(row.row)
            for row in self.bench.rows(ledger.reference_rows)
            if row.station == station and row.table == "labels" and row.row
        ]
        return {row[0]: row for row in rows}
