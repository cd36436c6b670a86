"""What the kiosk asks of the panel for what a nurse entered."""

import asyncio

import pytest

from agent.clock import SteppedClock
from agent.kiosk import lists
from agent.kiosk.daytime import DAY_MS, MINUTE_MS, nearest_utc_ms
from agent.kiosk.flow import Flow
from agent.panel import Outcome

MIDNIGHT = 20_000 * DAY_MS


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
def flow(mocker):
    """A flow over a panel that keeps what it is asked, with patient, item and quantity chosen."""
    panel = mocker.Mock(clock=SteppedClock(MIDNIGHT + 8 * 60 * MINUTE_MS), asked=[])
    panel.view.state = {"phase": 1, "user": "RN1", "place": None, "quantity": None, "last": {"txn": 0}}

    async def do(name, args):
        panel.asked.append((name, args))
        return Outcome(0, [])

    panel.do = do
    mocker.patch.object(lists, "order_for", return_value="O1")
    flow = Flow(panel, lambda: ())
    flow.choose_patient(mocker.Mock(spec=lists.Patient, patient="P1"))
    flow.choose_item(mocker.Mock(spec=lists.Item, item="MORP", scale=1000))
    flow.press("2")
    return flow


def asked(flow):
    return flow._panel.asked


@pytest.mark.req("P7", "P130")
def test_patient_drug_quantity_and_time_of_administration_are_asked_for(flow):
    flow.given_at = "08:30"
    asyncio.run(flow.release())
    given = MIDNIGHT + (8 * 60 + 30) * MINUTE_MS
    wanted = {"patient": "P1", "order": "O1", "item": "MORP", "quantity": 2000, "administration_utc_ms": given}
    assert asked(flow) == [("remove", wanted)]


@pytest.mark.req("P7")
def test_a_time_that_is_none_opens_nothing(flow):
    flow.given_at = "soon"
    asyncio.run(flow.release())
    assert asked(flow) == []
    assert "Enter it as 14:05" in flow.message


def test_without_a_time_none_is_sent(flow):
    asyncio.run(flow.release())
    assert "administration_utc_ms" not in asked(flow)[0][1]
