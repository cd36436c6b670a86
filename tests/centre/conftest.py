"""A site in a folder, and the centre's core over SQLite and PostgreSQL."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import cbor2
import pytest
from sqlalchemy import create_engine, select, text

from firmware.wire import cose, topics
from server_stub.centre import Arrived, Asked, Centre, Keys
from server_stub.clock import SteppedClock
from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from server_stub.register import SiteRegister
from server_stub.site import config
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.scripted import Scripted

WARDS = {"ICU1": ("MICU",), "ED1": ("ED", "SHARED"), "ED2": ("SHARED",)}


@pytest.fixture(scope="session")
def site_home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("site") / "home")
    make_site(home, "demo")
    add_stations(home, WARDS)
    add_stations(home, {"PHARM": ("PHARMACY",)}, board="pharmacy")
    return home


@contextmanager
def own_database(server):
    """The url of an empty PostgreSQL of one's own."""
    name = f"t{uuid4().hex}"
    admin = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    yield server.format(name)
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'centre.db'}"
        return
    with own_database(request.getfixturevalue("postgres")) as url:
        yield url


@dataclass
class Bench:
    """The centre's core with a clock of its own; `sent` is all it wanted to send."""

    home: Home
    url: str
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(1_700_000_000_000))
    transport_ms: int = 1_000_000
    sent: list = field(default_factory=list)

    def __post_init__(self):
        self.register = SiteRegister(self.home)
        self.engine = open_database(self.url)
        self.centre = None
        self.restart()

    def restart(self):
        self.centre = Centre(self.engine, self.register, Keys.read(self.home), self.clock, lambda: self.transport_ms)
        out = self.centre.start()
        self.sent += out
        return out

    def station(self, station="ICU1"):
        genesis = next(s.genesis for s in config.read(self.home).station if s.id == station)
        return Scripted.enrolled(self.home, station, bytes.fromhex(genesis))

    def up(self, station, what, *payloads):
        topic = topics.up("demo", "s0", station, what)
        out = self.centre.process([Arrived(topic, payload) for payload in payloads])
        self.sent += out
        return out

    def ask(self, do, **args):
        replies = []
        self.sent += self.centre.process([Asked({"do": do, "args": args}, replies.append)])
        return replies[0]

    def verdicts(self, out):
        return [cbor2.loads(cose.parse(m.payload)[1])[3] for m in out if m.topic.endswith("/answer")]

    def rows(self, table):
        with self.engine.connect() as conn:
            return conn.execute(select(table)).all()

    def ledger(self, station="ICU1"):
        """(seq, head) of every entry stored, in the order of storing."""
        with self.engine.connect() as conn:
            table = schema.entries.c
            query = select(table.seq, table.head).where(table.station == station).order_by(table.id)
            return [tuple(row) for row in conn.execute(query)]


@pytest.fixture
def bench(site_home, database):
    bench = Bench(site_home, database)
    yield bench
    bench.engine.dispose()


@pytest.fixture
def quick(site_home, tmp_path):
    """As `bench`, SQLite only, for what the database's kind can not change."""
    bench = Bench(site_home, f"sqlite:///{tmp_path / 'centre.db'}")
    yield bench
    bench.engine.dispose()
