"""The journal's flash, cut at every operation: `flash.py` counts, `tests/firmware/cut_rig.py` says what must hold.

The short runs, on both interpreters, are in `tests/firmware/test_cuts.py`.
"""

import pytest

from firmware.journal.journal import Journal
from firmware.journal.ring import Ring
from tests.cuts import flash

pytestmark = pytest.mark.req("A12.a", "A12.b", "U1")

# what a careless journal would do
CARELESS = {
    "a torn page is damage": (Ring, "_unfinished", lambda ring: False),
    "the newest page is not adopted": (Ring, "_newest", lambda ring, newest=Ring._newest: _but_one(newest(ring))),
    "what nobody answered is erased": (Journal, "_may_erase", lambda journal: journal._snapshots.older),
}


def _but_one(newest):
    return newest - 1 if newest else newest


@pytest.mark.parametrize("what", CARELESS)
def test_a_careless_journal_is_caught(what, monkeypatch):
    monkeypatch.setattr(*CARELESS[what])
    with pytest.raises(AssertionError):
        flash.single(80, 2, late=40)


@pytest.mark.deep
def test_every_cut_of_a_long_run_is_recovered(record_property):
    found = flash.single()
    record_property("flash, single cuts", found)
    assert found["operations"] > flash.ENTRIES and found["cuts"] > 6 * flash.ENTRIES
    assert found["ring programs per entry"] <= 1.2 and found["ring erases per entry"] <= 0.07


@pytest.mark.deep
def test_every_pair_of_cuts_of_a_short_run_is_recovered(record_property):
    found = flash.pairs()
    record_property("flash, pairs of cuts", found)
    assert found["pairs"] > (flash.PAIRED * 7) ** 2 // 2


@pytest.mark.deep
def test_every_flipped_bit_is_found(record_property):
    found = flash.flips()
    record_property("flash, flipped bits", found)
    assert found["reported"] + found["harmless"] == found["bits flipped"] == flash.FLIPPED * 2048
    assert found["harmless"] < flash.FLIPPED


@pytest.mark.deep
def test_no_flipped_bit_of_the_key_page_costs_the_key(record_property):
    found = flash.key_flips()
    record_property("flash, flipped bits of the key", found)
    assert found["bits of the key flipped"] == 2048
