"""Hex lines and raw captures to frames: one object a line, whatever stands in it."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from agent.cradle.spoken import to_object
from firmware.cradle import frames

# several times what the largest frame takes, spaces included
LONGEST = 65_536
CHUNK = 4096
BOM = b"\xef\xbb\xbf"


def numbered(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number from 1, without its end (LF or CR LF); None for one longer than `LONGEST`."""
    number = 0
    while line := file.readline(LONGEST + 2):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
        whole = line.removesuffix(b"\n").removesuffix(b"\r")
        if len(whole) <= LONGEST:
            yield number, whole
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST)
        yield number, None


def from_hex(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """One object a line, in order."""
    for _, line in numbered(file):
        yield to_object(_frame(line))


def _frame(line: bytes | None) -> frames.Frame:
    if line is None:
        return frames.Frame("invalid", reason=f"a line of more than {LONGEST} characters")
    try:
        raw = bytes.fromhex(line.decode("ascii"))
    except ValueError:
        return frames.Frame("invalid", reason=_why_not_hex(line))
    frame: frames.Frame = frames.one(raw)
    return frame


def _why_not_hex(line: bytes) -> str:
    digits = b"".join(line.split())
    if all(byte in b"0123456789abcdefABCDEF" for byte in digits):
        return "not pairs of hex digits"
    return "not hex"


def from_raw(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """One object a frame of a capture of the line, and one for each run of bytes between them that are none."""
    parser = frames.Parser()
    read = getattr(file, "read1", file.read)
    while data := read(CHUNK):
        yield from map(to_object, parser.feed(data))
    yield from map(to_object, parser.timeout())
