"""Printers and a scanner: ZPL as the ZPL II guide describes it (a command that no label of ours needs is an error), a
page of PDF as dots, and what is read from dots."""

import re

import pypdfium2
import zxingcpp
from PIL import Image

_LABEL = re.compile(r"\^XA\s*\^PW(\d+)\s*\^LL(\d+)\s*\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),([^^~]*)\^FS\s*\^XZ\s*")
_RUN = re.compile(r"([G-Yg-z]*)([0-9A-F,!:])")
_COUNTS = {chr(ord("G") + n): n + 1 for n in range(19)} | {chr(ord("g") + n): 20 * (n + 1) for n in range(20)}


def printed(zpl: bytes) -> list[Image.Image]:
    """The dots of each label, black on white."""
    text = zpl.decode("ascii")
    labels = list(_LABEL.finditer(text))
    assert "".join(label[0] for label in labels) == text, "a command that this printer does not know"
    return [_label([int(n) for n in label.groups()[:-1]], label[8]) for label in labels]


def scanned(image: Image.Image) -> list[str]:
    return [found.bytes.decode("ascii") for found in zxingcpp.read_barcodes(image)]


def page_of(pdf: bytes, number: int = 0, dpi: int = 300) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        return document[number].render(scale=dpi / 72).to_pil()


def _label(numbers: list[int], field: str) -> Image.Image:
    width, height, left, top, sent, whole, row = numbers
    data = _bytes(field, 2 * row)
    assert len(data) == whole == sent, "the field is not as long as it says"
    graphic = Image.frombytes("1", (8 * row, whole // row), bytes(byte ^ 0xFF for byte in data))
    label = Image.new("1", (width, height), 1)
    label.paste(graphic, (left, top))
    return label.convert("L")


def _bytes(field: str, width: int) -> bytes:
    """G-Y and g-z say how often the next digit comes; `,` fills a row with 0, `!` with F, `:` is the row before."""
    runs = list(_RUN.finditer(field))
    assert "".join(run[0] for run in runs) == field, "no graphics data"
    out = ""
    for count, char in (run.groups() for run in runs):
        if char in ",!":
            out += {",": "0", "!": "F"}[char] * (width - len(out) % width)
        elif char == ":":
            out += out[-width:]
        else:
            out += char * (sum(_COUNTS[letter] for letter in count) or 1)
    return bytes.fromhex(out)
