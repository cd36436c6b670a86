"""Two chains of cradles at one computer, units on pseudo-terminals; the loop's clock is fast, the journal in memory."""

import asyncio
import contextlib
import sqlite3
from datetime import UTC

import pytest

from agent.pharmacy import snapshots
from agent.pharmacy.bells import Bells
from agent.pharmacy.cradles import SHORT, Cradles
from agent.pharmacy.desk import CradleDesk
from agent.pharmacy.ini import parse
from agent.pharmacy.tables import PICKED
from firmware import codes
from firmware.cradle import addresses, records
from firmware.journal import kinds
from simulator.cradle_line import CradleLine
from tests.hurried import hurrying
from tests.pharmacy.desktop import CHECK, TIME, Desktop
from tests.pharmacy.test_lists import JSON
from tests.pharmacy.units import plugged, unplugged, until

BAUD = 9600
hurried = hurrying(40)
INI = "CYCLE_SEC=0.5\nSEC_WAIT_FOR_ACK=1"


class Room:
    """Cradles in two chains, and the units in them."""

    def __init__(self, desktop, chains, ini=INI):
        procar = parse(ini)
        self.desktop, self.chains = desktop, chains
        self.cradles = Cradles(procar, desktop.book, desktop.intake, UTC, Bells(desktop.view))
        self.cradles.open([chain.host.path for chain in chains])
        self.tasks = [asyncio.create_task(line.run()) for line in self.cradles.lines]
        self.units = []

    def unit(self, chain, cradle, address=None):
        self.units.append(plugged(self.chains[chain].units[cradle], BAUD, address))
        return self.units[-1]


@contextlib.asynccontextmanager
async def room(folder, ini=INI):
    desktop = Desktop(folder)
    async with CradleLine(2, BAUD) as one, CradleLine(2, BAUD) as two:
        made = Room(desktop, [one, two], ini)
        try:
            await until(lambda: not desktop.view.troubles)
            yield made
        finally:
            await unplugged(made.units)
            for task in made.tasks:
                task.cancel()
            await asyncio.gather(*made.tasks, return_exceptions=True)
    desktop.book.close()


@pytest.mark.req("P34", "P35", "P50", "P54", "P57", "P64")
def test_units_on_two_chains_get_addresses_and_lists_and_check_what_others_picked(tmp_path):
    async def story():
        async with room(tmp_path) as pharmacy:
            pharmacy.cradles.snapshot_read(snapshots.opened(JSON))
            first, second = pharmacy.unit(0, 0), pharmacy.unit(1, 1)
            await until(lambda: len(first.files) == len(second.files) == 7)
            pick = records.pick("ICU1", first.address + "01", 10, TIME, "jd01", "R", "07605")
            first.send("P", pick)
            await until(lambda: first.files["labels.lst"])
            await unplugged([first])
            assert second.files["labels.lst"] == b""
            check = CHECK.replace(b"AB01", first.address.encode() + b"01")[:-8]
            second.send("C", check + records.record_hash(check[:-2]).encode())
            await until(lambda: second.served)
            return pharmacy, first, second

    pharmacy, first, second = hurried(story())
    assert {first.address, second.address} == {"AA", "AB"} and first.times and second.times
    assert first.files["labels.lst"] == f"L|{first.address}01|ICU1|07605|10|R|jd01\n".encode()
    assert first.files["serials.lst"] == f"S|{first.address}01\n".encode()
    said = [(kind, ext[-1]) for kind, _, _, ext in pharmacy.desktop.log.said()[2:]]
    assert said == [(kinds.PICKED, first.address), (kinds.CHECKED, second.address)]
    assert pharmacy.desktop.view.troubles == {}


