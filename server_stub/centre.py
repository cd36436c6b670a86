"""The centre as one core: work in, one transaction, messages and replies out. Transport and time are handed in."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, select

from firmware import codes
from firmware.journal import kinds
from firmware.wire import topics
from server_stub.clock import Clock, SteppedClock
from server_stub.fold import Projections
from server_stub.integration.desk import Desk
from server_stub.integration.downlink import Downlink
from server_stub.integration.feed import feed
from server_stub.integration.planogram import BadReference
from server_stub.integration.reference import ReferenceTables
from server_stub.ledger import schema, store
from server_stub.ledger.batch import Refused
from server_stub.ledger.ingest import Ingest
from server_stub.ledger.log import CentreLog
from server_stub.ledger.sign import Signer
from server_stub.ledger.transaction import Outgoing, Transaction
from server_stub.register import SiteRegister
from server_stub.stockroom import Stockroom
from server_stub.watch.silence import Silence


class Arrived(NamedTuple):
    """A message from the broker."""

    topic: str
    payload: bytes


class Asked(NamedTuple):
    """A request of the intake socket; `reply` is called after commit."""

    request: Any
    reply: Callable[[dict[str, Any]], None]


Work = Arrived | Asked


class Keys(NamedTuple):
    """The centre's own secrets."""

    signer: Signer
    log: bytes


