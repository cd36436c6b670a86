"""Tables as CSV (RFC 4180) for a spreadsheet, which must take nothing in them for a formula (CWE-1236)."""

import csv
import io
from collections.abc import Iterable, Sequence

# a spreadsheet takes what begins with one of these for a formula, some also after blanks; the last four are full width
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """The file's text; a text that could be a formula gets an apostrophe before it, numbers stay numbers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(columns)
    writer.writerows([_safe(value) for value in row] for row in rows)
    return out.getvalue()


def _safe(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    return f"'{value}" if value.startswith(_STARTS) or value.lstrip().startswith(_STARTS) else value
