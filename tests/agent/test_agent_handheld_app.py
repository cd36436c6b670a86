"""The handheld in a terminal: its picture, its keys, its scanner, its memory, against a host on a pseudo-terminal."""

import asyncio
import contextlib
import json
from datetime import datetime

import pytest
from typer.testing import CliRunner

from agent.cradle.line import Line
from agent.handheld.app import Handheld
from agent.handheld.cli import app as command
from agent.handheld.shell import Printer
from agent.handheld.store import StateUnreadable, Store
from agent.handheld.wedge import GAP_MS, Wedge
from firmware.cradle import records
from firmware.cradle.book import AddressBook
from firmware.cradle.host import Host
from simulator.cradle_line import CradleLine
from tests.agent.handheld_rig import AS_OF, FILES
from tests.agent.label_printer import printed, scanned
from tests.waits import PATIENCE_S

FAST = {"wait_ms": 400, "cycle_ms": 50, "settle_ms": 50, "baud": 115200}


class Desk:
    """The pharmacy's end of a line of pseudo-terminals."""

    def __init__(self):
        self.host = Host("cradle", AddressBook(), FAST, lambda: AS_OF)
        self.taken = []
        self.files = dict(FILES)

    async def told(self, event):
        name, address, *rest = event
        if name == "present" and self.files:
            self.host.give(address, [("file", file, text.encode()) for file, text in self.files.items()])
            self.files = {}
        elif name == "record":
            self.taken.append((rest[0], records.read_pick(rest[1], hashed=True)))
        return True

    @contextlib.asynccontextmanager
    async def open(self):
        async with CradleLine(1, baud=115200) as cradles:
            task = asyncio.create_task(Line(cradles.host.path, self.host, self.told, baud=115200).run())
            try:
                yield cradles.units[0].path
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def until(pilot, ready):
    async with asyncio.timeout(PATIENCE_S):
        while not ready():
            await pilot.pause(0.02)


def display(app):
    """The display's lines, and whether they are reversed, as they are drawn."""
    widget = app.query_one("#display")
    drawn = [widget.render_line(line) for line in range(8)]
    return [("".join(s.text for s in strip), any(s.style and s.style.reverse for s in strip)) for strip in drawn]


def shown(app):
    return [text.strip() for text, _ in display(app)]


async def scan(pilot, code):
    await pilot.press("ctrl+s", *code, "enter", "ctrl+s")


@pytest.mark.req("P29", "P49", "P53", "P54")
def test_a_person_picks_with_it_and_the_record_goes_up(tmp_path):
    async def story():
        desk = Desk()
        state, paper = tmp_path / "unit.json", tmp_path / "paper.zpl"
        async with desk.open() as port:
            app = Handheld(port, state, paper, 115200, wedge=False)
            async with app.run_test(size=(60, 40)) as pilot:
                await until(pilot, lambda: len(app.shell.unit.memory.files) == len(FILES))
                await pilot.pause()
                assert shown(app)[1] == "Unit AA" and len(shown(app)) == 8
                await scan(pilot, "Z3|anna")
                await pilot.press("1", "2", "f1", "1", "1")
                assert shown(app)[-1] == "1/1 Scan shelf"
                assert display(app)[0] == (f"{'Ondansetron':<20}", True)
                assert [reverse for _, reverse in display(app)[1:]] == [False] * 7
                await scan(pilot, "Z2|07607")
                await pilot.click("#key-6")
                await pilot.click("#key-ENTER")
                assert "Printed Z1|07607|6|AA00" in str(app.query_one("#printed").visual)
                await until(pilot, lambda: desk.taken)
        ((flag, record),) = desk.taken
        assert (flag, record["serial"], record["quantity"], record["user"]) == ("P", "AA00", 6, "anna")
        assert paper.read_bytes().startswith(b"^XA") and state.stat().st_size > 0

    asyncio.run(story())


@pytest.mark.req("P35", "P94")
def test_its_memory_is_one_file_that_another_process_goes_on_with(tmp_path):
    async def story():
        state = tmp_path / "unit.json"
        app = Handheld(tmp_path / "no-port", state, None, 9600, wedge=True)
        async with app.run_test(size=(60, 40)):
            app.shell.unit.memory.address = "Rv"
            app.shell.key("x")
        again = Handheld(tmp_path / "no-port", state, None, 9600, wedge=True)
        async with again.run_test(size=(60, 40)) as pilot:
            await pilot.pause()
            assert shown(again)[1] == "Unit Rv" and str(again.query_one("#line").visual) == "Cradle: waits"
            await pilot.press("ctrl+t")
            assert str(again.query_one("#line").visual) == "In hand"

    asyncio.run(story())


@pytest.mark.req("P51")
def test_after_a_start_of_the_computer_nobody_knows_how_old_the_list_is(tmp_path):
    store = Store(tmp_path / "unit.json")
    memory, age = store.load()
    age.came("S1", datetime(2026, 1, 5), datetime(2026, 1, 5), 0)
    store.save(memory.to_text(age, 0))
    assert store.load()[1].born_ms is not None
    kept = json.loads((tmp_path / "unit.json").read_text())
    (tmp_path / "unit.json").write_text(json.dumps(kept | {"boot": "another"}))
    assert store.load()[1].born_ms is None
    store.close()
    (tmp_path / "unit.json").write_text(json.dumps(kept)[:-5])
    with pytest.raises(StateUnreadable, match="restore it"):
        store.load()


@pytest.mark.parametrize("baud", ["-5", "0", "1000000000000"])
def test_a_speed_that_no_line_has_is_a_usage_error(tmp_path, baud):
    result = CliRunner().invoke(command, [str(tmp_path / "port"), "--baud", baud])
    assert result.exit_code == 2 and "--baud" in result.output


