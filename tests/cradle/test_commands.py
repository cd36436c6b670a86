"""`apotheca cradle decode` and `encode`: one answer a line, whatever stands in it; each is the other's inverse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cradle import lines
from agent.cradle.cli import app
from tests.vectors.polselect import make

CASES = make.cases()
GOOD = {name: case for name, case in CASES.items() if "expect" in case}
CANONICAL = {name: case for name, case in GOOD.items() if case.get("canonical", True)}


def run(command: str, given: str | bytes, *options: str) -> tuple[list[str], str, int]:
    """What it printed, what it complained of, how it ended."""
    done = CliRunner().invoke(app, [command, *options, "-"], input=given)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.stdout.splitlines(), done.stderr, done.exit_code


def decoded(given: str | bytes, *options: str) -> list[dict[str, Any]]:
    out, complaint, code = run("decode", given, *options)
    assert (complaint, code) == ("", 0)
    return [json.loads(line) for line in out]


def said(case: make.Case) -> dict[str, Any]:
    """The object of a good frame; only a single NAK has no check field."""
    checked = {} if case["expect"]["address"] is None else {"bcc_ok": True}
    return case["expect"] | checked


@pytest.mark.req("P65", "P76", "P77", "P78", "P79", "P84", "P85", "P87", "P88", "P90", "P93")
def test_vectors_are_decoded_in_order() -> None:
    assert decoded("\n".join(case["hex"] for case in GOOD.values())) == [said(case) for case in GOOD.values()]


@pytest.mark.req("P65", "P76", "P77", "P78", "P79", "P84", "P85", "P87", "P88", "P90", "P93")
def test_encode_is_the_inverse() -> None:
    objects = "\n".join(json.dumps(said(case)) for case in CANONICAL.values())
    assert run("encode", objects) == ([case["hex"] for case in CANONICAL.values()], "", 0)


def test_encode_takes_the_least_that_says_all() -> None:
    given = [
        {"kind": "general_pol", "time": make.TIME, "max_block_size": 128},
        {"kind": "nak"},
        {"kind": "nak", "address": "AO", "block": None},
        {"kind": "data", "address": "HK", "flag": "I", "block": 1, "data": "HK", "last": True},
    ]
    wanted = [CASES[name]["hex"] for name in ("v02_general_pol", "nak_bare", "v06_nak", "v12_identification")]
    assert run("encode", "\n".join(map(json.dumps, given))) == (wanted, "", 0)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "refused" in case])
def test_bad_vectors_say_where_they_are_bad(name: str) -> None:
    layer = CASES[name]["refused"]
    (got,) = decoded(CASES[name]["hex"] + "\n")
    assert got.get("bcc_ok") is {"layout": None, "check": False, "content": True}[layer]
    assert (got["kind"] == "invalid") is (layer != "check")
    assert got["reason"]


def test_a_wrong_check_leaves_kind_and_fields() -> None:
    for case in GOOD.values():
        if case["hex"] != "15":
            (got,) = decoded(case["hex"][:-6] + "393939")
            assert got.pop("reason") and got == case["expect"] | {"bcc_ok": False}


def test_each_line_gives_one_object() -> None:
    ack = "01414f0604303132"
    spaced = " ".join(re.findall("..", ack))
    given = [ack, ack.upper(), spaced, f"  {spaced}\t", "", "  ", "0", ack[:-1], "zz", "0x15", "15 ", "é", "15", "\x00"]
    ok, bad = "ack", "invalid"
    kinds = [ok, ok, ok, ok, bad, bad, bad, bad, bad, bad, "nak", bad, "nak", bad]
    for ends in ("\n", "\r\n"):
        for last in ("", ends):
            got = decoded(ends.join(given) + last)
            assert [one["kind"] for one in got] == kinds
            assert all(one["reason"] for one in got if one["kind"] == bad)
    assert decoded("") == []
    assert [one["kind"] for one in decoded(b"\xef\xbb\xbf" + ack.encode())] == [ok]
    assert [one["kind"] for one in decoded(b"\xff\xfe\n" + ack.encode())] == [bad, ok]


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_huge_lines_give_one_object_each(ends: bytes) -> None:
    sizes = [lines.LONGEST + n for n in range(-2, 4)] + [2 * lines.LONGEST, 1_000_000]
    given = ends.join([b"15", *(b"0" * size for size in sizes), b"15"]) + ends
    got = decoded(given)
    assert [one["kind"] for one in got] == ["nak", *["invalid"] * len(sizes), "nak"]
    assert [str(lines.LONGEST) in one["reason"] for one in got[1:-1]] == [size > lines.LONGEST for size in sizes]


def test_the_largest_frame_goes_both_ways() -> None:
    data = bytes([0x1B] * 2048)
    one = {"kind": "data", "address": "AB", "flag": "B", "block": 99999, "data": data.hex(), "last": False}
    out, _, code = run("encode", json.dumps(one))
    assert code == 0 and len(out[0]) == 2 * 4116
    assert decoded(out[0]) == [one | {"size": 4096, "bcc_ok": True}]


def test_a_raw_capture_is_cut_into_frames() -> None:
    raws = [bytes.fromhex(case["hex"]) for case in GOOD.values()]
    wanted = [said(case) for case in GOOD.values()]
    assert decoded(b"".join(raws), "--raw") == wanted
    damaged = decoded(b"\xff" * 5000 + raws[1] + b"\x00\x00" + raws[1][:-2], "--raw")
    assert [one["kind"] for one in damaged] == ["invalid", "general_pol", "invalid"]
    assert "5000 bytes" in damaged[0]["reason"] and "24 bytes" not in damaged[1]
    assert decoded(b"", "--raw") == []


def test_a_file_is_read_and_a_missing_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "frames.hex"
    file.write_text("15\n")
    done = CliRunner().invoke(app, ["decode", str(file)])
    assert (json.loads(done.stdout), done.exit_code) == ({"kind": "nak", "address": None}, 0)
    assert CliRunner().invoke(app, ["decode", str(tmp_path / "none")]).exit_code == 2


DATA = {"kind": "data", "address": "AB", "flag": "D", "block": 1, "size": 1, "data": "x", "last": True, "bcc_ok": True}
ACK = {"kind": "ack", "address": "AB"}
SEL = {"kind": "sel", "address": "AB", "time": make.TIME, "max_block_size": 128}
REFUSED = {
    "not JSON": "{",
    "an empty line": "",
    "a list": "[]",
    "deep": "[" * 50_000,
    "not text": b"\xff\xfe",
    "a huge number": '{"kind": "data", "block": ' + "9" * 5000 + "}",
    "twice": '{"kind": "nak", "kind": "ack"}',
    "no kind": {"address": "AB"},
    "an unknown kind": ACK | {"kind": "query"},
    "a list of kinds": ACK | {"kind": ["ack"]},
    "kind invalid": {"kind": "invalid", "address": None, "reason": "no bytes"},
    "an unknown field": ACK | {"colour": "red"},
    "a wrong check": ACK | {"bcc_ok": False},
    "a check that is a word": ACK | {"bcc_ok": "yes"},
    "a check that is a number": ACK | {"bcc_ok": 1},
    "the check of a single NAK": {"kind": "nak", "address": None, "bcc_ok": True},
    "a field of another kind": ACK | {"block": 1},
    "no address": {"kind": "ack"},
    "address of a POL to all": SEL | {"address": "11"},
    "address 00": DATA | {"address": "00"},
    "address a list": ACK | {"address": ["A", "B"]},
    "offer and size": SEL | {"new_address": "Rv"},
    "13 digits": SEL | {"time": make.TIME + "0"},
    "time a number": SEL | {"time": 120997143005},
    "time in other digits": SEL | {"time": "12099714300٥"},
    "no power of 2": SEL | {"max_block_size": 100},
    "a power too high": SEL | {"max_block_size": 8192},
    "a fraction": SEL | {"max_block_size": 128.0},
    "block too high": DATA | {"block": 100_000},
    "block negative": DATA | {"block": -1},
    "block true": DATA | {"block": True},
    "block text": DATA | {"block": "1"},
    "another size": DATA | {"size": 2},
    "size true": DATA | {"size": True},
    "unknown flag": DATA | {"flag": "Z"},
    "two flags": DATA | {"flag": "AB"},
    "no last": {name: value for name, value in DATA.items() if name != "last"},
    "last a number": DATA | {"last": 1},
    "no data": {name: value for name, value in DATA.items() if name != "data"},
    "data a number": DATA | {"data": 1},
    "control in text": DATA | {"data": "\u001b"},
    "text beyond ASCII": DATA | {"data": "é"},
    "half a character": DATA | {"data": "\ud800"},
    "binary not hex": DATA | {"flag": "B", "data": "x"},
    "too much": DATA | {"size": None, "data": "x" * 4097},
    "too much once stuffed": DATA | {"flag": "B", "size": None, "data": "1b" * 2049},
}


def test_encode_refuses_what_no_frame_can_be_with_the_lines_number() -> None:
    good = json.dumps(DATA).encode()
    for what, one in REFUSED.items():
        line = one if isinstance(one, bytes) else one.encode() if isinstance(one, str) else json.dumps(one).encode()
        out, complaint, code = run("encode", b"\n".join([good, line, good]) + b"\n")
        assert (len(out), code) == (2, 1), what
        assert re.fullmatch(r"line 2: \S[^\n]*\n", complaint), (what, complaint)


def test_encode_names_each_line_it_refuses() -> None:
    huge = '{"kind": "nak"' + " " * lines.LONGEST + "}"
    out, complaint, code = run("encode", "\n".join(['{"kind": "nak"}', "no", '{"kind": "nak"}', huge, "no"]))
    assert (out, code) == (["15", "15"], 1)
    assert [line.split(":")[0] for line in complaint.splitlines()] == ["line 2", "line 4", "line 5"]
