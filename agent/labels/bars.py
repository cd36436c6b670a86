"""Where the dark parts of a label's bar code stand, in whole dots of the print head."""

from agent.labels.contents import BadLabel
from agent.labels.layouts import DOTS_MM, Code, Layout
from agent.labels.symbols import SYMBOLOGIES, Symbol

Rectangle = tuple[int, int, int, int]


def place(code: Code) -> Rectangle:
    """(x, y, width, height) of the whole place of a bar code."""
    x, y, width, height = (round(n * DOTS_MM) for n in (*code.at_mm, *code.size_mm))
    return x, y, width, height


def bars(layout: Layout, text: str) -> list[Rectangle]:
    """(x, y, width, height) of what is black of the bar code of `text`, in the middle of its place; raises BadLabel."""
    symbol = SYMBOLOGIES[layout.code.symbology](text)
    x, y, width, height = place(layout.code)
    dots = next((n for n in layout.code.module_dots if _fits(symbol, n, width, height)), 0)
    if not dots:
        raise BadLabel(f"{text!r} makes too long a bar code for label {layout.name}")
    left = x + (width - symbol.width * dots) // 2
    if symbol.stretches:
        return [(left + at * dots, y, wide * dots, height) for at, _, wide, _ in symbol.dark]
    top = y + (height - symbol.height * dots) // 2
    return [(left + at * dots, top + down * dots, wide * dots, high * dots) for at, down, wide, high in symbol.dark]


def _fits(symbol: Symbol, dots: int, width: int, height: int) -> bool:
    """With its quiet zone."""
    needs = [(n + 2 * symbol.quiet) * dots for n in (symbol.width, symbol.height)]
    return needs[0] <= width and (symbol.stretches or needs[1] <= height)
