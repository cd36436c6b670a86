"""Panel requests, words, settings and what the kiosk lists."""

import asyncio

import pytest

from agent import settings, words
from agent.actions import Reply
from agent.clock import SteppedClock, SystemClock
from agent.kiosk import lists
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
    ("name", "args", "link"),
    [
        ("confirm", {"quantity": 2}, (messages.CONFIRM, [2, None, None])),
        ("confirm", {"quantity": 2, "counted": 0, "label": "D01-P01"}, (messages.CONFIRM, [2, 0, "D01-P01"])),
        ("witness", {"badge": "B2", "pin": "1"}, (messages.WITNESS, ["B2", "1"])),
        ("load", {"place": "D01-P01", "quantity": 5}, (messages.LOAD, ["D01-P01", 5, None, None, None])),
        ("refill", {"item": "IBU", "quantity": 6}, (messages.REFILL, ["IBU", 6, None, None, None, None, 0])),
        (
            "refill",
            {"item": "IBU", "quantity": 6, "label": 77, "via": 1},
            (messages.REFILL, ["IBU", 6, None, None, None, 77, 1]),
        ),
        ("put_away", {"quantity": 6, "label": "D01-P01"}, (messages.PUT_AWAY, [6, None, "D01-P01", None])),
        ("put_away", {"quantity": 6, "counted": 1, "expiry": 9}, (messages.PUT_AWAY, [6, 1, None, 9])),
        ("bypass", {"what": 1, "reason": 2, "item": "IBU"}, (messages.BYPASS, [1, 2, "IBU", ""])),
        ("confirm_bin", {"counted": [["IBU", 3]]}, (messages.CONFIRM_BIN, [[["IBU", 3]]])),
    ],
)
def test_what_is_left_out_has_its_default(name, args, link):
    desk = Desk()
    assert do(desk, name, args).code == 0
    assert desk.asked == [(*link, None)]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("remove", {"patient": "P1", "item": "IBU"}),
        ("remove", {"patient": "P1", "item": "IBU", "quantity": "2"}),
        ("confirm", {"quantity": -1}),
        ("confirm", {"quantity": True}),
        ("confirm_bin", {"counted": [["IBU", "3"]]}),
        ("confirm_bin", {"counted": [["IBU", -3]]}),
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


def test_items_are_summed_over_pockets_and_found_by_alias(ward):
    rows = lists.items(ward)
    assert [(row.item, row.on_hand) for row in rows] == [("IBU", 7), ("MOR", 3)]
    assert [row.item for row in lists.found(ward, "ADVI", rows)[1]] == ["IBU"]


@pytest.mark.parametrize(
    ("quantity", "scale", "text"), [(3, 2, "1.5"), (100, 1, "100"), (0, 4, "0"), (1000, 10, "100")]
)
def test_units_are_exact(quantity, scale, text):
    assert lists.units(quantity, scale) == text


@pytest.mark.parametrize(
    ("text", "scale", "quantity"),
    [("1.5", 2, 3), ("0.3", 2, None), ("", 1, None), (".", 1, None), ("Infinity", 1, None), ("NaN", 1, None),
     ("1e999999999", 10, None), ("2147483647", 1, 2147483647), ("2147483648", 1, None)],
)  # fmt: skip
def test_what_is_entered_is_a_whole_number_of_smallest_units(text, scale, quantity):
    assert lists.smallest(text, scale) == quantity


def test_state_without_the_newer_fields_has_their_defaults(ward):
    ward.set_state([1, "u1", None, 0, None, None, None, 0, 0, [], 0, 0, 0, []], 1)
    assert (ward.state["count_mode"], ward.state["witness"], ward.state["units_seen"]) == (0, "", None)


@pytest.mark.req("P26")
def test_a_drawer_in_quarantine_is_told(ward):
    ward.set_state([1, "u1", None, 0, None, None, None, 0, 0, [], 0, 0, 0, [], 0, 0, "", 0, [5]], 1)
    assert ward.alarm_words() == ["Drawer 5 is in quarantine: take nothing from it and call the pharmacy"]
