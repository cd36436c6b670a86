"""The firmware's drivers on the simulator's chips at register level: what is driven, what is read, what is refused."""

import calendar
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import codes, config
from firmware.drivers import atecc608, board, buzzer, ds3231, lock, max17048, switches, tmp117, watchdog, ws2812
from firmware.issue import keys_of
from firmware.storage import types
from simulator.cabinet import cabinet as body
from simulator.cabinet.atecc608 import MAX_COUNT, Atecc608
from simulator.cabinet.chips import Ds3231, Max17048, Strips, Tmp117

RELEASE_MS, PULL_IN_MS = 20_000, 150
TIMINGS = (RELEASE_MS, 60_000, 60_000, 120_000, 500)
FITTED = {"pull_in_ms": PULL_IN_MS, "buzzer": 1, "tamper": 1, "mains": 1, "gauge": 1, "strip": 1}
ROWS = [
    [1, 0, 0, 0, types.LIDDED, 0x24, 0x25, 0],
    [2, 1, 1, 1, types.COIL, 0x24, 0x25, 8],
    [3, 2, 2, 2, types.SHELF, 0, 0x27, 0],
    [4, 3, 3, 3, types.FRIDGE, 0, 0x48, 0],
    [5, 4, 4, 4, types.MATRIX, 0, 0, 0],
    [16, 15, 15, 15, types.BIN, 0x26, 0x27, 8],
]
PLACES = ("D01-P01", "D01-P02", "D02-P03", "D03-P02", "D04-P01", "D05-P01", "D16-P01")


class Wire:
    """The bus of a cabinet in this process."""

    def __init__(self, cabinet: body.Cabinet) -> None:
        self.cabinet = cabinet
        self.absent: set[int] = set()

    def _chip(self, address: int) -> Any:
        if address in self.absent or address not in self.cabinet.devices:
            raise OSError(5)
        return self.cabinet.devices[address]

    def write(self, address: int, data: bytes) -> None:
        self._chip(address).write(data)
        self.cabinet.touch_bus()

    def write_read(self, address: int, data: bytes, n: int) -> bytes:
        self._chip(address).write(data)
        out: bytes = self._chip(address).read(n)
        self.cabinet.touch_bus()
        return out

    def gpio(self, line: int, value: int) -> None:
        if line in self.absent:
            raise OSError(5)
        self.cabinet.lines[line] = value

    def level(self, line: int) -> int:
        if line in self.absent:
            raise OSError(5)
        return self.cabinet.inputs[line]


@pytest.fixture
def wire():
    return Wire(body.Cabinet(dict.fromkeys(PLACES, 10), body.wiring_of(ROWS)))


@pytest.fixture
def chips(wire):
    cfg = config.Config("S1", 1, keys_of(bytes(32)), "0.1.0", 8, ROWS, TIMINGS, [[k, v] for k, v in FITTED.items()])
    return board.Board(cfg, wire)


def told(chips, now_ms):
    return list(chips.scan(now_ms))


# ---- solenoids


@pytest.mark.req("P5", "F21")
def test_a_solenoid_pulls_in_then_holds_and_goes_off_in_time(wire, chips):
    cabinet = wire.cabinet
    chips.do(("release", 5, 1, 99_999), 1000)
    assert cabinet.lines[body.HOLD_LINE] == 0 and not cabinet.drawers[5].latched
    assert chips.deadline() == 1000 + PULL_IN_MS
    chips.tick(1000 + PULL_IN_MS - 1)
    assert cabinet.lines[body.HOLD_LINE] == 0
    chips.tick(1000 + PULL_IN_MS)
    assert cabinet.lines[body.HOLD_LINE] == 1 and not cabinet.drawers[5].latched
    chips.tick(1000 + RELEASE_MS - 1)
    assert cabinet.energised(5)
    chips.tick(1000 + RELEASE_MS)
    assert not cabinet.energised(5) and cabinet.drawers[5].latched


def test_the_holding_voltage_alone_opens_nothing(wire, chips):
    wire.cabinet.lines[body.HOLD_LINE] = 1
    wire.write(body.LOCKS, bytes((0x14, 0x10, 0)))
    assert wire.cabinet.energised(5) and wire.cabinet.drawers[5].latched


def test_a_rail_that_does_not_answer_opens_nothing(wire, chips):
    wire.absent.add(body.HOLD_LINE)
    with pytest.raises(OSError):
        chips.do(("release", 5, 1, 1000), 0)
    assert not wire.cabinet.energised(5)


