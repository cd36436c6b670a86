"""Real processes are killed, the broker is wiped or is put back to an older state, the agent loses its database: the
centre's history of the station is its own, whole, once and in order."""

import random
import shutil
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.chain import Station
from tests.centre.processes import Broker, Ingest
from tests.centre.scripted import Scripted
from tests.waits import free_port, until

# an agent that ends while a thread of its own connects leaves the socket to the end of its process; here there is none
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

EACH = 70


class Site:
    """Broker, centre and agent of one station, and what can happen to them."""

    def __init__(self, folder):
        self.home, self.port = Home(folder / "h"), free_port()
        make_site(self.home, "demo", broker_port=self.port)
        genesis = bytes.fromhex(add_station(self.home, "ICU1", ["MICU"]).genesis)
        self.script = Scripted.enrolled(self.home, "ICU1", genesis)
        self._older = folder / "older"
        with ExitStack() as made:
            self.broker = Broker(self.home, self.port)
            made.callback(self.broker.kill)
            self.ingest = Ingest(self.home)
            made.callback(self.ingest.stop)
            self.station = Station(self.home, self.script)
            made.callback(self._part)
            self._made = made.pop_all()

    def _part(self):
        self.station.close()

    # what can happen

    def broker_killed(self):
        self.broker.kill()
        self.broker.start()

    def broker_wiped(self):
        self.broker.kill()
        shutil.rmtree(self.home.broker / "data")
        self.broker.start()

    def broker_older(self):
        """It comes back as it was the last time, or is remembered as it is now."""
        self.broker.kill()
        data = self.home.broker / "data"
        if self._older.exists():
            shutil.rmtree(data)
            shutil.move(self._older, data)
        else:
            shutil.copytree(data, self._older)
        self.broker.start()

    def centre_killed(self):
        self.ingest.kill()
        self.ingest.start()

    def agent_ended(self):
        self.station.close()
        self.station = Station(self.home, self.script)

    def agent_without_database(self):
        self.station.close()
        for file in self.home.station("ICU1").glob("outbox.db*"):
            file.unlink()
        self.station = Station(self.home, self.script)

    def close(self):
        self._made.close()

    def history(self):
        """What the centre has, in the order in which it stored it."""
        with open_database(config.database_url(self.home, config.read(self.home))).connect() as conn:
            table = schema.entries.c
            rows = conn.execute(select(table.seq, table.head).where(table.station == "ICU1").order_by(table.id))
            return [tuple(row) for row in rows]


WHAT = ("broker_killed", "broker_wiped", "broker_older", "centre_killed", "agent_ended", "agent_without_database")


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.close()


def befall(site, happenings):
    """One after the other, entries under way; what was answered before is in the ledger whatever came."""
    for what in happenings:
        answered = site.station.answered()
        site.station.append(EACH)
        getattr(site, what)()
        seen = site.history()
        assert len(seen) >= answered
        assert seen == [(seq, site.script.heads[seq]) for seq in range(1, len(seen) + 1)]
    until(lambda: site.station.answered() == len(site.script.pages), "all is answered")
    assert site.history() == [(seq, site.script.heads[seq]) for seq in range(1, len(site.script.pages) + 1)]


@pytest.mark.req("A12.a", "A18")
def test_a_wiped_broker_a_killed_centre_and_a_lost_outbox_lose_nothing(site):
    befall(site, ("broker_wiped", "centre_killed", "agent_without_database"))


@pytest.mark.deep
@pytest.mark.req("A12.a", "A18")
@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_real_processes_loses_nothing(site, seed, record_property):
    rng = random.Random(seed)
    happenings = [*WHAT, *rng.choices(WHAT, k=6), "broker_older"]
    rng.shuffle(happenings)
    befall(site, happenings)
    record_property(f"real processes, seed {seed}", f"{len(happenings)} disasters, 0 of {len(site.script.pages)} lost")