class Centre:
    """Processes work in groups; `transport_ms` reads the computer's clock, `clock` the hospital's."""

    def __init__(
        self, engine: Engine, register: SiteRegister, keys: Keys, clock: Clock, transport_ms: Callable[[], int]
    ) -> None:
        self._engine = engine
        self._register = register
        self._clock = clock
        self._transport_ms = transport_ms
        self._log = CentreLog(keys.log, bytes.fromhex(register.config.site.genesis))
        self._tables = ReferenceTables(self._log)
        self._ingest = Ingest(register.names, register, keys.signer, self._log)
        self._downlink = Downlink(register.names, register, keys.signer, self._tables)
        self._stockroom = Stockroom(register.names, register, keys.signer, self._log)
        self._silence = Silence()
        self._sent: list[int] = []
        self._desk = self._new_desk()

    def _new_desk(self) -> Desk:
        return Desk(self._log, self._tables, self._downlink, self._register.wards)

    def start(self) -> list[Outgoing]:
        """Take up work where the database has it; gives what the last run left unsent."""
        with self._engine.begin() as conn:
            if isinstance(self._clock, SteppedClock):
                self._clock.advance(_last_utc_ms(conn))
            waiting = [Outgoing(*row) for row in store.waiting_outbox(conn)]
            tx = self._begin(conn)
            self._expect_heartbeats(tx)
            self._log.load(conn)
            self._log.boot(tx)
            self._desk.load(tx)
            self._stockroom.load(tx)
            return waiting + self._finish(tx)

    def sent(self, outbox_id: int) -> None:
        """The broker took a message; its outbox row goes with the next transaction."""
        self._sent.append(outbox_id)

    def process(self, group: Sequence[Work]) -> list[Outgoing]:
        """Handle a group in one transaction; gives what to send now that it is committed.

        If it fails nothing of it has happened and no reply was given: the error is for the shell, which tries the
        pieces one by one. Replies are given after commit.
        """
        replies: list[tuple[Callable[[dict[str, Any]], None], dict[str, Any]]] = []
        try:
            with self._engine.begin() as conn:
                tx = self._begin(conn)
                self._take_up_site(tx)
                for work in group:
                    if isinstance(work, Arrived):
                        self._arrived(tx, work)
                    else:
                        replies.append((work.reply, self._asked(tx, work.request)))
                self._desk.fire_due(tx)
                self._stockroom.decide(tx, list(self._register.wards))
                out = self._finish(tx)
        except Exception:
            self._reload()
            raise
        for reply, value in replies:
            reply(value)
        return out

    def tick(self) -> list[Outgoing]:
        """Timers of transport time, about once a second: silent stations, stations behind, timers of hospital time."""
        late = self._silence.newly_silent(self._transport_ms())
        try:
            with self._engine.begin() as conn:
                tx = self._begin(conn)
                for station in late:
                    self._log.append(tx, kinds.CENTRE_ALARM, [codes.STATION_SILENT, station, 1])
                self._downlink.catch_up(tx)
                self._desk.fire_due(tx)
                self._stockroom.tick(tx)
                self._stockroom.decide(tx, list(self._register.wards))
                return self._finish(tx)
        except Exception:
            self._reload()
            raise

    def _begin(self, conn: Connection) -> Transaction:
        return Transaction(conn, Projections(), self._clock.utc_ms(), self._transport_ms())

    def _finish(self, tx: Transaction) -> list[Outgoing]:
        for what, payload in feed(tx.appended):
            tx.send(topics.feed(self._register.names.site, what), payload)
        out = tx.finish()
        self._log.save(tx)
        store.drop_outbox(tx.conn, self._sent)
        self._sent = []
        return out

    def _reload(self) -> None:
        self._ingest.forget()
        with self._engine.begin() as conn:
            self._log.load(conn)
            tx = self._begin(conn)
            self._desk.load(tx)
            self._stockroom.load(tx)
            self._finish(tx)

    def _take_up_site(self, tx: Transaction) -> None:
        if self._register.refresh():
            self._desk = self._new_desk()
            self._desk.load(tx)

    def _arrived(self, tx: Transaction, work: Arrived) -> None:
        try:
            _, _, station, way, what = topics.parse(work.topic)
        except ValueError:
            return
        if way != "up":
            return
        if what == "status":
            self._downlink.status(tx, station, work.payload)
        elif what == "heartbeat":
            if self._ingest.heartbeat(tx, station, work.payload):
                self._heard(tx, station)
        elif self._ingest.batch(tx, station, work.payload) is not None:
            self._heard(tx, station)

    def _heard(self, tx: Transaction, station: str) -> None:
        if self._silence.heard(station, tx.received_ms):
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.STATION_SILENT, station, 0])

    def _expect_heartbeats(self, tx: Transaction) -> None:
        table = schema.alarms.c
        missing = set(tx.conn.scalars(select(table.station).where(table.code == codes.STATION_SILENT)))
        for station in tx.conn.scalars(select(schema.heartbeats.c.station)):
            self._silence.expect(station, tx.received_ms, missing=station in missing)

    def refuse(self, work: Work) -> None:
        """A piece of work that can not be handled: kept as evidence, or refused to the one who asked."""
        if isinstance(work, Asked):
            work.reply({"code": codes.BAD_BATCH, "message": "the centre could not do this; its log file says why"})
            return
        with self._engine.begin() as conn:
            tx = self._begin(conn)
            station = work.topic.split("/")[4]
            refused = Refused(codes.BAD_BATCH, "the centre could not take this in; its log file says why")
            self._ingest.refuse(tx, station, refused, work.payload)
            self._finish(tx)

    def _asked(self, tx: Transaction, request: Any) -> dict[str, Any]:
        if not isinstance(request, dict):
            return {"code": codes.MALFORMED_EVENT, "message": "a request is a JSON object"}
        do = {
            "hospital_events": self._do_events,
            "advance": self._do_advance,
            "status": self._do_status,
            "versions": self._do_versions,
            "reference": self._do_reference,
        }.get(str(request.get("do"))) or self._stockroom.asked(str(request.get("do")))
        args = request.get("args", {key: value for key, value in request.items() if key not in ("do", "id")})
        if do is None or not isinstance(args, dict):
            return {"code": codes.MALFORMED_EVENT, "message": "unknown request, or args is no object"}
        return do(tx, args)

    def _do_events(self, tx: Transaction, args: dict[str, Any]) -> dict[str, Any]:
        values = args.get("events")
        if not isinstance(values, list):
            return {"code": codes.MALFORMED_EVENT, "message": "events must be an array"}
        return self._desk.hospital_events(tx, values, str(args.get("key", ""))[:200])

    def _do_advance(self, tx: Transaction, args: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(self._clock, SteppedClock) or type(args.get("utc_ms")) is not int:
            return {"code": codes.MALFORMED_EVENT, "message": "advance needs utc_ms, and a centre with --clock stepped"}
        self._clock.advance(args["utc_ms"])
        tx.utc_ms = self._clock.utc_ms()
        self._desk.fire_due(tx)
        self._stockroom.tick(tx)
        return {"versions": self._desk.versions()}

    def _do_versions(self, tx: Transaction, args: dict[str, Any]) -> dict[str, Any]:
        return dict(self._desk.versions())

    def _do_reference(self, tx: Transaction, args: dict[str, Any]) -> dict[str, Any]:
        station, table = str(args.get("station", "")), str(args.get("table", ""))
        try:
            version = self._desk.reference(tx, station, table, args.get("rows"), str(args.get("mode", "snapshot")))
        except BadReference as bad:
            return {"code": bad.code, "message": str(bad)}
        return {"version": version}

    def _do_status(self, tx: Transaction, args: dict[str, Any]) -> dict[str, Any]:
        tx.settle()
        return {"stations": status(tx.conn, self._register.wards), "utc_ms": tx.utc_ms}


def _last_utc_ms(conn: Connection) -> int:
    last = schema.entries.c
    return conn.scalar(select(last.utc_ms).order_by(last.id.desc()).limit(1)) or 0


def status(conn: Connection, stations: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Where each station stands (docs/interfaces.md, intake `status`)."""
    beats = dict(conn.execute(select(schema.heartbeats.c.station, schema.heartbeats.c.utc_ms)).tuples().all())
    alarms: dict[str, int] = {}
    for station in conn.scalars(select(schema.alarms.c.station)):
        alarms[station] = alarms.get(station, 0) + 1
    logs = {row.station: row for row in conn.execute(select(schema.logs).order_by(schema.logs.c.log))}
    made = {}
    for station in stations:
        row = logs.get(station)
        made[station] = {
            "log": row.log if row else 1,
            "seq": row.seq if row else 0,
            "entries": row.entries if row else 0,
            "removals": row.removals if row else 0,
            "stopped": bool(row.stopped) if row else False,
            "heartbeat_utc_ms": beats.get(station),
            "alarms": alarms.get(station, 0),
        }
    return made
