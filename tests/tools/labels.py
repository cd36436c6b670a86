"""Makes docs/img/labels.png, one label of each kind as the printer's dots: `make screenshots`, or
`python -m tests.tools.labels`.
"""

from datetime import date
from pathlib import Path

from PIL import Image

from agent.labels import contents, layouts, zpl
from tests.agent.label_printer import printed

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "img" / "labels.png"
NAME = "Morphine 10 mg/mL injection, 1 mL ampoule"
LABELS = (
    contents.bag("morphine-10", 12, "Rv0z", name=NAME, station="icu-3", place="D03-P07"),
    contents.user("tech-7", name="Ada Nüßlein"),
    contents.shelf("morphine-10", name=NAME),
    contents.pocket("icu-3", 3, 7),
    contents.package("312345678906", name=NAME, expiry=date(2027, 12, 31), lot="L0426", serial="000042"),
)
# left and upper corner of each, in dots
CORNERS = ((20, 20), (840, 20), (20, 440), (20, 700), (840, 472))
SIZE = (1548, 928)


def main() -> None:
    """Write the picture."""
    sheet = Image.new("L", SIZE, 200)
    for content, corner in zip(LABELS, CORNERS, strict=True):
        (dots,) = printed(zpl.pages(layouts.read(content.kind), [content]))
        sheet.paste(dots, corner)
    sheet.save(PICTURE, optimize=True)
    print(f"wrote {PICTURE.name}")


if __name__ == "__main__":
    main()
