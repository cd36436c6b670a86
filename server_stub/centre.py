"""The centre as one core: work in, one transaction, messages and replies out. Transport and time are handed in."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Engine, select

from firmware import codes
from firmware.journal import kinds
from firmware.wire import topics
from server_stub.clock import Clock, SteppedClock
from server_stub.fold import Projections
from server_stub.integration.desk import Desk
from server_stub.integration.downlink import Downlink
from server_stub.integration.feed import feed
from server_stub.integration.labelling import Labelling
from server_stub.integration.reference import ReferenceTables
from server_stub.integration.requests import Requests
from server_stub.integration.successor import TreeRequests
from server_stub.ledger import schema, store
from server_stub.ledger.batch import Refused
from server_stub.ledger.catch_up import STEP_BATCHES, CatchUp
from server_stub.ledger.ingest import Ingest, Message, Now
from server_stub.ledger.log import CentreLog
from server_stub.ledger.sign import Signer
from server_stub.ledger.transaction import Outgoing, Transaction
from server_stub.orders import CabinetOrders
from server_stub.register import SiteRegister
from server_stub.site.home import Home
from server_stub.stockroom import Stockroom
from server_stub.supply import supplier_feed
from server_stub.verify.book import Book
from server_stub.verify.decider import Decider
from server_stub.verify.notices import Notices
from server_stub.verify.requests import Requests as VerifyRequests
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


_BEATS = select(schema.heartbeats.c.station, schema.heartbeats.c.received_ms)
_STATIONS_WORD = ("batch", "heartbeat")


class Keys(NamedTuple):
    """The centre's own secrets; `tokens` makes the supplier's tokens of patients."""

    signer: Signer
    log: bytes
    tokens: bytes

    @classmethod
    def read(cls, home: Home) -> "Keys":
        """From the files of a home."""
        keys = home.keys
        signer = Signer((keys / "centre-sign.key").read_bytes())
        return cls(signer, (keys / "centre-log.key").read_bytes(), (keys / "supplier-token.key").read_bytes())


class Centre:
    """Processes work in groups; `transport_ms` reads the computer's clock, `clock` the hospital's. By `steady_ms`,
    which nobody sets, a station is held for silent."""

    def __init__(  # noqa: PLR0913 - three clocks
        self,
        engine: Engine,
        register: SiteRegister,
        keys: Keys,
        clock: Clock,
        transport_ms: Callable[[], int],
        *,
        steady_ms: Callable[[], int] | None = None,
    ) -> None:
        self._engine = engine
        self._register = register
        self._tokens = keys.tokens
        self._clock = clock
        self._transport_ms = transport_ms
        self._steady_ms = steady_ms or transport_ms
        self._log = CentreLog(keys.log, bytes.fromhex(register.config.site.genesis))
        self._tables = ReferenceTables(self._log)
        self._ingest = Ingest(engine, register.names, register, keys.signer)
        self._catch_up = CatchUp(self._log, clock.utc_ms_ago)
        self._downlink = Downlink(register.names, register, keys.signer, self._tables)
        self._book = Book(keep_changes=True)
        notices = Notices(register.names, register, keys.signer)
        self._decider = Decider(self._log, self._book, notices)
        self._verify = VerifyRequests(self._decider).handlers()
        self._stockroom = Stockroom(register.names, register, keys.signer, self._log)
        self._silence = Silence()
        self._sent: list[int] = []
        self._statuses: list[Arrived] = []
        self._back: set[str] = set()
        self._new_site = self._stale = False
        self._heard_ms: dict[str, int] = {}
        self._open_desk()

    def _open_desk(self) -> None:
        wards = self._register.wards
        orders = CabinetOrders(self._register, self._log, self._stockroom.commands)
        tree = TreeRequests(self._register.config.site.id, self._log)
        more = {**self._verify, **self._stockroom.handlers(), **orders.handlers(), **tree.handlers()}
        self._desk = Desk(self._log, self._tables, self._downlink, wards, self._register.areas)
        hours = self._register.config.picking.stale_hours
        self._labelling = Labelling(self._log, self._tables, self._downlink, wards, hours)
        self._requests = Requests(self._desk, self._clock, wards, self._log, more)

    def start(self) -> list[Outgoing]:
        """Take up work where the database has it; gives what the last run left unsent."""
        with self._engine.begin() as conn:
            if isinstance(self._clock, SteppedClock):
                self._clock.advance(store.last_entry(conn).utc_ms)
            waiting = [Outgoing(*row) for row in store.waiting_outbox(conn)]
            tx = self._begin(conn)
            self._expect_heartbeats(tx)
            self._log.load(conn)
            self._log.boot(tx)
            self._desk.load(tx)
            self._stockroom.load(tx)
            self._decider.load(conn)
            self._decider.set_minutes(tx, self._register.config.verify.documentation_minutes)
            self._labelling.load(tx)
            self._decider.run(tx)
            out = waiting + self._finish(tx)
        self._sent = []
        return out

    def sent(self, outbox_id: int) -> None:
        """The broker took a message; its outbox row goes with the next transaction."""
        self._sent.append(outbox_id)

    @property
    def behind(self) -> bool:
        """Is there anything for `step` to do?"""
        return bool(self._catch_up.behind or self._statuses or self._back)

    @property
    def waiting(self) -> int:
        """How many batches are durable and still to be folded."""
        return self._catch_up.waiting

    def process(self, group: Sequence[Work]) -> list[Outgoing]:
        """Handle work in its order, and all that follows from it: for who has nothing else to do meanwhile."""
        out = []
        for arrived, part in groupby(group, lambda work: isinstance(work, Arrived)):
            if arrived:
                out += self.take(cast(list[Arrived], list(part)))
            else:
                out += self._caught_up() + self.ask(cast(list[Asked], list(part)))
        return out + self._caught_up()

    def take(self, group: Sequence[Arrived]) -> list[Outgoing]:
        """Take in what stations sent; gives the answers, now that it is durable. What follows from it does in `step`.

        If it fails nothing of it has happened: the error is for the shell, which tries the messages one by one.
        """
        self._new_site |= self._register.refresh()
        mine = [(message, _parts(message.topic)) for message in group]
        self._statuses += [message for message, (_, what) in mine if what == "status"]
        now = self._now()
        messages = [Message(station, what, m.payload) for m, (station, what) in mine if what in _STATIONS_WORD]
        if not messages:
            return []
        taken = self._ingest.take(messages, now)
        self._back |= {station for station in taken.heard if self._silence.heard(station, self._steady_ms())}
        self._catch_up.note(taken.new)
        return taken.answers

    def ask(self, group: Sequence[Asked]) -> list[Outgoing]:
        """Answer requests in one transaction, from what is folded. Replies are given after commit.

        If it fails no reply was given, and nothing of it has happened.
        """
        replies = []

        def perform(tx: Transaction) -> None:
            for work in group:
                replies.append((work.reply, self._requests.perform(tx, work.request)))

        out = self._transact(perform)
        for reply, value in replies:
            reply(value)
        return out

    def _caught_up(self) -> list[Outgoing]:
        out: list[Outgoing] = []
        while self.behind:
            out += self.step()
        return out

    def step(self, batches: int = STEP_BATCHES) -> list[Outgoing]:
        """Fold some of what waits, `batches` at most, and decide on it, in one transaction."""
        statuses, back = self._statuses, self._back

        def fold(tx: Transaction) -> None:
            for work in statuses:
                self._downlink.status(tx, _parts(work.topic)[0], work.payload)
            for station in sorted(back):
                self._log.append(tx, kinds.CENTRE_ALARM, [codes.STATION_SILENT, station, 0])
            self._catch_up.step(tx, batches)

        out = self._transact(fold)
        self._statuses, self._back = [], set()
        return out

    def set_aside(self) -> list[Outgoing]:
        """The batch that is to be folded next can not be: its log waits, with an alarm, until the next start."""
        self._statuses = []
        return self._transact(self._catch_up.set_aside)

    def look(self) -> None:
        """See what processes of further shards have taken in."""
        with self._engine.connect() as conn:
            self._catch_up.look(conn)

    def hear_elsewhere(self) -> None:
        """Hear the stations that processes of further shards have heard.

        Any other time than before is new: they commit in whatever order, and their computers' clocks are their own.
        """
        with self._engine.connect() as conn:
            beats = {station: int(received_ms) for station, received_ms in conn.execute(_BEATS)}
        now_ms = self._steady_ms()
        new = [station for station, received_ms in beats.items() if self._heard_ms.get(station) != received_ms]
        self._back |= {station for station in new if self._silence.heard(station, now_ms)}
        self._heard_ms = beats

    def _transact(self, work: Callable[[Transaction], object]) -> list[Outgoing]:
        if self._stale:
            self._reload()
        behind = self._downlink.behind()
        try:
            with self._engine.begin() as conn:
                tx = self._begin(conn)
                self._take_up_site(tx)
                work(tx)
                self._desk.fire_due(tx)
                self._decide(tx)
                out = self._finish(tx)
        except Exception:
            self._downlink.failed(behind)
            # a database that is still away takes no reading either: then it is read before anything else is done
            self._stale = True
            self._reload()
            raise
        self._sent = []
        return out

    def tick(self) -> list[Outgoing]:
        """Timers of transport time, about once a second: silent stations, stations behind, timers of hospital time."""
        late = self._silence.late(self._steady_ms())

        def look(tx: Transaction) -> None:
            for station in late:
                self._log.append(tx, kinds.CENTRE_ALARM, [codes.STATION_SILENT, station, 1])
            self._downlink.catch_up(tx)

        out = self._transact(look)
        self._silence.missed(late)
        return out

    def _decide(self, tx: Transaction) -> None:
        self._stockroom.tick(tx)
        self._stockroom.decide(tx, list(self._register.wards))
        self._labelling.decide(tx, tx.appended)
        self._decider.run(tx)

    def _begin(self, conn: Connection) -> Transaction:
        return Transaction(conn, Projections(self._book), self._clock.utc_ms(), self._transport_ms())

    def _finish(self, tx: Transaction) -> list[Outgoing]:
        for what, payload in feed(tx.appended):
            tx.send(topics.feed(self._register.names.site, what), payload)
        rules = supplier_feed.SupplierRules(self._tokens, self._register.config.supplier.identity)
        for payload in supplier_feed.usage(tx.appended, rules):
            tx.send(supplier_feed.topic(self._register.names.site), payload)
        out = tx.finish()
        self._log.save(tx)
        store.drop_outbox(tx.conn, self._sent)
        return out

    def _reload(self) -> None:
        self._catch_up.forget()
        with self._engine.begin() as conn:
            self._log.load(conn)
            tx = self._begin(conn)
            self._desk.load(tx)
            self._decider.load(conn)
            self._decider.set_minutes(tx, self._register.config.verify.documentation_minutes)
            self._stockroom.load(tx)
            self._labelling.load(tx)
            self._finish(tx)
        self._sent, self._stale = [], False

    def _take_up_site(self, tx: Transaction) -> None:
        if self._register.refresh() or self._new_site:
            self._new_site = False
            self._open_desk()
            self._desk.load(tx)
            self._labelling.load(tx)
            self._decider.set_minutes(tx, self._register.config.verify.documentation_minutes)

    def _expect_heartbeats(self, tx: Transaction) -> None:
        table = schema.alarms.c
        missing = set(tx.conn.scalars(select(table.station).where(table.code == codes.STATION_SILENT)))
        self._heard_ms = {station: int(received_ms) for station, received_ms in tx.conn.execute(_BEATS)}
        # one that only ever sent batches has no heartbeat, and may be missing all the same
        for station in sorted(self._heard_ms.keys() | missing):
            self._silence.expect(station, self._steady_ms(), missing=station in missing)

    def refuse(self, work: Work) -> None:
        """A piece of work that can not be handled: kept as evidence, or refused to the one who asked."""
        if isinstance(work, Asked):
            work.reply({"code": codes.BAD_BATCH, "message": "the centre could not do this; its log file says why"})
            return
        station, _ = _parts(work.topic)
        refused = Refused(codes.BAD_BATCH, "the centre could not take this in; its log file says why")
        self._ingest.refuse(station, refused, work.payload, self._now())
        self._catch_up.note(1)

    def _now(self) -> Now:
        return Now(self._clock.utc_ms(), self._transport_ms())


def _parts(topic: str) -> tuple[str, str]:
    """Station and what it sends; of what is no topic of a station's, nothing."""
    try:
        _, _, station, way, what = topics.parse(topic)
    except ValueError:
        return "", ""
    return (station, what) if way == "up" else ("", "")
