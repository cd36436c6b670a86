"""A second reader and writer of POL/SELECT frames, from the requirements alone: one pattern a kind, nothing of ours.

Slow, strict and short. It tells good frames from all others; `apotheca cradle decode` must say the same of each.
"""

import re
from functools import reduce
from operator import xor
from typing import Any

UNIT = rb"[A-Za-z]{2}"
TIME = rb"(?P<time>[0-9]{12})"
POWER = rb"(?P<power>0[5-9]|1[0-2])"
TEXT = rb"(?P<data>[\t\r\n\x20-\x7f]*)"
BINARY = rb"(?P<data>(?:[^\x03\x04\x1b]|\x1b[\x03\x04\x1b])*)"
SIZED = rb"(?P<block>[0-9]{5})\|(?P<size>[0-9]{5})\x02%s(?P<end>[\x03\x04])"

SHAPES = [
    ("new_address_pol", rb"\x04?", rb"(?P<address>00)p" + TIME + rb"(?P<new_address>" + UNIT + rb")\x05"),
    ("general_pol", rb"\x04?", rb"(?P<address>11)p" + TIME + POWER + rb"\x05"),
    ("specific_pol", rb"\x04?", rb"(?P<address>" + UNIT + rb")p" + TIME + POWER + rb"\x05"),
    ("sel", rb"\x04?", rb"(?P<address>" + UNIT + rb")q" + TIME + POWER + rb"\x05"),
    ("ack", rb"\x01", rb"(?P<address>" + UNIT + rb")\x06\x04"),
    ("data_ack", rb"\x01", rb"(?P<address>" + UNIT + rb")\x06\x02(?P<block>[0-9]{5})\x04"),
    ("nak", rb"\x01", rb"(?P<address>" + UNIT + rb")\x15\x04"),
    ("data", rb"\x01", rb"(?P<address>" + UNIT + rb"|00(?=R))(?P<flag>[ACDILPRS])" + SIZED % TEXT),
    ("data", rb"\x01", rb"(?P<address>" + UNIT + rb")(?P<flag>B)" + SIZED % BINARY),
]
PATTERNS = [
    (kind, re.compile(lead + rb"(?P<body>" + body + rb")(?P<check>[0-9]{3})", re.DOTALL)) for kind, lead, body in SHAPES
]

Said = dict[str, Any]


def read(raw: bytes) -> Said | None:
    """What a good frame says, without bcc_ok; None for anything else."""
    if raw == b"\x15":
        return {"kind": "nak", "address": None}
    for kind, pattern in PATTERNS:
        found = pattern.fullmatch(raw)
        if found and int(found["check"]) == reduce(xor, found["body"]):
            said = _said(kind, found.groupdict())
            if said is not None:
                return said
    return None


def _said(kind: str, parts: dict[str, bytes]) -> Said | None:
    said: Said = {"kind": kind, "address": parts["address"].decode()}
    said |= {name: parts[name].decode() for name in ("time", "new_address", "flag") if name in parts}
    if "power" in parts:
        said["max_block_size"] = 2 ** int(parts["power"])
    said |= {name: int(parts[name]) for name in ("block", "size") if name in parts}
    if "data" not in parts:
        return said
    data = parts["data"]
    if len(data) != said["size"] or len(data) > 4096:
        return None
    binary = said["flag"] == "B"
    said["data"] = re.sub(rb"\x1b(.)", rb"\1", data, flags=re.DOTALL).hex() if binary else data.decode()
    said["last"] = parts["end"] == b"\x04"
    return said


def write(said: Said) -> bytes:
    """The frame that says this, by the tables of the requirements."""
    kind, address = said["kind"], said["address"]
    if address is None:
        return b"\x15"
    body = address.encode() + _after_address(kind, said)
    return (b"\x04" if "time" in said else b"\x01") + body + b"%03d" % reduce(xor, body)


def _after_address(kind: str, said: Said) -> bytes:
    if "time" in said:
        last = said.get("new_address") or f"{said['max_block_size'].bit_length() - 1:02}"
        return (("q" if kind == "sel" else "p") + said["time"] + last).encode() + b"\x05"
    if kind in ("ack", "nak"):
        return b"\x06\x04" if kind == "ack" else b"\x15\x04"
    if kind == "data_ack":
        return b"\x06\x02%05d\x04" % said["block"]
    data = said["data"].encode()
    if said["flag"] == "B":
        data = re.sub(rb"[\x1b\x03\x04]", lambda found: b"\x1b" + found[0], bytes.fromhex(said["data"]))
    return b"%s%05d|%05d\x02%s%s" % (
        said["flag"].encode(), said["block"], len(data), data, b"\x04" if said["last"] else b"\x03",
    )  # fmt: skip
