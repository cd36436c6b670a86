"""`apotheca label`: each kind of label in both forms, whole cabinets, and words for what can not be printed."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.labels import layouts, planogram
from agent.labels.cli import app
from tests.agent.label_printer import page_of, printed, scanned

KINDS = {
    "bag": (["morphine-10", "12", "Rv0z", "--station", "icu-3", "--place", "D03-P07"], "Z1|morphine-10|12|Rv0z"),
    "shelf": (["morphine-10"], "Z2|morphine-10"),
    "user": (["tech-7"], "Z3|tech-7"),
    "pocket": (["icu-3", "3", "7"], "Z4|icu-3|3|7"),
    "tote": (["icu-3", "T-0042"], "Z5|icu-3|T-0042"),
    "package": (
        ["312345678906", "--expiry", "2027-12-31", "--lot", "L1", "--serial", "42"],
        "01003123456789061727123110L1\x1d2142",
    ),
}


def label(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.req("P22", "P26", "P30", "P59", "P60", "P61", "P62")
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_prints_in_both_forms(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "label"
    arguments, code = KINDS[kind]
    named = arguments if kind in ("pocket", "tote") else [*arguments, "--name", "Morphine"]
    done = label(kind, *named, "--out", str(out))
    assert (done.exit_code, done.output) == (0, f"1 label in {out}\n")
    assert scanned(page_of(out.read_bytes())) == [code]
    assert label(kind, *named, "--out", str(out), "--format", "zpl").exit_code == 0
    (dots,) = printed(out.read_bytes())
    assert scanned(dots) == [code]


@pytest.mark.req("P61")
def test_sheets_of_a_whole_cabinet(tmp_path: Path) -> None:
    out = tmp_path / "sheets.pdf"
    done = label("pockets", "or-1", "--planogram", "anaesthesia", "--sheet", "--out", str(out))
    drawers = tomllib.loads((planogram.FOLDER / "anaesthesia.toml").read_text())["drawer"]
    wanted = [f"Z4|or-1|{d['drawer']}|{n + 1}" for d in drawers for n in range(len(d["capacities"]))]
    assert (done.exit_code, done.output) == (0, f"{len(wanted)} labels in {out}\n")
    sheets = -(-len(wanted) // 20)
    found = [code for number in range(sheets) for code in scanned(page_of(out.read_bytes(), number, 200))]
    assert sorted(found) == sorted(wanted)


@pytest.mark.req("P61")
def test_labels_of_a_cabinet_one_by_one(tmp_path: Path) -> None:
    cabinet = tmp_path / "two.toml"
    cabinet.write_text("[[drawer]]\ndrawer = 2\ncapacities = [5]\n[[drawer]]\ndrawer = 1\ncapacities = [5, 5]\n")
    out = tmp_path / "pockets.zpl"
    assert label("pockets", "s", "--planogram", str(cabinet), "--format", "zpl", "--out", str(out)).exit_code == 0
    assert [scanned(dots) for dots in printed(out.read_bytes())] == [["Z4|s|1|1"], ["Z4|s|1|2"], ["Z4|s|2|1"]]


@pytest.mark.req("P30")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shelf", "a b", "--name", "A"], "an item's id is"),
        (["shelf", "a", "--name", "A" * 200], "too long for its place"),
        (["shelf", "a", "--name", "A", "--layout", "no"], "there is no layout 'no': there are bag,"),
        (["pockets", "s", "--planogram", "no"], "no planogram no: there are anaesthesia,"),
        (["pockets", "s", "--planogram", f"{layouts.FOLDER}/bag.toml"], "bag.toml is no planogram"),
        (["pockets", "s", "--planogram", "ward", "--sheet", "--format", "zpl"], "sheets are PDF"),
        (["pockets", "s", "--planogram", "ward", "--sheet", "--paper", "no"], "there is no sheet 'no': there are a4,"),
    ],
)
def test_what_can_not_be_printed_is_said(arguments: list[str], words: str, tmp_path: Path) -> None:
    out = tmp_path / "label"
    done = label(*arguments, "--out", str(out))
    assert done.exit_code == 2
    assert words in done.output
    assert not out.exists()


@pytest.mark.req("P30")
def test_a_printer_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = label("user", "u", "--name", "A", "--out", str(tmp_path / "no" / "lp0"))
    assert done.exit_code == 2
    assert "No such file" in done.output
