"""The table `labels` on its whole way: issued by the centre, through the agent's core, into the controller's tables."""

import cbor2
import pytest
from fakes import Cabinet

from agent.actions import Result, Send
from agent.downlink import Downlink
from firmware import codes
from firmware.compat import derive
from firmware.wire import cose, messages

STATION = "ICU1"
ROWS = {
    "items": [["HEPARIN", 0, 1, 0]],
    "labels": [[4_141_002, "HEPARIN", 6, 1, 30_004_320], [7, "HEPARIN", 2, 2, 30_004_320]],
}


@pytest.fixture
def cabinet(quick):
    """A controller that shares its key with the station of the centre, and the agent's core before it."""
    made = Cabinet()
    made.station.reference._key = derive(quick.home.mac_key(STATION).read_bytes(), "reference")
    made.boot()
    return made


def carried(bench, cabinet):
    """Everything sent to the station so far goes down; the codes of the controller's results."""
    downlink, results = Downlink(STATION, {}), []
    downlink.link_up({}, 0.0)
    for message in bench.sent:
        if not message.topic.endswith(f"/{STATION}/down/reference"):
            continue
        for action in downlink.message("reference", cose.parse(message.payload)[1], 0.0):
            for said in cabinet.event("message", cbor2.loads(action.payload)) if isinstance(action, Send) else []:
                if said[0] == messages.RESULT:
                    results.append(said[2])
                    downlink.result(Result(said[1], said[2], said[3]), 0.0)
    return results


@pytest.mark.req("P42")
def test_rows_given_at_the_centre_are_the_controllers(quick, cabinet):
    for table, rows in ROWS.items():
        assert quick.ask("reference", station=STATION, table=table, rows=rows)["version"] == 1
    quick.ask("reference", station=STATION, table="labels", rows=[[7, None]], mode="delta")
    assert carried(quick, cabinet) == [codes.NONE] * 3
    assert list(cabinet.station.tables.labels.rows()) == ROWS["labels"][:1]
    assert cabinet.station.state.version("labels")[0] == 2
