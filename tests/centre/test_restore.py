"""The centre is destroyed and comes back from an old backup, or from its keys alone: every entry of every station is
recovered, from its agent, its controller or copies; what the centre alone knew is told as lost."""

import shutil
import socket
import sqlite3
import sys
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from agent import outbox
from firmware.journal import kinds
from server_stub import restoring
from server_stub.cli import export_app, server_app
from server_stub.ledger import schema, tiles
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.chain import Station
from tests.centre.conftest import Bench
from tests.centre.processes import Broker, Ingest, running
from tests.centre.scripted import Scripted
from tests.waits import free_port, until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

# more than the outbox keeps here of what was answered
KEPT, MANY = 50, 150
WARDS = {"ICU1": ("MICU",), "ED1": ("ED",)}


class Site:
    """Broker, ingest, sequencer, and two stations with the production agent."""

    def __init__(self, folder):
        self.home, self.port, self.folder = Home(folder / "h"), free_port(), folder
        make_site(self.home, "demo", broker_port=self.port)
        enrolled = add_stations(self.home, WARDS)
        self.url = config.database_url(self.home, config.read(self.home))
        self.scripts = {s.id: Scripted.enrolled(self.home, s.id, bytes.fromhex(s.genesis)) for s in enrolled}
        self.asked = 0
        self.stations = {}
        with ExitStack() as made:
            self.broker = Broker(self.home, self.port)
            made.callback(self.broker.kill)
            self.ingest = Ingest(self.home, args=())
            made.callback(self._part)
            for name, script in self.scripts.items():
                self.stations[name] = Station(self.home, script)
            self._made = made.pop_all()

    def _part(self):
        """From the stations and the ingest that are there by then."""
        for station in self.stations.values():
            station.close()
        self.ingest.stop()

    def append(self, station, count):
        self.stations[station].append(count)
        until(lambda: self.stations[station].answered() == len(self.scripts[station].pages), "all is answered")

    def sequence(self, size):
        """The sequencer runs until this tree has so many leaves."""
        command = [sys.executable, "-m", "server_stub.sequencer_main", str(self.home.root)]
        with running(command, self.home.run / "sequencer.log"):
            return until(lambda: (row := self.tree()) and row.size >= size and row, "the tree")

    def tree(self):
        with open_database(self.url).connect() as conn:
            return tiles.newest(conn)

    def root_at(self, size):
        with open_database(self.url).connect() as conn:
            return tiles.proofs(conn, 1).root(size)

    def heads(self, station):
        table = schema.entries.c
        with open_database(self.url).connect() as conn:
            rows = conn.execute(select(table.seq, table.head).where(table.station == station).order_by(table.seq))
            return [tuple(row) for row in rows]

    def whole(self, station):
        """Has the ledger the station's history, all of it, once and in order?"""
        return self.heads(station) == list(enumerate(self.scripts[station].heads))[1:]

    def told_again(self):
        """Is all of ICU1 there? Now and then a minute passes."""
        if self.asked % 50 == 0:
            self.stations["ICU1"].beat()
        self.asked += 1
        return self.whole("ICU1")

    def command(self, *words):
        done = CliRunner().invoke(server_app, list(words), obj=str(self.home.root))
        return done.exit_code, done.output

    def close(self):
        self._made.close()


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "KEPT_AFTER_ANSWER", KEPT)
    made = Site(tmp_path)
    yield made
    made.close()


def backup(path, to):
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as made:
        source.backup(made)


