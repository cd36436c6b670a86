"""The unit's display: 8 lines of 20 characters, each normal or reverse (P49)."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, HEIGHT = 20, 8
# at the end of a text that is longer than its place
_MORE = "~"


@dataclass(frozen=True)
class Line:
    """One line: at most 20 characters, `reverse` for the name of an item."""

    text: str = ""
    reverse: bool = False


def fit(text: str, width: int = WIDTH) -> str:
    """The text in so many characters; a cut one ends with ~."""
    shown = "".join(char if " " <= char <= "~" else "?" for char in text)
    return shown if len(shown) <= width else shown[: width - 1] + _MORE


def wrapped(text: str, most: int, reverse: bool = False) -> list[Line]:
    """The text on up to `most` lines, broken between words."""
    lines = textwrap.wrap(text, WIDTH) or [""]
    kept = lines[:most] if len(lines) <= most else [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [Line(fit(line), reverse) for line in kept]


def name_lines(name: str) -> list[Line]:
    """An item's name in reverse video (P49)."""
    return wrapped(name, 2, reverse=True)


def page(lines: Iterable[Line], last: str | None = None) -> tuple[Line, ...]:
    """The whole display: what is not given stays empty; `last` stands on the lowest line."""
    shown = [Line(fit(line.text), line.reverse) for line in lines][: HEIGHT if last is None else HEIGHT - 1]
    shown += [Line()] * (HEIGHT - len(shown))
    return tuple(shown if last is None else [*shown[: HEIGHT - 1], Line(fit(last))])
