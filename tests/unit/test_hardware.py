"""`hardware/`: every planogram on every board is wired as the firmware expects, within what its parts stand; and each
check finds the fault it is for."""

from dataclasses import replace

import pytest

from server_stub.site import planograms
from tests.tools import bom, electrical, hardware, power, wiring

CABINETS = [(board, name) for board in wiring.names() for name in planograms.names()]


def test_both_boards_can_be_built_and_all_four_planograms():
    assert wiring.names() == ["esp32s3", "rp2350"] and len(planograms.names()) >= 4


@pytest.mark.req("A1.a")
@pytest.mark.parametrize(("board", "planogram"), CABINETS)
def test_the_cabinet_can_be_built(board, planogram):
    assert hardware.findings(wiring.cabinet(board, planogram)) == []


def test_what_is_made_from_the_tables_is_current():
    assert hardware.POWER.read_text(encoding="utf-8") == hardware.power_page(), "out of date: run `make docs`"
    text = hardware.PAGE.read_text(encoding="utf-8")
    assert text == hardware.build_page(text), "out of date: run `make docs`"


def test_the_command_says_what_it_looked_at(capsys):
    assert hardware.main([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CABINETS)


# ---- faults: each is put into a good cabinet, and the check that is for it says so


def moved(cabinet, signal, old, new, **fields):
    """The pin `old` of `signal` is `new` instead."""
    wires = [
        replace(
            wire, start=new if wire.start == old else wire.start, end=new if wire.end == old else wire.end, **fields
        )
        if wire.signal == signal and old in (wire.start, wire.end)
        else wire
        for wire in cabinet.wires
    ]
    assert tuple(wires) != cabinet.wires
    return replace(cabinet, wires=tuple(wires))


def without(cabinet, signal, pin):
    """The wires of `signal` at `pin` are cut."""
    wires = tuple(wire for wire in cabinet.wires if wire.signal != signal or pin not in (wire.start, wire.end))
    assert wires != cabinet.wires
    return replace(cabinet, wires=wires)


def swapped(cabinet, signal, other, part):
    """The pins of two signals at one part change places."""
    ends = {wire.signal: wire.start for wire in cabinet.wires if wire.start.startswith(part)}
    once = moved(cabinet, signal, ends[signal], "swap.pin")
    return moved(moved(once, other, ends[other], ends[signal]), signal, "swap.pin", ends[other])


def with_part(cabinet, ref, kind):
    return replace(cabinet, parts=cabinet.parts | {ref: kind})


def joined(cabinet, start, end, like):
    """One more wire, as those of signal `like`."""
    wire = next(wire for wire in cabinet.wires if wire.signal == like)
    return replace(cabinet, wires=(*cabinet.wires, replace(wire, start=start, end=end)))


def at(cabinet, ref, address):
    return replace(cabinet, addresses=cabinet.addresses | {ref: address})


FAULTS = {
    "a pin that is not there": (lambda c: moved(c, "lock1", "driver1.IN1", "driver1.IN9"), "driver1.IN9: there is no"),
    "a pin used twice": (
        lambda c: joined(c, "controller.GP7", "r_light.A", "strip"),
        "controller.GP7 is used twice: hold, strip",
    ),
    "a wire cut": (lambda c: without(c, "12V", "driver3.VM"), "driver3.VM is not connected"),
    "a wire cut in the middle": (
        lambda c: replace(c, wires=tuple(w for w in c.wires if (w.start, w.end) != ("d02.shut.2", "jdrawer2.4"))),
        "closed2 is not in one piece",
    ),
    "a supply of two voltages": (
        lambda c: moved(c, "3V3", "rtc.VIN", "rtc.VIN", volts=5.1),
        "3V3 has several voltages",
    ),
    "3.3 V at a strip that needs the shifter": (
        lambda c: replace(
            c, wires=tuple(replace(w, volts=3.3) if w.signal.startswith("strip_") else w for w in c.wires)
        ),
        "d01.strip.DIN takes 3.6 V for a 1",
    ),
    "5 V at a controller's input": (
        lambda c: replace(c, wires=tuple(replace(w, volts=5.1) if w.signal == "tamper" else w for w in c.wires)),
        "controller.GP9 stands 3.6 V, tamper has 5.1 V",
    ),
    "a driver on the supply that falls to the holding voltage": (
        lambda c: joined(without(c, "12V", "driver1.VM"), "rail_12v_lock.ANY", "driver1.VM", "12V_LOCK"),
        "driver1.VM needs 8.2 V, 12V_LOCK has 5.9 V",
    ),
    "a solenoid its driver does not stand": (
        lambda c: moved(c, "coil1", "driver1.OUT1", "driver1.OUT1", max_ma=900),
        "driver1.OUT1 stands 800 mA, coil1 carries 900 mA",
    ),
    "a lead too thin for its load": (
        lambda c: moved(c, "coil1", "d01.lock.MINUS", "d01.lock.MINUS", max_ma=200),
        "d01.lock.MINUS takes 650.0 mA, coil1 carries 200 mA",
    ),
    "two that drive one signal": (
        lambda c: joined(c, "flash.DO", "r_mains.A", "mains"),
        "mains is driven by flash.DO, ups.PLD",
    ),
    "an interrupt that nothing pulls up": (
        lambda c: replace(without(c, "3V3", "r_int.B"), parts={r: k for r, k in c.parts.items() if r != "r_int"}),
        "r_int.A: there is no",
    ),
    "no pull-up": (lambda c: without(c, "3V3", "r_int.B"), "int is only pulled low"),
    "no pull to the safe level": (
        lambda c: without(c, "GND", "r_enable.B"),
        "enable is not pulled to its safe level",
    ),
    "a pull to the wrong level": (
        lambda c: joined(without(c, "GND", "r_hold_pull.B"), "rail_3v3.ANY", "r_hold_pull.B", "3V3"),
        "hold is not pulled to its safe level",
    ),
    "a pull too weak for the RP2350": (
        lambda c: with_part(c, "r_buzzer_pull", "r10k"),
        "buzzer is not pulled to its safe level",
    ),
    "an output without a safe level": (
        lambda c: replace(c, wires=tuple(replace(w, safe=None) if w.signal == "lock5" else w for w in c.wires)),
        "lock5 has no safe level",
    ),
    "a switch whose pull-down loses": (
        lambda c: with_part(c, "d01.r_shut", "weak"),
        "closed1: its pull-down is too weak",
    ),
    "two chips at one address": (lambda c: at(c, "secure", 0x36), "0x36 is taken: secure, ups"),
    "a chip where the pocket lights are": (lambda c: at(c, "secure", 0x60), "0x60 is taken: secure, the pocket lights"),
    "an address pin at the wrong level": (
        lambda c: joined(without(c, "GND", "locks.A0"), "rail_3v3.ANY", "locks.A0", "3V3"),
        "locks is wired to 0x21, not 0x20",
    ),
    "a divider that gives another address": (
        lambda c: with_part(c, "r_switches_down", "r4k99"),
        "switches is wired to -0x1, not 0x21",
    ),
    "nobody where the firmware asks": (lambda c: at(c, "ups", 0x55), "nothing answers at 0x36"),
    "two pins of the controller changed": (
        lambda c: swapped(c, "hold", "buzzer", "controller"),
        "controller.GP7 is hold in the pin map and buzzer in the wiring",
    ),
    "a pin that the map leaves free": (
        lambda c: joined(c, "controller.GP22", "r_light.A", "strip"),
        "controller.GP22 is wired as strip and not in the pin map",
    ),
    "two drawers changed": (lambda c: swapped(c, "lock1", "lock2", "locks"), "locks.GPA0 is lock2, not lock1"),
    "a part that nobody listed": (lambda c: with_part(c, "spare", "npn"), "spare is wired and not in bom.csv"),
    "a part of another number": (lambda c: with_part(c, "q_buzzer", "pnp"), "q_buzzer is a 2N3906 and a 2N3904"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_found(fault, monkeypatch):
    make, sentence = FAULTS[fault]
    weak = wiring.types() | {"weak": wiring.types()["r10k"] | {"ohms": 47_000}}
    monkeypatch.setattr(wiring, "types", lambda: weak)
    monkeypatch.setattr(electrical, "types", lambda: weak)
    found = hardware.findings(make(wiring.cabinet("rp2350", "ward")))
    assert any(finding.startswith(sentence) for finding in found), found[:5]


@pytest.mark.parametrize("row", [0, -1])
def test_a_part_listed_and_not_wired_is_found(row, monkeypatch):
    more = [dict(line) for line in bom.rows()]
    more[row] |= {"references": more[row]["references"] + " ghost"}
    monkeypatch.setattr(bom, "rows", lambda: more)
    found = list(bom.findings(wiring.cabinet("rp2350", "ward")))
    assert "ghost is in bom.csv and not wired" in found and any("listed" in finding for finding in found)


@pytest.mark.parametrize(
    ("assumption", "value", "sentence"),
    [
        ("at_once", 2, "ups.5V gives 5000 mA"),
        ("at_once", 3, "fuse_12v.OUT gives 1600 mA"),
        ("usable", 0.3, "the battery lasts 1."),
    ],
)
def test_a_supply_that_is_not_enough_is_found(assumption, value, sentence, monkeypatch):
    changed = power.assumed() | {assumption: value}
    monkeypatch.setattr(power, "assumed", lambda: changed)
    found = power.findings(wiring.cabinet("esp32s3", "emergency"))
    assert any(finding.startswith(sentence) for finding in found), found


def test_a_drawing_names_every_part_that_is_more_than_a_resistor():
    cabinet = wiring.cabinet(*hardware.DRAWN)
    text = hardware.PAGE.read_text(encoding="utf-8")
    drawn = [
        kind for kind in set(cabinet.parts.values()) if not kind.startswith(("r1", "r2", "r3", "r4", "xh", "splice"))
    ]
    missing = [kind for kind in drawn if f"<br/>{wiring.types()[kind]['number']}" not in text]
    assert not missing


def test_every_part_known_is_in_some_cabinet():
    used = {kind for board, name in CABINETS for kind in wiring.cabinet(board, name).parts.values()}
    assert used == set(wiring.types())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"to": ["b.{1..3}"]}, r"2, 3, 1.* pins and signals do not go together"),
        ({"low": 3.0}, "low is no column"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(changes, sentence):
    row = {"signal": "x", "from": ["a.{1..2}"], "to": ["b.{1..2}"], "volts": 3.3, "max_ma": 1} | changes
    with pytest.raises(ValueError, match=sentence):
        list(wiring.wires([row]))


def test_names_in_braces_stand_for_many():
    assert wiring.expand("a{1..3}.B{0,2}") == ["a1.B0", "a1.B2", "a2.B0", "a2.B2", "a3.B0", "a3.B2"]
    assert wiring.expand("plain") == ["plain"]
