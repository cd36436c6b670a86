"""Names of numbers cost the controller nothing: the bytecode has the numbers."""

import ast

import pytest

from agent.cabinet.bytecode import ROOT, sources
from agent.cabinet.folding import NUMBERS, folded
from firmware import codes
from firmware.journal import kinds


def test_a_name_becomes_its_number_and_the_module_is_not_imported():
    source = (
        "from firmware import codes, schema\nfrom firmware.journal import kinds\n\n"
        "def f(kind):\n    return codes.BUSY if kind in kinds.OUTCOMES else schema.ITEMS\n"
    )
    assert folded(source) == (
        "from firmware import schema\n\ndef f(kind):\n"
        f"    return {codes.BUSY} if kind in {kinds.OUTCOMES} else schema.ITEMS"
    )


def test_a_constant_of_any_module_becomes_its_number_and_goes():
    source = (
        "from firmware.schema import ID_MAX, is_id\nfrom firmware import chart\n\n"
        "_MOST, LEAST = (2 * ID_MAX, 1 << 4)\nCLOSED = 'closed'\nNAMES = (CLOSED, 'open')\n\n"
        "def f(text):\n    return is_id(text, _MOST) and text in (chart.CLOSED, CLOSED, chart.times)"
    )
    assert folded(source) == (
        "from firmware.schema import is_id\nfrom firmware import chart\nNAMES = ('closed', 'open')\n\n"
        "def f(text):\n    return is_id(text, 32) and text in ('closed', 'closed', chart.times)"
    )


def test_a_module_imported_for_its_numbers_alone_is_not_imported():
    source = (
        "from firmware import flags\nfrom firmware.compat import sha256\n\nFIRST, SECOND = range(2)\n\n"
        "def f(row):\n    from firmware import chart\n    return row[SECOND] & flags.SUPPLY or sha256(chart.OPEN)"
    )
    assert folded(source) == ("from firmware.compat import sha256\n\ndef f(row):\n    return row[1] & 256 or sha256(3)")


def test_what_is_too_long_to_repeat_keeps_its_name():
    source = "ROOT = 'more than ten characters'\n\ndef f():\n    return ROOT"
    assert folded(source) == source


def test_a_module_of_numbers_alone_keeps_them_for_scripts_that_are_not_folded():
    assert folded("BUSY = 105\nNONE = 0") == "BUSY = 105\nNONE = 0"


def test_the_version_is_that_of_the_bundle():
    source = "from firmware.version import VERSION\n\ndef f():\n    return VERSION"
    assert folded(source) == source


def test_what_is_called_the_same_and_is_something_else_stays():
    source = "from agent import codes\n\ndef f(kinds):\n    return (codes.BUSY, kinds.DENIED)"
    assert folded(source) == source


def test_a_name_that_is_not_there_does_not_compile():
    with pytest.raises(AttributeError, match="NO_SUCH"):
        folded("from firmware import codes\nx = codes.NO_SUCH")


def test_no_module_of_the_controller_loads_them():
    for source in sources("rp2"):
        names = {alias.name for node in ast.walk(ast.parse(folded(source.read_text()))) for alias in _names(node)}
        left = names.intersection(NUMBERS)
        assert not left, f"{source.relative_to(ROOT)} imports {left}"


def _names(node):
    return node.names if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("firmware") else ()
