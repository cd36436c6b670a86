"""Files of lines for a handheld: fields with pipes between (docs/polselect.md, Lists)."""

import unicodedata
from collections.abc import Iterable


def lines(rows: Iterable[tuple[object, ...]]) -> bytes:
    """The file of these rows."""
    return "".join("|".join(_plain(str(field)) for field in row) + "\n" for row in rows).encode("ascii")


def _plain(text: str) -> str:
    """What the unit's screen can show: ASCII, an accent left out, a pipe as a slash."""
    letters = unicodedata.normalize("NFKD", text)
    letters = "".join(char for char in letters if not unicodedata.combining(char)).replace("|", "/")
    return "".join(char if " " <= char <= "~" else "?" for char in letters)