@pytest.mark.req("P34")
def test_only_what_is_new_goes_over_the_line_unless_the_unit_asks(tmp_path):
    async def story():
        async with room(tmp_path) as pharmacy:
            pharmacy.cradles.snapshot_read(snapshots.opened(JSON))
            unit = pharmacy.unit(0, 0)
            await until(lambda: len(unit.files) == 7)
            unit.files.clear()
            pharmacy.cradles.snapshot_read(snapshots.opened(JSON.replace(b"4711", b"4712")))
            unit.send("D", b"hello")
            await until(lambda: unit.files)
            await until(lambda: not pharmacy.desktop.book.addresses.status("AA").waiting)
            changed = dict(unit.files)
            unit.send("L", b"")
            await until(lambda: unit.served)
            await until(lambda: not pharmacy.desktop.book.addresses.status("AA").waiting)
            return changed, pharmacy.cradles._giving._held

    changed, held = hurried(story())
    assert list(changed) == ["picks.lst"] and changed["picks.lst"].startswith(b"H|4712|")
    assert len(held["AA"]) == 7


async def no_snapshot():
    raise AssertionError("nobody has asked")


@pytest.mark.req("P56")
def test_a_unit_of_another_site_is_told_of_and_a_cleared_one_is_nobody(tmp_path):
    async def story():
        async with room(tmp_path) as pharmacy:
            unit = pharmacy.unit(0, 0, "Rv")
            await until(lambda: pharmacy.desktop.view.troubles)
            troubles = dict(pharmacy.desktop.view.troubles)
            await unplugged([unit])
            unit = pharmacy.unit(0, 1)
            await until(lambda: unit.address and unit.files)
            desk = CradleDesk(pharmacy.desktop.book, pharmacy.desktop.view, pharmacy.cradles.clear, no_snapshot)
            before = await desk.do("units")
            assert (await desk.do("troubles")).params == []
            outcomes = [
                await desk.do("clear", args)
                for args in (
                    {"address": "AA", "actor": "pharm1"},
                    {"address": "AA", "actor": "pharm1"},
                    {"address": "11", "actor": "pharm1"},
                    {"address": "AA"},
                )
            ]
            return troubles, before, [outcome.code for outcome in outcomes], await desk.do("units"), pharmacy

    troubles, before, outcomes, after, pharmacy = hurried(story())
    assert troubles == {"unknown address": codes.FOREIGN_UNIT} and pharmacy.desktop.view.troubles == {}
    assert [(unit["address"], unit["labels"]) for unit in before.params] == [("AA", 0)]
    assert outcomes == [0, codes.FOREIGN_UNIT, codes.BAD_PANEL_REQUEST, codes.BAD_PANEL_REQUEST]
    assert after.params == [] and pharmacy.desktop.log.said()[-1] == (kinds.UNIT_ADDRESS, "pharm1", None, ["AA", 2])


def test_without_a_journal_the_unit_keeps_its_records(tmp_path):
    async def story():
        async with room(tmp_path) as pharmacy:
            unit = pharmacy.unit(0, 0)
            await until(lambda: unit.address)
            pharmacy.desktop.log.fail = codes.JOURNAL_FULL
            pick = records.pick("ICU1", "AA01", 10, TIME, "jd01", "R", "07605")
            unit.send("P", pick)
            await until(lambda: pharmacy.desktop.view.troubles)
            assert not unit.served
            await until(lambda: unit.served)
            return pharmacy

    pharmacy = hurried(story())
    assert [ext[0] for _, _, _, ext in pharmacy.desktop.log.said(kinds.PICKED)] == ["AA01"]
    assert pharmacy.desktop.view.troubles == {}


@pytest.mark.req("P55")
def test_a_unit_whose_numbers_run_short_is_told_of(tmp_path):
    """RD-P9b: at 90 %."""

    async def story():
        async with room(tmp_path) as pharmacy:
            unit = pharmacy.unit(0, 0)
            await until(lambda: unit.address)
            _use(pharmacy.desktop.book, SHORT - 1)
            pick = records.pick("ICU1", addresses.serial("AA", 3843), 1, TIME, "jd01", "R", "07605")
            unit.send("P", pick)
            await until(lambda: unit.served)
            return pharmacy

    assert hurried(story()).desktop.view.troubles == {"serials of AA": codes.SERIALS_SHORT}


