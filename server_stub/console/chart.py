"""The use of an item by day as a drawing (SVG): bars, the forecast as a band over them, PAR as two lines."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 1120, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 110, 18, 46
_PLOT_W, _PLOT_H = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
_STEPS = (1, 2, 5)
_DAY_S = 86_400


class Bar(NamedTuple):
    """Net use of a day, in units."""

    day: int
    used: float


class Band(NamedTuple):
    """What was expected of a day: the mean, and between which figures it would lie, in units."""

    day: int
    mean: float
    low: float
    high: float


class Level(NamedTuple):
    """A horizontal line with its name."""

    name: str
    amount: float


class _Scale(NamedTuple):
    first: int
    days: int
    top: float

    def x(self, day: float) -> float:
        return LEFT + (day - self.first) * _PLOT_W / self.days

    def y(self, amount: float) -> float:
        return TOP + _PLOT_H * (1 - amount / self.top)


def draw(title: str, bars: Sequence[Bar], bands: Sequence[Band], levels: Sequence[Level]) -> str:
    """The drawing; it needs at least one bar or band."""
    days = [*(bar.day for bar in bars), *(band.day for band in bands)]
    amounts = [1.0, *(b.used for b in bars), *(b.high for b in bands), *(level.amount for level in levels)]
    step = _step(max(amounts))
    scale = _Scale(min(days), max(days) - min(days) + 1, step * (int(max(amounts) / step) + 1))
    parts = [*_grid(scale, step), *_band(scale, bands), *_bars(scale, bars), *_mean(scale, bands)]
    parts += [*_levels(scale, levels), *_dates(scale)]
    return (
        f'<svg class="apo-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}"'
        f' data-testid="chart">{"".join(parts)}</svg>'
    )


def _step(top: float) -> float:
    size = 1.0
    while True:
        for factor in _STEPS:
            if top / (size * factor) <= 6:
                return size * factor
        size *= 10


def _grid(scale: _Scale, step: float) -> Iterator[str]:
    for index in range(int(scale.top / step) + 1):
        y = scale.y(index * step)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e2e8ec"/>'
        yield _text(LEFT - 8, y + 4, f"{index * step:g}", "end")


def _bars(scale: _Scale, bars: Sequence[Bar]) -> Iterator[str]:
    width = _PLOT_W / scale.days * 0.62
    for day, used in bars:
        x, y = scale.x(day + 0.5) - width / 2, scale.y(max(0.0, used))
        tip = f"<title>{_date(day)}: {used:g}</title>"
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{scale.y(0) - y:.1f}" rx="2" fill="#2f7f9e"'
            f' data-testid="use-{day}">{tip}</rect>'
        )


def _band(scale: _Scale, bands: Sequence[Band]) -> Iterator[str]:
    if bands:
        ups = " ".join(f"{scale.x(b.day + s):.1f},{scale.y(b.high):.1f}" for b in bands for s in (0, 1))
        downs = " ".join(f"{scale.x(b.day + s):.1f},{scale.y(b.low):.1f}" for b in reversed(bands) for s in (1, 0))
        yield f'<polygon points="{ups} {downs}" fill="#f3d9a4" fill-opacity="0.75" data-testid="band"/>'


def _mean(scale: _Scale, bands: Sequence[Band]) -> Iterator[str]:
    if bands:
        line = " ".join(f"{scale.x(b.day + s):.1f},{scale.y(b.mean):.1f}" for b in bands for s in (0, 1))
        yield f'<polyline points="{line}" fill="none" stroke="#8a5a00" stroke-width="2"/>'


def _levels(scale: _Scale, levels: Sequence[Level]) -> Iterator[str]:
    for name, amount in levels:
        y = scale.y(amount)
        yield (
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8a1212" stroke-width="1.5"'
            ' stroke-dasharray="7 5"/>'
        )
        yield _text(WIDTH - RIGHT + 8, y + 4, f"{name} {amount:g}", "start", "#8a1212")


def _dates(scale: _Scale) -> Iterator[str]:
    every = max(1, -(-scale.days // 9))
    for day in range(scale.first, scale.first + scale.days, every):
        yield _text(scale.x(day + 0.5), HEIGHT - BOTTOM + 22, _date(day), "middle")


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#46535f") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="13" fill="{colour}">{escape(words)}</text>'


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY_S, UTC).strftime("%d %b")
