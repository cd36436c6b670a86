"""`apotheca bench par`: the nightly update of a whole site, over its database: use read, levels planned, commands
signed and kept, a few stations a transaction. SQLite, 60 days of use of every item.

The bare limit is reading the same use: one sum over its table.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import cbor2
from rich.console import Console
from sqlalchemy import Connection, Engine, func, insert, select, text

from firmware.journal import kinds
from server_stub.centre import Keys
from server_stub.fold import Projections
from server_stub.ledger import schema
from server_stub.ledger.ingest import Enrolled
from server_stub.ledger.log import CentreLog
from server_stub.ledger.schema import open_database
from server_stub.ledger.transaction import Transaction
from server_stub.register import SiteRegister
from server_stub.site.home import Home
from server_stub.stock.commands import Commands
from server_stub.stock.nightly import Nightly
from server_stub.stock.shelves import Shelves
from server_stub.stock.usage import HOUR_MS
from server_stub.verify.book import Book
from simulator import site
from simulator.bench import measure
from simulator.plan import Plan, StationPlan

SIZES = (1_000, 10_000, 50_000)
A_STATION = 250
DAYS = 60
# 1 March 2026, noon
NOW_MS = 1_772_366_400_000
ENROLLED = "R1"
_USE = """INSERT INTO usage (station, item, hour, removed, returned, wasted, refilled)
WITH RECURSIVE i(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n < :items - 1),
               d(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM d WHERE n < :days)
SELECT :station, printf('I%04d', i.n), :hour - 24 * d.n - (7 * i.n + d.n) % 24, 1 + (i.n * 13 + d.n * 5) % 7, 0, 0, 0
FROM i, d WHERE (i.n + d.n * 3) % 4 < 3"""


class Night:
    """One site's update, with a night's worth of transactions."""

    def __init__(self, home: Home, engine: Engine) -> None:
        self._engine = engine
        register = SiteRegister(home)
        keys = Keys.read(home)
        enrolled = register(ENROLLED)
        assert enrolled is not None
        known: Enrolled = enrolled
        self._log = CentreLog(keys.log, bytes.fromhex(register.config.site.genesis))
        commands = Commands(register.names, lambda _: known, keys.signer, self._log)
        self._nightly = Nightly(Shelves(), commands)

    def start(self, stations: list[str]) -> None:
        """The evening before: nothing is due yet."""
        with self._engine.begin() as conn:
            self._log.load(conn)
            tx = self._begin(conn, NOW_MS - 24 * HOUR_MS)
            self._nightly.load(tx)
            self._nightly.fire_due(tx, stations)
            tx.finish()

    def run(self, stations: list[str]) -> list[float]:
        """Seconds of each transaction of the night."""
        spent: list[float] = []
        while not spent or self._nightly.busy:
            began = time.perf_counter()
            with self._engine.begin() as conn:
                tx = self._begin(conn, NOW_MS)
                self._nightly.fire_due(tx, stations)
                tx.finish()
                self._log.save(tx)
            spent.append(time.perf_counter() - began)
        return spent

    def _begin(self, conn: Connection, utc_ms: int) -> Transaction:
        return Transaction(conn, Projections(Book()), utc_ms, utc_ms)


def run(console: Console, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Measure each number of pockets; docs/benchmarks.md says what the keys mean."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder:
        home = _home(Path(folder) / "home")
        for pockets in sizes:
            row = _measure(home, f"sqlite:///{folder}/{pockets}.db", pockets)
            rows.append(row)
            console.print(f"{pockets:>7,} pockets  {row['seconds']:7} s  {row['us_per_pocket']:6} us a pocket")
    return {"bench": "par", "days": DAYS, "rows": rows}


def _home(root: Path) -> Home:
    site.make_home(root, Plan(NOW_MS, NOW_MS, (), (StationPlan(ENROLLED, ("Ward 1",), (), ()),)))
    return Home(root)


def _measure(home: Home, url: str, pockets: int) -> dict[str, Any]:
    engine = open_database(url)
    stations = [f"S{number:04}" for number in range(pockets // A_STATION)]
    with engine.begin() as conn:
        for station in stations:
            _fill(conn, station)
    night = Night(home, engine)
    night.start(stations)
    spent = night.run(stations)
    bare_s = _bare(engine)
    with engine.begin() as conn:
        issued = conn.scalar(select(func.count()).where(schema.entries.c.kind == kinds.COMMAND_ISSUED)) or 0
    engine.dispose()
    return {
        "pockets": pockets,
        "seconds": measure.figure(sum(spent)),
        "us_per_pocket": measure.figure(1e6 * sum(spent) / pockets),
        "longest_transaction_s": measure.figure(max(spent)),
        "commands": issued,
        "over_bare": measure.ratio(sum(spent), bare_s),
    }


def _fill(conn: Connection, station: str) -> None:
    names = [f"I{n:04}" for n in range(A_STATION)]
    items = {name: [name, 0, 1, 0] for name in names}
    places = [(n // 50 + 1, n % 50 + 1) for n in range(A_STATION)]
    pockets = {f"D{d:02}-P{p:02}": [f"D{d:02}-P{p:02}", d, p, names[n], 2, 6, 24] for n, (d, p) in enumerate(places)}
    rows = [
        {"station": station, "table": table, "key": key, "version": 1, "row": cbor2.dumps(row, canonical=True)}
        for table, made in (("items", items), ("pockets", pockets))
        for key, row in made.items()
    ]
    conn.execute(insert(schema.reference_rows), rows)
    values = {"station": station, "items": A_STATION, "days": DAYS, "hour": NOW_MS // HOUR_MS}
    conn.execute(text(_USE), values)


def _bare(engine: Engine) -> float:
    began = time.perf_counter()
    with engine.begin() as conn:
        conn.execute(select(func.sum(schema.usage.c.removed), func.max(schema.usage.c.hour))).one()
    return time.perf_counter() - began
