"""A scripted day: removals at a station, the hospital's events, what verification makes of them. Times in minutes."""

from itertools import count

from sqlalchemy import select

from firmware.journal import kinds
from server_stub import fold
from server_stub.verify import schema
from server_stub.verify.case import DECISIONS

T0 = 1_700_000_000_000
MINUTE = 60_000


def at(minutes):
    return T0 + round(minutes * MINUTE)


def adt(event, minutes, patient="P1"):
    return {
        "type": "adt", "id": f"{event}-{patient}-{minutes}", "utc_ms": at(minutes), "event": event,
        "patient": patient, "name": "N", "ward": "MICU", "from_ward": "",
    }  # fmt: skip


def order(name, start, stop=None, *, event="new", said=None, patient="P1", item="HEPARIN"):
    return {
        "type": "order", "id": f"{event}-{name}-{said if said is not None else start}",
        "utc_ms": at(start if said is None else said), "event": event, "order": name, "patient": patient,
        "item": item, "dose": 1, "start_utc_ms": at(start), "stop_utc_ms": None if stop is None else at(stop),
    }  # fmt: skip


def charted(name, entered, quantity=2, *, order="", patient="P1", item="HEPARIN", status="given"):
    return {
        "type": "administration", "id": name, "utc_ms": at(entered), "patient": patient, "order": order,
        "item": item, "quantity": quantity, "administered_utc_ms": at(entered), "status": status,
    }  # fmt: skip


class Day:
    """Acts on the core of a `Bench`."""

    def __init__(self, bench, station="ICU1"):
        self.bench = bench
        self.station = station
        self.script = bench.station(station)
        self._sent = 0
        self._keys = count()

    def at(self, minutes):
        self.bench.ask("advance", utc_ms=at(minutes))

    def hospital(self, *events):
        reply = self.bench.ask("hospital_events", events=list(events), key=f"k{next(self._keys)}")
        assert reply["refused"] == []

    def admitted_with_order(self):
        self.hospital(adt("A01", -60), order("O1", -60))

    def write(self, minutes, kind, ext, *, change=None, patient="P1", order="", item="HEPARIN", txn=None):
        """An entry of the station, not sent yet; gives its seq."""
        seq = len(self.script.pages) + 1
        self.script.utc_ms = at(minutes) - 1000
        where = {"item": item, "place": "D01-P01", "txn": txn or seq}
        stock = None if change is None else (100, 100 + change)
        return self.script.add(kind, ext, stock=stock, patient=patient, order=order, **where)

    def removes(self, minutes, quantity=2, **more):
        return self.write(minutes, kinds.REMOVE, (0, None, None, None, None), change=-quantity, **more)

    def returns(self, minutes, quantity=2, txn=0, **more):
        return self.write(minutes, kinds.RETURN, (0, txn), change=quantity, **more)

    def wastes(self, minutes, quantity=2, txn=0, **more):
        return self.write(minutes, kinds.WASTE, (0, txn, quantity), **more)

    def send(self):
        """Everything written and not sent yet."""
        first, last = self._sent + 1, len(self.script.pages)
        self._sent = last
        return self.bench.up(self.station, "batch", self.script.batch(first, last))

    def removed(self, minutes, quantity=2, **more):
        seq = self.removes(minutes, quantity, **more)
        self.send()
        return seq

    def verdicts(self):
        return {row.seq: row.verdict for row in self.bench.rows(schema.verdicts)}

    def row(self, seq=1):
        return next(row for row in self.bench.rows(schema.verdicts) if row.seq == seq)

    def alerts(self, seq=1):
        """facet: (state, code, by)"""
        rows = [row for row in self.bench.rows(schema.alerts) if row.seq == seq]
        return {row.facet: (row.state, row.code, row.by) for row in rows}

    def decisions(self):
        """(kind, ext) of what the centre decided, in the order of its log."""
        with self.bench.engine.connect() as conn:
            pages = fold.store.pages_in_order(conn)
            return [(p.entry.kind, p.entry.ext) for p in pages if p.entry.kind in DECISIONS]

    def verdict_rows(self):
        columns = [c for c in schema.verdicts.c if c.name != "expired"]
        with self.bench.engine.connect() as conn:
            return sorted(tuple(row) for row in conn.execute(select(*columns)))

    def rebuilt_the_same(self):
        with self.bench.engine.begin() as conn:
            before, after = fold.rebuild(conn)
        return before == after
