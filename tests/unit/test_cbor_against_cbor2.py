"""The controller's codec against cbor2, an independent implementation (RFC 8949 section 4.2)."""

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware.wire import cbor

INTEGERS = st.integers(-(2**64), 2**64 - 1)
VALUES = st.recursive(
    INTEGERS | st.binary(max_size=300) | st.text(max_size=40) | st.none(),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=12,
)


def depth(value: object) -> int:
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@pytest.mark.req("A12.b")
@given(VALUES.filter(lambda v: depth(v) <= cbor.MAX_DEPTH))
def test_encodes_as_cbor2_canonical_and_comes_back(value: object) -> None:
    data = cbor.encode(value)
    assert data == cbor2.dumps(value, canonical=True)
    assert cbor.decode(data) == value


@pytest.mark.req("A12.b")
@given(st.binary(max_size=40))
@example(bytes.fromhex("1817"))
@example(bytes.fromhex("62c080"))
@example(bytes.fromhex("5f4101ff"))
def test_accepts_only_the_one_form(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except ValueError:
        return
    assert cbor.encode(value) == data == cbor2.dumps(value, canonical=True)


@given(VALUES.filter(lambda v: depth(v) <= cbor.MAX_DEPTH), st.data())
def test_no_prefix_and_no_tail_is_taken(value: object, data: st.DataObject) -> None:
    whole = cbor.encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"\x00"):
        with pytest.raises(ValueError):
            cbor.decode(wrong)


@given(st.sampled_from([cbor2.CBORTag(1, 1), 1.5, True, {1: 2}, cbor2.undefined, cbor2.CBORSimpleValue(99)]))
def test_refuses_what_cbor2_can_say_beyond_the_subset(value: object) -> None:
    with pytest.raises(ValueError):
        cbor.decode(cbor2.dumps(value))
