"""Panel requests, words, settings and what the kiosk lists."""

import asyncio

import pytest

from agent import settings, words
from agent.actions import Reply
from agent.clock import SteppedClock, SystemClock
from agent.kiosk import flow as steps
from agent.kiosk import lists
from agent.kiosk.flow import Flow
from agent.panel import Panel
from agent.view import View
from firmware import codes
from firmware.wire import messages


class Desk:
    """A controller that says what it was asked and answers as told."""

    def __init__(self):
        self.view, self.asked, self.reply = View(), [], (0, [])

    async def ask(self, kind, args, rid):
        self.asked.append((kind, args, rid))
        return Reply(1, *self.reply)

    async def fresh_inventory(self):
        return False

    async def fresh_status(self):
        return {"entries": 1}


def do(desk, name, args=None, rid=None, clock=None):
    return asyncio.run(Panel(desk, clock or SystemClock()).do(name, args, rid))


def test_arguments_go_in_the_links_order_with_blanks_filled():
    desk = Desk()
    assert do(desk, "remove", {"quantity": 2, "item": "IBU", "patient": "P1"}, rid=9).code == 0
    assert desk.asked == [(messages.REMOVE, ["P1", "", "IBU", 2, None, None, 0, "", 0], 9)]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("remove", {"patient": "P1", "item": "IBU"}),
        ("remove", {"patient": "P1", "item": "IBU", "quantity": "2"}),
        ("confirm", {"quantity": -1}),
        ("confirm", {"quantity": True}),
        ("count", {"place": "D01-P01", "why": "so"}),
        ("advance", {"utc_ms": 1}),
        ("nothing", {}),
    ],
)
def test_bad_requests_reach_nobody(name, args):
    desk = Desk()
    assert do(desk, name, args).code == codes.BAD_PANEL_REQUEST
    assert desk.asked == []


def test_hospital_time_moves_by_advance_only_and_never_back():
    clock = SteppedClock()
    assert do(Desk(), "advance", {"utc_ms": 500}, clock=clock).code == 0
    assert do(Desk(), "advance", {"utc_ms": 400}, clock=clock).code == 0
    assert clock.utc_ms() == 500


def test_inventory_without_a_controller_says_so():
    assert do(Desk(), "inventory").code == codes.LINK_DOWN


def test_every_code_a_person_can_meet_has_words():
    numbered = {name: value for name, value in vars(codes).items() if isinstance(value, int)}
    met = {name: value for name, value in numbered.items() if 100 <= value < 500 or 4000 <= value < 5000}
    assert [name for name, value in met.items() if value not in words.WORDS] == []
    alarms = [value for name, value in numbered.items() if name.startswith("ALARM_")]
    assert set(alarms) == set(words.ALARMS)


def test_words_name_the_drawer_and_the_code():
    assert words.alarm(codes.ALARM_LEFT_OPEN, 3) == "Drawer 3 left open: close it"
    assert words.of(codes.WRONG_PIN).endswith("(code 102)")


def test_alarms_say_what_is_wrong_and_are_gone_when_it_is_not():
    view = View()
    assert view.alarm_words() == [words.of(codes.LINK_DOWN)]
    view.link = True
    assert view.alarm_words() == []
    view.trouble("fork", codes.FORK)
    view.trouble("reference users", codes.BAD_ROW)
    view.silent = True
    assert len(view.alarm_words()) == 3
    view.good("fork")
    view.good("reference users")
    view.silent = False
    assert view.alarm_words() == []


TOML = 'station="ICU1"\nsite="demo"\nshard="s0"\nlog=1\nward="MICU"\nbroker_host="localhost"\nbroker_port=18883\n'


def test_settings_are_read_with_paths_beside_them(tmp_path):
    folder = tmp_path / "stations" / "ICU1"
    folder.mkdir(parents=True)
    (folder / "agent.toml").write_text(TOML)
    read = settings.load(folder)
    assert (read.wards, read.linger_ms) == (("MICU",), 1000)
    assert read.panel_socket == (tmp_path / "run" / "ICU1.panel.sock").resolve()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("log=1", "", "set log to a whole number"),
        ("18883", "0", "broker_port"),
        ('"ICU1"', '"IC U"', "must be 1 to 32"),
        ("log=1", "log=", "not TOML"),
        ('"MICU"', "7", "wards"),
    ],
)
def test_wrong_settings_name_the_key(tmp_path, old, new, says):
    (tmp_path / "agent.toml").write_text(TOML.replace(old, new))
    with pytest.raises(settings.SettingsError, match=says):
        settings.load(tmp_path)