def _use(book, count):
    with book._db.atomic():
        for n in range(count):
            book._put((addresses.serial("AA", n), 5, "ICU1", "07605", 1, "R", "jd01", PICKED), 0)


@pytest.mark.req("P38")
def test_a_corrected_label_is_printed_as_soon_as_its_check_is_in(tmp_path):
    (tmp_path / "labels").mkdir()

    async def story():
        async with room(tmp_path, f"{INI}\nLABEL_PRINTER={tmp_path}/labels") as pharmacy:
            unit = pharmacy.unit(0, 0)
            await until(lambda: unit.address)
            unit.send("P", records.pick("ICU1", "AA01", 10, TIME, "jd01", "R", "07605"))
            unit.send("C", records.check("07605", "AA01", 8, TIME, "rp02", "R", "QTY", "AA02"))
            await until(lambda: unit.served)

    hurried(story())
    assert [file.name[:4] for file in (tmp_path / "labels").iterdir()] == ["AA02"]


def test_a_cradle_that_is_not_there_is_told_of(tmp_path):
    async def story():
        async with room(tmp_path) as pharmacy:
            pharmacy.cradles.open([tmp_path / "ttyUSB9"])
            return dict(pharmacy.desktop.view.troubles)

    assert hurried(story()) == {f"cradle {tmp_path}/ttyUSB9": codes.CRADLE_AWAY}


@pytest.mark.req("P53")
def test_a_disk_that_is_full_leaves_records_in_the_unit_and_loses_and_doubles_nothing(tmp_path, monkeypatch):
    async def story():
        async with room(tmp_path) as pharmacy:
            unit = pharmacy.unit(0, 0)
            await until(lambda: unit.address)
            apply, failures = pharmacy.desktop.book.apply, [1, 2, 3]

            def full(seq, entry):
                if failures:
                    raise sqlite3.OperationalError(f"disk is full {failures.pop()}")
                apply(seq, entry)

            monkeypatch.setattr(pharmacy.desktop.book, "apply", full)
            unit.send("P", records.pick("ICU1", "AA01", 10, TIME, "jd01", "R", "07605"))
            await until(lambda: pharmacy.desktop.view.troubles == {"store": codes.STORE_FAILED})
            await until(lambda: unit.served)
            return pharmacy, pharmacy.desktop.book.labels()

    pharmacy, labels = hurried(story())
    assert [ext[0] for _, _, _, ext in pharmacy.desktop.log.said(kinds.PICKED)] == ["AA01"]
    assert [one.label for one in labels] == ["AA01"] and pharmacy.desktop.view.troubles == {}


def test_a_unit_that_sends_a_file_goes_on_and_the_pharmacy_knows(tmp_path):
    async def story():
        async with room(tmp_path) as pharmacy:
            unit = pharmacy.unit(0, 0)
            await until(lambda: unit.address)
            unit.terminal.queue("A", b"text", name="notes.txt")
            unit.line.poke()
            await until(lambda: unit.served)
            return pharmacy

    said = hurried(story()).desktop.log.said(kinds.CRADLE_REFUSED)
    assert [ext for _, _, _, ext in said] == [[codes.BAD_RECORD, "AA", "A", "notes.txt"]]


def test_a_list_that_no_unit_can_hold_does_not_keep_the_others_back(tmp_path):
    async def story():
        async with room(tmp_path) as pharmacy:
            pharmacy.cradles._common["items.lst"] = b"I|" + bytes([0x41]) * (1 << 20)
            unit = pharmacy.unit(0, 0)
            await until(lambda: len(unit.files) == 3)
            return dict(pharmacy.desktop.view.troubles), set(unit.files)

    assert hurried(story()) == ({"lists": codes.LIST_TOO_LONG}, {"config.lst", "serials.lst", "labels.lst"})
