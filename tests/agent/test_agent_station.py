"""The agent's shell: what stands in the kiosk's alarms, and what it still knows after a restart."""

import asyncio
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from agent import words
from agent.clock import SystemClock
from agent.keys import Signer, Verifier
from agent.outbox import Outbox, OutboxError
from agent.settings import Settings
from agent.station import Agent
from firmware import codes
from simulator.worlds.host import Life
from simulator.worlds.timeline import Timeline
from tests.agent.fake_cabinet import LOG, STATION, Cabinet
from tests.agent.fake_centre import Centre


class Rig:
    """An agent without link and broker, and a centre that signs for it."""

    def __init__(self, folder: Path) -> None:
        station, centre = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.centre = Centre(station.public_key(), centre)
        self._keys = Signer(station, STATION), Verifier(centre.public_key(), "centre")
        self._settings = Settings(folder, STATION, "demo", "s0", LOG, ("MICU",), "", 0, 50, folder / "panel.sock")
        self.start()

    def start(self, transport=None):
        self.outbox = Outbox(self._settings.folder / "outbox.db", STATION, LOG)
        self.agent = Agent(self._settings, self.outbox, SystemClock(), *self._keys, transport)
        self.agent.view.link = True

    def down(self, kind, payload):
        async def came():
            self.agent.broker_message(f"apotheca/1/demo/s0/{STATION}/down/{kind}", payload)

        asyncio.run(came())

    def alarms(self):
        return self.agent.view.alarm_words()


@pytest.fixture
def rig(tmp_path):
    made = Rig(tmp_path)
    yield made
    made.outbox.close()


def names(version, base=0):
    return [1, STATION, "patient_names", version, base, 1, 1, [["P1", "Ada", "MICU"]]]


@pytest.mark.parametrize("bad", ["signature", "message"])
def test_an_alarm_clears_with_the_next_good_message_of_its_kind(rig, bad):
    good = rig.centre.down("reference", names(1))
    if bad == "signature":
        rig.down("reference", good[:-1] + bytes([good[-1] ^ 1]))
        code = codes.BAD_SIGNATURE
    else:
        rig.down("reference", rig.centre.down("reference", [1, STATION, "patient_names"]))
        code = codes.BAD_MESSAGE
    assert rig.alarms() == [words.of(code)]
    assert "patient_names" not in rig.outbox.versions()
    rig.down("notice", rig.centre.down("notice", [1, STATION, 5, 2, [7, 1, "order 12"]]))
    assert rig.alarms() == [words.of(code)], "of another kind"
    rig.down("reference", good)
    assert rig.alarms() == []
    assert rig.outbox.versions() == {"patient_names": 1}


def test_a_disk_that_is_full_is_told_until_it_takes_pages_again(rig):
    cabinet = Cabinet()
    for _ in range(3):
        cabinet.append(30)

    async def hear(*payloads):
        rig.agent.link_received(list(payloads))

    asyncio.run(hear(cabinet.info()))
    cabinet.streaming, cabinet.next = True, 1
    pages = cabinet.stream()
    rig.outbox._db.conn.execute("PRAGMA query_only = ON")
    asyncio.run(hear(*pages))
    rig.outbox._db.conn.execute("PRAGMA query_only = OFF")
    assert rig.alarms() == [words.of(codes.STORE_FAILED)]
    assert rig.outbox.log().seq == 0
    asyncio.run(hear(*pages))
    assert rig.alarms() == []
    assert rig.outbox.log().seq == 3


def test_an_answer_and_names_that_find_the_disk_full_come_again(rig):
    cabinet = Cabinet()
    cabinet.append(30)
    cabinet.streaming, cabinet.next = True, 1

    async def hear(*payloads):
        rig.agent.link_received(list(payloads))

    asyncio.run(hear(cabinet.info()))
    asyncio.run(hear(*cabinet.stream()))
    answer = rig.centre.down("answer", [1, STATION, LOG, 0, 1, cabinet.heads[1], 5])
    listed = rig.centre.down("reference", names(1))
    rig.outbox._db.conn.execute("PRAGMA query_only = ON")
    rig.down("answer", answer)
    rig.down("reference", listed)
    rig.outbox._db.conn.execute("PRAGMA query_only = OFF")
    assert rig.alarms() == [words.of(codes.STORE_FAILED)]
    assert (
        rig.outbox.log().answered == 0
        and rig.outbox.versions() == {}
        and rig.agent.view.directory == {table: {} for table in rig.agent.view.directory}
    )
    rig.down("answer", answer)
    rig.down("reference", listed)
    assert rig.alarms() == []
    assert rig.outbox.log().answered == 1 and rig.outbox.versions() == {"patient_names": 1}
    assert rig.agent.view.directory["patient_names"]["P1"][1] == "Ada"