def test_a_damaged_memory_is_told_and_nothing_is_started(tmp_path):
    (tmp_path / "unit.json").write_text("{}")
    result = CliRunner().invoke(command, [str(tmp_path / "port"), "--state", str(tmp_path / "unit.json")])
    assert result.exit_code == 1 and "is not the memory of a handheld" in result.output


def test_where_nothing_can_be_kept_nothing_is_started(tmp_path):
    result = CliRunner().invoke(command, [str(tmp_path / "port"), "--state", str(tmp_path / "no" / "unit.json")])
    assert result.exit_code == 1 and "No such file" in result.output and "Traceback" not in result.output


def test_two_handhelds_do_not_share_a_memory(tmp_path):
    """They would give the same serials to different bags."""
    state, store = tmp_path / "unit.json", Store(tmp_path / "unit.json")
    store.load()
    result = CliRunner().invoke(command, [str(tmp_path / "port"), "--state", str(state)])
    assert result.exit_code == 1 and "another handheld" in result.output
    store.close()
    again = Store(state)
    again.load()
    again.close()


@pytest.mark.req("P35")
def test_what_cannot_be_kept_is_neither_printed_nor_sent_and_the_unit_stops(tmp_path, monkeypatch):
    async def story():
        desk = Desk()
        async with desk.open() as port:
            app = Handheld(port, tmp_path / "unit.json", tmp_path / "paper.zpl", 115200, wedge=False)
            async with app.run_test(size=(60, 40)) as pilot:
                await until(pilot, lambda: len(app.shell.unit.memory.files) == len(FILES))
                await scan(pilot, "Z3|anna")
                await pilot.press("2", "1")
                await scan(pilot, "Z2|07607")
                monkeypatch.setattr("agent.durable.write_text", full)
                await pilot.press("6", "enter")
                await until(pilot, lambda: app.shell.broken)
                assert shown(app)[0] == "This unit cannot" and str(app.query_one("#line").visual) == "Out of order"
                await pilot.press("enter", "ctrl+t")
                assert shown(app)[-1] == "Ctrl+Q: switch off" and not app.shell.on_line
        assert desk.taken == [] and not (tmp_path / "paper.zpl").exists()

    def full(*_):
        raise OSError(28, "No space left on device")

    asyncio.run(story())


@pytest.mark.req("P22", "P58")
def test_the_separator_of_a_gs1_code_comes_through_a_scanner_that_types(tmp_path):
    async def story():
        app = Handheld(tmp_path / "no-port", None, None, 9600, wedge=True)
        async with app.run_test(size=(60, 40)) as pilot:
            keys = []
            app._wedge.key = lambda key, _now_ms: keys.append(key) or []
            await pilot.press("1", "ctrl+right_square_bracket", "2")
            assert keys == ["1", "\x1d", "2"]

    asyncio.run(story())


def typed(wedge, text, gap_ms, now_ms=0):
    out = []
    for key in [*text, "ENTER"]:
        now_ms += gap_ms
        out += wedge.key(key, now_ms)
    return out + wedge.tick(now_ms + GAP_MS)


def test_what_is_typed_faster_than_fingers_can_is_a_scan():
    assert typed(Wedge(), "Z2|07605", 5) == [("scan", "Z2|07605")]
    assert typed(Wedge(), "1234", GAP_MS) == [("key", "1"), ("key", "2"), ("key", "3"), ("key", "4"), ("key", "ENTER")]
    # three characters are no code; keys before a scan stay keys
    assert typed(Wedge(), "123", 5) == [("key", "1"), ("key", "2"), ("key", "3"), ("key", "ENTER")]
    wedge = Wedge()
    assert wedge.key("7", 0) == [] and wedge.deadline() == GAP_MS
    assert typed(wedge, "Z2|07605", 5, 100) == [("key", "7"), ("scan", "Z2|07605")]


@pytest.mark.req("P58")
def test_a_scanner_that_types_is_told_from_the_keypad(tmp_path):
    async def story():
        app = Handheld(tmp_path / "no-port", None, None, 9600, wedge=True)
        async with app.run_test(size=(60, 40)) as pilot:
            scans = []
            app.shell.scan = scans.append
            for key, at_ms in zip([*"Z3|anna", "ENTER"], range(1000, 2000, 5), strict=False):
                app._take(app._wedge.key(key, at_ms))
            assert scans == ["Z3|anna"]
            await pilot.press("f4")
            assert shown(app)[0].startswith("Clear unit")

    asyncio.run(story())


@pytest.mark.req("P30", "P59", "P60", "P61", "P62", "U11")
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "shelf", "code": "Z2|07606", "item": "07606", "name": "Saline flush"},
        {"kind": "user", "code": "Z3|anna", "user": "anna"},
        {"kind": "pocket", "code": "Z4|ICU1|3|1", "station": "ICU1", "drawer": 3, "pocket": 1},
        {
            "kind": "bag", "code": "Z1|07606|6|AA00", "item": "07606", "quantity": 6, "serial": "AA00",
            "name": "Saline flush", "station": "ICU1", "place": "",
        },
        {
            "kind": "bag", "code": "Z1|07606|6|AA01", "item": "07606", "quantity": 6, "serial": "AA01",
            "name": "Saline flush", "station": "ICU1", "place": "D03-P01",
        },
    ],
)  # fmt: skip
def test_the_printer_that_is_attached_prints_each_label_so_that_it_is_read(tmp_path, fields):
    paper = tmp_path / "paper.zpl"
    Printer(paper).label(fields)
    (dots,) = printed(paper.read_bytes())
    assert scanned(dots) == [fields["code"]]
