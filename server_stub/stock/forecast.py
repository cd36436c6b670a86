"""Demand until the next restock could arrive: a negative-binomial quantile from exponentially weighted days (A1.d).

Pure, over arrays: a row is one item of one station, a column one day of 24 hours, the oldest first, amounts in
dispensed units. Days before a station had the item are NaN.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# below this a negative binomial is as good as Poisson and its size parameter would overflow
_LEAST_EXCESS = 1e-3
_LEAST_MEAN = 1e-6


@dataclass(frozen=True)
class ForecastSettings:
    """`protection_hours`: from one update of the levels until a refill a day later has come, with a margin.

    `prior_days` and `prior_spread_days` are how many days of its own an item needs to weigh as much as the pool.
    """

    half_life_days: float = 7.0
    protection_hours: float = 28.0
    prior_days: float = 1.0
    prior_spread_days: float = 10.0


class Forecast(NamedTuple):
    """Of the demand in the protection time: `mean` and `variance`; `daily` is the mean of a day, `days` those known."""

    mean: Floats
    variance: Floats
    daily: Floats
    days: Ints


def forecast(history: Floats, settings: ForecastSettings | None = None) -> Forecast:
    """The demand each row will see in the protection time.

    Mean and spread of a row lean on those of all rows, the more the less it knows of its own; the variance is that of
    a new day: it counts that the mean itself is an estimate.
    """
    settings = settings or ForecastSettings()
    known = ~np.isnan(history)
    weights = known * _weights(history.shape[1], settings.half_life_days)
    total = weights.sum(axis=1)
    demand = np.where(known, history, 0.0)
    pool = _ratio((weights * demand).sum(), total.sum())
    mean = ((weights * demand).sum(axis=1) + settings.prior_days * pool) / (total + settings.prior_days)
    squares = (weights * (demand - mean[:, None]) ** 2).sum(axis=1)
    spread = _ratio(squares.sum(), (mean * total).sum())
    variance = (squares + settings.prior_spread_days * spread * mean) / (total + settings.prior_spread_days)
    variance *= 1 + 1 / (total + settings.prior_days)
    length = settings.protection_hours / 24
    return Forecast(mean * length, np.maximum(variance, mean) * length, mean, known.sum(axis=1))


def _weights(days: int, half_life: float) -> Floats:
    return np.asarray(0.5 ** (np.arange(days - 1, -1, -1) / half_life), dtype=np.float64)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else 0.0


def quantile(mean: Floats, variance: Floats, level: float) -> Ints:
    """The least whole number that a negative binomial of `mean` and `variance` stays at or below with P >= `level`."""
    mean = np.maximum(mean, _LEAST_MEAN)
    variance = np.maximum(variance, mean * (1 + _LEAST_EXCESS))
    success, size = mean / variance, mean**2 / (variance - mean)
    low = np.full(mean.shape, -1, dtype=np.int64)
    # Cantelli: P(X - mean >= t) <= variance / (variance + t^2)
    high = np.ceil(mean + np.sqrt(variance * level / (1 - level))).astype(np.int64)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        enough = betainc(size, middle + 1.0, success) >= level
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
