"""Labels for the portable printer: the page as dots in a graphics field (`^GF`), so that what prints is what was drawn
and tested, whatever fonts and encoders the printer has."""

from collections.abc import Sequence

import pypdfium2
from PIL import Image, ImageDraw
from zebrafy.zebrafy_image import ZebrafyImage

from agent.labels import draw
from agent.labels.bars import Rectangle, bars, place
from agent.labels.contents import Content
from agent.labels.layouts import DOTS_MM, Layout

# a hair less than 8 dots a millimetre: sizes are rounded to a hundredth of a point, and dots are counted upwards
_SCALE = DOTS_MM * 25.4 / 72 * (1 - 1e-4)
_BLACK, _WHITE = 0, 255


def pages(layout: Layout, contents: Sequence[Content]) -> bytes:
    """One ZPL label of the layout's size for each content, at 203 dpi; raises BadLabel."""
    with pypdfium2.PdfDocument(draw.pages(layout, contents)) as document:
        images = [page.render(scale=_SCALE, grayscale=True).to_pil() for page in document]
    for image, content in zip(images, contents, strict=True):
        _sharpen(image, layout, content)
    labels = [ZebrafyImage(i, format="ASCII_COMPRESSED", dither=False, set_label_size=True).to_zpl() for i in images]
    return "".join(labels).encode("ascii")


def _sharpen(image: Image.Image, layout: Layout, content: Content) -> None:
    """Draw the bar code again dot by dot: rendering a page makes some bars a dot wider and others narrower."""
    pen = ImageDraw.Draw(image)
    for box, colour in [(place(layout.code), _WHITE), *((bar, _BLACK) for bar in bars(layout, content.code))]:
        pen.rectangle(_corners(box), fill=colour)


def _corners(box: Rectangle) -> Rectangle:
    x, y, width, height = box
    return x, y, x + width - 1, y + height - 1
