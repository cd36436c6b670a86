"""What the kiosk asks of the panel for what a nurse entered."""

import pytest

from agent import words
from agent.kiosk import visit as steps
from agent.kiosk.daytime import DAY_MS, MINUTE_MS, nearest_utc_ms
from firmware import codes
from firmware.wire import messages
from tests.agent.kiosk_site import IBU, NOW_MIN, Screen

MIDNIGHT = 20_000 * DAY_MS
EIGHT_MS = (NOW_MIN * MINUTE_MS // DAY_MS + 1) * DAY_MS + 8 * 60 * MINUTE_MS


@pytest.mark.req("P7", "P8")
@pytest.mark.parametrize(
    ("text", "now", "meant"),
    [
        ("14:05", "13:50", (0, 14 * 60 + 5)),
        ("0005", "23:50", (1, 5)),
        ("23:50", "0:05", (-1, 23 * 60 + 50)),
        (" 7:30 ", "07:30", (0, 7 * 60 + 30)),
    ],
)
def test_a_time_of_day_is_the_nearest_one(text, now, meant):
    hours, minutes = (int(part) for part in now.split(":"))
    at = MIDNIGHT + (hours * 60 + minutes) * MINUTE_MS
    assert nearest_utc_ms(text, at) == MIDNIGHT + meant[0] * DAY_MS + meant[1] * MINUTE_MS


@pytest.mark.parametrize("text", ["25:00", "12:60", "noon", "1", "12:5", "-1:00"])
def test_what_is_no_time_of_day_is_refused_in_words(text):
    with pytest.raises(ValueError, match="Enter it as 14:05"):
        nearest_utc_ms(text, MIDNIGHT)


@pytest.fixture
def screen():
    """Patient, item and quantity chosen."""
    made = Screen()
    made.sign_on()
    made.clock.advance(EIGHT_MS)
    made.patient()
    made.item(IBU)
    made.type("2")
    return made


@pytest.mark.req("P7", "P130")
def test_patient_drug_quantity_and_time_of_administration_are_asked_for(screen):
    screen.flow.visit.given_at = "08:30"
    screen.do(screen.flow.removal.release())
    given = EIGHT_MS + 30 * MINUTE_MS
    assert screen.asked(messages.REMOVE) == [["P1", "", IBU, 2, given, None, 0, "", 0]]


@pytest.mark.req("P7")
def test_a_time_that_is_none_opens_nothing(screen):
    screen.flow.visit.given_at = "soon"
    screen.do(screen.flow.removal.release())
    assert screen.asked(messages.REMOVE) == []
    assert "Enter it as 14:05" in screen.message


def test_without_a_time_none_is_sent(screen):
    screen.do(screen.flow.removal.release())
    assert screen.asked(messages.REMOVE)[0][4] is None


def test_the_screen_follows_the_drawer_and_the_end_of_the_session(screen):
    screen.do(screen.flow.removal.release())
    assert screen.step == steps.DRAWER
    screen.do(screen.flow.drawer.confirm())
    assert (screen.step, screen.flow.visit.patient.name) == (steps.ITEMS, "Ada")
    assert screen.message == "Recorded. 18 now in the pocket."
    screen.do(screen.flow.people.sign_off())
    assert (screen.step, screen.flow.visit.patient) == (steps.SIGN_ON, None)


def test_a_refusal_is_told_in_words_and_the_badge_forgotten():
    screen = Screen()
    screen.scan("B1")
    screen.type("9999")
    screen.do(screen.flow.people.sign_on())
    assert (screen.message, screen.step) == (words.of(codes.WRONG_PIN), steps.SIGN_ON)
    assert (screen.flow.visit.badge, screen.flow.visit.pin) == ("", "")


def test_the_page_is_drawn_anew_only_when_something_on_it_changed(screen):
    before = screen.flow.signature
    screen.type("1")
    assert screen.flow.signature == before
    screen.do(screen.flow.removal.release())
    assert screen.flow.signature != before


@pytest.mark.req("F29")
def test_a_scan_that_nobody_can_read_is_told(screen):
    screen.scan("]201003123456789061728013110LOT7")
    assert "not known here" in screen.message
