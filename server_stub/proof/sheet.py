"""Plain A4 pages, headings and tables in a fixed pitch: quick for thousands of lines, the same bytes each time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from fpdf import FPDF

_MARGIN_MM, _HEIGHT_MM = 12.0, 210.0
_LINE_MM, _POINTS = 3.2, 7.0


class Column(NamedTuple):
    """A column of a table: its heading and how many characters wide; numbers stand to the right."""

    title: str
    width: int
    right: bool = False

    def fit(self, text: str) -> str:
        """`text` in this width; what does not fit is cut and the cut is shown."""
        if len(text) > self.width:
            text = text[: self.width - 1] + "~"
        return text.rjust(self.width) if self.right else text.ljust(self.width)


class _Pages(FPDF):
    footing = ""

    def footer(self) -> None:
        self.set_y(-10)
        self.set_font("Helvetica", size=7)
        self.cell(0, 4, f"{self.footing}   page {self.page_no()} of {{nb}}", align="C")


class Sheet:
    """A document under way, dated `as_of`; text is Latin-1, other characters become '?'."""

    def __init__(self, title: str, footing: str, as_of: datetime) -> None:
        self._pdf = _Pages(orientation="L", format="A4")
        self._pdf.footing = _latin(footing)
        self._pdf.set_margins(_MARGIN_MM, _MARGIN_MM)
        self._pdf.set_auto_page_break(False)
        # the signature says when this was made; nothing else may, so that the same ledger gives the same pages
        self._pdf.set_creation_date(as_of)
        self._pdf.set_title(_latin(title))
        self._pdf.set_lang("en")
        self._pdf.add_page()
        self._y = _MARGIN_MM + 6
        self.heading(title, 15)

    def heading(self, text: str, points: float = 11) -> None:
        """A heading, on a new page if hardly a line would follow."""
        self._room(5 * _LINE_MM)
        self._y += _LINE_MM
        self._pdf.set_font("Helvetica", style="B", size=points)
        self._pdf.text(_MARGIN_MM, self._y, _latin(text))
        self._y += 1.8 * _LINE_MM

    def lines(self, texts: Iterable[str]) -> None:
        """Lines of text."""
        for text in texts:
            self._line(text)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]], none: str = "None.") -> int:
        """A table whose head is repeated on every page, `none` if there are no rows; gives how many there were."""
        count = 0
        for row in rows:
            if count == 0 or self._room(_LINE_MM):
                self._line("  ".join(c.fit(c.title) for c in columns), bold=True)
            self._line("  ".join(c.fit(text) for c, text in zip(columns, row, strict=True)))
            count += 1
        if not count:
            self._line(none)
        return count

    def finish(self) -> bytes:
        """The PDF."""
        return bytes(self._pdf.output())

    def _line(self, text: str, *, bold: bool = False) -> None:
        self._room(_LINE_MM)
        self._pdf.set_font("Courier", style="B" if bold else "", size=_POINTS)
        self._pdf.text(_MARGIN_MM, self._y, _latin(text))
        self._y += _LINE_MM

    def _room(self, height_mm: float) -> bool:
        if self._y + height_mm <= _HEIGHT_MM - _MARGIN_MM:
            return False
        self._pdf.add_page()
        self._y = _MARGIN_MM + _LINE_MM
        return True


def _latin(text: str) -> str:
    return text.encode("latin-1", errors="replace").decode("latin-1")