def test_missing_settings_say_what_to_do(tmp_path):
    with pytest.raises(settings.SettingsError, match="apotheca station add"):
        settings.load(tmp_path)


@pytest.fixture
def ward():
    view = View(link=True)
    view.set_inventory(
        [["D01-P01", "IBU", 5, 1, 9, 9, 0], ["D01-P02", "IBU", 2, 1, 9, 9, 0], ["D02-P01", "MOR", 3, 1, 9, 9, 0]]
    )
    view.directory = {
        "item_names": {"IBU": ["IBU", "Ibuprofen", "advil"], "MOR": ["MOR", "Morphine", ""]},
        "items": {"MOR": ["MOR", 2, 2, 0]},
        "patients": {"P1": ["P1", 1], "P2": ["P2", 2], "P3": ["P3", 1]},
        "patient_names": {"P1": ["P1", "Ada", "MICU"]},
        "orders": {"O1": ["O1", "P1", "MOR", 1, 0, 9]},
    }  # fmt: skip
    return view


def test_lists_show_names_where_known_and_who_is_here(ward):
    assert [(row.patient, row.name) for row in lists.patients(ward)] == [("P1", "Ada"), ("P3", "P3")]


def test_items_are_found_by_alias_summed_over_pockets_and_ordered_first(ward):
    assert [(row.item, row.on_hand) for row in lists.items(ward, "ADV")] == [("IBU", 7)]
    assert [row.item for row in lists.items(ward, "", "P1")] == ["MOR", "IBU"]
    assert lists.order_for(ward, "P1", "MOR") == "O1"


@pytest.mark.parametrize(
    ("quantity", "scale", "text"), [(3, 2, "1.5"), (100, 1, "100"), (0, 4, "0"), (1000, 10, "100")]
)
def test_units_are_exact(quantity, scale, text):
    assert lists.units(quantity, scale) == text


def test_the_flow_asks_in_smallest_units_for_the_order_and_follows_the_drawer(ward):
    desk = Desk()
    desk.view = ward
    flow = Flow(Panel(desk, SystemClock()), list)
    ward.state |= {"phase": messages.SIGNED_ON, "user": "u1"}
    flow.follow()
    flow.choose_patient(lists.patients(ward)[0])
    flow.choose_item(lists.items(ward, "morphine")[0])
    flow.press("3")
    asyncio.run(flow.release())
    assert desk.asked == [(messages.REMOVE, ["P1", "O1", "MOR", 6, None, None, 0, "", 0], None)]
    ward.state |= {"phase": messages.RELEASED, "purpose": 1, "item": "MOR", "quantity": 6}
    flow.follow()
    assert flow.step == steps.DRAWER
    desk.reply = (0, [1, 3, 1])
    asyncio.run(flow.confirm())
    assert desk.asked[-1] == (messages.CONFIRM, [6, None, None], None)
    ward.state |= {"phase": messages.SIGNED_ON}
    flow.follow()
    assert (flow.step, flow.patient.name) == (steps.ITEMS, "Ada")
    ward.state |= {"phase": messages.IDLE}
    flow.follow()
    assert (flow.step, flow.patient) == (steps.SIGN_ON, None)


def test_a_count_confirms_only_what_was_entered(ward):
    desk = Desk()
    desk.view = ward
    flow = Flow(Panel(desk, SystemClock()), list)
    ward.state |= {"phase": messages.OPEN, "purpose": 4, "item": "IBU", "quantity": 0}
    flow.follow()
    asyncio.run(flow.confirm())
    assert (desk.asked, flow.good) == ([], False)


def test_a_refusal_is_told_in_words(ward):
    desk = Desk()
    desk.view, desk.reply = ward, (codes.WRONG_PIN, [])
    flow = Flow(Panel(desk, SystemClock()), list)
    asyncio.run(flow.sign_on())
    assert flow.message == words.of(codes.WRONG_PIN)
    assert flow.step == steps.SIGN_ON
