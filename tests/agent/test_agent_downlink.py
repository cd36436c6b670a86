"""The downlink core: one thing at a time to the controller, each until its RESULT, versions always true."""

import cbor2
import pytest

from agent.actions import Good, Result, Send, Trouble
from agent.downlink import NAME_TABLES, TRIES, Answered, Downlink, Names, NeedVersions, Notice
from firmware import codes
from firmware.wire import cbor, messages


def reference(table, version, base=0, part=1, parts=1, rows=()):
    return cbor.encode([1, "ICU1", table, version, base, part, parts, list(rows), bytes(16)])


def sends(actions):
    return [action for action in actions if isinstance(action, Send)]


@pytest.fixture
def down():
    made = Downlink("ICU1", {})
    made.link_up({"users": 3}, 0.0)
    return made


def test_parts_go_down_together_and_in_order(down):
    first, second = reference("users", 4, 3, 1, 2), reference("users", 4, 3, 2, 2)
    assert down.message("reference", first, 0.0) == []
    sent = sends(down.message("reference", second, 0.0))
    assert [send.payload for send in sent] == [cbor.encode([messages.REFERENCE, p]) for p in (first, second)]
    down.result(Result(messages.REFERENCE, 0, ["users", 4]), 0.1)
    assert down.versions()["users"] == 4


def test_a_part_out_of_turn_asks_for_all_again(down):
    assert down.message("reference", reference("users", 4, 3, 2, 3), 0.0) == [NeedVersions()]


def test_versions_wait_for_each_other(down):
    assert sends(down.message("reference", reference("users", 4, 3), 0.0))
    assert not sends(down.message("reference", reference("pockets", 1), 0.0))
    assert sends(down.result(Result(messages.REFERENCE, 0, ["users", 4]), 0.1))


def test_what_is_applied_already_is_not_sent(down):
    assert down.message("reference", reference("users", 3), 0.0) == []


def test_wrong_base_tells_the_centre_our_versions(down):
    down.message("reference", reference("users", 9, 8), 0.0)
    assert NeedVersions() in down.result(Result(messages.REFERENCE, codes.WRONG_BASE, ["users", 9]), 0.1)
    assert down.versions()["users"] == 3


def test_a_refused_version_is_trouble_for_people(down):
    down.message("reference", reference("users", 4, 3), 0.0)
    refused = down.result(Result(messages.REFERENCE, codes.BAD_ROW, ["users", 4]), 0.1)
    assert [action.code for action in refused if isinstance(action, Trouble)] == [codes.BAD_ROW]
    down.message("reference", reference("users", 5, 3), 0.2)
    accepted = down.result(Result(messages.REFERENCE, codes.NONE, ["users", 5]), 0.3)
    assert [action.about for action in accepted if isinstance(action, Good)] == [refused[0].about]


def test_a_table_that_overtook_another_is_asked_for_again_less_and_less_often(down):
    waits, now = [], 0.0
    for _ in range(8):
        down.message("reference", reference("pockets", 1), now)
        assert NeedVersions() not in down.result(Result(messages.REFERENCE, codes.BAD_ROW, ["pockets", 1]), now)
        waits.append(down.deadline - now)
        assert NeedVersions() not in down.tick(down.deadline - 0.001)
        now = down.deadline
        assert down.tick(now) == [NeedVersions()]
        assert down.deadline is None
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    down.message("reference", reference("pockets", 1), now)
    down.result(Result(messages.REFERENCE, codes.NONE, ["pockets", 1]), now)
    down.message("reference", reference("pockets", 2, 1), now)
    down.result(Result(messages.REFERENCE, codes.BAD_ROW, ["pockets", 2]), now)
    assert down.deadline - now == 5


def test_without_a_result_it_goes_again_then_the_centre_is_asked(down):
    down.message("reference", reference("users", 4, 3), 0.0)
    for _ in range(TRIES - 1):
        assert sends(down.tick(down.deadline))
    assert NeedVersions() in down.tick(down.deadline)
    assert down.deadline is None


def test_a_boot_sends_the_job_again_unless_it_was_done(down):
    down.message("reference", reference("users", 4, 3), 0.0)
    down.link_down()
    assert sends(down.link_up({"users": 3}, 1.0))
    down.link_down()
    assert not sends(down.link_up({"users": 4}, 2.0))


def test_the_directory_follows_the_controller(down):
    rows = [["P1", 1]]
    down.message("reference", reference("patients", 1, 0, rows=rows), 0.0)
    assert Names("patients", 1, 0, rows) in down.result(Result(messages.REFERENCE, 0, ["patients", 1]), 0.1)
    assert down.versions()["patients"] == 1


def test_a_lost_directory_is_reported_and_filled_without_the_controller(down):
    down.link_up({"users": 3, "orders": 7}, 1.0)
    assert down.versions() == {"users": 3, "orders": 0} | dict.fromkeys(NAME_TABLES, 0)
    assert down.message("reference", reference("orders", 7), 1.0) == [Names("orders", 7, 0, [])]
    assert down.versions()["orders"] == 7


