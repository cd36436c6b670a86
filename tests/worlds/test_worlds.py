"""Worlds of faults around the production cores: nothing is lost, doubled, reordered or wrongly accepted (A12)."""

import json
import logging
import os

import pytest
from typer.testing import CliRunner

from agent.keys import BadSignatureError
from firmware.wire import cose
from server_stub.ledger.batch import verify
from simulator.worlds import faults, run, world
from simulator.worlds.cli import app, told
from simulator.worlds.controls import CONTROLS
from simulator.worlds.site import Site
from simulator.worlds.size import FULL, SHORT

DEEP = (1, 2000)
# what each bad variant does
SHOWN = {
    "acknowledge-before-commit": "lost",
    "puback-as-acknowledgement": "acknowledged",
    "no-intent": "unlocked",
    "normal-sync": "lost",
    "unchecked-kind": "accepted",
    "blind-checker": "unchecked",
}


@pytest.fixture(scope="module")
def site():
    shared = Site()
    yield shared
    shared.close()


@pytest.fixture(autouse=True)
def logs_as_before():
    """The commands silence the cores' logs for good: their process ends with them."""
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.req("A12", "A12.a", "A12.b")
@pytest.mark.parametrize("seed", [2, 3, 40])
def test_nothing_that_must_never_be(site, seed):
    found = run.one(site, FULL, "", None, seed)
    assert found.violations == []
    assert found.stations >= 3 and found.entries >= 300 and sum(found.faults.values()) >= 20


@pytest.mark.req("A12.a")
def test_short_worlds_are_of_the_same_parts(site):
    found = [run.one(site, SHORT, "", None, seed) for seed in range(1, 11)]
    assert [one.violations for one in found] == [[]] * 10
    assert min(one.stations for one in found) == 3 and min(one.entries for one in found) >= SHORT.entries_least
    met = {kind for one in found for kind in one.faults}
    assert "ring full" in met, "their rings are small enough to go round"


@pytest.mark.parametrize("size", [FULL, SHORT], ids=["full", "short"])
def test_a_seed_replays_exactly(site, size):
    another = Site()
    try:
        assert another.identities["S1"].key == site.identities["S1"].key, "as in another process"
        assert told(run.one(site, size, "", None, 5)) == told(run.one(another, size, "", None, 5))
    finally:
        another.close()


@pytest.mark.req("A12.a")
@pytest.mark.parametrize(("size", "seeds"), [(FULL, 8), (SHORT, 20)], ids=["full", "short"])
@pytest.mark.parametrize("control", CONTROLS)
def test_every_bad_variant_is_found_out_for_what_it_does(site, control, size, seeds):
    # within the first 200 seeds is asked for; these few are enough
    met = set()
    for seed in range(1, seeds + 1):
        met |= {violation.kind for violation in run.one(site, size, control, None, seed).violations}
        if SHOWN[control] in met:
            break
    assert SHOWN[control] in met
    assert "crash" not in met, "a variant that breaks something else shows nothing"


def test_a_failing_world_is_made_small(monkeypatch):
    found = run.shrink(1, FULL, "no-intent", lambda text: None)
    assert [violation.kind for violation in found.violations][:1] == ["unlocked"]
    assert "FAULT" not in told(found) and "VIOLATION unlocked" in told(found), "it needs no fault to fail"


def test_pens_that_remember_are_as_strict_as_keys(site):
    one, other = site.identities["S1"], site.identities["S2"]
    sealed = one.signer.seal("batch", b"payload")
    keys = {station: site.register(station).keys.public for station in ("S1", "S2")}
    kid, payload, signature = cose.parse(sealed)
    tbs = cose.tbs(kid, "batch", payload)
    assert verify(keys["S1"], tbs, signature)
    assert not verify(keys["S2"], tbs, signature), "another's"
    assert not verify(keys["S1"], tbs + b"1", signature)
    assert not verify(keys["S1"], tbs, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not verify(keys["S1"], cose.tbs(kid, "heartbeat", payload), signature)
    with pytest.raises(BadSignatureError):
        other.verifier.open("batch", sealed)


def test_a_world_that_does_not_end_is_told_and_made_small(site, monkeypatch):
    monkeypatch.setattr(world, "STEPS_MOST", 2000)
    found = run.one(site, FULL, "", None, 5)
    assert [violation.kind for violation in found.violations] == ["does not end"]
    assert all(f"S{number} controller " in found.violations[0].text for number in (1, 2, 3))
    assert told(found) == told(run.one(site, FULL, "", None, 5)), "and plays again exactly"
    small = told(run.shrink(5, FULL, "", lambda text: None))
    assert "FAULT" not in small.replace("FAULT outage", "") and "VIOLATION does not end" in small


def test_the_command_tells_what_it_found(tmp_path):
    path = tmp_path / "out.json"
    done = CliRunner().invoke(
        app, ["world", "--seeds", "1-1", "--workers", "1", "--control", "no-intent", "--json", str(path)]
    )
    written = json.loads(path.read_text())
    assert done.exit_code == 1 and written["seeds_run"] == 1 and written["violations"]["unlocked"]
    assert set(written["faults"]) == set(faults.ALL)


def test_a_run_that_was_ended_goes_on_where_it_was(tmp_path):
    path = tmp_path / "out.json"
    ask = ["world", "--short", "--workers", "1", "--json", str(path)]
    assert CliRunner().invoke(app, [*ask, "--seeds", "1-4"]).exit_code == 0
    whole = {**json.loads(path.read_text()), "seconds": 0}
    assert CliRunner().invoke(app, [*ask, "--seeds", "1-2"]).exit_code == 0
    written = json.loads(path.read_text())
    path.write_text(json.dumps({**written, "seeds": [1, 4]}))  # as if it had been ended after two
    assert CliRunner().invoke(app, [*ask, "--seeds", "1-4", "--go-on"]).exit_code == 0
    assert {**json.loads(path.read_text()), "seconds": 0} == whole
    refused = CliRunner().invoke(app, [*ask, "--seeds", "1-5", "--go-on"])
    assert refused.exit_code == 2 and "seeds 1-4" in refused.output
    path.write_text(json.dumps({**written, "seeds": [1, 4], "program": "0" * 64}))
    refused = CliRunner().invoke(app, [*ask, "--seeds", "1-4", "--go-on"])
    assert refused.exit_code == 2 and "another program" in refused.output
    path.write_text('{"seeds": [1, 4')
    refused = CliRunner().invoke(app, [*ask, "--seeds", "1-4", "--go-on"])
    assert refused.exit_code == 2 and "nothing to go on with" in refused.output


@pytest.mark.deep
@pytest.mark.req("A12", "A12.a", "A12.b")
def test_two_thousand_worlds(record_property):
    total = run.many(run.Total(*DEEP), workers=os.cpu_count() or 1, told=lambda found, total: None)
    record_property("worlds", json.dumps(total.as_json()))
    assert total.failed == {} and total.seeds == DEEP[1]
    assert total.least["stations"] >= 3 and total.least["entries"] >= 300 and total.least["faults"] >= 20
    assert {kind: count for kind, count in total.as_json()["faults"].items() if count < 100} == {}