def test_the_rail_goes_on_trying_to_hold(wire, chips):
    chips.do(("release", 5, 1, RELEASE_MS), 0)
    wire.absent.add(body.HOLD_LINE)
    chips.tick(PULL_IN_MS)
    wire.absent.clear()
    chips.tick(PULL_IN_MS + lock.RETRY_MS)
    assert wire.cabinet.lines[body.HOLD_LINE] == 1


@pytest.mark.parametrize("place", ["D01-P01", "D01-P02", "D16-P01"])
def test_one_lid_and_no_other(wire, chips, place):
    drawer, pocket = body.drawer_of(place), body.pocket_of(place)
    chips.do(("lid", drawer, pocket, 5000), 0)
    on = {p for p in ("D01-P01", "D01-P02", "D02-P03", "D16-P01") if wire.cabinet.driven(p)}
    assert on == {place} and wire.cabinet.expanders[body.LOCKS].outputs == 0
    chips.do(("lock", drawer), 100)
    assert not wire.cabinet.driven(place)


def test_what_is_wired_to_nothing_is_refused(chips):
    for action in (("lid", 1, 9, 1000), ("release", 7, 1, 1000)):
        with pytest.raises(OSError):
            chips.do(action, 0)


def test_a_lock_chip_that_does_not_answer_is_told_off_again(wire, chips):
    chips.do(("release", 5, 1, RELEASE_MS), 0)
    wire.absent.add(body.LOCKS)
    with pytest.raises(OSError):
        chips.do(("lock", 5), 1000)
    wire.absent.clear()
    chips.tick(1000 + lock.RETRY_MS - 1)
    assert wire.cabinet.energised(5)
    chips.tick(1000 + lock.RETRY_MS)
    assert not wire.cabinet.energised(5)


def test_a_motor_turns_for_as_many_doses_and_never_longer_than_a_minute(wire, chips):
    chips.do(("dispense", 2, 3, 2), 0)
    chips.tick(9999)
    assert wire.cabinet.driven("D02-P03")
    chips.tick(10_000)
    assert not wire.cabinet.driven("D02-P03")
    chips.do(("dispense", 2, 3, 500), 0)
    chips.tick(board.LONGEST_TURN_MS)
    assert not wire.cabinet.driven("D02-P03")


# ---- switches


def test_lids_buttons_and_doses_come_as_events(wire, chips):
    cabinet = wire.cabinet
    chips.readings()
    chips.do(("release", 1, 1, RELEASE_MS), 0)
    assert told(chips, 0) == [("latch", 1, False)]
    cabinet.pull(1)
    assert told(chips, 100) == [("switch", 1, False)]
    chips.do(("lid", 1, 2, RELEASE_MS), 100)
    with pytest.raises(body.Stuck):
        cabinet.lift("D01-P01")
    with pytest.raises(body.Stuck):
        cabinet.take("D01-P02", 1)
    cabinet.lift("D01-P02")
    cabinet.take("D01-P02", 1)
    assert told(chips, 200) == [("lid", 1, 2, False)]
    cabinet.lower("D01-P02")
    assert told(chips, 300) == [("lid", 1, 2, True)]
    cabinet.press("D03-P02")
    assert told(chips, 400) == [("button", 3, 2, 1)]
    cabinet.press("D03-P02", down=False)
    cabinet.press("D03-P02", put=True)
    assert told(chips, 500) == [("button", 3, 2, -1)]
    with pytest.raises(body.Stuck):
        cabinet.fall("D02-P03")
    chips.do(("dispense", 2, 3, 1), 500)
    cabinet.fall("D02-P03")
    assert told(chips, 600) == [("drop", 2, 3)]
    cabinet.fall("D02-P03", begins=False)
    assert told(chips, 700) == []


def test_boot_names_open_drawers_and_lids(wire, chips):
    wire.cabinet.pull(1, force=True)
    wire.cabinet.lift("D01-P02", force=True)
    readings = chips.readings()
    assert readings[1] == (False, False, {2}) and readings[5] == (True, True, ())


@pytest.mark.req("F21")
@pytest.mark.parametrize(("bounce_ms", "second"), [(1, False), (19, False), (20, True), (21, True)])
def test_a_bouncing_switch_is_one_event(wire, chips, bounce_ms, second):
    chips.readings()
    wire.cabinet.pull(5, force=True)
    assert ("switch", 5, False) in told(chips, 1000)
    wire.cabinet.push(5)
    assert (("switch", 5, True) in told(chips, 1000 + bounce_ms)) == second
    if not second:
        assert chips.deadline() == 1000 + switches.DEBOUNCE_MS
        assert ("switch", 5, True) in told(chips, 1000 + switches.DEBOUNCE_MS)