def test_names_are_the_agents_own(down):
    assert down.message("reference", reference("item_names", 2), 0.0) == [Names("item_names", 2, 0, [])]
    assert down.message("reference", reference("item_names", 5, 4), 0.0) == [NeedVersions()]
    assert down.versions()["item_names"] == 2


def test_a_command_goes_once_until_its_result(down):
    payload = cbor.encode([1, "ICU1", 1, 8, 0, 1, [], bytes(16)])
    assert len(sends(down.message("command", payload, 0.0))) == 1
    assert down.message("command", payload, 0.0) == []
    assert down.result(Result(messages.COMMAND, codes.OLD_NUMBER, [8]), 0.1) == [Good("command")]
    assert down.deadline is None


def test_answers_and_notices_are_handed_on(down):
    payload = cbor.encode([1, "ICU1", 1, 0, 5, b"h" * 32, 9, bytes(16)])
    assert down.message("answer", payload, 0.0) == [Answered(1, 0, 5, b"h" * 32, payload)]
    assert down.message("notice", cbor.encode([1, "ICU1", 9, 2, ["late"]]), 0.0) == [Notice(9, 2, ["late"])]


def test_what_is_for_another_station_is_refused(down):
    payload = cbor.encode([1, "ICU2", 1, 0, 5, b"h" * 32, 9, bytes(16)])
    assert [action.code for action in down.message("answer", payload, 0.0)] == [codes.WRONG_STATION]


@pytest.mark.parametrize("table, parts", [("nothing", 1), ("users", 257)])
def test_tables_and_parts_nobody_has_are_refused_not_kept(down, table, parts):
    (trouble,) = down.message("reference", reference(table, 4, 0, 1, parts), 0.0)
    assert trouble.code == codes.BAD_MESSAGE


@pytest.mark.parametrize("kind, payload", [
    ("reference", reference("patient_names", 2**64 - 1)),
    ("reference", reference("patient_names", 4, 2**63)),
    *[("reference", reference("patient_names", 4, rows=[row])) for row in (
        "P1", [], ["P1"], [["P1"], "Ada"], ["P1", b"Ada"], ["P1", 2**63])],
    ("reference", cbor2.dumps([1, "ICU1", "patient_names", 4, 0, 1, 1, [["P1", [[[[1]]]]]], bytes(16)])),
    ("reference", reference("users", 4, rows=[5])),
    ("answer", cbor.encode([1, "ICU1", 1, 0, 2**63, b"h" * 32, 9, bytes(16)])),
    ("answer", cbor.encode([1, "ICU1", 1, 0, 5, b"h" * 31, 9, bytes(16)])),
    ("command", cbor.encode([1, "ICU1", 1, -1, 9, 0, [], bytes(16)])),
    ("notice", cbor.encode([1, "ICU1", 2**64 - 1, 2, ["late"]])),
    ("checkpoint", cbor.encode([1, "ICU1", 1, 7, "note", 0, [], 0, 0, [], [], bytes(16)])),
])  # fmt: skip
def test_what_the_agent_could_not_keep_is_refused(down, kind, payload):
    (trouble,) = down.message(kind, payload, 0.0)
    assert (trouble.code, trouble.about) == (codes.BAD_MESSAGE, kind)


def test_too_much_waiting_is_refused_not_dropped_in_silence(down):
    down.link_down()
    actions = [down.message("command", cbor.encode([1, "ICU1", 1, n, 0, 1, [], b""]), 0.0) for n in range(513)]
    assert NeedVersions() in actions[-1]


def checkpoint(number=7, data=b"note", station="ICU1"):
    return cbor.encode([1, station, 1, number, data, 0, [], 0, 0, [], [], bytes(16)])


@pytest.mark.req("A12.c")
def test_a_checkpoint_waits_for_nothing_and_holds_up_nothing(down):
    assert sends(down.message("reference", reference("users", 4, 3), 0.0))
    shown = down.message("checkpoint", checkpoint(), 0.0)
    assert shown == [Send(cbor.encode([messages.CHECKPOINT, checkpoint()]))]
    refused = down.result(Result(messages.CHECKPOINT, codes.SPLIT_VIEW, [7]), 0.1)
    assert [action.code for action in refused] == [codes.SPLIT_VIEW]
    for code in (0, codes.OLD_NUMBER, codes.WRONG_BASE):
        assert down.result(Result(messages.CHECKPOINT, code, [7]), 0.1) == [Good("checkpoint")]
    down.result(Result(messages.REFERENCE, 0, ["users", 4]), 0.2)
    assert down.versions()["users"] == 4


def test_a_checkpoint_that_cannot_pass_or_has_nowhere_to_go(down):
    assert [a.code for a in down.message("checkpoint", checkpoint(data=bytes(4096)), 0.0)] == [codes.BAD_MESSAGE]
    assert [a.code for a in down.message("checkpoint", checkpoint(station="ED1"), 0.0)] == [codes.WRONG_STATION]
    down.link_down()
    assert down.message("checkpoint", checkpoint(), 0.0) == []
