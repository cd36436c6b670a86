"""The guided self-test over the real firmware, with hands at a small cabinet."""

import json

import pytest
from fakes import ready

from agent.cabinet import report, selftest
from agent.cabinet.errors import CabinetError
from agent.cabinet.guide import FromFile, guided
from agent.cabinet.servicing import maintain
from firmware import codes
from firmware.journal import entry, kinds
from firmware.requests import service
from firmware.storage import types
from firmware.wire import messages
from tests.cabinet.desk import LinuxCabinet

FRIDGE = 3


class Firmware:
    """The station itself, in maintenance."""

    def __init__(self):
        self.cabinet = ready({FRIDGE: types.FRIDGE})
        self.cabinet.event("service", True)
        self.cabinet.event("temperature", FRIDGE, 480)
        assert self.cabinet.ask(messages.MAINTENANCE, service.BEGIN, 2)[0] == 0

    def selftest(self, part, number, seen=None):
        code, params = self.cabinet.ask(messages.SELFTEST, part, number, seen)
        if code:
            raise CabinetError(code, part)
        return params

    def entries(self):
        """[part, result] of what was journaled."""
        return [f[entry.F_EXT] for f in self.cabinet.entries() if f[entry.F_KIND] == kinds.SELFTEST]


class Hands:
    """Somebody who does what she is asked, but for what is stuck."""

    def __init__(self, cabinet, answers=None, stuck=()):
        self.cabinet, self.answers, self.stuck, self.asked = cabinet, answers or {}, stuck, []

    def answer(self, about, question):
        self.asked.append(question)
        return self.answers.get(about, "y")

    def do(self, about, _request):
        what, _, number = about.partition("-")
        if about in self.stuck or number == "all":
            return
        (self.cabinet.pull if what == "open" else self.cabinet.push)(int(number))
        if what == "open" and int(number) in self.cabinet.energised:
            self.cabinet.energised.discard(int(number))


def test_each_part_is_tried_asked_about_and_journaled_once():
    firmware = Firmware()
    hands = Hands(firmware.cabinet)
    tested = list(selftest.run(firmware, hands))
    drawers = [f"{part}-{n}" for n in (1, 2, FRIDGE, 4) for part in ("light", "lock", "switch")]
    drawers.insert(drawers.index(f"switch-{FRIDGE}") + 1, f"thermometer-{FRIDGE}")
    assert [one.part for one in tested] == [*drawers, "buzzer-1", "cradle-1"]
    assert {one.result for one in tested} == {service.OK}
    told = firmware.entries()
    assert [row for row in told if row[1] != service.TRIED] == [[one.part, service.OK] for one in tested]
    assert [row[0] for row in told if row[1] == service.TRIED] == ["lock-1", "lock-2", "lock-3", "lock-4"]
    assert [move[:2] for move in firmware.cabinet.moved] == [("release", n) for n in (1, 2, FRIDGE, 4)]
    assert any("4.8" in question for question in hands.asked)
    assert firmware.cabinet.state.alarms == [] and firmware.cabinet.light is None


def test_what_a_person_or_a_sensor_does_not_see_has_failed():
    firmware = Firmware()
    firmware.cabinet.event("temperature", FRIDGE, None)
    hands = Hands(firmware.cabinet, {"light-2": "n", "cradle-1": "none"}, stuck=("open-1", "shut-1"))
    firmware.cabinet.jammed.add(1)

    def give_up(about, _request, do=hands.do):
        if about == "shut-all":
            firmware.cabinet.wait(10_000)  # the lock lets go by itself
        do(about, _request)

    hands.do = give_up
    tested = {one.part: one.result for one in selftest.run(firmware, hands)}
    assert [part for part, result in tested.items() if result == service.FAILED] == [
        "lock-1", "switch-1", "light-2", f"thermometer-{FRIDGE}",
    ]  # fmt: skip
    assert tested["cradle-1"] == service.NOT_FITTED and tested["lock-2"] == service.OK
    assert ["lock-1", service.FAILED] in firmware.entries()


def made(*results):
    tested = [selftest.Tested(f"lock-{n}", result, "[1, 1]") for n, result in enumerate(results, 1)]
    return report.Report("ICU1", "0.2.0", "anna", 1_800_000_000_000, tested)


def test_the_report_names_what_failed_as_text_and_as_pdf(tmp_path):
    bad = made(service.OK, service.FAILED, service.NOT_FITTED)
    report.write(bad, tmp_path / "report.txt")
    text = (tmp_path / "report.txt").read_text()
    assert "FAILED: lock-2" in text and "lock-3            not fitted" in text and "0.2.0, by anna" in text
    assert not bad.passed and made(service.OK, service.NOT_FITTED).passed
    report.write(bad, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_answers_from_a_file(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"light-1": "n"}))
    assert [FromFile(path).answer(about, "?") for about in ("light-1", "light-2")] == ["n", "y"]
    for bad in ({"light-1": "perhaps"}, {"light-1": ["y"]}, ["y"]):
        path.write_text(json.dumps(bad))
        with pytest.raises(ValueError, match="each answer in it one of"):
            FromFile(path)


def test_outside_maintenance_nothing_is_tried():
    firmware = Firmware()
    firmware.cabinet.event("service", False)
    with pytest.raises(CabinetError) as error:
        list(selftest.run(firmware, Hands(firmware.cabinet)))
    assert error.value.code == codes.NOT_IN_SERVICE
    assert firmware.entries() == []


class AtTheDoor:
    """Somebody who pulls and pushes the drawers of a cabinet behind its panel, and sees all of it."""

    def __init__(self, bus):
        self.bus = bus

    def answer(self, _about, _question):
        return "y"

    def do(self, about, _request):
        what, _, number = about.partition("-")
        (self.bus.pull if what == "open" else self.bus.push)(int(number))
        self.bus.settled()


def test_through_the_panel_of_a_running_cabinet_between_begin_and_end(tmp_path, release, firmware):
    with LinuxCabinet(tmp_path) as cabinet:
        cabinet.flash_first(release.bundle("0.2.0", firmware("0.2.0")))
        cabinet.booted()
        cabinet.load_tables()
        settings, said = cabinet.settings(), []
        with pytest.raises(CabinetError) as error:
            guided(settings, AtTheDoor(cabinet.bus), "b1", "1234", said.append)
        assert error.value.code == codes.SERVICE_SWITCH_OFF
        cabinet.bus.turn(True)
        made = guided(settings, AtTheDoor(cabinet.bus), "b1", "1234", said.append)
        assert made.passed and (made.station, made.version, made.user) == ("ICU1", "0.2.0", "anna")
        assert [one.part for one in made.tested][:3] == ["light-1", "lock-1", "switch-1"] and said[0] == "light-1: ok"
        told = [[kind, ext] for kind, ext in cabinet.journal() if kind in (kinds.MAINTENANCE, kinds.SELFTEST)]
        assert told[1] == [kinds.MAINTENANCE, [1, 2, "0.2.0"]]
        assert told[-1] == [kinds.MAINTENANCE, [0, service.ASKED, "0.2.0"]]
        assert len(told) == 3 + len(made.tested) + len(("lock-1", "lock-2"))
        assert "works, service key turned, firmware 0.2.0" in maintain(settings, "tell", "other", "", "")
        assert "is in maintenance" in maintain(settings, "begin", "repair", "b1", "1234")
        assert "works" in maintain(settings, "end", "other", "", "")
