"""A site with its real broker and ingest; what a message led to, and what the ledger has."""

from contextlib import ExitStack, contextmanager

import cbor2
from sqlalchemy import select

from firmware.wire import cose
from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.processes import Broker, Ingest
from tests.waits import free_port, until

SITE = "demo"
STATIONS = {"ICU1": ("MICU",), "ED1": ("ED",)}


class Site:
    def __init__(self, folder):
        self.home, self.port = Home(folder / "home"), free_port()
        make_site(self.home, SITE, broker_port=self.port)
        add_stations(self.home, STATIONS)
        self.config = config.read(self.home)
        with ExitStack() as made:
            self.broker = Broker(self.home, self.port)
            made.callback(self.broker.kill)
            self.ingest = Ingest(self.home)
            made.callback(self.ingest.stop)
            until(self.home.intake.exists, "ingest")
            self.engine = open_database(config.database_url(self.home, self.config))
            made.callback(self.engine.dispose)
            self._made = made.pop_all()

    def close(self):
        self._made.close()

    def genesis(self, station):
        return bytes.fromhex(next(one.genesis for one in self.config.station if one.id == station))

    # what the centre has

    def stored(self, station):
        """The pages of a station in the ledger, in the order they were taken in."""
        table = schema.entries.c
        with self.engine.connect() as conn:
            query = select(table.page).where(table.station == station).order_by(table.id)
            return [bytes(page) for page in conn.scalars(query)]

    def evidence(self):
        """(code, detail) of everything that was refused."""
        with self.engine.connect() as conn:
            return [tuple(row) for row in conn.execute(select(schema.evidence.c.code, schema.evidence.c.detail))]

    def led_to(self, agent, what, raw):
        """Send as `agent`: ("answer", verdict, seq) or ("refused", code, why)."""
        before = len(self.evidence())
        agent.send(what, raw)

        def seen():
            if len(found := self.evidence()) > before:
                return ("refused", *found[-1])
            answer = agent.answer(0.05)
            return answer and ("answer", *answer)

        return until(seen, "an answer or evidence")


@contextmanager
def site(folder):
    made = Site(folder)
    try:
        yield made
    finally:
        made.close()


def payload_of(envelope):
    """What is signed in an envelope, decoded."""
    return cbor2.loads(cose.parse(envelope)[1])
