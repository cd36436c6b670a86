"""Heartbeats: only new ones say that a station is there; who was answered more than is here is told the gap."""

import pytest
from sqlalchemy import select

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from server_stub.centre import Centre, Keys
from server_stub.ledger import schema, store
from server_stub.ledger.freshness import NEAR_MS
from server_stub.ledger.ingest import Ingest, Message, Now
from tests.centre.conftest import Bench

SILENT_MS = 180_000


def said(bench, code):
    """States of the centre's alarm in its own log, in order."""
    with bench.engine.connect() as conn:
        every = [page.entry for page in store.pages_in_order(conn)]
    return [one.ext[2] for one in every if one.kind == kinds.CENTRE_ALARM and one.ext[0] == code]


def pass_by(bench, ms):
    bench.transport_ms += ms
    bench.clock.advance(bench.clock.utc_ms() + ms)
    bench.sent += bench.centre.tick()


@pytest.mark.req("A18")
def test_recorded_heartbeats_do_not_hide_a_silent_station(quick):
    script = quick.station()
    recorded = []
    for _ in range(10):
        script.add()
        script.utc_ms = quick.clock.utc_ms()
        recorded.append(script.heartbeat())
        quick.up("ICU1", "heartbeat", recorded[-1])
        pass_by(quick, 60_000)
    # from here on the station says nothing: somebody else says again what it said, oldest first and newest first
    for one in (*recorded, *reversed(recorded)):
        quick.up("ICU1", "heartbeat", one)
        pass_by(quick, 20_000)
    assert said(quick, codes.STATION_SILENT) == [1]
    quick.restart()
    quick.up("ICU1", "heartbeat", *recorded)
    pass_by(quick, 1000)
    assert said(quick, codes.STATION_SILENT) == [1], "a restart does not make them new"
    script.utc_ms = quick.clock.utc_ms()
    quick.up("ICU1", "heartbeat", script.heartbeat())
    assert said(quick, codes.STATION_SILENT) == [1, 0]


