"""Frames of the link: any split, cut or noise (docs/wire.md section 2)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from firmware.wire import frame

PAYLOADS = st.lists(st.binary(max_size=600) | st.integers(0, 600).map(bytes), max_size=6)


def feed_split(stream: bytes, cuts: list[int]) -> tuple[list[bytes], int]:
    decoder = frame.Decoder(600)
    edges = [0, *sorted(min(c, len(stream)) for c in cuts), len(stream)]
    payloads = [p for a, b in pairwise(edges) for p in decoder.feed(stream[a:b])]
    return payloads, decoder.dropped


@given(PAYLOADS, st.lists(st.integers(0, 4000), max_size=12))
def test_any_split_of_the_stream_gives_the_same(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame.encode(p) for p in payloads)
    assert feed_split(stream, cuts) == (payloads, 0)


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=12))
def test_any_split_of_noise_gives_the_same(noise: bytes, cuts: list[int]) -> None:
    assert feed_split(noise, cuts) == feed_split(noise, [])


@given(PAYLOADS, st.data())
def test_one_changed_byte_costs_at_most_two_frames(payloads: list[bytes], data: st.DataObject) -> None:
    frames = [frame.encode(p) for p in payloads]
    stream = bytearray(b"".join(frames))
    if not stream:
        return
    stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    got, _ = feed_split(bytes(stream), [])
    assert all(p in payloads for p in got)
    assert len(got) >= len(payloads) - 2


@given(st.binary(min_size=1, max_size=4096))
def test_payload_holds_no_zero_on_the_wire_and_bounded_overhead(payload: bytes) -> None:
    coded = frame.encode(payload)
    assert coded.index(0) == len(coded) - 1
    assert len(coded) <= len(payload) + 4 + (len(payload) + 4) // 254 + 2
