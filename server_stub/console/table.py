"""Plain HTML tables: readable by people and screen readers, cheap to refresh."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple


class Cell(NamedTuple):
    """One cell; `tag` puts the text on a coloured label, `href` makes it a link."""

    text: str
    tag: str = ""
    href: str = ""
    note: str = ""

    def html(self) -> str:
        """Everything that came from outside is escaped."""
        text = escape(self.text)
        if self.tag:
            text = f'<span class="apo-tag {self.tag}">{text}</span>'
        if self.href:
            text = f'<a href="{escape(self.href)}">{text}</a>'
        return f'{text} <span class="apo-note">{escape(self.note)}</span>' if self.note else text


def table(testid: str, caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell | str | int]]) -> str:
    """The HTML of a table; numbers are set right, no row says so."""
    body = "".join(_row(testid, row) for row in rows)
    if not body:
        return f'<div class="apo-empty" data-testid="{testid}-empty">{escape(caption)}: none</div>'
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    return (
        f'<table class="apo-table" data-testid="{testid}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(testid: str, row: Sequence[Cell | str | int]) -> str:
    cells = []
    for value in row:
        if isinstance(value, int):
            cells.append(f'<td class="num">{value}</td>')
        else:
            cells.append(f"<td>{value.html() if isinstance(value, Cell) else escape(value)}</td>")
    first = row[0].text if isinstance(row[0], Cell) else str(row[0])
    return f'<tr data-testid="{escape(testid)}-{escape(first)}">{"".join(cells)}</tr>'
