"""Shapes of what controller and centre say (docs/wire.md sections 2 and 3), checked before anything looks into it.

A shape is a letter for one value (u: from 0, i: any number, t: text, b: bytes, h: 32 bytes, *: anything; a capital: or
null), a list for an array of any number of such, a tuple for one that has these and may go on with more. Numbers are
those a database takes: 64 bits with a sign.
"""

from collections.abc import Callable
from typing import Any

from firmware.wire import messages

LARGEST = 2**63 - 1
Shape = str | list[Any] | tuple[Any, ...]

SHAPES: dict[int, Shape] = {
    messages.INFO: ("u", "t", "u", "u", "t", "b", "u", "u", "h", "u", [("t", "u", "*")], ("u", "u"), "u"),
    messages.PAGE: ("u", "u", "b"),
    messages.REPLY: ("u", "u", "u", ["*"]),
    messages.STATE: (
        *("u", "u", "T", "U", "U", "T", "T", "I", "u", "u"), [("u", "u")], "u", "u", "I", ["t"],
    ),
    messages.RESULT: ("u", "u", "u", ["*"]),
    messages.INVENTORY: ("u", "u", "u", [("t", "T", "I", "I", "I", "I", "u")]),
}  # fmt: skip
# fields of STATE that earlier firmware leaves out
MORE_STATE: tuple[Shape, ...] = ("u", "u", "t", "u", ["u"], ["t"], [("t", "u")], "*", [("t", "u")], "u")
# what the centre sends, by the end of its topic
DOWN: dict[str, Shape] = {
    "answer": ("u", "t", "u", "u", "u", "h", "*", "*"),
    "command": ("u", "t", "u", "u", "*", "*", "*", "*"),
    "reference": ("u", "t", "t", "u", "u", "u", "u", [("*", "*")], "*"),
    "notice": ("u", "t", "u", "u", ["*"]),
    "checkpoint": ("u", "t", "u", "u", "b"),
}
_ROW_DEPTH = 4


def fits(value: Any, shape: Shape) -> bool:
    """Whether a value has this shape."""
    if isinstance(shape, str):
        return _ONE[shape](value)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    long_enough = isinstance(value, list) and len(value) >= len(shape)
    return long_enough and all(map(fits, value, shape))


def _or_null(fits_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits_one(value)


_ONE: dict[str, Callable[[Any], bool]] = {
    "*": lambda value: True,
    "u": lambda value: type(value) is int and 0 <= value <= LARGEST,
    "i": lambda value: type(value) is int and -LARGEST <= value <= LARGEST,
    "t": lambda value: isinstance(value, str),
    "b": lambda value: isinstance(value, bytes),
    "h": lambda value: isinstance(value, bytes) and len(value) == 32,
}
_ONE |= {letter.upper(): _or_null(_ONE[letter]) for letter in "uitbh"}


def is_row(row: Any) -> bool:
    """Whether the agent can keep this row of a table as text: a key, and lists, texts and numbers."""
    return isinstance(row[0], str | int) and _plain(row, _ROW_DEPTH)


def _plain(value: Any, depth: int) -> bool:
    if isinstance(value, list):
        return depth > 0 and all(_plain(one, depth - 1) for one in value)
    if isinstance(value, int):
        return -LARGEST <= value <= LARGEST
    return value is None or isinstance(value, str)


def check(message: Any) -> None:
    """ValueError for a message of the link that is not as documented."""
    shape = SHAPES.get(message[0]) if isinstance(message, list) and message else None
    if shape is None:
        raise ValueError("no message of a controller")
    more = message[len(SHAPES[messages.STATE]) :] if message[0] == messages.STATE else []
    if not fits(message, shape) or not all(map(fits, more, MORE_STATE)):
        raise ValueError("a field is not what it should be")
