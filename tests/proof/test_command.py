"""`apotheca packet`: what people see, with ingest there and away."""

import re

import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from server_stub.packet_cli import packet_app
from server_stub.proof import schema as proof
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.processes import Ingest, until

PERIOD = ("--from", "2023-11-15", "--to", "2023-11-16")


def packet(home, *words):
    return CliRunner().invoke(packet_app, [str(word) for word in words], obj=home.root)


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    make_site(made, "demo")
    return made


@pytest.mark.req("A14", "A16", "A16.a", "A16.b")
def test_a_packet_is_made_verified_and_recorded(home, tmp_path):
    ingest = Ingest(home)
    try:
        until(home.intake.exists, "ingest")
        done = packet(home, "make", *PERIOD, "--out", tmp_path / "p", "--actor", "PH1")
    finally:
        ingest.stop()
    assert done.exit_code == 0, done.output
    seq = int(re.search(r"recorded as entry (\d+) of the centre's log", done.output)[1])
    engine = create_engine(f"sqlite:///{home.root / 'centre.db'}")
    with engine.connect() as conn:
        (row,) = conn.execute(proof.packets.select()).all()
    engine.dispose()
    assert (row.seq, row.actor) == (seq, "PH1")
    assert packet(home, "verify", tmp_path / "p", "--ca", home.keys / "ca.crt").exit_code == 0
    (tmp_path / "p" / "items.json").unlink()
    bad = packet(home, "verify", tmp_path / "p")
    assert bad.exit_code == 1 and "BAD: items.json: missing" in bad.output
    assert packet(home, "verify", tmp_path / "nowhere").exit_code == 2


def test_without_ingest_the_packet_is_made_and_a_warning_given(home):
    done = packet(home, "make", *PERIOD)
    assert done.exit_code == 0
    assert "warning: the ledger does not say yet that this packet was made" in done.output
    (folder,) = home.packets.iterdir()
    assert packet(home, "verify", folder).exit_code == 0


def test_what_cannot_be_done_is_said_and_nothing_made(home, tmp_path):
    for words, said in (
        (("--from", "2023-11-16", "--to", "2023-11-15"), "is empty"),
        (("--from", "monday", "--to", "2023-11-15"), "is no time"),
        ((*PERIOD, "--signer", "nobody"), "no signer nobody"),
        ((*PERIOD, "--actor", "centre"), "the system itself"),
        ((*PERIOD, "--actor", "a" * 17), "1 to 16 characters"),
    ):
        done = packet(home, "make", *words)
        assert done.exit_code == 1 and said in done.output
    assert not home.packets.exists()
    done = packet(Home(tmp_path / "none"), "make", *PERIOD)
    assert done.exit_code == 1 and "no site in" in done.output
