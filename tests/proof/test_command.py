"""`apotheca packet`: what people see, with ingest there and away."""

import re
from hashlib import sha256

import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from server_stub.ledger.schema import open_database
from server_stub.packet_cli import packet_app
from server_stub.proof import schema as proof
from server_stub.site import config
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.processes import Ingest
from tests.waits import until

PERIOD = ("--from", "2023-11-15", "--to", "2023-11-16")


def packet(home, *words):
    return CliRunner().invoke(packet_app, [str(word) for word in words], obj=home.root)


def site_with_ledger(root, name):
    made = Home(root)
    make_site(made, name)
    open_database(config.database_url(made, config.read(made))).dispose()
    return made


@pytest.fixture
def home(tmp_path):
    return site_with_ledger(tmp_path / "home", "demo")


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
    row = recorded(home)
    assert (row.seq, row.actor) == (seq, "PH1")
    assert packet(home, "verify", tmp_path / "p", "--ca", home.keys / "ca.crt").exit_code == 0
    (tmp_path / "p" / "items.json").unlink()
    bad = packet(home, "verify", tmp_path / "p")
    assert bad.exit_code == 1 and "BAD: items.json: missing" in bad.output
    assert packet(home, "verify", tmp_path / "nowhere").exit_code == 2


@pytest.mark.req("A16.a")
def test_a_packet_made_while_the_centre_is_away_is_recorded_later_and_once(home):
    done = packet(home, "make", *PERIOD)
    assert done.exit_code == 3
    (folder,) = home.packets.iterdir()
    assert "the ledger does not say that it was made" in done.output and f"packet record {folder}" in done.output
    assert packet(home, "verify", folder).exit_code == 0
    assert packet(home, "record", folder).exit_code == 3
    ingest = Ingest(home)
    try:
        until(home.intake.exists, "ingest")
        first, again = (packet(home, "record", folder, "--actor", actor) for actor in ("PH1", "PH2"))
    finally:
        ingest.stop()
    assert first.exit_code == again.exit_code == 0, first.output
    assert first.output == again.output
    row = recorded(home)
    assert (row.actor, row.manifest_sha256) == ("PH1", sha256((folder / "manifest.json").read_bytes()).digest())
    assert f"recorded as entry {row.seq} of" in first.output


def recorded(home):
    """The one packet that the ledger records."""
    engine = create_engine(f"sqlite:///{home.root / 'centre.db'}")
    with engine.connect() as conn:
        (row,) = conn.execute(proof.packets.select()).all()
    engine.dispose()
    return row


def test_only_a_good_packet_of_this_site_is_recorded(home, tmp_path):
    other = site_with_ledger(tmp_path / "other", "other")
    packet(other, "make", *PERIOD, "--out", tmp_path / "theirs")
    packet(home, "make", *PERIOD, "--out", tmp_path / "bad")
    (tmp_path / "bad" / "items.json").write_text("[]")
    for folder, said in (
        (tmp_path / "theirs", "does not come from"),
        (tmp_path / "bad", "items.json"),
        (tmp_path / "nowhere", "is not a folder"),
    ):
        done = packet(home, "record", folder)
        assert done.exit_code == 1 and said in done.output
        assert "the centre does not run" not in done.output


def test_what_cannot_be_done_is_said_and_nothing_made(home, tmp_path):
    for words, said in (
        (("--from", "2023-11-16", "--to", "2023-11-15"), "is empty"),
        (("--from", "monday", "--to", "2023-11-15"), "is no time"),
        ((*PERIOD, "--signer", "nobody"), "no signer nobody"),
        ((*PERIOD, "--actor", "centre"), "the system itself"),
        ((*PERIOD, "--actor", "x" * 17), "an actor of 1 to 16 characters"),
        ((*PERIOD, "--out", "/proc/x/y"), "/proc/"),
        ((*PERIOD, "--out", home.config / "p"), "site.toml"),
    ):
        done = packet(home, "make", *words)
        assert done.exit_code == 1 and said in done.output
    assert not home.packets.exists()
    done = packet(Home(tmp_path / "none"), "make", *PERIOD)
    assert done.exit_code == 1 and "no site in" in done.output
