"""Makes the vectors of POL/SELECT: one file a frame, one reason each. docs/polselect.md lists them.

    python -m tests.vectors.polselect.make

`v01` to `v16` are the golden vectors of the requirements, byte for byte as they stand there: no code makes them.
A case has `what`, `why`, `hex`, and either `expect` (what `apotheca cradle decode` says of it, besides bcc_ok) or
`refused`: `layout` (no frame of this shape), `check` (the check field), `content` (the check is right, but no sender
writes this). `canonical` false: the same frame is written otherwise.
"""

from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

from tests.vectors.make import Case, write

HERE = Path(__file__).parent
TIME = "120997143005"
NOON = TIME.encode()


def call(kind: str, address: str, **fields: Any) -> Case:
    return {"kind": kind, "address": address, "time": TIME, **fields}


def block(address: str, flag: str, number: int, size: int, data: str, *, last: bool = True) -> Case:
    return {
        "kind": "data", "address": address, "flag": flag, "block": number, "size": size, "data": data, "last": last,
    }  # fmt: skip


GOLDEN: dict[str, tuple[str, str, Case]] = {
    "v01_new_address_pol": (
        "New Address POL that offers Rv",
        "04 30 30 70 31 32 30 39 39 37 31 34 33 30 30 35 52 76 05 30 38 36",
        call("new_address_pol", "00", new_address="Rv"),
    ),
    "v02_general_pol": (
        "General POL, blocks of up to 128 bytes",
        "04 31 31 70 31 32 30 39 39 37 31 34 33 30 30 35 30 37 05 31 31 37",
        call("general_pol", "11", max_block_size=128),
    ),
    "v03_specific_pol": (
        "Specific POL, blocks of up to 4096 bytes",
        "04 41 42 70 31 32 30 39 39 37 31 34 33 30 30 35 31 32 05 31 31 34",
        call("specific_pol", "AB", max_block_size=4096),
    ),
    "v04_sel": (
        "SEL",
        "04 41 4f 71 31 32 30 39 39 37 31 34 33 30 30 35 31 32 05 31 32 36",
        call("sel", "AO", max_block_size=4096),
    ),
    "v05_ack": ("ACK", "01 41 4f 06 04 30 31 32", {"kind": "ack", "address": "AO"}),
    "v06_nak": ("NAK in a frame", "01 41 4f 15 04 30 33 31", {"kind": "nak", "address": "AO"}),
    "v07_data_ack": (
        "DataACK",
        "01 52 76 06 02 30 30 30 30 31 04 30 32 31",
        {"kind": "data_ack", "address": "Rv", "block": 1},
    ),
    "v08_address_acceptance": (
        "R block of a unit that has no address yet",
        "01 30 30 52 30 30 30 30 31 7c 30 30 30 30 35 02 33 30 3a 30 35 04 30 31 36",
        block("00", "R", 1, 5, "30:05"),
    ),
    "v09_ascii_file_header": (
        "block 0 of an ASCII file",
        "01 41 4f 41 30 30 30 30 30 7c 30 30 30 31 33 02 70 69 63 6b 2e 6c 73 74 7c 31 32 33 34 03 30 32 38",
        block("AO", "A", 0, 13, "pick.lst|1234", last=False),
    ),
    "v10_pick_record": (
        "P block",
        "01 41 42 50 30 30 30 30 31 7c 30 30 30 33 32 02 49 43 55 31 7c 41 42 30 31 7c 31 30 7c 31 32 30 "
        "39 39 37 31 34 33 30 30 35 7c 6a 64 30 31 7c 52 04 30 39 38",
        block("AB", "P", 1, 32, "ICU1|AB01|10|120997143005|jd01|R"),
    ),
    "v11_stuffed_binary": (
        "B block whose ESC, ETX and EOT are stuffed",
        "01 41 4f 42 30 30 30 30 31 7c 30 30 30 30 38 02 41 1b 1b 1b 03 1b 04 42 04 30 35 39",
        block("AO", "B", 1, 8, "411b030442"),
    ),
    "v12_identification": (
        "I block",
        "01 48 4b 49 30 30 30 30 31 7c 30 30 30 30 32 02 48 4b 04 30 34 38",
        block("HK", "I", 1, 2, "HK"),
    ),
    "v13_ack": ("ACK whose check starts with noughts", "01 48 4b 06 04 30 30 31", {"kind": "ack", "address": "HK"}),
    "v14_check_record": (
        "C block",
        "01 41 42 43 30 30 30 30 32 7c 30 30 30 33 36 02 30 37 36 30 35 7c 41 42 30 31 7c 31 30 7c 31 32 "
        "30 39 39 37 31 35 30 30 30 30 7c 72 70 30 32 7c 52 7c 4f 4b 04 30 39 32",
        block("AB", "C", 2, 36, "07605|AB01|10|120997150000|rp02|R|OK"),
    ),
    "v15_binary_file_header": (
        "block 0 of a binary file: its name, size and block size, as hex like all of B",
        "01 41 4f 42 30 30 30 30 30 7c 30 30 30 31 33 02 64 62 2e 62 69 6e 7c 35 7c 34 30 39 36 03 30 36 34",
        block("AO", "B", 0, 13, b"db.bin|5|4096".hex(), last=False),
    ),
    "v16_weak_check_12": (
        "its check is that of v16_weak_check_21: two digits swapped are not seen",
        "01 41 42 44 30 30 30 31 32 7c 30 30 30 30 31 02 78 04 30 37 31",
        block("AB", "D", 12, 1, "x"),
    ),
    "v16_weak_check_21": (
        "its check is that of v16_weak_check_12",
        "01 41 42 44 30 30 30 32 31 7c 30 30 30 30 31 02 78 04 30 37 31",
        block("AB", "D", 21, 1, "x"),
    ),
}