def test_a_switch_that_bounces_back_says_nothing_more(wire, chips):
    chips.readings()
    wire.cabinet.pull(5, force=True)
    told(chips, 1000)
    wire.cabinet.push(5)
    told(chips, 1005)
    wire.cabinet.pull(5, force=True)
    assert told(chips, 1020) == [] and chips.deadline() is None


def test_sensors_that_do_not_answer_leave_what_was_known(wire, chips):
    chips.readings()
    wire.cabinet.pull(5, force=True)
    wire.absent |= {body.SWITCHES, 0x25}
    assert told(chips, 0) == [("latch", 5, False)]
    wire.absent.clear()
    assert told(chips, 1000) == [("switch", 5, False)]


# ---- around the drawers


@pytest.mark.req("F30")
def test_case_mains_and_gauge(wire, chips):
    wire.cabinet.gauge.percent = 17.9
    assert chips.boot_events(0) == [("tamper", False), ("power", 1, 17), ("temperature", 4, 500)]
    assert chips.edge(board_line("TAMPER"), 1, 0) == [("tamper", True)]
    events = chips.edge(board_line("MAINS"), 0, 0)
    assert events[-1] == ("power", 0, 17)
    assert chips.edge(board_line("MAINS"), 1, 0) == [("power", 1, 17)]
    assert chips.edge(9, 1, 0) == []


def board_line(name):
    return getattr(body, f"{name}_LINE")


@pytest.mark.req("F30", "U28")
def test_thermometers_are_asked_each_minute(wire, chips):
    chips.boot_events(0)
    assert chips.deadline() == 60_000 and chips.tick(59_999) == []
    wire.cabinet.thermometers[4].centi = -1234
    assert chips.tick(60_000) == [("temperature", 4, -1235)]
    wire.absent.add(0x48)
    assert chips.tick(120_000) == [("temperature", 4, None)]
    wire.absent.clear()
    wire.cabinet.thermometers[4].centi = None
    assert chips.tick(180_000) == [("temperature", 4, None)]


class OneChip:
    def __init__(self, chip):
        self.chip = chip

    def write(self, _address, data):
        self.chip.write(data)

    def write_read(self, _address, data, n):
        self.chip.write(data)
        return self.chip.read(n)


@given(st.integers(-5500, 15000))
def test_any_temperature_reads_back_within_a_step(centi):
    thermometer = tmp117.Thermometer(OneChip(Tmp117(centi)), 0x48)
    assert thermometer.known() and abs(thermometer.centi() - centi) <= 1


@given(st.floats(0, 110))
def test_a_gauge_says_whole_percent(percent):
    assert max17048.Gauge(OneChip(Max17048(percent)), 0x36).percent() == min(100, int(percent))


@given(st.integers(946_684_800, 4_102_444_799), st.integers(0, 10**9))
def test_the_clock_chip_keeps_the_time_it_was_given(utc_s, later_s):
    now = [0]
    chip = Ds3231(lambda: now[0])
    clock = ds3231.ClockChip(OneChip(chip), 0x68)
    assert clock.utc_ms() is None
    clock.set(utc_s * 1000)
    assert clock.utc_ms() == utc_s * 1000
    now[0] = later_s * 1000
    assert clock.utc_ms() == (utc_s + later_s) * 1000
    chip.battery_out()
    assert clock.utc_ms() is None


@given(st.integers(1970, 2199), st.integers(1, 12))
def test_days_of_the_calendar(year, month):
    days = calendar.timegm((year, month, 1, 0, 0, 0)) // 86400
    assert ds3231.days_before(year, month) == days and ds3231.date_of(days) == (year, month, 1)
    assert ds3231.date_of(days + 27) == (year, month, 28)


# ---- light, sound, watchdog


@pytest.mark.req("F20")
def test_one_pixel_shows_the_pocket(wire, chips):
    strips = wire.cabinet.strips
    chips.do(("light", 5, 7), 0)
    assert strips.lit() == [(5, 7)] and strips.pixels[5][6] == ws2812.SHOWN
    chips.do(("light", 3, 1), 0)
    assert strips.lit() == [(3, 1)]
    chips.do(("dark",), 0)
    assert strips.lit() == [] and strips.garbled == 0


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), max_size=12))
def test_any_colours_come_out_of_the_bits_of_the_line(pixels):
    strips = Strips()
    strips.write(bytes((1,)) + ws2812.pattern(pixels))
    assert strips.pixels[1] == pixels and strips.garbled == 0


