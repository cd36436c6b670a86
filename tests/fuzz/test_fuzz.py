"""Every parser that faces the outside takes what it is given or refuses it in its own words: `tests/tools/fuzz.py`."""

import pytest

from firmware.wire import cbor, messages
from server_stub.integration.planogram import BadReference, checked
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.tools import fuzz

INPUTS = 120
DEEP_S = 6.0
FEWEST = 500


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_corpus_and_what_is_made_of_them(name):
    tally = fuzz.run(name, 0.0, most=len(TARGETS[name].seeds()) + len(fuzz.corpus(name)) + INPUTS)
    assert not tally.defect, f"{tally.input!r}\n{tally.defect}"
    assert tally.inputs >= len(fuzz.corpus(name)) > 0


@pytest.mark.deep
@pytest.mark.parametrize("name", TARGETS)
def test_for_some_seconds_each(name, record_property):
    tally = fuzz.run(name, DEEP_S, seed=2)
    record_property(f"fuzz {name}", f"{tally.inputs} inputs, {len(tally.said)} different outcomes, 0 defects")
    assert not tally.defect, f"{tally.input!r}\n{tally.defect}"
    assert tally.inputs > FEWEST


def test_a_defect_is_found_and_told(monkeypatch):
    def careless(data):
        return str(data.decode("ascii", "strict"))

    target = Target(lambda: [b"abc"], fuzz.contextmanager(lambda: iter([careless])))
    monkeypatch.setitem(fuzz.TARGETS, "label", target)
    tally = fuzz.run("label", 5.0)
    assert "UnicodeDecodeError" in tally.defect and tally.input


@pytest.mark.parametrize("name, data", [
    ("events", b"[" * 50_000),
    ("table", b'{"table": ["items"], "rows": []}'),
    ("toml", b"drawer = " + b"[" * 50_000),
    ("up", b'{"online": true, "tables": {"items": 1' + b"0" * 40 + b"}}"),
    ("up", b"[" * 4000),
    ("link", cbor.encode([messages.STATE, 0, "", None, 0, None, None, 0, 0, 0, 7, 0, 0, 0, []])),
    ("link", cbor.encode([messages.INFO, "ICU1", 1, 1, "0.1.0", b"", 1, 2**64 - 1, bytes(32), 0, [], [0, 0], 0])),
])  # fmt: skip
def test_what_once_went_wrong(name, data):
    with TARGETS[name].opened() as check:
        check(data)


def test_a_table_is_named_by_text():
    with pytest.raises(BadReference):
        checked(["items"], [])
