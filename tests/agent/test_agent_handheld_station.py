"""A handheld at a station: its own machine on a line, the station's delivery and the firmware at the other end."""

import asyncio

import pytest

from agent.cradle import station
from agent.cradle.talk import Ask
from firmware import codes
from firmware.cradle import display
from firmware.cradle.book import AddressBook
from firmware.cradle.host import STATION, Host
from firmware.journal import entry, kinds
from simulator.cradles import Line
from simulator.units import Place
from tests.agent.handheld_rig import Bench
from tests.agent.unit_site import PACKAGE, PLACE, POCKET, Unit, label


class Site(Bench):
    """The unit, loaded, and a station with a cradle of its own; `cabinet` is its firmware."""

    def __init__(self, *rows, policy=()):
        super().__init__()
        self.loaded()
        self.site = Unit(*rows, policy=policy)
        self.cabinet = self.site.cabinet
        self.at = Host(STATION, AddressBook(first_block=500), {}, self.clock.time12)
        self.station = Line(self.world, self.at, self.heard, bytes)
        self.world.lines.append(self.station)
        self.at.start_cycle(self.clock.now_ms)
        self.pin, self.user = "1234", "b1"

    def heard(self, event):
        if event[0] == "record":
            self.steps(self.site.flow.heard(event[3]))
        elif event[0] == "gone":
            self.at.take_back(event[1])
            self.steps(self.site.flow.gone())
        return True

    def steps(self, steps):
        for step in steps:
            if isinstance(step, Ask):
                self.steps(self.site.flow.answered(self.ask(step)))
            elif self.at.there:
                assert self.at.give(self.at.there, [station.item(step)])

    def ask(self, step):
        outcome = asyncio.run(self.site.panel.do(step.name, step.args))
        if step.name in ("refill", "unload") and outcome.code == codes.NONE:
            self.cabinet.pull(outcome.params[2])
            self.site.desk.look()
        return outcome

    def shut(self):
        self.cabinet.push(3)
        self.site.desk.look()
        self.steps(self.site.flow.changed())
        self.station.settle()

    def carry(self, *packages, pocket=POCKET):
        self.do(self.deliver(Place(self.station, lambda code: pocket, self.shut), packages))


@pytest.mark.req("P41", "P42", "P44", "P45", "P47", "P49")
def test_a_package_is_put_away_with_the_unit_as_the_stations_display():
    site = Site()
    site.carry(PACKAGE)
    assert site.cabinet.state.quantity(PLACE) == 6 and kinds.DELIVERED in site.cabinet.kinds()
    assert site.put_aside == {} and site.shows("Log off")


@pytest.mark.req("P43")
def test_what_the_station_asks_for_is_typed_and_scanned():
    site = Site(policy=(("ask_beginning", 1), ("ask_expiry", 1)))
    site.carry(PACKAGE)
    ((_, until, quantity),) = site.cabinet.state.held.layers(PLACE)
    assert quantity == 6 and until > 0


@pytest.mark.req("P39", "P42")
@pytest.mark.parametrize(
    ("row", "code"),
    [
        (label(state=2), codes.LABEL_VOIDED),
        (label(state=3), codes.LABEL_SUPERSEDED),
        (label(state=4), codes.LABEL_DELIVERED),
        (label(serial="HK09"), codes.LABEL_UNKNOWN),
    ],
)
def test_a_label_that_the_station_refuses_is_put_aside_with_its_words(row, code):
    site = Site(row)
    site.carry(PACKAGE)
    assert f"(code {code})" in site.put_aside[PACKAGE] and site.cabinet.state.quantity(PLACE) == 0
    assert site.seat.bad_beeps == 1


@pytest.mark.req("P49")
def test_the_stations_lines_stand_as_it_says_and_what_is_typed_below():
    site = Site()
    site.choices("At a station")
    assert site.shows("Waiting for it")
    remote = site.unit.step
    remote.said(display.screen([("R", "Saline"), ("N", "Drawer 3 - Pocket 1")]))
    remote.said(display.field("pin", "P", 4, "PIN"))
    site.do(site.press("1", "2", "BACK", "3"))
    assert site.lines() == [("Saline", True), ("Drawer 3 - Pocket 1", False), *[("", False)] * 4, ("PIN", False),
                            ("**_", False)]  # fmt: skip
    remote.said(display.field("found", "N", 2, "Count", "R"))
    site.do(site.press("x", "1", "2", "3"))
    assert site.lines()[6:] == [("Count", True), ("12_", False)] and site.seat.bad_beeps == 2
    # an empty field's CLEAR is the station's
    site.do(site.press("CLEAR"))
    assert site.lines()[7] == ("_", False)
    site.do(site.scan("Z1|saline|6|HK01"))
    assert site.told_off() == "The station asks for no scan."


@pytest.mark.req("P47")
def test_after_a_result_the_old_question_is_gone_and_nothing_answers_it():
    site = Site()
    site.choices("At a station")
    remote, sent = site.unit.step, []
    site.unit.link.queue_at_station = lambda data: sent.append(data) or True
    remote.said(display.screen([("R", "Saline")]))
    remote.said(display.field("confirm", "K", 1, "ENTER or CLEAR"))
    remote.said(display.result(codes.NOT_OPENED, "Open the drawer first."))
    site.do(site.press("ENTER"))
    assert site.shows("One moment") and not site.shows("ENTER or CLEAR")
    site.do(site.press("ENTER", "1", "F1"))
    assert sent == [] and site.seat.bad_beeps == 4
    site.do(site.press("CLEAR"))
    assert sent == [display.key("CLEAR")] and site.unit.step is remote
    remote.said(display.screen([("N", "Close the drawer.")]))
    assert site.shows("Close the drawer.") and not site.shows("One moment")


