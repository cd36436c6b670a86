"""A site with one cabinet of a few pockets, driven through the centre's core by a scripted station."""

import json

import cbor2
from sqlalchemy import select

from firmware.compat import derive
from firmware.journal import kinds
from firmware.wire import cose, sealed
from server_stub.stock import schema

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# 1 January 2026, 00:30: half an hour before the update
START_MS = 1_767_225_600_000 + HOUR_MS // 2
ITEMS = [["ACET", 0, 1, 0], ["MORP", 2, 1000, 0]]
POCKETS = [
    ["D01-P01", 1, 1, "ACET", 4, 10, 40],
    ["D01-P02", 1, 2, "ACET", 4, 10, 20],
    ["D02-P01", 2, 1, "MORP", 2000, 6000, 12000],
]


class Cabinet:
    """Station ICU1 of `bench`, or another: `use`, `refill`, `count` append entries and send them at once."""

    def __init__(self, bench, pockets=POCKETS, items=ITEMS, station="ICU1"):
        self.bench, self.name = bench, station
        bench.clock.advance(START_MS)
        self.script = bench.station(station)
        self.sent = 0
        self.held = {row[0]: 0 for row in pockets}
        self.items = {row[0]: row[3] for row in pockets}
        assert "version" in bench.ask("reference", station=station, table="items", rows=items)
        assert "version" in bench.ask("reference", station=station, table="pockets", rows=pockets)

    @property
    def now(self):
        return self.bench.clock.utc_ms()

    def to(self, utc_ms):
        return self.bench.ask("advance", utc_ms=utc_ms)

    def day(self, number, hour=12):
        """To `hour` of day `number`, 0 being the first."""
        return self.to(START_MS - HOUR_MS // 2 + number * DAY_MS + hour * HOUR_MS)

    def append(self, kind, ext, **more):
        self.script.utc_ms = max(self.script.utc_ms, self.now)
        return self.script.add(kind, ext, **more)

    def send(self):
        last = len(self.script.pages)
        while self.sent < last:
            upto = min(last, self.sent + 60)
            self.bench.up(self.name, "batch", self.script.batch(self.sent + 1, upto))
            self.sent = upto

    def move(self, kind, place, quantity, ext, txn=None, actor="u1"):
        before = self.held[place]
        self.held[place] = before + quantity
        seq = len(self.script.pages) + 1
        more = {"stock": (before, before + quantity), "item": self.items[place], "place": place, "actor": actor}
        return self.append(kind, ext, txn=seq if txn is None else txn, **more)

    def remove(self, place, quantity):
        return self.move(kinds.REMOVE, place, -quantity, (0, None, None, None, None))

    def use(self, place, quantity):
        seq = self.remove(place, quantity)
        self.send()
        return seq

    def refill(self, place, quantity):
        seq = self.move(kinds.REFILL, place, quantity, (0, None, None))
        self.send()
        return seq

    def count(self, place, counted, actor="u1"):
        expected = self.held[place]
        seq = self.move(kinds.COUNT, place, counted - expected, (expected,), actor=actor)
        self.send()
        return seq

    def bring_back(self, place, quantity, removed_txn):
        seq = self.move(kinds.RETURN, place, quantity, (0, removed_txn))
        self.send()
        return seq

    def denied(self, item, quantity, reason):
        self.append(kinds.DENIED, (kinds.PURPOSE_REMOVE, reason, quantity), item=item)
        self.send()

    def commands(self):
        """Every command sent since the last call: (number, expires_utc_ms, body, payload)."""
        found = []
        for message in self.bench.sent:
            if message.topic.endswith("/down/command"):
                payload = cose.parse(message.payload)[1]
                assert sealed.open(payload, derive(self.script.key, "command")) is not None
                fields = cbor2.loads(payload)
                assert fields[1:3] == [self.name, 1]
                found.append((fields[3], fields[4], fields[6], payload))
        self.bench.sent.clear()
        return found

    def answer(self, number, body, code=0):
        """The journal says what became of a command."""
        self.append(kinds.COMMAND, (number, 2, code, body if not code else []), actor="")
        self.send()

    def take(self):
        """Do every command that has come, as a station does."""
        for number, _, body, _ in sorted(self.commands()):
            self.answer(number, body)

    def rows(self, table):
        return self.bench.rows(table)

    def levels(self):
        return {row.place: row for row in self.rows(schema.par_levels)}

    def issued(self):
        with self.bench.engine.connect() as conn:
            query = select(schema.commands).order_by(schema.commands.c.number)
            return [(r.number, json.loads(r.body), r.state) for r in conn.execute(query)]
