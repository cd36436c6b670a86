"""Every shipped planogram on every shipped board: read, wired, and taken by the firmware's configuration."""

import pytest

from agent import link
from firmware import config, issue
from firmware.journal.flash import SLOTS
from firmware.storage import types
from firmware.wire import cbor
from server_stub.site import boards, enrol, make, planograms
from server_stub.site.home import Home

# docs/benchmarks.md, drain
ENTRIES_A_DAY = 1500
BOARDS = sorted(file.stem for file in boards.FOLDER.glob("*.toml") if boards.read(file.stem).drawer)


def plan(*drawers, name="test"):
    return planograms.Planogram(name=name, title="Test", drawer=drawers)


def drawer(number, kind, pockets):
    return planograms.Drawer(drawer=number, type=kind, capacities=(10,) * pockets)


def test_the_shipped_ones_are_those_of_the_wards():
    assert planograms.names() == ["anaesthesia", "emergency", "icu", "ward"]
    assert {"esp32s3", "linux-bus", "rp2350"} <= set(BOARDS)


@pytest.mark.req("P5", "P6", "F21")
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", planograms.names())
def test_each_planogram_fits_each_board(name, board):
    layout, cabinet = boards.read(board), planograms.read(name)
    assert cabinet.name == name
    t = layout.timings
    timings = [t.release_ms, t.ajar_ms, t.confirm_ms, t.idle_ms, t.latch_ms]
    record = [2, "S1", 1, issue.keys_of(bytes(32)), "0.1.0", layout.ring_sectors, boards.rows(layout, cabinet), timings]
    cfg = config.read(cbor.encode([*record, layout.hardware()]))
    assert cfg.drawers == sorted(d.drawer for d in cabinet.drawer)
    assert {n: types.chart(k) is not None for n, k in cfg.types.items()} == dict.fromkeys(cfg.drawers, True)
    taken = [
        (address, first + n)
        for d in cabinet.drawer
        if planograms.NUMBERS[d.type] not in (types.FRIDGE, types.MATRIX, types.TOWER)
        for _, address, first in (cfg.inside[d.drawer],)
        for n in range(types.inside_bits(cfg.types[d.drawer], len(d.capacities)))
    ]
    assert len(set(taken)) == len(taken) and all(bit < 16 for _, bit in taken)
    assert cfg.hardware["pull_in_ms"] == 150


@pytest.mark.req("U2", "U29")
def test_a_ring_outlasts_the_centre_for_three_days_on_a_board_and_thirty_on_linux():
    days = {
        file.stem: boards.read(file.stem).ring_sectors * SLOTS / ENTRIES_A_DAY for file in boards.FOLDER.glob("*.toml")
    }
    assert min(days.values()) > 3
    assert min(days["linux-bus"], days["pharmacy"]) > 30


def test_controller_and_agent_speak_at_the_same_speed():
    speeds = {board: layout.pins["baud"] for board in BOARDS if "baud" in (layout := boards.read(board)).pins}
    assert len(speeds) >= 2 and set(speeds.values()) == {link.BAUD}


def test_all_eight_storage_types_are_in_the_shipped_ones():
    used = {d.type for name in planograms.names() for d in planograms.read(name).drawer}
    assert used == set(planograms.NUMBERS)


@pytest.mark.parametrize("module", [planograms, boards])
def test_the_schemas_are_current(module):
    assert module.SCHEMA.read_text(encoding="utf-8") == module.schema(), "out of date: run `make docs`"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('name = "x"', "title"),
        ('name = "x"\ntitle = "X"\n[[drawer]]\ndrawer = 17\ntype = "matrix"\ncapacities = [1]', "less than or equal"),
        ('name = "x"\ntitle = "X"\n[[drawer]]\ndrawer = 1\ntype = "box"\ncapacities = [1]', "type"),
        ('name = "x"\ntitle = "X"\n[[drawer]]\ndrawer = 1\ntype = "matrix"\ncapacities = [0]', "capacities"),
        ('name = "x"\ntitle = "X"\n[[drawer]]\ndrawer = 1\ntype = "bin"\ncapacities = [1, 2]', "one pocket"),
        ("name = ", "not right"),
    ],
)
def test_a_corrupt_planogram_is_refused_with_its_file(tmp_path, monkeypatch, text, word):
    monkeypatch.setattr(planograms, "FOLDER", tmp_path)
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(planograms.BadPlanogram, match=r"x\.toml") as refused:
        planograms.read("x")
    assert word in str(refused.value)


@pytest.mark.parametrize(
    ("drawers", "word"),
    [
        ((drawer(1, "matrix", 1), drawer(1, "matrix", 1)), "twice"),
        ((drawer(1, "bin", 1), drawer(2, "bin", 1)), "return bin"),
        (tuple(drawer(n, "matrix", 255) for n in (1, 2)), "500"),
    ],
)
def test_what_is_no_cabinet(drawers, word):
    with pytest.raises(ValueError, match=word):
        plan(*drawers)


@pytest.mark.parametrize(
    ("drawers", "word"),
    [
        ((drawer(1, "lidded", 17),), "expander"),
        (tuple(drawer(n, "lidded", 9) for n in (1, 2, 3)), "drawer 3"),
        (tuple(drawer(n, "fridge", 1) for n in range(1, 6)), "thermometer is left for fridge 5"),
    ],
)
def test_what_the_board_can_not_drive(drawers, word):
    with pytest.raises(boards.DoesNotFit, match=word):
        boards.rows(boards.read("linux-bus"), plan(*drawers))


def test_a_station_is_enrolled_with_its_planogram(tmp_path):
    home = Home(tmp_path / "home")
    make.make_site(home, "demo")
    enrol.add_station(home, "W1", ["Ward"], planogram="ward")
    cfg = config.read((home.controller("W1") / "controller.cbor").read_bytes())
    assert cfg.types[1] == types.LIDDED and cfg.types[8] == types.FRIDGE and cfg.types[16] == types.BIN
    with pytest.raises(enrol.NotEnrolled, match="no planogram nowhere: there are anaesthesia"):
        enrol.add_station(home, "W2", ["Ward"], planogram="nowhere")
