"""The key of every entry as the centre finds it: as the controller has it, wherever the asking begins."""

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import codes
from firmware.journal import evolve
from server_stub.ledger import pagekeys
from server_stub.ledger.batch import Refused, read_batch
from server_stub.ledger.pagekeys import MAX_SEQ, PageKeys
from server_stub.register import SiteRegister
from tests.centre.conftest import Bench

KEY = bytes(range(32))
SEQS = st.integers(1, 6000)


@pytest.mark.req("A12.b")
@given(st.lists(st.tuples(SEQS, st.integers(1, 64)), min_size=1, max_size=6))
def test_any_run_in_any_order_is_what_the_controller_makes(runs):
    keys = PageKeys(KEY)
    for seq, count in runs:
        walking = evolve.from_root(evolve.root_of(KEY))
        assert keys.run(seq, count) == [walking.at(n) for n in range(seq, seq + count)]


@pytest.mark.req("A12.b")
def test_who_asks_far_and_near_in_turn_keeps_nobody_waiting(monkeypatch):
    keys, far, hashed = PageKeys(KEY), MAX_SEQ - 70, []
    first = keys.run(far, 64)
    walking = evolve.PageKey(1, evolve.next_epoch(evolve.root_of(KEY)), evolve.first_of(evolve.root_of(KEY)))
    assert first[0] == walking.at(far)
    monkeypatch.setattr(pagekeys, "sha256", lambda data: hashed.append(1) or hashlib.sha256(data))
    for seq in (1, far, 5000, far, 1, MAX_SEQ // 2, far):
        assert keys.run(seq, 64) and (seq != far or keys.run(far, 64) == first)
    assert len(hashed) < 7 * 3000, "a hundred thousand each time was a tenth of a second"


def test_a_seq_that_no_log_has_is_refused_before_its_key_is_looked_for(site_home, tmp_path):
    keys = PageKeys(KEY)
    for seq in (0, MAX_SEQ + 1, 1 << 62):
        with pytest.raises(ValueError):
            keys.run(seq, 1)
    made = Bench(site_home, f"sqlite:///{tmp_path / 'c.db'}").station()
    made.add()
    known = SiteRegister(site_home)("ICU1")
    for seq in (MAX_SEQ + 1, 1 << 62):
        with pytest.raises(Refused) as refused:
            read_batch(made.batch(1, 1, first_seq=seq), "ICU1", known.keys)
        assert refused.value.code == codes.BAD_BATCH


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("seq", [1, 3])
def test_a_page_maced_with_the_key_of_another_entry_or_the_station_s_own_is_refused(site_home, quick, seq):
    made = quick.station()
    known = SiteRegister(site_home)("ICU1")
    for _ in range(3):
        made.add()
    assert read_batch(made.batch(1, 3), "ICU1", known.keys).last_seq == 3
    for key in (known.keys.mac, PageKeys(made.key).run(2, 1)[0]):
        good = made.pages[seq - 1]
        made.pages[seq - 1] = [good[0], good[1], hmac.digest(key, made.heads[seq], "sha256")[:16]]
        with pytest.raises(Refused, match=f"MAC of entry {seq}") as refused:
            read_batch(made.batch(1, 3), "ICU1", known.keys)
        made.pages[seq - 1] = good
        assert refused.value.code == codes.BAD_CHAIN


def test_no_key_of_an_entry_is_in_the_database(quick):
    made = quick.station()
    for _ in range(5):
        made.add()
    assert quick.verdicts(quick.up("ICU1", "batch", made.batch(1, 5))) == [0]
    quick.engine.dispose()
    stored = b"".join(file.read_bytes() for file in Path(quick.url.removeprefix("sqlite:///")).parent.glob("*"))
    assert made.pages[0][0] in stored
    for key in (made.key, evolve.root_of(made.key), *PageKeys(made.key).run(1, 6)):
        assert key not in stored