def framed(lead: bytes, body: bytes) -> bytes:
    """`body` with the right check behind it."""
    return lead + body + b"%03d" % reduce(xor, body)


def pol(body: bytes) -> bytes:
    return framed(b"\x04", body)


def answer(body: bytes) -> bytes:
    return framed(b"\x01", body)


def valid(why: str, raw: bytes, expect: Case, *, canonical: bool = True) -> Case:
    case = {"what": "polselect", "why": why, "hex": raw.hex(), "expect": expect}
    return case if canonical else case | {"canonical": False}


def refused(why: str, raw: bytes, layer: str) -> Case:
    return {"what": "polselect", "why": why, "hex": raw.hex(), "refused": layer}


def more_cases() -> dict[str, Case]:
    reset = call("general_pol", "11", max_block_size=128)
    return {
        "pol_without_eot": valid(
            "a General POL that lost its EOT, to a unit in idle-receive",
            bytes.fromhex(GOLDEN["v02_general_pol"][1])[1:], reset, canonical=False,
        ),
        "nak_bare": valid("the single byte that answers a wrong check", b"\x15", {"kind": "nak", "address": None}),
        "data_empty": valid("no data at all", answer(b"ABL00001|00000\x02\x04"), block("AB", "L", 1, 0, "")),
        "data_ack_largest_number": valid(
            "the last block number", answer(b"AB\x06\x0299999\x04"),
            {"kind": "data_ack", "address": "AB", "block": 99999},
        ),
        "pol_smallest_blocks": valid(
            "the smallest of all sizes", pol(b"zzp" + NOON + b"05\x05"), call("specific_pol", "zz", max_block_size=32)
        ),
        "pol_address_ii": valid(
            "II is the address of a unit, not 11",
            pol(b"IIp" + NOON + b"07\x05"), call("specific_pol", "II", max_block_size=128),
        ),
        "text_with_line_ends": valid(
            "TAB, CR and LF may stand in text", answer(b"ABA00001|00006\x02a\tb\r\nc\x03"),
            block("AB", "A", 1, 6, "a\tb\r\nc", last=False),
        ),
    }  # fmt: skip


