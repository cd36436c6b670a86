"""Packets at defined intervals of hospital time, also when the clock jumps."""

import asyncio
import sys

import pytest

import verify_apotheca
from firmware import codes
from firmware.journal import kinds
from server_stub.fold import rebuild
from server_stub.integration.intake import IntakeAway, ask
from server_stub.ledger import schema as ledger
from server_stub.ledger.actors import RESERVED
from server_stub.ledger.schema import open_database
from server_stub.proof import schedule
from server_stub.proof import schema as proof
from server_stub.proof.period import Period
from server_stub.proof.schedule import DAY_MS, SETTLE_MS, due
from server_stub.site import config
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.conftest import Bench
from tests.centre.processes import Ingest, running
from tests.centre.scripted import Scripted
from tests.waits import PATIENCE_S, until

DAY1 = 19_675 * DAY_MS  # 2023-11-14, the day on which the scripts begin
SHA = "ab" * 32


def made(bench, period, sha=SHA, actor=None):
    who = {"actor": actor} if actor else {"scheduled": True}
    return bench.ask("packet_made", from_utc_ms=period[0], to_utc_ms=period[1], manifest_sha256=sha, **who)


def now_due(bench, utc_ms, days=1):
    with bench.engine.connect() as conn:
        return due(conn, days, utc_ms)


def write(bench, script, utc_ms):
    script.utc_ms = utc_ms
    seq = script.add()
    bench.up(script.station, "batch", script.batch(seq, seq))


@pytest.mark.req("A16.a", "A21.i")
def test_each_whole_period_with_entries_is_due_once(bench):
    assert now_due(bench, DAY1 + 100 * DAY_MS) is None
    script = bench.station()
    write(bench, script, DAY1 + 1000)
    end = DAY1 + DAY_MS
    assert now_due(bench, end + SETTLE_MS - 1) is None
    bench.ask("advance", utc_ms=end + SETTLE_MS)
    first = now_due(bench, end + SETTLE_MS)
    assert first == Period(DAY1, end)
    made(bench, first)
    assert now_due(bench, end + SETTLE_MS) is None
    # days without entries make no packets
    write(bench, script, DAY1 + 5 * DAY_MS + 1000)
    assert now_due(bench, DAY1 + 9 * DAY_MS) == Period(DAY1 + 5 * DAY_MS, DAY1 + 6 * DAY_MS)


@pytest.mark.req("A21.i")
def test_a_clock_that_jumps_gives_every_period_once(quick):
    script = quick.station()
    for day in range(3):
        write(quick, script, DAY1 + day * DAY_MS + 1000)
    # on by a month: all three at once, the oldest first; then back by two days: none again
    jumped, given = DAY1 + 30 * DAY_MS, []
    quick.ask("advance", utc_ms=jumped)
    while period := now_due(quick, jumped):
        made(quick, period, f"{len(given):064x}")
        given.append(period)
    assert given == [Period(DAY1 + n * DAY_MS, DAY1 + (n + 1) * DAY_MS) for n in range(3)]
    assert now_due(quick, DAY1 + DAY_MS) is None
    assert schedule.look_again_ms(1, DAY1) == DAY1 + SETTLE_MS
    assert schedule.look_again_ms(1, DAY1 + SETTLE_MS) == DAY1 + DAY_MS + SETTLE_MS


@pytest.mark.req("A12.a", "A16.a")
def test_that_a_packet_was_made_is_an_entry_once_and_survives_a_rebuild(bench):
    seq = made(bench, (1000, 2000), actor="PH1")["seq"]
    assert made(bench, (1000, 2000), actor="PH1") == {"seq": seq}
    (row,) = bench.rows(proof.packets)
    assert (row.seq, row.actor, row.from_utc_ms, row.to_utc_ms) == (seq, "PH1", 1000, 2000)
    (entry,) = (r for r in bench.rows(ledger.entries) if r.kind == kinds.PACKET_MADE)
    assert entry.seq == seq
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after


