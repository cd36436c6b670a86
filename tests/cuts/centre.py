"""The centre's database on SQLite in a life of its own: batches, heartbeats, hospital events, answers."""

from pathlib import Path
from typing import Any

from firmware.journal import chain, entry, kinds
from firmware.wire import messages
from server_stub.ledger import schema
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre import conftest
from tests.centre.scripted import Scripted
from tests.cuts import crash, dbapi

UNDER = ("server_stub.ledger.schema",)
STATIONS = {"ICU1": ("MICU",), "ED1": ("ED",)}
ENTRIES = 60
# opening the centre's database takes much longer than reading it
WHOLLY = 16
PATIENT = {"type": "adt", "utc_ms": 1_700_000_000_000, "event": "A01", "name": "Ann", "ward": "MICU"}


def make_home(folder: Path) -> Home:
    """A site with two stations."""
    home = Home(folder)
    make_site(home, "demo")
    add_stations(home, STATIONS)
    return home


class Day:
    """The centre's core with two stations that send what they have, and the hospital that tells of patients."""

    def __init__(self, home: Home, url: str) -> None:
        self.bench = conftest.Bench(home, url)
        self.scripts = {station: self.bench.station(station) for station in STATIONS}
        self.kept = dict.fromkeys(STATIONS, 0)
        self.admitted: list[str] = []

    def steps(self, entries: int) -> Any:
        """One group of work after the other, as calls."""
        for number in range(entries // 5):
            station = "ED1" if number % 3 == 2 else "ICU1"
            script = self.scripts[station]
            script.removal()
            script.add()
            yield lambda station=station, script=script: self.send(station, script)
            if number % 4 == 0:
                event = {**PATIENT, "id": f"e{number}", "patient": f"P{number}"}
                yield lambda event=event: self.admit(event)
            if number % 5 == 0:
                yield lambda station=station, script=script: self.bench.up(station, "heartbeat", script.heartbeat())

    def send(self, station: str, script: Scripted) -> None:
        """What the centre has not answered yet; what it answers is in its database by then."""
        out = self.bench.up(station, "batch", script.batch(self.kept[station] + 1, len(script.pages)))
        assert self.bench.verdicts(out) in ([messages.ACCEPT], [messages.DUP])
        self.kept[station] = len(script.pages)

    def admit(self, event: dict[str, Any]) -> None:
        """What the centre says it has taken it is held to; asked again by the same key it says the same."""
        assert self.bench.ask("hospital_events", events=[event], key=event["id"])["accepted"] == 1
        self.admitted.append(event["id"])

    def events(self) -> list[str]:
        """Ids of the hospital's events in the centre's own log, in its order."""
        pages = ((row.seq, row.page) for row in self.bench.rows(schema.entries) if row.kind == kinds.HOSPITAL_ADT)
        return [entry.decode(chain.parse_page(page)[0])[entry.F_EXT][0] for _, page in sorted(pages)]

    def check(self) -> None:
        """All that was answered is there, once, in order; the centre's own log has no hole."""
        for station, script in self.scripts.items():
            assert self.bench.ledger(station) == [(n, script.heads[n]) for n in range(1, self.kept[station] + 1)]
        own = [seq for seq, _ in self.bench.ledger("centre")]
        assert own == list(range(1, len(own) + 1))
        assert self.events() == self.admitted != []

    def drop(self) -> None:
        """As the end of the process would."""
        connection = self.bench.engine.raw_connection().driver_connection
        connection.drop()


class Opened:
    """The database as the centre opens it, with what the crash checker asks of a connection."""

    def __init__(self, url: str) -> None:
        raw = schema.open_database(url).raw_connection()
        self.kept = raw
        self.execute = raw.driver_connection.execute
        self.drop = raw.driver_connection.drop


def story(home: Home, url: str, entries: int = ENTRIES, careless: str = "") -> crash.Story:
    """Tell it; `careless`: a pragma that should not be there."""

    def tell(told: crash.Story) -> None:
        day = Day(home, url)
        told.begin()
        if careless:
            day.bench.engine.raw_connection().driver_connection.execute(careless)
        for step in day.steps(entries):
            step()
        day.drop()

    with dbapi.under(*UNDER):
        return crash.Story(tell)


def crashes(home: Home, entries: int = ENTRIES, subsets: int = 8, careless: str = "", share: int = 1) -> dict[str, Any]:
    """Count what the crashes of the story left; `share`: of every so many one."""
    url = f"sqlite:///{home.root / 'centre.db'}"
    told = story(home, url, entries, careless)
    with dbapi.under(*UNDER):
        found = crash.crash(told, lambda: Opened(url), subsets, WHOLLY, share)
    return {"operations": len(told.log), "contents": len(told.contents), **found.counts()}
