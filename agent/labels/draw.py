"""Labels as PDF: one to a page, or sheets. What does not fit is refused, nothing is cut."""

import re
from collections.abc import Sequence

from fpdf import FPDF

from agent.labels.bars import bars
from agent.labels.contents import BadLabel, Content
from agent.labels.layouts import DOTS_MM, Layout, Sheet, Text, read

_POINT_MM = 25.4 / 72
_LINE = 1.15
# from the top of a line to what letters stand on
_BASELINE = 0.9
_BLACK, _WHITE = 0, 255
_UNBROKEN = re.compile(r"(?:\d[\d.,/]{0,5} )?\S+")


def pages(layout: Layout, contents: Sequence[Content]) -> bytes:
    """A PDF with one label to a page of the label's size; raises BadLabel."""
    pdf = _document(layout.title)
    for content in contents:
        pdf.add_page(format=layout.size_mm)
        _label(pdf, layout, content, (0, 0))
    return bytes(pdf.output())


def sheets(sheet: Sheet, contents: Sequence[Content]) -> bytes:
    """A PDF with as many sheets as the labels need; raises BadLabel."""
    layout, places = read(sheet.layout), sheet.places_mm()
    pdf = _document(sheet.title)
    for number, content in enumerate(contents):
        if number % len(places) == 0:
            pdf.add_page(format=sheet.paper_mm)
        at = places[number % len(places)]
        if sheet.outline:
            pdf.set_line_width(0.1)
            pdf.rect(*at, *layout.size_mm)
        _label(pdf, layout, content, at)
    return bytes(pdf.output())


def _document(title: str) -> FPDF:
    pdf = FPDF(unit="mm")
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    pdf.set_title(title)
    pdf.set_lang("en")
    return pdf


def _label(pdf: FPDF, layout: Layout, content: Content, at: tuple[float, float]) -> None:
    if layout.kind != content.kind:
        raise BadLabel(f"layout {layout.name} is for {layout.kind} labels, not for {content.kind} labels")
    _code(pdf, layout, content.code, at)
    for part in layout.text:
        _text(pdf, layout, part, part.text.format_map(content.fields), at)


def _code(pdf: FPDF, layout: Layout, code: str, at: tuple[float, float]) -> None:
    pdf.set_fill_color(_BLACK)
    for x, y, width, height in bars(layout, code):
        pdf.rect(at[0] + x / DOTS_MM, at[1] + y / DOTS_MM, width / DOTS_MM, height / DOTS_MM, style="F")


def _text(pdf: FPDF, layout: Layout, part: Text, text: str, at: tuple[float, float]) -> None:
    points, lines = _fitted(pdf, layout, part, text)
    x, y = at[0] + part.at_mm[0], at[1] + part.at_mm[1]
    if part.reverse:
        pdf.set_fill_color(_BLACK)
        pdf.rect(x, y, *part.size_mm, style="F")
    pdf.set_text_color(_WHITE if part.reverse else _BLACK)
    line_mm = points * _POINT_MM * _LINE
    top = y + (part.size_mm[1] - line_mm * len(lines)) / 2
    for number, line in enumerate(lines):
        pdf.text(x + _padding(part), top + number * line_mm + _BASELINE * points * _POINT_MM, line)


def _fitted(pdf: FPDF, layout: Layout, part: Text, text: str) -> tuple[float, list[str]]:
    """The largest letters with which the text fits, left set on the page, and its lines."""
    _check_letters(text)
    width, height = part.size_mm[0] - 2 * _padding(part), part.size_mm[1]
    for points in part.points:
        pdf.set_font("Helvetica", style="B" if part.bold else "", size=points)
        lines = _wrapped(pdf, text, width)
        fits = len(lines) * points * _POINT_MM * _LINE <= height
        if fits and all(pdf.get_string_width(line) <= width for line in lines):
            return points, lines
    raise BadLabel(f"{text!r} is too long for its place on label {layout.name} ({width:g} x {height:g} mm)")


def _padding(part: Text) -> float:
    return 1.0 if part.reverse else 0.0


def _wrapped(pdf: FPDF, text: str, width: float) -> list[str]:
    """Broken between words only, and not after a number: no figure is torn apart, nor from its unit."""
    lines: list[str] = []
    for word in _UNBROKEN.findall(text):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pdf.get_string_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _check_letters(text: str) -> None:
    """A letter that the font lacks would be another one on the label."""
    for letter in text:
        if not letter.isprintable() or ord(letter) > 0xFF:
            raise BadLabel(f"{letter!r} in {text!r} can not be printed: Latin letters only")
    if not text.strip():
        raise BadLabel("a text of this label is empty")