@pytest.mark.req("A18")
def test_a_station_whose_time_stands_still_or_was_set_back_is_there(quick):
    script = quick.station()
    script.add()
    for back_ms in (0, 0, 0, NEAR_MS, NEAR_MS // 2, 0):
        script.utc_ms = quick.clock.utc_ms() - back_ms
        quick.up("ICU1", "heartbeat", script.heartbeat())
        quick.transport_ms += SILENT_MS - 1
        quick.centre.tick()
    assert said(quick, codes.STATION_SILENT) == []


@pytest.mark.req("A12.a", "A18")
def test_old_batches_do_not_hide_a_silent_station(quick):
    script = quick.station()
    script.add()
    raw = script.batch(1, 1)
    assert quick.verdicts(quick.up("ICU1", "batch", raw)) == [messages.ACCEPT]
    pass_by(quick, SILENT_MS - 1)
    assert quick.verdicts(quick.up("ICU1", "batch", raw)) == [messages.DUP]
    pass_by(quick, 1)
    assert said(quick, codes.STATION_SILENT) == [1]


def heard_elsewhere(bench, script, received_ms):
    """A heartbeat that the process of a further shard takes in, by the clock of its computer."""
    signer, now = Keys.read(bench.home).signer, Now(bench.clock.utc_ms(), received_ms)
    other = Ingest(bench.engine, bench.register.names, bench.register, signer)
    other.take([Message(script.station, "heartbeat", script.heartbeat())], now)


@pytest.mark.req("A18")
def test_further_shards_are_heard_in_whatever_order_and_by_whatever_clock(bench):
    one, other = bench.station("ED1"), bench.station("ED2")
    for script in (one, other):
        script.add()
        script.utc_ms = bench.clock.utc_ms()
        heard_elsewhere(bench, script, bench.transport_ms)
    bench.restart()
    for _ in range(10):
        # the computer of the other shard is ahead; what it took in first is committed first
        heard_elsewhere(bench, other, bench.transport_ms + 120_000)
        bench.centre.hear_elsewhere()
        heard_elsewhere(bench, one, bench.transport_ms)
        bench.centre.hear_elsewhere()
        pass_by(bench, 60_000)
    assert said(bench, codes.STATION_SILENT) == []


@pytest.mark.req("A18")
def test_an_alarm_that_a_full_disk_did_not_take_is_raised_later(quick, monkeypatch):
    script = quick.station()
    script.add()
    quick.up("ICU1", "heartbeat", script.heartbeat())
    quick.transport_ms += SILENT_MS
    with monkeypatch.context() as broken:
        broken.setattr(store, "add_pages", lambda *_: 1 / 0)
        broken.setattr(quick.centre, "_reload", lambda: None)
        with pytest.raises(ZeroDivisionError):
            quick.centre.tick()
    quick.centre._reload()
    quick.centre.tick()
    assert said(quick, codes.STATION_SILENT) == [1]


@pytest.mark.req("A18")
def test_a_restart_does_not_hear_again_what_it_had_heard(quick):
    script = quick.station("ED1")
    script.add()
    heard_elsewhere(quick, script, quick.transport_ms)
    quick.restart()
    pass_by(quick, SILENT_MS)
    quick.restart()
    quick.centre.hear_elsewhere()
    quick.centre.process([])
    assert said(quick, codes.STATION_SILENT) == [1]
    heard_elsewhere(quick, script, quick.transport_ms)
    quick.centre.hear_elsewhere()
    quick.centre.process([])
    assert said(quick, codes.STATION_SILENT) == [1, 0]


@pytest.mark.req("A18")
def test_a_station_that_only_sent_batches_is_no_longer_silent_when_it_is_back(quick):
    script = quick.station()
    script.add()
    quick.up("ICU1", "batch", script.batch(1, 1))
    pass_by(quick, SILENT_MS)
    quick.restart()
    script.utc_ms = quick.clock.utc_ms()
    quick.up("ICU1", "heartbeat", script.heartbeat())
    assert said(quick, codes.STATION_SILENT) == [1, 0]


@pytest.mark.req("A18")
def test_a_clock_that_is_set_makes_nobody_silent(quick):
    script, steady_ms = quick.station(), 0
    keys = Keys.read(quick.home)
    centre = Centre(
        quick.engine, quick.register, keys, quick.clock, lambda: quick.transport_ms, steady_ms=lambda: steady_ms
    )
    quick.centre = centre
    centre.start()
    script.add()
    quick.up("ICU1", "heartbeat", script.heartbeat())
    for by_ms in (3_600_000, -7_200_000):
        quick.transport_ms += by_ms
        centre.tick()
    assert said(quick, codes.STATION_SILENT) == []
    steady_ms = SILENT_MS
    centre.tick()
    assert said(quick, codes.STATION_SILENT) == [1]


@pytest.mark.req("A12.a")
def test_who_was_answered_more_than_is_here_is_told_the_gap(quick, site_home, tmp_path):
    script = quick.station()
    for _ in range(5):
        script.add()
    assert quick.verdicts(quick.up("ICU1", "heartbeat", script.heartbeat())) == [messages.GAP]
    assert quick.verdicts(quick.up("ICU1", "batch", script.batch(1, 5))) == [messages.ACCEPT]
    assert quick.verdicts(quick.up("ICU1", "heartbeat", script.heartbeat())) == [messages.DUP]
    restored = Bench(site_home, f"sqlite:///{tmp_path / 'other.db'}")
    restored.up("ICU1", "batch", script.batch(1, 2))
    out = restored.up("ICU1", "heartbeat", script.heartbeat())
    assert restored.verdicts(out) == [messages.GAP]
    with restored.engine.connect() as conn:
        assert conn.scalar(select(schema.held.c.seq).where(schema.held.c.station == "ICU1")) == 2
    restored.engine.dispose()