@pytest.mark.parametrize("wrong", [{"from_utc_ms": 9, "to_utc_ms": 9}, {"manifest_sha256": "zz"}, {"actor": "x" * 17}])
def test_a_packet_that_cannot_be_is_refused(quick, wrong):
    right = {"from_utc_ms": 1, "to_utc_ms": 2, "manifest_sha256": SHA, "actor": "PH1"}
    assert quick.ask("packet_made", **{**right, **wrong})["code"] == codes.BAD_PACKET
    assert quick.ask("packet_made")["code"] == codes.BAD_PACKET
    assert quick.rows(proof.packets) == []


@pytest.mark.req("A16.a", "A21.i")
def test_what_people_have_made_puts_no_scheduled_packet_off(quick):
    write(quick, quick.station(), DAY1 + 1000)
    later = DAY1 + 2 * DAY_MS
    quick.ask("advance", utc_ms=later)
    far = (DAY1, DAY1 + 9000 * DAY_MS)
    for actor in (*RESERVED, "Centre", " centre"):
        assert made(quick, far, actor=actor)["code"] == codes.BAD_PACKET
    assert "seq" in made(quick, far, actor="auditor1")
    assert now_due(quick, later) == Period(DAY1, DAY1 + DAY_MS)
    for wrong in (far, (DAY1, DAY1 + 1000)):
        assert made(quick, wrong, "cd" * 32)["code"] == codes.BAD_PACKET, "nor does a schedule that cannot be"
    assert now_due(quick, later) == Period(DAY1, DAY1 + DAY_MS)
    assert "seq" in made(quick, (DAY1, DAY1 + DAY_MS), "ef" * 32)
    assert now_due(quick, later) is None


def asked(home, do, **args):
    def attempt():
        try:
            return asyncio.run(ask(home.intake, {"do": do, "args": args}, PATIENCE_S))
        except IntakeAway:
            return None

    return until(attempt, f"intake {do}")


def recorded(home):
    engine = open_database(config.database_url(home, config.read(home)))
    with engine.connect() as conn:
        rows = conn.execute(proof.packets.select().order_by(proof.packets.c.seq)).all()
    engine.dispose()
    return rows


@pytest.mark.req("A16.a", "A21.i")
def test_the_process_makes_what_is_due_across_a_jump_and_a_crash(tmp_path):
    home = Home(tmp_path / "h")
    make_site(home, "demo")
    add_station(home, "ICU1", ["MICU"])
    site = config.read(home)
    config.write(home, site.model_copy(update={"packets": config.Packets(every_days=2)}))
    bench = Bench(home, config.database_url(home, site))
    script = Scripted.enrolled(home, "ICU1", bytes.fromhex(site.station[0].genesis))
    for day in range(4):
        write(bench, script, DAY1 + 1000 + day * DAY_MS)
    bench.engine.dispose()
    ingest = Ingest(home)
    command = [sys.executable, "-m", "server_stub.packets_main", str(home.root)]
    try:
        asked(home, "advance", utc_ms=DAY1 + DAY_MS)
        with running(command, home.run / "packets.log") as process:
            asked(home, "advance", utc_ms=DAY1 + 40 * DAY_MS)
            until(lambda: recorded(home), "the first packet")
            process.kill()
            process.wait()
        with running(command, home.run / "packets.log"):
            until(lambda: len(recorded(home)) == 3, "all packets")
    finally:
        ingest.stop()
    # periods are counted from 1970: of four days two lie in one, so does one at each end
    rows = recorded(home)
    assert [(r.from_utc_ms, r.to_utc_ms) for r in rows] == [
        (DAY1 + n * DAY_MS - DAY_MS, DAY1 + n * DAY_MS + DAY_MS) for n in (0, 2, 4)
    ]
    folders = sorted(home.packets.iterdir())
    assert [f.name for f in folders] == [Period(r.from_utc_ms, r.to_utc_ms).name for r in rows]
    for folder, row in zip(folders, rows, strict=True):
        assert verify_apotheca.check(folder, home.keys / "ca.crt").good
        assert verify_apotheca.Folder(folder).digest("manifest.json")[0] == row.manifest_sha256.hex()
