"""Tables for people, on standard error."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def table(console: Console, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows that have the same keys; nothing for none."""
    if not rows:
        return
    shown = Table(*rows[0], title=title, title_justify="left")
    for row in rows:
        shown.add_row(*(f"{v:,.4g}" if isinstance(v, float) else str(v) for v in row.values()))
    console.print(shown)
