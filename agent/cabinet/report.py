"""The report of a self-test: on paper for the cabinet's file, as PDF or as text."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fpdf import FPDF

from agent.cabinet.selftest import RESULTS, Tested
from firmware.requests import service

ROW_MM = 5.0
WIDTHS = ("part", 18), ("result", 12), ("sensors", 70)


class Report(NamedTuple):
    """What was tested, where, by whom and when (UTC milliseconds), under which firmware."""

    station: str
    version: str
    user: str
    began_utc_ms: int
    tested: Sequence[Tested]

    @property
    def passed(self) -> bool:
        """No part failed."""
        return all(one.result != service.FAILED for one in self.tested)


def lines(report: Report) -> list[str]:
    """The report as lines of text."""
    began = datetime.fromtimestamp(report.began_utc_ms / 1000, UTC)
    head = [
        f"Self-test of cabinet {report.station}",
        f"{began:%Y-%m-%d %H:%M} UTC, firmware {report.version}, by {report.user or '-'}",
        "PASSED" if report.passed else f"FAILED: {failed(report)}",
        "",
        _row("part", "result", "sensors"),
    ]
    rows = [_row(one.part, RESULTS[one.result], one.said) for one in report.tested]
    return [*head, *rows, "", "Signature ______________________________   Date ______________"]


def check_place(path: Path) -> None:
    """OSError if no report can be written there: said before the test, not after it."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise PermissionError(f"{path} can not be written")


def write(report: Report, path: Path) -> None:
    """As PDF if the name says so, else as text."""
    if path.suffix == ".pdf":
        path.write_bytes(_pdf(lines(report)))
    else:
        path.write_text("\n".join(lines(report)) + "\n", encoding="utf-8")


def failed(report: Report) -> str:
    """Names of the parts that failed."""
    return ", ".join(one.part for one in report.tested if one.result == service.FAILED)


def _row(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, (_, width) in zip(cells, WIDTHS, strict=True)).rstrip()


def _pdf(text: list[str]) -> bytes:
    pdf = FPDF(format="A4")
    pdf.set_title(text[0])
    pdf.add_page()
    pdf.set_font("Helvetica", style="B", size=14)
    pdf.cell(0, 2 * ROW_MM, text[0], new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Courier", size=9)
    for line in text[1:]:
        pdf.cell(0, ROW_MM, line.encode("latin-1", "replace").decode("latin-1"), new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())