@pytest.mark.deep
@pytest.mark.req("A12.a", "A13", "A18")
def test_an_old_backup_agents_controllers_and_copies_make_every_station_whole(site, record_property):
    centre = site.home.root / "centre.db"
    site.append("ICU1", 70)
    site.append("ED1", 30)
    then = site.sequence(100)
    backup(centre, site.folder / "backup.db")
    site.append("ICU1", MANY)
    site.append("ED1", 40)
    # ED1 burns down; what is left of it is a copy of its outbox. The centre is lost, and what the broker held
    site.stations.pop("ED1").close()
    (site.folder / "left").mkdir()
    shutil.copy(site.home.station("ED1") / "outbox.db", site.folder / "left")
    site.ingest.kill()
    site.broker.kill()
    shutil.rmtree(site.home.broker / "data")
    code, said = site.command("restore", "--from", str(site.folder / "backup.db"))
    assert code == 1 and "evidence" in said
    for file in site.home.root.glob("centre.db*"):
        file.rename(site.folder / file.name)
    copies = ("--from", str(site.folder / "backup.db"), "--copy", str(site.folder / "left"))
    code, said = site.command("restore", *copies)
    assert code == 0 and "40 entries of ED1" in said and "what it alone knew beyond is lost" in said
    # nobody does anything at the cabinet: its agent's heartbeat is enough
    site.broker.start()
    site.ingest.start()
    until(site.told_again, "all of ICU1 from its agent and controller")
    until(lambda: site.whole("ED1"), "all of ED1 from the copy")
    site.append("ICU1", 5)
    counts = {name: f"{len(site.heads(name))} of {len(script.pages)}" for name, script in site.scripts.items()}
    record_property("entries after a restore from an old backup", counts)
    assert site.sequence(70 + MANY + 5 + 70).number == 1
    assert site.root_at(then.size) == then.root, "the same roots up to the backup"
    site.ingest.stop()
    code, said = site.command("rebuild")
    assert code == 0, said
    assert "every entry's MAC is right" in said and "came out the same" in said
    site.ingest = Ingest(site.home, args=())


@pytest.mark.req("A12.a", "A13")
def test_the_keys_alone_are_enough_and_copies_are_read_whatever_they_are(quick, site_home, tmp_path):
    script = quick.station()
    for _ in range(150):
        script.add()
    for first in range(1, 151, 30):
        quick.up("ICU1", "batch", script.batch(first, first + 29))
    backup(quick.engine.url.database, tmp_path / "whole.db")
    export = tmp_path / "export" / "batches"
    export.mkdir(parents=True)
    (export / "ICU1-1-1-60.cose").write_bytes(script.batch(1, 60))
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    register = quick.register
    for copy, new in ((tmp_path / "export", 60), (tmp_path / "whole.db", 90), (tmp_path / "whole.db", 0)):
        batches = restoring.batches_in(site_home, copy)
        took = restoring.take_in(empty, register, _signer(site_home), batches, restoring.Now(0, 0))
        assert took == ({"ICU1": new} if new else {})
    bench = Bench(site_home, f"sqlite:///{tmp_path / 'empty.db'}")
    bench.centre.process([])
    assert bench.ledger() == list(enumerate(script.heads))[1:]
    bench.engine.dispose()
    empty.dispose()
    (tmp_path / "letter.txt").write_text("no copy")
    with pytest.raises(restoring.NotRestored):
        list(restoring.batches_in(site_home, tmp_path / "letter.txt"))


def _signer(home):
    from server_stub.ledger.sign import Signer

    return Signer((home.keys / "centre-sign.key").read_bytes())


@pytest.fixture
def lost(tmp_path):
    """A site whose database is away; beside it a backup and what somebody may take for one."""
    home = Home(tmp_path / "h")
    make_site(home, "demo")
    with closing(sqlite3.connect(tmp_path / "accounts.db")) as db:
        db.execute("CREATE TABLE accounts (name)")
    (tmp_path / "letter.txt").write_text("no backup")
    made = open_database(f"sqlite:///{tmp_path / 'good.db'}")
    with made.begin() as conn:
        conn.execute(schema.evidence.insert(), [_evidence(n) for n in range(200)])
        genesis = bytes.fromhex(config.read(home).site.genesis)
        conn.execute(schema.logs.insert().values(_log(genesis)))
    made.dispose()
    whole = (tmp_path / "good.db").read_bytes()
    (tmp_path / "cut.db").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "rotten.db").write_bytes(whole[:8192] + bytes(16384) + whole[24576:])
    shutil.copy(tmp_path / "good.db", tmp_path / "foreign.db")
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as db:
        db.execute("UPDATE logs SET genesis = x'00'")
        db.commit()
    return home


def _evidence(n):
    return {
        "utc_ms": n,
        "code": 0,
        "station": "",
        "log": 0,
        "seq": n,
        "detail": "x",
        "sha256": bytes([n]),
        "raw": bytes(999),
    }


def _log(genesis):
    head = bytes(32)
    counts = dict.fromkeys(("seq", "stopped", "entries", "removals"), 0)
    return {"station": "centre", "log": 1, "genesis": genesis, "head": head, **counts}


WRONG = {
    "nowhere.db": "no SQLite database",
    "letter.txt": "no SQLite database",
    "accounts.db": "no database of a centre",
    "cut.db": "can not be read whole",
    "rotten.db": "damaged|can not be read whole",
    "foreign.db": "of another site",
}


