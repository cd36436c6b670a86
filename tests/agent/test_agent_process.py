"""The agent as a real process: pty, pyserial, nats-server, SQLite, and SIGKILL at any moment."""

import asyncio
import random
import signal

import cbor2
import pytest

from firmware.cradle import display
from firmware.journal import kinds
from firmware.wire import messages
from simulator.cradle_line import CradleLine
from tests.agent.agent_site import Site
from tests.agent.fake_cabinet import STATION
from tests.agent.linked_unit import Unit
from tests.waits import until


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.close()


def removal(cabinet):
    for kind in (kinds.ACCESS, kinds.OPENED, kinds.REMOVE, kinds.CLOSED):
        cabinet.append(kind, "D01-P01", 7 if kind == kinds.REMOVE else None, "IBU")


def arrived(site):
    return len(site.centre.pages) == site.pty.cabinet.seq


@pytest.mark.req("A1.b", "P9")
def test_a_removal_at_the_panel_reaches_the_centre_and_is_released(site):
    agent = site.agent()
    until(lambda: agent.ask("state")["code"] == 0, "the controller")
    assert agent.ask("sign_on", badge="b1", pin="0000")["code"] == 102
    assert agent.ask("sign_on", badge="b1", pin="1234")["params"] == ["u1", 32767, 0]
    reply = agent.ask("remove", patient="p1", item="IBU", quantity=2)
    assert reply["params"][1:4] == ["D01-P01", 1, 1]
    assert (reply["state"]["phase"], reply["state"]["open"]) == (messages.OPEN, [1])
    assert agent.ask("confirm", quantity=2)["params"][1:] == [20, 18]
    until(lambda: arrived(site), "the entries at the centre")
    until(lambda: site.pty.cabinet.released == site.pty.cabinet.seq, "the answer at the controller")
    status = agent.ask("status")["params"][0]
    assert (status["entries"], status["removals"], status["depth"]) == (3, 1, 0)
    assert status["journal"] == {"entries": 3, "removals": 1}
    assert status["link"]
    assert status["centre_age_ms"] is not None
    assert agent.ask("inventory")["params"][0][:3] == ["D01-P01", "IBU", 18]


@pytest.mark.req("A12.a")
def test_killed_at_any_moment_each_entry_arrives_once_and_in_order(site):
    rng = random.Random(4)
    agent = site.agent()
    for _ in range(6):
        for _ in range(rng.randint(1, 12)):
            site.pty.do(removal)
        seen = rng.randint(0, site.pty.cabinet.seq)
        until(lambda seen=seen: len(site.centre.pages) >= seen, "some entries")
        agent.kill()
        agent.start()
    until(lambda: arrived(site), "the entries at the centre")
    assert site.centre.seqs == list(range(1, site.pty.cabinet.seq + 1))
    assert messages.FORK not in site.centre.verdicts
    status = agent.ask("status")["params"][0]
    assert (status["entries"], status["removals"]) == (site.pty.cabinet.seq, site.pty.cabinet.removals)


@pytest.mark.req("A12.a")
def test_an_outbox_that_was_deleted_is_read_again(site):
    site.pty.cabinet.ring = 50
    agent = site.agent()
    for _ in range(20):
        site.pty.do(removal)
    until(lambda: arrived(site) and site.pty.cabinet.released == 80, "the entries at the centre")
    site.wire.deaf = True
    for _ in range(5):
        site.pty.do(removal)
    agent.kill()
    for path in site.folder.glob("outbox.db*"):
        path.unlink()
    site.wire.deaf = False
    agent.start()
    until(lambda: arrived(site), "the entries at the centre")
    assert site.centre.seqs == list(range(1, 101))
    assert min(site.pty.cabinet.pages) > 1
    until(lambda: agent.ask("status")["params"][0]["entries"] == 100, "the outbox")
    assert agent.ask("status")["params"][0]["removals"] == 25


def test_a_broker_that_is_killed_loses_nothing(site):
    agent = site.agent()
    for _ in range(3):
        site.pty.do(removal)
        site.broker.kill()
        site.pty.do(removal)
        site.broker.start()
    until(lambda: arrived(site), "the entries at the centre")
    assert site.centre.seqs == list(range(1, 25))
    assert agent.kill(signal.SIGTERM) == 0


