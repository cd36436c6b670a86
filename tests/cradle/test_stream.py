"""The codec's parser on streams that Hypothesis thinks of: pieces, noise, and what follows an EOT."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cradle.spoken import to_object
from firmware.cradle import addresses, blocks, frames
from tests.cradle import reference

units = st.integers(0, addresses.ADDRESSES - 1).map(addresses.address)
times = st.text("0123456789", min_size=12, max_size=12)
powers = st.integers(blocks.LEAST_POWER, blocks.MOST_POWER)
numbers = st.integers(0, 99_999)
text = st.text([*map(chr, range(0x20, 0x80)), "\t", "\r", "\n"], max_size=80).map(str.encode)
specials = st.lists(st.sampled_from([0, 3, 4, 27, 0x15, 65])).map(bytes)
texts = st.builds(frames.data, units, st.sampled_from("ACDILPRS"), numbers, text, st.booleans())
binaries = st.builds(frames.data, units, st.just("B"), numbers, st.binary(max_size=80) | specials, st.booleans())
answers = st.one_of(
    st.builds(frames.ack, units), st.builds(frames.nak, units), st.builds(frames.data_ack, units, numbers)
)
calls = st.one_of(
    st.builds(frames.pol_new, times, units),
    st.builds(frames.pol_general, times, powers),
    st.builds(frames.pol_specific, units, times, powers),
    st.builds(frames.sel, units, times, powers),
)
good = st.one_of(texts, binaries, answers, calls, st.builds(frames.nak))
bytes_of_lines = st.sampled_from(b"\x01\x02\x03\x04\x05\x06\x15\x1b|0019ABPRpq")
noise = st.binary(max_size=40) | st.lists(bytes_of_lines, max_size=40).map(bytes)
pieces = st.lists(good.map(frames.encode) | noise, max_size=8)


def said(read: list[Any]) -> list[dict[str, Any]]:
    return [to_object(frame) for frame in read]


def checked(frame: frames.Frame) -> dict[str, Any]:
    """What the frame says once it has been read; a single NAK has no check."""
    return to_object(frame) | ({} if frame.address is None else {"bcc_ok": True})


@pytest.mark.req("P65", "P78", "P79", "P90")
@settings(deadline=None)
@given(good)
def test_a_frame_is_read_as_it_was_made_by_both_readers(frame: frames.Frame) -> None:
    raw = frames.encode(frame)
    assert to_object(frames.one(raw)) == checked(frame)
    by_reference = reference.read(raw)
    assert by_reference == to_object(frame)
    assert by_reference and reference.write(by_reference) == raw


@settings(deadline=None)
@given(st.lists(good, max_size=8), st.data())
def test_any_split_of_a_good_stream_gives_its_frames(sent: list[Any], data: st.DataObject) -> None:
    stream = b"".join(map(frames.encode, sent))
    assert in_pieces(stream, data) == [checked(frame) for frame in sent]


@settings(deadline=None)
@given(pieces.map(b"".join), st.data())
def test_any_split_of_any_stream_reads_the_same(stream: bytes, data: st.DataObject) -> None:
    whole = frames.Parser()
    assert in_pieces(stream, data) == said(whole.feed(stream) + whole.timeout())


def in_pieces(stream: bytes, data: st.DataObject) -> list[dict[str, Any]]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    parser, read = frames.Parser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        read += parser.feed(stream[start:end])
    read += parser.timeout()
    assert not parser.pending
    return said(read)


@settings(deadline=None)
@given(noise, good)
def test_after_noise_and_silence_a_frame_is_read(before: bytes, frame: frames.Frame) -> None:
    parser = frames.Parser()
    parser.feed(before)
    parser.timeout()
    assert said(parser.feed(frames.encode(frame))) == [checked(frame)]


@pytest.mark.req("P81")
@settings(deadline=None)
@given(texts | binaries | answers, calls)
def test_the_third_byte_after_an_eot_tells_an_end_from_a_reset(frame: frames.Frame, call: frames.Frame) -> None:
    raw, reset = frames.encode(frame), frames.encode(call)
    assert reset[0] == blocks.EOT and reset[3:4] in (b"p", b"q")
    assert raw[-4] in (blocks.EOT, blocks.ETX) and raw[-1:].isdigit()
    # a unit that joins the line at the end of a block does not take its check for the address of a call
    if raw[-4] == blocks.EOT:
        read = frames.Parser().feed(raw[-4:] + reset)
        assert [to_object(one) for one in read if frames.sound(one)] == [checked(call)]


@settings(deadline=None)
@given(st.sampled_from("AB"), st.binary(max_size=200) | specials, powers)
def test_a_cut_block_is_as_long_as_it_may_be(flag: str, raw: bytes, power: int) -> None:
    n = frames.cut(flag, raw, power)
    assert frames.fits(flag, raw[:n], power)
    assert n == len(raw) or not frames.fits(flag, raw[: n + 1], power)