@pytest.mark.req("P43", "P47")
def test_a_quantity_may_have_one_decimal_point():
    site = Site()
    site.choices("At a station")
    sent = []
    site.unit.link.queue_at_station = lambda data: sent.append(data) or True
    site.unit.step.said(display.field("quantity", "N", 10, "Put in"))
    site.do(site.press("2", ".", "5", ".", "ENTER"))
    assert sent == [display.typed("quantity", "2.5")] and site.seat.bad_beeps == 1


def test_a_group_separator_in_a_scan_reaches_the_station_as_a_pipe():
    site = Site()
    site.choices("At a station")
    sent = []
    site.unit.link.queue_at_station = lambda data: sent.append(data) or True
    site.unit.step.said(display.field("package", "S", 128, "Scan"))
    site.do(site.scan("0100312345678906\x1d21A"))
    assert sent == [display.scanned("package", "0100312345678906|21A")]


def test_records_for_the_pharmacy_are_not_sent_to_a_station():
    site = Site()
    site.user = "anna"
    site.choices("Pick as asked", "ER1")
    site.do(site.scan("Z2|07606"), site.type("3"), site.press("CLEAR", "CLEAR"))
    site.user = "b1"
    site.carry(PACKAGE)
    assert site.cabinet.state.quantity(PLACE) == 6 and site.taken == [] and len(site.records()) == 1
    site.cradled()
    assert [flag for flag, _ in site.taken] == ["P"]


def test_a_station_that_falls_silent_is_noticed_and_the_unit_is_free_again():
    site = Site()
    site.choices("At a station")
    site.put(site.station)
    site.world.begin(wait_for(lambda: site.shows("Badge")))
    assert site.world.run(60_000)
    site.world.lines.remove(site.station)
    site.wait(11_000)
    assert site.told_off() == "The station is silent. Link the unit again." and site.shows("Log off")


def wait_for(until):
    yield until


def test_without_an_address_there_is_no_delivering():
    bench = Bench().loaded()
    bench.unit.memory.address = None
    bench.choices("At a station")
    assert bench.told_off().startswith("This unit has no address yet")


def linked(site):
    """Signed on at the station with the unit."""
    site.choices("At a station")
    site.put(site.station)
    for prompt, answer in (("Badge", site.scan("Z3|b1")), ("PIN", site.type("1234"))):
        site.world.begin(wait_for(lambda prompt=prompt: site.shows(prompt)))
        assert site.world.run(60_000)
        site.do(answer)
    shown(site, "Scan the package")


def shown(site, words):
    site.world.begin(wait_for(lambda: site.shows(words)))
    assert site.world.run(60_000), site.text()


@pytest.mark.req("P29", "P30")
def test_the_contents_are_taken_along_and_looked_at_without_the_station():
    site = Site()
    site.choices("Lists and labels", "Station contents")
    assert site.told_off().startswith("No contents yet")
    site.do(site.press("CLEAR"))
    linked(site)
    site.do(site.press("F2"))
    shown(site, "The contents are on")
    site.told_off()
    site.do(site.press("CLEAR"))
    shown(site, "Log off")
    site.take()
    site = restarted(site)
    site.choices("Lists and labels", "Station contents")
    assert site.lines()[0] == ("ICU1", False) and site.shows("1/4 of")
    site.do(site.scan("Z2|saline"))
    lines = [text for text, _ in site.lines()]
    assert site.lines()[1] == ("Saline 0.9 % 10 mL", True)
    assert {"Item saline", "D01-P02", "Holds 5", "Expiry not known"} <= {line.strip() for line in lines}
    site.do(site.press("F1"))
    assert site.seat.printed[-1]["code"] == "Z4|ICU1|1|2"
    site.do(site.scan(POCKET), site.press("UP", "DOWN"))
    assert site.shows("D03-P01") and site.shows("Holds 0")
    for other in ("Z4|ICU2|3|1", "Z2|07605", "x"):
        site.do(site.scan(other))
        assert site.told_off() == "No pocket of this station has that."
    site.do(site.press("CLEAR"))
    assert site.shows("Station contents")


def restarted(site):
    """The unit after a power loss, in the same hands."""
    again = site.restarted(1000)
    again.world.clock.now_ms = site.clock.now_ms
    return again.logged_on("anna")


@pytest.mark.req("P29")
def test_a_pocket_is_emptied_with_the_unit():
    site = Site()
    linked(site)
    start = site.cabinet.journal.seq
    site.do(site.press("F1"))
    shown(site, "UP DOWN ENTER, scan")
    site.do(site.scan("Z4|ICU1|1|2"))
    shown(site, "Scan the pocket")
    site.do(site.scan("Z4|ICU1|1|2"))
    shown(site, "How many came out")
    site.do(site.type("5"))
    shown(site, "Took out 5?")
    site.do(site.press("ENTER"))
    shown(site, "Taken out 5.")
    assert [fields[entry.F_KIND] for fields in site.cabinet.entries(start)] == [
        kinds.ACCESS,
        kinds.OPENED,
        kinds.UNLOAD,
    ]
    assert site.cabinet.state.quantity("D01-P02") == 0