def test_a_controller_that_reboots_gets_the_newest_answer_again(site):
    site.agent()
    site.pty.do(removal)
    until(lambda: site.pty.cabinet.released == 4, "the answer")
    site.wire.mute = True
    site.pty.do(lambda cabinet: cabinet.reboot())
    until(lambda: site.pty.cabinet.released == 4, "the answer again")


def test_tables_go_down_in_order_and_versions_come_back(site):
    agent = site.agent()
    until(lambda: any(status["online"] for status in site.wire.statuses), "the birth")
    rows = [["P1", 1], ["P2", 1]]
    site.wire.send("reference", [1, STATION, "patients", 1, 0, 1, 2, rows[:1]])
    site.wire.send("reference", [1, STATION, "patients", 1, 0, 2, 2, rows[1:]])
    site.wire.send("reference", [1, STATION, "patient_names", 1, 0, 1, 1, [["P1", "Ada", "MICU"]]])
    tables = {"patients": 1, "patient_names": 1, "item_names": 0}
    until(lambda: tables.items() <= (agent.ask("status")["params"][0]["tables"] | {"item_names": 0}).items(), "tables")
    site.wire.send("reference", [1, STATION, "patients", 9, 8, 1, 1, [["P3", 1]]])
    until(lambda: site.wire.statuses[-1].get("tables", {}).get("patients") == 1, "versions after a wrong base")
    site.wire.send("reference", [1, STATION, "patients", 9, 0, 1, 1, [["P3", 1]]])
    until(lambda: agent.ask("status")["params"][0]["tables"]["patients"] == 9, "the snapshot")


def test_what_the_centre_did_not_sign_is_refused(site):
    agent = site.agent()
    until(lambda: any(status["online"] for status in site.wire.statuses), "the birth")
    forged = bytearray(site.centre.down("reference", [1, STATION, "patients", 5, 0, 1, 1, []]))
    forged[-1] ^= 1
    site.wire.client.publish(f"apotheca/1/demo/s0/{STATION}/down/reference", bytes(forged), 1)
    site.wire.send("reference", [1, STATION, "users", 3, 0, 1, 1, []])
    until(lambda: agent.ask("status")["params"][0]["tables"].get("users") == 3, "the signed one")
    assert "patients" not in site.pty.cabinet.tables
    assert "4003" in (site.home / "agent.log").read_text()


def test_notices_and_commands_reach_the_panel_and_the_controller(site):
    agent = site.agent()
    until(lambda: any(status["online"] for status in site.wire.statuses), "the birth")
    for number in (1, 2, 3):
        site.wire.send("command", [1, STATION, 1, number, 1 << 50, 2, ["D01-P01", number, 9]])
    until(lambda: [m[0] for m in site.pty.cabinet.seen].count(messages.COMMAND) == 3, "the commands")
    assert [cbor2.loads(m[1])[3] for m in site.pty.cabinet.seen if m[0] == messages.COMMAND] == [1, 2, 3]
    site.wire.send("notice", [1, STATION, 8, 3, ["D01-P01", 3, 9, "more use"]])
    until(lambda: agent.ask("notices")["params"] == [[8, 3, ["D01-P01", 3, 9, "more use"]]], "the notice")
    assert "notices" not in agent.ask("state")["state"]


def test_panel_socket_says_what_is_wrong(site):
    agent = site.agent("--clock", "stepped")
    assert agent.ask("remove", patient="p")["params"] == ["remove needs item"]
    assert agent.ask("dance")["code"] == 4002
    assert agent.ask("advance", utc_ms=5)["code"] == 0
    assert (site.home / "run" / f"{STATION}.panel.sock").stat().st_mode & 0o777 == 0o600


@pytest.mark.req("P41")
def test_a_unit_in_the_cradle_of_the_agent_is_asked_to_sign_on(site):
    async def story():
        async with CradleLine(1, baud=115200) as line:
            agent = site.agent("--cradle", str(line.host.path))
            unit = Unit(line.units[0])
            running = asyncio.create_task(unit.line.run())
            await asyncio.to_thread(until, lambda: agent.ask("status")["params"][0]["link"], "the controller")
            await unit.say(display.asks(), "badge")
            await unit.enter("b1", "pin")
            await unit.enter("1234", "package")
            assert agent.ask("state")["state"]["user"] == "u1"
            assert agent.ask("sign_on", badge="b2", pin="1234")["params"] == ["handheld HK"]
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())