def test_the_bits_of_one_pixel_by_hand():
    assert ws2812.pattern([(0, 255, 1)]).hex() == "db6db6" + "924924" + "924926"


def test_an_alarm_sounds_and_ends(wire, chips):
    chips.do(("buzz", codes.ALARM_FORCED), 0)
    levels, now = [(0, wire.cabinet.lines[body.BUZZER_LINE])], 0
    while (now := chips.deadline()) is not None:
        chips.tick(now)
        levels.append((now, wire.cabinet.lines[body.BUZZER_LINE]))
    assert levels == [(0, 1), (400, 0), (600, 1), (1000, 0), (1200, 1), (1600, 0)]


def test_a_reminder_is_short(wire):
    sound = buzzer.Buzzer(wire, body.BUZZER_LINE)
    sound.play(codes.ALARM_LEFT_OPEN, 0)
    for now_ms in (120, 240, 360):
        assert wire.cabinet.lines[body.BUZZER_LINE] == (0 if now_ms == 240 else 1)
        sound.tick(now_ms)
    assert wire.cabinet.lines[body.BUZZER_LINE] == 0 and sound.deadline() is None


@pytest.mark.req("U1")
def test_the_watchdog_makes_a_waiting_loop_come_round_in_time(mocker):
    dog = mocker.Mock()
    guard = watchdog.Watchdog(dog, 8000)
    assert guard.deadline() is None
    guard.feed(1000)
    assert guard.deadline() == 5000 and dog.feed.call_count == 1
    assert watchdog.Watchdog(None, 8000).deadline() is None


# ---- secure element


class Element:
    """A bus with nothing but an ATECC608; `mutilate` changes what it says."""

    def __init__(self) -> None:
        self.chip = Atecc608()
        self.mutilate = bytes

    def wake(self) -> None:
        self.chip.wake()

    def write(self, address: int, data: bytes) -> None:
        assert address == 0x35
        self.chip.write(data)

    def read(self, address: int, n: int) -> bytes:
        assert address == 0x35
        return self.mutilate(self.chip.read(n))


@pytest.mark.req("A12.b")
def test_the_element_counts_and_sleeps_in_between() -> None:
    wire = Element()
    driver = atecc608.Atecc608(wire, 0x35)
    assert [driver.read(), driver.increment(), driver.increment(), driver.read()] == [0, 1, 2, 2]
    assert driver.name == "atecc608"
    assert wire.chip.counts == [2, 0]
    with pytest.raises(OSError):
        wire.read(0x35, 4)
    wire.chip.power_on()
    assert driver.read() == 2


# data sheet, wake response: count 04, status 11, CRC 33 43
def test_the_element_s_check_is_the_data_sheet_s() -> None:
    assert atecc608.crc16(b"\x04\x11") == 0x4333
    wire = Element()
    wire.wake()
    for _ in range(wire.chip.busy_reads):
        with pytest.raises(OSError):
            wire.read(0x35, 4)
    assert wire.read(0x35, 4) == b"\x04\x11\x33\x43"


@pytest.mark.parametrize("flipped", range(7))
def test_a_reply_of_the_element_with_a_wrong_bit_is_an_error_and_the_next_one_is_good(flipped: int) -> None:
    wire = Element()
    driver = atecc608.Atecc608(wire, 0x35)
    driver.increment()

    def noise(reply: bytes) -> bytes:
        return reply if len(reply) < 7 else reply[:flipped] + bytes((reply[flipped] ^ 4,)) + reply[flipped + 1 :]

    wire.mutilate = noise
    with pytest.raises(OSError):
        driver.read()
    wire.mutilate = bytes
    assert driver.read() == 1


def test_an_element_that_is_away_or_counts_no_further_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Element()
    driver = atecc608.Atecc608(wire, 0x35)
    wire.chip.counts[0] = MAX_COUNT
    assert driver.read() == MAX_COUNT
    with pytest.raises(OSError):
        driver.increment()
    assert driver.read() == MAX_COUNT
    monkeypatch.setattr(atecc608, "POLLS", 20)
    wire.chip.busy_reads = 1_000_000
    with pytest.raises(OSError):
        driver.read()