def test_the_age_of_lists_survives_a_restart(rig):
    rig.down("reference", rig.centre.down("reference", names(1)))
    before = dict(rig.agent.view.received_ms)
    assert list(before) == ["patient_names"]
    rig.outbox.close()
    rig.start()
    assert rig.agent.view.received_ms == before
    assert rig.agent.view.directory["patient_names"]["P1"][1] == "Ada"


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("from_genesis", [True, False])
def test_a_centre_that_holds_more_than_the_controller_is_told(rig, from_genesis):
    cabinet = Cabinet(ring=4)
    cabinet.released = 0 if from_genesis else 9
    for _ in range(9):
        cabinet.append(30)

    async def hear():
        rig.agent.link_received([cabinet.info()])

    asyncio.run(hear())
    rig.down("answer", rig.centre.down("answer", [1, STATION, LOG, 1, 12, bytes(32), 1]))
    assert rig.alarms() == [words.of(codes.UNVERIFIED_PAGE)]
    stands = rig.outbox.log()
    assert stands.answered == 0 and stands.head == (cabinet.heads[0] if from_genesis else None), (
        "it does not go on there"
    )


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("held", [True, False])
def test_a_restored_centre_gets_what_came_before_the_outbox(rig, held):
    cabinet = Cabinet(ring=4)
    cabinet.released = 9
    for _ in range(9):
        cabinet.append(30)

    def answer(verdict, seq):
        rig.down("answer", rig.centre.down("answer", [1, STATION, LOG, verdict, seq, cabinet.heads[seq], 1]))

    async def hear():
        rig.agent.link_received([cabinet.info()])

    asyncio.run(hear())
    answer(2, 3)
    assert rig.outbox.log().head is None and rig.alarms() == [words.of(codes.GAP)], "nobody holds entry 4"
    answer(1, 8)
    assert rig.outbox.log().seq == 8 and rig.alarms() == [], "the outbox begins here"
    answer(2, 6 if held else 3)
    assert (rig.outbox.log().seq, rig.outbox.log().head) == ((6, cabinet.heads[6]) if held else (8, cabinet.heads[8]))
    assert rig.alarms() == ([] if held else [words.of(codes.GAP)])


@pytest.mark.req("A19.b")
def test_a_disk_that_can_not_be_read_when_the_broker_comes_back_holds_nothing_up(rig, monkeypatch):
    cabinet, sent = Cabinet(), []
    for _ in range(3):
        cabinet.append(30)
    rig.agent.attach(lambda _payload: None, Sent(sent))
    cabinet.streaming, cabinet.next = True, 1

    async def back():
        rig.agent.link_received([cabinet.info(), *cabinet.stream()])
        with monkeypatch.context() as broken:
            broken.setattr(rig.outbox, "utc_ms", unreadable)
            rig.agent.broker_up()
        assert "batch" in sent, "what waits goes up"
        assert words.of(codes.STORE_FAILED) in rig.alarms()
        assert rig.agent._timer is not None, "and a heartbeat in a minute"
        rig.agent.broker_down()

    asyncio.run(back())


def unreadable(_seq):
    raise OutboxError("cannot read: disk I/O error. See to the disk.")


class Sent:
    """A broker that takes everything."""

    def __init__(self, kinds):
        self._kinds = kinds

    def publish(self, topic, _payload, retain=False):
        self._kinds.append(topic.rsplit("/", 1)[-1])


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("stored", [2, 6, 9])
def test_an_entry_the_controller_cannot_read_is_not_needed_once_the_centre_has_it(rig, stored):
    cabinet, timeline = Cabinet(), Timeline(10_000)
    for _ in range(9):
        cabinet.append(30)
    del cabinet.pages[4]
    rig.outbox.close()
    rig.start(Life(timeline, random.Random(1), lambda call: call()))

    def link(payload):
        timeline.after(3, lambda: rig.agent.link_received(cabinet.handle(payload)))

    rig.agent.attach(link, rig)
    rig.agent.link_opened()
    timeline.run(20_000)
    assert rig.outbox.log().seq == 3 and words.of(codes.UNVERIFIED_PAGE) in rig.alarms()
    rig.down("answer", rig.centre.down("answer", [1, STATION, LOG, 1, stored, cabinet.heads[stored], 1]))
    timeline.run(200_000)
    cabinet.append(30)
    rig.agent.link_received(cabinet.stream())
    timeline.run(400_000)
    stands, last = rig.outbox.log(), 3 if stored == 2 else 10
    assert (stands.seq, stands.head, stands.entries, stands.removals) == (last, cabinet.heads[last], last, 0)
    assert len(rig.outbox.pages(1, 10)) == (3 if stored == 2 else 10 - stored), "no hole is left"
    assert (words.of(codes.UNVERIFIED_PAGE) in rig.alarms()) is (stored == 2)
