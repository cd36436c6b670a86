"""What entries count as, and that what went by unseen is said and not guessed."""

import pytest

from firmware import codes
from firmware.journal import entry, kinds
from firmware.wire import cbor
from simulator.deeds import deeds
from simulator.lots import expires_soon, lot_of, opening_lot
from simulator.seen import Passed

NOW_MS = 1_767_571_200_000


@pytest.mark.req("F12")
@pytest.mark.parametrize(
    ("boot", "kind", "change", "ext", "names"),
    [
        (1, kinds.REMOVE, -1, [0, None, None, None, None, 2, "", None], ["overrides"]),
        (1, kinds.REMOVE, -1, [0, None, None, None, None, 0, "", None], []),
        (1, kinds.REMOVE, -1, [0, None, None, None, None], []),
        (1, kinds.COUNT, 0, [5, "", 0], ["counts"]),
        (1, kinds.COUNT, -1, [5, "", 0], ["counts", "discrepancies"]),
        (1, kinds.DISCREPANCY, 1, ["", 0], ["discrepancies"]),
        (1, kinds.ALARM, None, [codes.ALARM_JAMMED, 2], ["jams"]),
        (1, kinds.ALARM, None, [codes.ALARM_FORCED, 2], []),
        (1, kinds.BOOT, None, [], []),
        (2, kinds.BOOT, None, [], ["power_cuts"]),
        (1, kinds.WASTE, None, [1, 4, 250], ["wastes"]),
        (1, kinds.RETURN, 1, [], ["returns"]),
        (1, kinds.RETURN_BIN, 1, [], ["return_bin"]),
    ],
)
def test_what_an_entry_counts_as(boot, kind, change, ext, names):
    assert list(deeds(boot, kind, change, ext)) == names


def page(seq):
    fields = [None] * 19
    fields[entry.F_BOOT], fields[entry.F_KIND], fields[entry.F_EXT] = 1, kinds.RETURN, []
    return seq, cbor.encode([cbor.encode(fields), None, b""])


def test_entries_are_counted_once_and_a_gap_is_noticed():
    passed = Passed()
    passed.take([page(2), page(1)])
    passed.take([page(2), page(3)])
    assert (passed.seq, passed.counts["returns"], passed.complete) == (3, 3, True)
    passed.take([page(5)])
    assert not passed.complete


@pytest.mark.req("P23")
def test_lots_are_of_the_month_and_few_expire_within_a_day():
    lot, expiry_min = lot_of("MORP4I", NOW_MS)
    assert (lot, expiry_min) == lot_of("MORP4I", NOW_MS + 60_000) != lot_of("MORP4I", NOW_MS + 31 * 86_400_000)
    assert len(lot) <= 20 and not expires_soon(expiry_min, NOW_MS)
    opened = [opening_lot("ICU", f"I{n}", NOW_MS)[1] for n in range(500)]
    assert 5 < sum(expires_soon(expiry, NOW_MS + 2 * 3_600_000) for expiry in opened) < 50
    assert not expires_soon(0, NOW_MS) and expires_soon(NOW_MS // 60_000 - 1, NOW_MS)
