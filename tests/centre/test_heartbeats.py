"""Heartbeats: only new ones say that a station is there; who was answered more than is here is told the gap."""

import pytest
from sqlalchemy import select

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from server_stub.ledger import schema
from server_stub.ledger.freshness import NEAR_MS
from tests.centre.conftest import Bench

SILENT_MS = 180_000


def said(bench, code):
    """States of the centre's alarm in its own log, in order."""
    with bench.engine.connect() as conn:
        from server_stub.ledger import store

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