@pytest.mark.req("A12.a")
@pytest.mark.parametrize("file", WRONG)
def test_what_is_no_whole_backup_of_this_site_is_refused_and_nothing_is_left(lost, tmp_path, file):
    with pytest.raises(restoring.NotRestored, match=WRONG[file]):
        restoring.restore(lost, tmp_path / file, (), 0)
    assert not list(lost.root.glob("centre.db*"))


@pytest.mark.req("A12.a")
def test_a_wrong_copy_leaves_no_half_restored_database(lost, tmp_path):
    good, copies = tmp_path / "good.db", ("nowhere", "cut.db", "accounts.db")
    for copy in copies:
        with pytest.raises(restoring.NotRestored, match=copy):
            restoring.restore(lost, good, (good, tmp_path / copy), 0)
        assert not list(lost.root.glob("centre.db*")), copy
    assert restoring.restore(lost, good, (), 0)
    assert [path.name for path in lost.root.glob("centre.db*")] == ["centre.db"]
    assert (lost.root / "centre.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.req("A12.a")
@pytest.mark.parametrize("file", ["good.db", None])
def test_the_log_of_a_lost_database_is_neither_thrown_away_nor_played_into_another(lost, tmp_path, file):
    left = lost.root / "centre.db-wal"
    left.write_bytes(b"what was not yet in the database")
    with pytest.raises(schema.WrongSchema, match=r"centre\.db-wal: it is evidence"):
        restoring.restore(lost, tmp_path / file if file else None, (), 0)
    assert [path.name for path in lost.root.glob("centre.db*")] == ["centre.db-wal"] and left.stat().st_size


@pytest.mark.parametrize("command", [["rebuild"], ["restore"]])
def test_nothing_is_restored_or_rebuilt_beside_a_running_centre(lost, monkeypatch, command):
    monkeypatch.chdir(lost.run)  # a path of a socket has an end
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("intake.sock")
        listening.listen()
        done = CliRunner().invoke(server_app, command, obj="..")
    assert done.exit_code == 1 and "the centre runs" in done.output
    assert not list(lost.root.glob("centre.db*"))


@pytest.mark.parametrize(("app", "args"), [(server_app, ["rebuild"]), (export_app, ["--out", "out"])])
def test_no_database_is_no_good_one(lost, monkeypatch, tmp_path, app, args):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, args, obj=str(lost.root))
    assert done.exit_code == 1 and "there is no database" in done.output
    assert not list(lost.root.glob("centre.db*")) and not (tmp_path / "out").exists()
    (lost.root / "centre.db").write_text("nonsense, nonsense, and no database at all")
    done = CliRunner().invoke(app, args, obj=str(lost.root))
    assert done.exit_code == 1 and "can not be used" in done.output, done.exception


@pytest.mark.req("A12.a")
def test_a_copy_that_was_forged_brings_nothing(quick, site_home, tmp_path):
    script = quick.station()
    for _ in range(3):
        script.add()
    script.pages[1][2] = bytes(16)
    (tmp_path / "batches").mkdir()
    (tmp_path / "batches" / "x.cose").write_bytes(script.batch(1, 3))
    batches = restoring.batches_in(site_home, tmp_path)
    assert not restoring.take_in(quick.engine, quick.register, _signer(site_home), batches, restoring.Now(0, 0))
    assert [row.code for row in quick.rows(schema.evidence)] == [5004]


@pytest.mark.req("A12.a", "A18")
def test_what_only_the_centre_knew_is_told_and_its_numbers_go_on_beyond(quick):
    script = quick.station()
    script.add(kinds.COMMAND, (7, 1, 0, []), actor="")
    script.add(kinds.REFERENCE, ("users", 3, b"d" * 32), actor="")
    quick.up("ICU1", "batch", script.batch(1, 2))
    with quick.engine.begin() as conn:
        told = restoring.lost(conn)
        restoring.leap(conn)
        restoring.leap(conn)
    assert [words.split(" (")[0] for words in told] == ["command 7 to ICU1", "version 3 of ICU1's table users"]
    quick.restart()
    reply = quick.ask("reference", station="ICU1", table="items", rows=[["A", 0, 1, 0, 0, 0]])
    with quick.engine.connect() as conn:
        versions = list(conn.scalars(select(schema.reference_versions.c.version)))
    assert versions == [2 * restoring.LEAP + 1], reply
