"""`apotheca cabinet` as somebody types it, at a site that `init` and `station add` made."""

import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agent.cabinet import bundle, bytecode
from agent.cabinet import cli as cabinet
from agent.cabinet.repl import ReplBoard
from agent.keys import Verifier
from apotheca import main
from firmware import config
from firmware.compat import derive
from server_stub.cli import station_app
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from server_stub.site.release import ensure_for
from simulator.board import Board

UNITS = sorted((Path(__file__).parents[2] / "hardware" / "systemd").glob("*.service"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("site") / "home")
    make_site(home, "demo")
    for station in ("ICU1", "ED1"):
        add_station(home, station, ["Ward"])
    return home


def cabinet_command(home, *words):
    """Exit code and what was said."""
    app = typer.Typer()
    app.add_typer(cabinet.app, name="cabinet")

    @app.callback()
    def root(ctx: typer.Context):
        ctx.obj = home.root

    done = CliRunner().invoke(app, ["cabinet", *map(str, words)])
    return done.exit_code, done.output


@pytest.mark.req("U5")
def test_a_bundle_from_the_centre_is_flashed_at_the_cabinet(home, tmp_path, monkeypatch, firmware):
    monkeypatch.setattr(bundle, "firmware_files", lambda board, version: firmware(version))
    monkeypatch.setattr(bytecode, "BOARDS", ("unix",))
    file = tmp_path / "fw.bundle"
    code, said = cabinet_command(home, "bundle", "--board", "unix", "--version", "0.2.0", "--out", file)
    assert code == 0 and "sealed for ED1, ICU1" in said
    assert cabinet_command(home, "bundle", "--board", "unix", "--version", "2", "--out", tmp_path / "x")[0] == 2
    assert cabinet_command(home, "bundle", "--board", "z80", "--out", tmp_path / "x")[0] == 2
    identity = home.controller("ICU1") / "controller.cbor"
    key, ring = home.mac_key("ICU1").read_bytes(), identity.with_name("ring.bin").read_bytes()
    with Board(tmp_path / "board") as board:
        code, said = cabinet_command(home, "provision", "ICU1", "--port", board.port)
        assert code == 0 and "no longer on this computer" in said
        assert not identity.exists() and not identity.with_name("ring.bin").exists()
        assert config.read((board.flash / "controller.cbor").read_bytes()).keys.answer == derive(key, "answer")
        assert (board.flash / "ring.bin").read_bytes()[: len(ring)] == ring
        assert not [file for file in board.flash.rglob("*") if file.is_file() and key in file.read_bytes()]
        code, said = cabinet_command(home, "provision", "ICU1", "--port", board.port)
        assert code == 1 and "code 4036" in said
        code, said = cabinet_command(home, "flash", "ICU1", file, "--port", board.port)
        assert code == 0 and "runs 0.2.0" in said
    code, said = cabinet_command(home, "flash", "ICU1", file, "--port", board.port)
    assert code == 1 and "code 4030" in said
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    code, said = cabinet_command(home, "flash", "ICU1", file, "--port", board.port)
    assert code == 1 and "code 4025" in said
    code, said = cabinet_command(home, "maintenance", "ED1", "tell")
    assert code == 1 and "code 4001" in said


@pytest.mark.req("U5")
def test_every_site_has_a_release_key_of_its_own(home, tmp_path):
    public = (home.keys / "release-sign.pub").read_bytes()
    assert (home.keys / "release-sign.key").stat().st_mode & 0o077 == 0
    assert (home.station("ICU1") / "release-sign.pub").read_bytes() == public
    assert not ensure_for(home, ["ICU1"])
    other = Home(tmp_path / "other")
    make_site(other, "other")
    assert (other.keys / "release-sign.pub").read_bytes() != public
    for name in ("release-sign.key", "release-sign.pub"):
        (other.keys / name).unlink()
    add_station(other, "ICU1", ["Ward"])  # of an older site
    assert not (other.station("ICU1") / "release-sign.pub").exists()
    assert ensure_for(other, ["ICU1"])
    assert Verifier.load(other.station("ICU1") / "release-sign.pub", "release")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_services_start_commands_that_there_are(unit):
    line = next(text for text in unit.read_text().splitlines() if text.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart=").replace("%i", "ICU1"))
    assert Path(words[0]).name == "apotheca"
    assert "\nStartLimitIntervalSec=0\n" in unit.read_text().partition("[Service]")[0], "it would be given up for good"
    group, name, *options = words[3:] if words[1] == "--home" else words[1:]
    given = main.get_command(None, group).commands[name].make_context(name, options, resilient_parsing=False).params
    assert given.get("station") == ("ICU1" if unit.stem.endswith("@") else None)


@pytest.mark.parametrize(
    ("unit", "groups"),
    [("apotheca-agent@", "dialout"), ("apotheca-cradle@", "dialout"), ("apotheca-busd@", "i2c gpio")],
)
def test_a_service_may_open_the_devices_that_it_is_for(unit, groups):
    lines = next(path for path in UNITS if path.stem == unit).read_text().splitlines()
    assert f"SupplementaryGroups={groups}" in lines


def test_a_blank_board_says_so(tmp_path):
    with Board(tmp_path) as board, ReplBoard(board.port) as repl:
        assert repl.told() == ("unix", "", "", 0, "", False, False, 0)


def test_what_cannot_be_done_is_said_with_its_number(home, tmp_path):
    for words, number in (
        (("monitor", "ED1", "--once"), 4001),
        (("selftest", "ED1", "--out", tmp_path / "report.pdf"), 4001),
        (("export", "ED1", "--out", tmp_path / "out"), 4038),
        (("replace", "ED1"), 4036),
        (("replace", "ED1", "--port", tmp_path / "nothing"), 4030),
    ):
        code, said = cabinet_command(home, *words)
        assert code == 1 and f"code {number}" in said, (words, said)
    # before anybody has gone from drawer to drawer
    for out in (tmp_path / "none" / "report.pdf", tmp_path):
        code, said = cabinet_command(home, "selftest", "ED1", "--out", out)
        assert code == 2 and str(out) in said.replace("\n", "")
    code, said = cabinet_command(home, "run", "ED9", "--bus", tmp_path / "bus")
    assert code == 1 and "code 4036" in said and not (home.root / "stations" / "ED9").exists()
    assert cabinet_command(home, "monitor", "ED9", "--once")[0] == 2
    assert cabinet_command(home, "maintenance", "ED1", "perhaps")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_the_centre_wants_two_signatures_for_a_replacement(home):
    app = typer.Typer()
    app.add_typer(station_app, name="station")

    @app.callback()
    def root(ctx: typer.Context):
        ctx.obj = home.root

    words = ["station", "replace", "ED1", "--signer", "bea", "--signer", "phil"]
    done = CliRunner().invoke(app, words, input="one password\nanother\n")
    assert done.exit_code == 1 and "code 4037" in done.output
