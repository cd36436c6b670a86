"""Packets that are made beside the pages."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from server_stub.console.packets import Packets
from server_stub.ledger.schema import VERSION, open_database
from server_stub.proof.period import Period
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.console.test_operator import run


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    make_site(made, "demo")
    open_database(f"sqlite:///{made.root / 'centre.db'}").dispose()
    return made


async def made(packets):
    packets.start(Period(0, 1000), "anna")
    assert packets.making
    await asyncio.wait([packets._task])
    assert packets.making == ""
    return packets.failed


def test_whatever_goes_wrong_is_said_and_the_next_can_be_made(home, caplog):
    packets = Packets(home)
    with closing(sqlite3.connect(home.root / "centre.db")) as conn, conn:
        conn.execute("UPDATE meta SET value = 'of another release' WHERE key = 'schema'")
    assert "log file of the console says why" in run(made(packets))
    assert "the database has schema of another release" in caplog.text
    with closing(sqlite3.connect(home.root / "centre.db")) as conn, conn:
        conn.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [VERSION])
    assert "not recorded: the centre does not run" in run(made(packets))
    (folder,) = packets.folders().values()
    assert packets.verify(folder).good


def test_a_home_that_cannot_be_written_is_said(home):
    home.packets.write_text("in the way")
    assert "was not made or not recorded" in run(made(Packets(home)))
