"""Pure helpers of all benchmarks: rates, spreads, ratios. Durations are seconds, figures have four digits."""

import math
from collections.abc import Sequence


def figure(value: float) -> float:
    """`value` with four significant digits."""
    return float(f"{value:.4g}")


def rate(count: float, seconds: float) -> float:
    """`count` a second."""
    return figure(count / seconds) if seconds > 0 else 0.0


def ratio(measured: float, limit: float) -> float:
    """`measured` as a multiple of `limit`; 0 if there is no limit."""
    return figure(measured / limit) if limit else 0.0


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0..1) of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """How many, their median and their 99th percentile in milliseconds."""
    return {
        "n": len(seconds),
        "median_ms": figure(1000 * quantile(seconds, 0.5)),
        "p99_ms": figure(1000 * quantile(seconds, 0.99)),
    }


def over(measured: dict[str, float], limit: dict[str, float]) -> dict[str, float]:
    """One spread as multiples of another."""
    return {which: ratio(measured[f"{which}_ms"], limit[f"{which}_ms"]) for which in ("median", "p99")}


def chunks(total: int, size: int) -> list[tuple[int, int]]:
    """`total` things in ranges (first, beyond) of at most `size`."""
    return [(first, min(first + size, total)) for first in range(0, total, size)]
