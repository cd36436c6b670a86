"""Bar codes as rectangles, encoded by Zint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import zint

from agent.labels.contents import BadLabel, gs1_brackets

# one module in Zint's vector image
_UNIT = 2


@dataclass(frozen=True)
class Symbol:
    """A bar code without its quiet zone, in modules; `dark`: (x, y, width, height) of what is black. A linear code is
    one module high and to be stretched (`stretches`)."""

    width: int
    height: int
    quiet: int
    dark: tuple[tuple[int, int, int, int], ...]
    stretches: bool


def code128(text: str) -> Symbol:
    """Code 128 of `text` (ASCII); raises BadLabel."""
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.CODE128
    symbol.height = 1
    return _encoded(symbol, text, quiet=10, stretches=True)


def gs1_datamatrix(code: str) -> Symbol:
    """Square GS1 DataMatrix of a package's `code`; raises BadLabel."""
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    symbol.input_mode = zint.InputMode.GS1
    symbol.option_3 = zint.DataMatrixOptions.SQUARE
    return _encoded(symbol, gs1_brackets(code), quiet=2, stretches=False)


SYMBOLOGIES: Mapping[str, Callable[[str], Symbol]] = {"code128": code128, "gs1-datamatrix": gs1_datamatrix}


def _encoded(symbol: zint.Symbol, text: str, *, quiet: int, stretches: bool) -> Symbol:
    symbol.show_text = False
    try:
        symbol.encode(text)
    except RuntimeError as error:
        raise BadLabel(f"no bar code can be made of {text!r}: {error}") from None
    symbol.buffer_vector()
    image = symbol.vector
    if image is None:
        raise BadLabel(f"no bar code can be made of {text!r}")
    dark = [[int(n) // _UNIT for n in (bar.x, bar.y, bar.width, bar.height)] for bar in image.rectangles]
    return Symbol(
        int(image.width) // _UNIT,
        int(image.height) // _UNIT,
        quiet,
        tuple((x, y, width, height) for x, y, width, height in dark),
        stretches,
    )
