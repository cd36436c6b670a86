"""Whatever happens to the lots of a pocket, nothing comes from nowhere and the first to expire goes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import layers

LOTS = st.tuples(st.sampled_from(["", "a", "b", "c"]), st.integers(0, 3))
PUTS = st.lists(st.tuples(LOTS, st.integers(0, 9)), max_size=12)


def _held(puts: list[tuple[tuple[str, int], int]]) -> list[tuple[str, int, int]]:
    held: list[tuple[str, int, int]] = []
    for (lot, expiry_min), quantity in puts:
        held = layers.put(held, lot, expiry_min, quantity)
    return held


@pytest.mark.req("F26")
@pytest.mark.req("U18")
@given(PUTS, st.integers(0, 99))
def test_taken_and_left_are_what_was_put(puts: list[tuple[tuple[str, int], int]], quantity: int) -> None:
    held = _held(puts)
    left, taken = layers.take(held, quantity)
    assert layers.total(held) == sum(q for _, q in puts) == layers.total(left) + layers.total(taken)
    assert layers.total(taken) == min(quantity, layers.total(held))
    for _, last_taken, _ in taken[-1:]:
        assert all(not expiry or expiry >= last_taken > 0 or not last_taken for _, expiry, _ in left)
    assert len(held) <= layers.LIMIT and all(q > 0 for _, _, q in held + left + taken)


@pytest.mark.req("P12")
@given(PUTS, st.integers(0, 200))
def test_after_a_count_there_is_what_was_counted(puts: list[tuple[tuple[str, int], int]], counted: int) -> None:
    held = _held(puts)
    settled = layers.settle(held, counted)
    assert layers.total(settled) == counted
    known = {layer[:2]: layer[2] for layer in held}
    assert all(quantity <= known.get((lot, at), 0) for lot, at, quantity in settled if (lot, at) != layers.UNKNOWN)
