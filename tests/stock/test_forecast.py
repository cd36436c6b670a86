"""The quantile against scipy's exact one and against simulation; forecasts that lean on the pool."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from server_stub.stock.forecast import ForecastSettings, forecast, quantile

MEANS = st.floats(0.01, 300)
EXCESS = st.floats(0.01, 20)
LEVELS = st.sampled_from([0.5, 0.9, 0.98, 0.995, 0.999])


def one(mean, variance, level):
    return int(quantile(np.array([mean]), np.array([variance]), level)[0])


@pytest.mark.req("A1.d")
@settings(deadline=None)
@given(MEANS, EXCESS, LEVELS)
def test_the_quantile_is_the_exact_one(mean, excess, level):
    variance = mean * (1 + excess)
    exact = nbinom(mean**2 / (variance - mean), mean / variance)
    found = one(mean, variance, level)
    assert exact.cdf(found) >= level - 1e-12
    assert found == 0 or exact.cdf(found - 1) < level + 1e-12


def test_simulated_demand_stays_below_as_often_as_said():
    rng = np.random.default_rng(1)
    demand = rng.negative_binomial(2.5, 0.3, 200_000)
    found = one(demand.mean(), demand.var(), 0.98)
    assert 0.98 <= np.mean(demand <= found) < 0.99
    assert np.mean(demand <= found - 1) < 0.98


@settings(deadline=None)
@given(MEANS, EXCESS, st.floats(1, 3), LEVELS)
def test_more_demand_never_lowers_the_quantile(mean, excess, more, level):
    assert one(mean, mean * (1 + excess), level) <= one(mean * more, mean * more * (1 + excess), level)
    assert one(mean, mean * (1 + excess), 0.5) <= one(mean, mean * (1 + excess), level)


def test_no_demand_and_poisson_demand_have_quantiles():
    found = quantile(np.array([0.0, 4.0]), np.array([0.0, 4.0]), 0.98)
    assert found.tolist() == [0, 9], "9 is the p98 of a Poisson of mean 4"


def history(*rows):
    return np.array([[np.nan] * (20 - len(row)) + list(row) for row in rows])


def test_the_mean_follows_recent_days_and_the_pool():
    made = forecast(history([0] * 10 + [4] * 10, [4] * 10 + [0] * 10, [2] * 20))
    assert made.daily[0] > made.daily[2] > made.daily[1]
    assert made.days.tolist() == [20, 20, 20]


def test_an_item_without_history_gets_the_pool():
    made = forecast(history([0, 6] * 10, [], [0, 2] * 10))
    assert made.days[1] == 0
    assert made.daily[2] < made.daily[1] < made.daily[0]
    assert made.variance[1] > made.mean[1], "and knows less of it"
    assert np.isfinite(forecast(history([], [])).variance).all(), "even with an empty pool"


def test_bursts_widen_the_spread_not_the_mean():
    steady, bursts = [2] * 20, [0, 4] * 10
    made = forecast(history(steady, bursts), ForecastSettings(half_life_days=1000))
    assert made.mean[0] == pytest.approx(made.mean[1], rel=0.01)
    assert made.variance[1] > 1.5 * made.variance[0]


def test_the_protection_time_scales_mean_and_variance():
    day, two = (forecast(history([1, 3] * 10), ForecastSettings(protection_hours=hours)) for hours in (24, 48))
    assert two.mean[0] == pytest.approx(2 * day.mean[0])
    assert two.variance[0] == pytest.approx(2 * day.variance[0])