def layout_cases() -> dict[str, Case]:
    sel = bytes.fromhex(GOLDEN["v04_sel"][1])
    return {
        "bad_nothing": refused("no byte at all", b"", "layout"),
        "bad_start": refused("STX instead of SOH", b"\x02" + answer(b"AO\x06\x04")[1:], "layout"),
        "bad_two_eot": refused("EOT twice before the POL", b"\x04" + sel, "layout"),
        "bad_pol_mark": refused("r where p or q stand", pol(b"AOr" + NOON + b"12\x05"), "layout"),
        "bad_enq": refused("ETX where ENQ stands", pol(b"AOq" + NOON + b"12\x03"), "layout"),
        "bad_cut_short": refused("the last byte of the check is missing", sel[:-1], "layout"),
        "bad_ack_end": refused("ETX instead of EOT after ACK", answer(b"AO\x06\x03"), "layout"),
        "bad_data_ack_number": refused("a letter in a DataACK's number", answer(b"Rv\x06\x020000l\x04"), "layout"),
        "bad_data_ack_end": refused("ETX at the end of a DataACK", answer(b"Rv\x06\x0200001\x03"), "layout"),
        "bad_block_number": refused("a letter in the block number", answer(b"ABD0000l|00001\x02x\x04"), "layout"),
        "bad_separator": refused("a colon between number and size", answer(b"ABD00001:00001\x02x\x04"), "layout"),
        "bad_size_digits": refused("a blank in the size", answer(b"ABD00001| 0001\x02x\x04"), "layout"),
        "bad_stx": refused("ETX where STX stands", answer(b"ABD00001|00001\x03x\x04"), "layout"),
        "bad_size_small": refused("one byte more than the size says", answer(b"ABD00001|00001\x02xy\x04"), "layout"),
        "bad_size_large": refused("one byte fewer than the size says", answer(b"ABD00001|00002\x02x\x04"), "layout"),
        "bad_too_large": refused("more than the largest of all sizes", answer(b"ABD00001|04097\x02x\x04"), "layout"),
    }


def check_cases() -> dict[str, Case]:
    ack = bytes.fromhex(GOLDEN["v05_ack"][1])
    sel = bytes.fromhex(GOLDEN["v04_sel"][1])
    flipped = answer(b"ABD00001|00001\x02x\x04").replace(b"x", b"y")
    return {
        "bad_check": refused("a check one too high", ack[:-3] + b"013", "check"),
        "bad_check_digits": refused("the right check in hex digits", ack[:-3] + b"00c", "check"),
        "bad_check_range": refused("a check beyond 255", ack[:-3] + b"268", "check"),
        "bad_check_with_eot": refused("EOT counted in the check of a SEL", sel[:-3] + b"122", "check"),
        "bad_check_data": refused("one bit of the data flipped", flipped, "check"),
    }


def content_cases() -> dict[str, Case]:
    return {
        "bad_address": refused("a digit in the address of an ACK", answer(b"A0\x06\x04"), "content"),
        "bad_sel_to_all": refused("SEL to the General address", pol(b"11q" + NOON + b"12\x05"), "content"),
        "bad_pol_to_22": refused("a numeric address that nothing has", pol(b"22p" + NOON + b"12\x05"), "content"),
        "bad_new_address": refused("an offer of 11", pol(b"00p" + NOON + b"11\x05"), "content"),
        "bad_data_from_00": refused("pick record without an address", answer(b"00P00001|00001\x02x\x04"), "content"),
        "bad_time": refused("a blank in the time", pol(b"ABp 20997143005" + b"12\x05"), "content"),
        "bad_max_block_size_04": refused("blocks of up to 16 bytes", pol(b"ABp" + NOON + b"04\x05"), "content"),
        "bad_max_block_size_13": refused("blocks of up to 8192 bytes", pol(b"ABp" + NOON + b"13\x05"), "content"),
        "bad_max_block_size_text": refused("letters for the size", pol(b"ABp" + NOON + b"Rv\x05"), "content"),
        "bad_flag": refused("flag Z", answer(b"ABZ00001|00001\x02x\x04"), "content"),
        "bad_text_control": refused("ESC in text", answer(b"ABD00001|00001\x02\x1b\x04"), "content"),
        "bad_text_eot": refused("EOT in text", answer(b"ABD00001|00001\x02\x04\x04"), "content"),
        "bad_text_8_bits": refused("a byte beyond ASCII in text", answer(b"ABD00001|00001\x02\xe9\x04"), "content"),
        "bad_binary_bare": refused("ETX that is not stuffed", answer(b"ABB00001|00001\x02\x03\x04"), "content"),
        "bad_binary_needless": refused("a stuffed letter", answer(b"ABB00001|00002\x02\x1bA\x04"), "content"),
        "bad_binary_cut": refused("ESC at the end of the data", answer(b"ABB00001|00001\x02\x1b\x04"), "content"),
        "bad_trailing": refused("a byte after the frame", answer(b"AO\x06\x04") + b"\r", "content"),
    }  # fmt: skip


def cases() -> dict[str, Case]:
    """All cases by file name without suffix."""
    golden = {name: valid(why, bytes.fromhex(text), expect) for name, (why, text, expect) in GOLDEN.items()}
    return golden | more_cases() | layout_cases() | check_cases() | content_cases()


if __name__ == "__main__":
    write(HERE, cases())
