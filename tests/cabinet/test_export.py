"""A cabinet's journal as files while the centre is away: the stand-alone verifier takes it, and finds changes."""

import sqlite3
from dataclasses import replace

import pytest

import verify_apotheca
from agent import pages, settings
from agent.cabinet.errors import CabinetError
from agent.cabinet.export import answered_head, export
from agent.outbox import Outbox
from firmware import codes
from firmware.journal import kinds
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.agent.fake_cabinet import LOG, STATION, Cabinet
from tests.cabinet.test_commands import cabinet_command

MADE_MS = 1_800_000_000_000
ENTRIES = 150


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("site") / "home")
    make_site(home, "demo")
    add_station(home, STATION, ["Ward"])
    return home


@pytest.fixture
def at_cabinet(home):
    """Settings of a cabinet whose agent has read 150 entries."""
    path = home.station(STATION) / "outbox.db"
    for old in path.parent.glob("outbox.db*"):
        old.unlink()
    cabinet = Cabinet()
    for n in range(ENTRIES):
        cabinet.append(kinds.REMOVE if n % 2 else kinds.ACCESS, "D01-P01", n, ext=(0, None, None, None, None))
    outbox = Outbox(path, STATION, LOG)
    outbox.start(cabinet.genesis, cabinet.heads[0])
    outbox.take([pages.read(cabinet.pages[n], STATION, LOG, n, cabinet.heads[n - 1]) for n in range(1, ENTRIES + 1)])
    outbox.close()
    return settings.load(path.parent)


def change(at, statement):
    with sqlite3.connect(at.folder / "outbox.db") as db:
        db.execute(statement)
    db.close()


@pytest.mark.req("A15")
def test_the_whole_journal_verifies_with_its_authority(at_cabinet, home, tmp_path):
    out = tmp_path / "out"
    assert export(at_cabinet, out, MADE_MS) == ENTRIES
    found = verify_apotheca.check(out, home.keys / "ca.crt")
    assert found.good, found.lines()
    assert any(f"{STATION}-{LOG}: entries 1 to {ENTRIES}" in line for line in found.lines())
    (other := tmp_path / "other").mkdir()
    (other / "letter.txt").write_text("not of the journal, and not to be signed with it")
    for there in (out, other):
        with pytest.raises(FileExistsError):
            export(at_cabinet, there, MADE_MS)
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


@pytest.mark.req("A15")
def test_what_is_left_of_a_long_journal_verifies_from_where_it_begins(at_cabinet, home, tmp_path):
    change(at_cabinet, "DELETE FROM pages WHERE seq < 71")
    out = tmp_path / "out"
    assert export(at_cabinet, out, MADE_MS) == ENTRIES - 71
    found = verify_apotheca.check(out, home.keys / "ca.crt")
    assert found.good, found.lines()
    assert any(f"entries 72 to {ENTRIES}" in line for line in found.lines())
    missing = next((out / "batches").glob(f"*-{ENTRIES}.cose"))
    missing.unlink()
    assert not verify_apotheca.check(out, home.keys / "ca.crt").good


@pytest.mark.req("A15")
def test_what_the_centre_answered_last_is_a_line_for_the_verifier(at_cabinet, home, tmp_path):
    assert answered_head(at_cabinet) == ""
    heads, out = tmp_path / "heads.ndjson", tmp_path / "out"
    change(at_cabinet, "UPDATE log SET answered = 140, answered_head = (SELECT head FROM pages WHERE seq = 140)")
    assert cabinet_command(home, "export", STATION, "--out", out, "--heads", heads)[0] == 0
    given = verify_apotheca.Given(heads=verify_apotheca.read_heads(heads.read_bytes()))
    assert verify_apotheca.examine(out, given).findings.good
    change(at_cabinet, "DELETE FROM pages WHERE seq > 139")
    export(at_cabinet, tmp_path / "short", MADE_MS)
    assert not verify_apotheca.examine(tmp_path / "short", given).findings.good, "140 was answered"


@pytest.mark.req("A15")
def test_a_journal_that_does_not_hold_together_is_not_written(at_cabinet, tmp_path):
    change(at_cabinet, "UPDATE pages SET page = (SELECT page FROM pages WHERE seq = 20) WHERE seq = 21")
    for at in (at_cabinet, replace(at_cabinet, log=2)):
        with pytest.raises(CabinetError) as error:
            export(at, tmp_path / "out", MADE_MS)
        assert error.value.code == codes.NOT_EXPORTED
    assert not (tmp_path / "out").exists()


@pytest.mark.req("A15")
def test_a_changed_entry_is_found(at_cabinet, home, tmp_path):
    out = tmp_path / "out"
    change(at_cabinet, "DELETE FROM pages WHERE seq < 71")
    export(at_cabinet, out, MADE_MS)
    ledger = next((out / "ledger").iterdir())
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join([lines[0], *lines[2:]]))
    assert not verify_apotheca.check(out, home.keys / "ca.crt").good
