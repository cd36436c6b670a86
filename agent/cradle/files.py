"""Files of lines for a handheld: fields with pipes between (docs/polselect.md, Lists)."""

from collections.abc import Iterable

from agent.cradle.plain import plain


def lines(rows: Iterable[tuple[object, ...]]) -> bytes:
    """The file of these rows."""
    return "".join("|".join(plain(str(field)) for field in row) + "\n" for row in rows).encode("ascii")
