"""`python -m simulator.bench.plot RESULT.json PICTURE.svg`: what `apotheca bench growth` printed, as a picture."""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 60, 40, 90, 50
COLOURS = ("#1b6ca8", "#b3541e", "#3a7d44")
Point = tuple[float, float]


def picture(rows: Sequence[dict[str, float]]) -> str:
    """An SVG: entries held to the right, microseconds an entry upwards, both in powers of ten; a line for each part.
    A line that stays level is a cost that does not grow."""
    parts = [name for name in rows[0] if name.endswith("_us")]
    low = 10.0 ** math.floor(math.log10(min(row[name] for row in rows for name in parts)))
    high = 10.0 ** math.ceil(math.log10(max(row[name] for row in rows for name in parts)))
    first, last = rows[0]["entries"], rows[-1]["entries"]

    def at(entries: float, us: float) -> Point:
        return _place(entries, (first, last), LEFT, WIDTH - RIGHT), _place(us, (low, high), HEIGHT - BOTTOM, TOP)

    lines = [
        _line([at(first, us), at(last, us)], "#ddd") + _text(8, at(first, us)[1] + 4, f"{us:g}")
        for us in _tens(low, high)
    ]
    for row in rows:
        x, _ = at(row["entries"], low)
        lines.append(_text(x - 20, HEIGHT - BOTTOM + 20, f"{row['entries']:,.0f}"))
    for name, colour in zip(parts, COLOURS, strict=False):
        points = [at(row["entries"], row[name]) for row in rows]
        lines += [_line(points, colour), _text(points[-1][0] + 8, points[-1][1] + 4, name.removesuffix("_us"), colour)]
    title = _text(LEFT, 20, "Microseconds an entry, by entries held (SQLite)")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', title, *lines, "</svg>", ""])


def _place(value: float, ends: Point, begin: float, end: float) -> float:
    low, high = (math.log10(one) for one in ends)
    share = (math.log10(value) - low) / (high - low) if high > low else 0.0
    return begin + share * (end - begin)


def _tens(low: float, high: float) -> list[float]:
    return [low * 10**n for n in range(round(math.log10(high / low)) + 1)]


def _line(points: Sequence[Point], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _text(x: float, y: float, words: str, colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-family="sans-serif" font-size="12" fill="{colour}">{words}</text>'


def main() -> None:
    """Read the result, write the picture."""
    result, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.write_text(picture(json.loads(result.read_text())["growth"]))


if __name__ == "__main__":
    main()
