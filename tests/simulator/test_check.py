"""The check of a run notices what may never happen: each history below is right but for one thing."""

import pytest

from firmware.journal import chain, kinds
from firmware.wire import cbor
from simulator.check import Findings, StationCheck
from simulator.ring import ring_pages
from tests.centre.scripted import Scripted

KEY, GENESIS = bytes(range(32)), b"genesis"
PLACE = "D01-P01"


def history(*steps):
    """A station that did these steps: `removal` takes 2, `access` opens without an outcome, `refill` puts 10."""
    made = Scripted("S1", KEY, None, GENESIS)
    made.quantity = 0
    for step in steps:
        STEPS[step](made)
    return made


def _refill(made):
    txn = made.add(kinds.ACCESS, (3, 10, 0), item="A", place=PLACE, txn=len(made.pages) + 1)
    made.add(kinds.REFILL, (0, None, None), item="A", place=PLACE, stock=(made.quantity, made.quantity + 10), txn=txn)
    made.quantity += 10


def _removal(made):
    made.removal(PLACE, "A", made.quantity, 2)
    made.quantity -= 2


def _access(made):
    made.add(kinds.ACCESS, (1, 2, 0), item="A", place=PLACE, txn=len(made.pages) + 1)


def _outcome(made):
    made.add(kinds.CANCELLED, (1,), item="A", place=PLACE, txn=1)


def _jump(made):
    made.quantity += 1


def _sleight(made):
    txn = made.add(kinds.ACCESS, (4, 0, 0), item="A", place=PLACE, txn=len(made.pages) + 1)
    same = (made.quantity, made.quantity)
    made.add(kinds.COUNT, (made.quantity,), item="A", place=PLACE, stock=same, change=-1, txn=txn)


STEPS = {
    "refill": _refill,
    "removal": _removal,
    "access": _access,
    "outcome": _outcome,
    "jump": _jump,
    "sleight": _sleight,
}


def rows(made):
    """What the ledger holds of it: (seq, page, leaf, head)."""
    return [
        (seq, cbor.encode(page), chain.leaf(page[0]), made.heads[seq]) for seq, page in enumerate(made.pages, start=1)
    ]


def found(made, tmp_path, ledger=None, **changes):
    """What is wrong with it, in words."""
    findings = Findings()
    one = StationCheck("S1", findings, KEY, chain.head0(GENESIS))
    for row in rows(made) if ledger is None else ledger:
        one.take(*row)
    ring = tmp_path / "ring.bin"
    ring.write_bytes(b"\xff" * 4096)
    contents, entries = {PLACE: made.quantity, **changes}, len(made.pages)
    one.finish(ring, contents, entries)
    return findings.wrong


GOOD = ("refill", "removal", "removal", "refill")


def test_a_right_history_has_nothing_wrong(tmp_path):
    assert found(history(*GOOD), tmp_path) == []


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (("refill", "access"), "S1: access 3 at D01-P01 has no outcome"),
        (("refill", "outcome"), "S1: entry 3 is an outcome without its access"),
        (("refill", "jump", "removal"), "S1: entry 5 starts from another quantity"),
        (("refill", "sleight"), "S1: entry 4 does not add up"),
    ],
)
def test_an_access_has_one_outcome_and_quantities_go_on(tmp_path, steps, says):
    assert found(history(*steps), tmp_path) == [says]


def test_a_pocket_that_holds_something_else_is_told(tmp_path):
    made = history(*GOOD)
    assert found(made, tmp_path, **{PLACE: 15}) == ["S1: D01-P01 holds 15, the ledger 16"]


@pytest.mark.req("A12.b")
def test_lost_doubled_and_reordered_entries_are_told(tmp_path):
    made = history(*GOOD)
    all_rows = rows(made)
    last = len(all_rows)
    lost_at_the_end = found(made, tmp_path, all_rows[:-1])
    assert f"S1: the journal appended {last} entries, the ledger has {last - 1}" in lost_at_the_end
    for wrong in (
        all_rows[:4] + all_rows[5:],
        [*all_rows[:4], all_rows[3], *all_rows[4:]],
        [*all_rows[:3], all_rows[4], all_rows[3], *all_rows[5:]],
    ):
        assert any(words.endswith("out of order") for words in found(made, tmp_path, wrong))
        assert any(words.endswith("breaks the chain") for words in found(made, tmp_path, wrong))


@pytest.mark.req("A12.b")
def test_an_entry_made_without_the_key_is_told(tmp_path):
    forged = Scripted("S1", bytes(32), None, GENESIS)
    forged.quantity = 0
    forged.add()
    assert found(forged, tmp_path) == ["S1: entry 1 has a wrong MAC"]


def test_an_erased_ring_holds_nothing(tmp_path):
    (tmp_path / "ring.bin").write_bytes(b"\xff" * 4096)
    assert list(ring_pages(tmp_path / "ring.bin")) == []
