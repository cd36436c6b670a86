"""The whole: two units, two chains of cradles, `apotheca cradle run`, MicroPython, SIGKILL where it hurts most."""

import asyncio
import contextlib
import os
import signal

import pytest
from typer.testing import CliRunner

from agent.cradle.cli import app
from agent.panel import Outcome
from agent.pharmacy.desk import ask
from firmware import codes
from firmware.cradle import records
from firmware.journal import kinds
from firmware.schema import is_id
from simulator.cradle_line import CradleLine
from tests.pharmacy.pharmacy_site import DIES, Pharmacy, children
from tests.pharmacy.test_lists import JSON
from tests.pharmacy.units import plugged, unplugged, until

BAUD = 115200
INI = f"SEC_WAIT_FOR_ACK=0.5\nCYCLE_SEC=0.2\nBAUD={BAUD}\nLABEL_PRINTER=%s\nLABEL_FORMAT=zpl\n"
LIMIT_S = 240


@pytest.fixture
def pharmacy(tmp_path, monkeypatch):
    # a unit that was served sleeps two minutes, of real time here (P72)
    monkeypatch.setattr("firmware.cradle.terminal.SLEEP_MS", 1000)
    made = Pharmacy(tmp_path, JSON)
    made.ini.write_text(INI % tmp_path)
    yield made
    made.close()


@contextlib.asynccontextmanager
async def chains():
    async with CradleLine(1, BAUD) as one, CradleLine(1, BAUD) as two:
        units = [plugged(chain.units[0], BAUD) for chain in (one, two)]
        try:
            yield one.host.path, two.host.path, *units
        finally:
            await unplugged(units)


@pytest.mark.req("P34", "P40", "P52", "P53", "P57", "P64")
def test_a_pick_and_a_check_are_one_entry_each_though_the_process_dies_between_journal_and_confirmation(
    pharmacy, tmp_path
):
    async def story():
        async with chains() as (first_port, second_port, first, second):
            pharmacy.start(first_port, second_port, before=DIES)
            await until(lambda: len(first.files) == len(second.files) == 7, LIMIT_S)
            pick = records.pick("ICU1", first.address + "00", 10, "112226093000", "jd01", "R", "07605")
            check = records.check(
                "07605", first.address + "00", 8, "112226100000", "rp02", "R", "QTY", second.address + "00"
            )
            for unit, flag, data, before in ((first, "P", pick, DIES), (second, "C", check, "")):
                unit.send(flag, data)
                assert await asyncio.to_thread(pharmacy.process.wait, LIMIT_S) == -signal.SIGKILL
                assert not unit.served
                pharmacy.start(first_port, second_port, before=before)
                await until(lambda unit=unit: unit.served, LIMIT_S)
            await until(lambda: _zpl(tmp_path), LIMIT_S)
            shown = await ask(pharmacy.socket, "units", {})
            cleared = await asyncio.to_thread(pharmacy.ask, "clear", "PHARM", first.address, "--by", "pharm1")
            # the journal's own process may die as well
            (journal,) = children(pharmacy.process.pid)
            os.kill(journal, signal.SIGKILL)
            second.send("P", records.pick("ICU1", second.address + "77", 1, "112226110000", "jd01", "L", "07605"))
            await until(lambda: second.served, LIMIT_S)
            again = await ask(pharmacy.socket, "clear", {"address": first.address, "actor": "pharm1"})
            assert await asyncio.to_thread(pharmacy.stop) == 0
            return first.address, second.address, shown, cleared, again

    first, second, shown, cleared, again = asyncio.run(story())
    assert [
        (kind, actor, ext[0], ext[2:4]) for kind, actor, _, ext in pharmacy.outbox(kinds.PICKED, kinds.CHECKED)
    ] == [
        (kinds.PICKED, "jd01", first + "00", ["ICU1", 10]),
        (kinds.CHECKED, "rp02", first + "00", [8, 1]),
        (kinds.PICKED, "jd01", second + "77", ["ICU1", 1]),
    ]
    assert [ext for _, _, _, ext in pharmacy.outbox(kinds.UNIT_ADDRESS)] == [["AA", 1], ["AB", 1], [first, 2]]
    assert {unit["address"] for unit in shown.params} == {"AA", "AB"}
    assert (cleared.returncode, again.code) == (0, codes.FOREIGN_UNIT)
    assert set(pharmacy.centre.asked) == {200}
    assert pharmacy.outbox(kinds.CRADLE_REFUSED) == []
    assert {tuple(ext) for _, _, _, ext in pharmacy.outbox(kinds.PICKING_RULES)} == {(1, 1)}


def _zpl(folder):
    return [file for file in folder.glob("*.zpl") if file.read_bytes().startswith(b"^XA")]


def test_settings_that_are_wrong_are_said(pharmacy, tmp_path):
    pharmacy.ini.write_text("DOWNLOAD_FREQ_MIN=5")
    run = ["run", "PHARM", "--port", str(tmp_path / "tty"), "--ini", str(pharmacy.ini)]
    wrong = CliRunner().invoke(app, run, obj=pharmacy.home.root)
    assert wrong.exit_code == 2
    assert "DOWNLOAD_FREQ_MIN = 5: it is a whole number from 10 to 1440 (minutes)" in wrong.output
    for command in (["clear", "PHARM", "AA"], ["units", "PHARM"]):
        away = CliRunner().invoke(app, command, obj=pharmacy.home.root)
        assert away.exit_code == 2 and "`cradle run PHARM` does not answer" in away.output
    bad = CliRunner().invoke(app, ["clear", "PHARM", "AA", "--by", "jane doe"], obj=pharmacy.home.root)
    assert bad.exit_code == 2 and "--by" in bad.output
    assert CliRunner().invoke(app, ["units", "NOBODY"], obj=pharmacy.home.root).exit_code == 2


def test_who_clears_from_a_shell_is_written_down_whatever_the_computer_calls_her(pharmacy, monkeypatch):
    asked = []
    monkeypatch.setattr("getpass.getuser", lambda: "jane.doe@hospital")
    monkeypatch.setattr("agent.cradle.cli._asked", lambda _settings, *request: asked.append(request) or Outcome(0, []))
    assert CliRunner().invoke(app, ["clear", "PHARM", "AA"], obj=pharmacy.home.root).exit_code == 0
    assert asked == [("clear", {"address": "AA", "actor": "shell-jane_doe_h"})] and is_id(asked[0][1]["actor"])
