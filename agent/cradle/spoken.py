"""Frames of POL/SELECT as JSON objects and back: what `apotheca cradle decode` prints and `encode` reads."""

import json
from typing import Any

from firmware.cradle import addresses, frames
from firmware.cradle.blocks import ALL_FIELDS, FIELDS

ONE_ADDRESS = {"new_address_pol": addresses.NEW, "general_pol": addresses.GENERAL}
KINDS = tuple(FIELDS)
KNOWN = frozenset({"kind", "address", "bcc_ok", *ALL_FIELDS})


class Refused(ValueError):
    """No frame can be like this; the message says why."""


def to_object(frame: frames.Frame) -> dict[str, Any]:
    """`kind`, `address` (null if there is none) and each field that the frame has; docs/polselect.md section 6."""
    said: dict[str, Any] = {"kind": frame.kind, "address": frame.address}
    for name in (*ALL_FIELDS, "bcc_ok", "reason"):
        value = getattr(frame, name)
        if value is not None:
            said[name] = _data_text(frame.flag, value) if name == "data" else value
    return said


def _data_text(flag: str, data: bytes) -> str:
    # a character a byte, so that a damaged text can be shown too
    return data.hex() if flag == "B" else data.decode("latin-1")


def from_object(said: Any) -> frames.Frame:
    """The frame of an object. Refused for a field that no frame has; the codec judges what stands in the others."""
    if not isinstance(said, dict):
        raise Refused("not a JSON object")
    given = {name: value for name, value in said.items() if value is not None}
    kind = given.get("kind")
    if kind not in KINDS:
        raise Refused(f"kind is none of {', '.join(KINDS)}")
    unknown = sorted(given.keys() - KNOWN)
    if unknown:
        raise Refused(f"no frame has a field {unknown[0]}")
    address = given.get("address", ONE_ADDRESS.get(kind))
    _check_bcc_ok(given, bare=kind == "nak" and address is None)
    frame = frames.Frame(kind, address)
    for name in given.keys() - {"kind", "address"}:
        setattr(frame, name, given[name])
    if frame.data is not None:
        frame.data = _data_bytes(frame.flag, frame.data)
    return frame


def _check_bcc_ok(given: dict[str, Any], *, bare: bool) -> None:
    if "bcc_ok" in given and bare:
        raise Refused("a single NAK has no check field")
    if not isinstance(given.get("bcc_ok", True), bool):
        raise Refused("bcc_ok is neither true nor false")


def _data_bytes(flag: Any, text: Any) -> bytes:
    if not isinstance(text, str):
        raise Refused("data is not a text")
    try:
        return bytes.fromhex(text) if flag == "B" else text.encode("ascii")
    except ValueError:
        raise Refused("data is not hex" if flag == "B" else "data is not ASCII") from None


def encoded(line: str | bytes) -> bytes:
    """The bytes of the frame that a line of JSON describes; ValueError, in words, if no frame can be like that."""
    try:
        said = json.loads(line, object_pairs_hook=_once)
    except RecursionError:
        raise Refused("not a JSON object") from None
    except Refused:
        raise
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from None
    return bytes(frames.encode(from_object(said)))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise Refused("a field stands there twice")
    return said
