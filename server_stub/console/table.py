"""Plain HTML tables: readable by people and screen readers, cheap to refresh."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """One cell; `tag` is the look of a label around the text, `href` makes it a link, `number` sets it right, `raw` is
    HTML of our own after the text.

    Without any of these it may take several lines; a plain string or number never does.
    """

    text: str
    tag: str = ""
    href: str = ""
    note: str = ""
    number: bool = False
    raw: str = ""

    def html(self) -> str:
        """Everything that came from outside is escaped."""
        text = escape(self.text)
        if self.tag:
            text = f'<span class="apo-tag {self.tag}">{text}</span>'
        if self.href:
            text = f'<a href="{escape(self.href)}">{text}</a>'
        note = f' <span class="apo-note">{escape(self.note)}</span>' if self.note else ""
        return text + note + self.raw


Row = Sequence[Cell | str | int]


def table(testid: str, caption: str, columns: Sequence[str], rows: Iterable[Row], *, key: int = 1) -> str:
    """The HTML of a table; numbers are set right, no row says so. The first `key` cells name a row for tests."""
    shown = list(rows)
    if not shown:
        return f'<div class="apo-empty" data-testid="{testid}-empty">{escape(caption)}: none</div>'
    head = "".join(_heading(*pair) for pair in zip(columns, shown[0], strict=True))
    body = "".join(_row(testid, row, key) for row in shown)
    return (
        f'<table class="apo-table" data-testid="{testid}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def first(most: int, rows: Sequence[Any], show: Callable[[Sequence[Any]], str]) -> str:
    """The HTML of the first `most` rows as `show` makes it, with a word if there are more: ask for one more of them."""
    html = show(rows[:most])
    if len(rows) <= most:
        return html
    words = f"There are more. The first {most} are shown; the API (/api/docs) gives more, by station."
    return f'{html}<p class="apo-empty" data-testid="more">{words}</p>'


def tile(testid: str, figure: str, words: str, *, good: bool | None = None) -> str:
    """The HTML of a figure with its words; `good` False draws the eye to it."""
    look = {None: "", True: " good", False: " bad"}[good]
    return (
        f'<div class="apo-tile{look}" data-testid="total-{escape(testid)}">'
        f"<strong>{escape(figure)}</strong> {escape(words)}</div>"
    )


def tabs(href: str, name: str, choices: Sequence[tuple[str, str]], chosen: str) -> str:
    """Links to lists of one page; the one shown is marked."""
    links = "".join(
        f'<a href="{escape(href)}?{name}={escape(key)}" data-testid="tab-{escape(key)}"'
        f"{' aria-current=true' if key == chosen else ''}>{escape(words)}</a>"
        for key, words in choices
    )
    return f'<nav class="apo-tabs" aria-label="Lists">{links}</nav>'


def _heading(column: str, below: Cell | str | int) -> str:
    return f'<th scope="col"{_side(below)}>{escape(column)}</th>'


def _side(value: Cell | str | int) -> str:
    if isinstance(value, int) or (isinstance(value, Cell) and value.number):
        return ' class="num"'
    return ' class="text"' if isinstance(value, Cell) and not value.tag and not value.href else ""


def _row(testid: str, row: Row, key: int) -> str:
    shown = [value.html() if isinstance(value, Cell) else escape(str(value)) for value in row]
    cells = [f"<td{_side(value)}>{html}</td>" for value, html in zip(row, shown, strict=True)]
    names = [cell.text if isinstance(cell, Cell) else str(cell) for cell in row[:key]]
    return f'<tr data-testid="{escape("-".join([testid, *names]))}">{"".join(cells)}</tr>'
