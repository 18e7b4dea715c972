"""Slow tails: percentiles, and their intervals only where there are samples for them."""

import numpy as np
import pytest

from crossover.benchmark.statistics.summary import bootstrap_medians, bootstrap_quantiles, summarise


def times(count, seed=1):
    return np.random.default_rng(seed).lognormal(size=count).tolist()


@pytest.mark.parametrize(
    ("count", "p95", "p95_bounds", "p99", "p99_bounds"),
    [(19, 0, 0, 0, 0), (20, 1, 0, 0, 0), (71, 1, 0, 0, 0), (72, 1, 1, 0, 0), (100, 1, 1, 1, 0), (367, 1, 1, 1, 0),
     (368, 1, 1, 1, 1)],
)  # fmt: skip
def test_what_the_samples_cannot_carry_is_not_said(count, p95, p95_bounds, p99, p99_bounds):
    told = summarise(times(count))
    found = [told.p95, told.p95_low, told.p99, told.p99_low]
    assert [value is not None for value in found] == [bool(x) for x in (p95, p95_bounds, p99, p99_bounds)]
    assert (told.p95_low is None) == (told.p95_high is None)
    assert (told.p99_low is None) == (told.p99_high is None)


def test_bounds_lie_around_their_percentile():
    told = summarise(times(500))
    assert told.low < told.median < told.high < told.p95_low < told.p95 < told.p95_high
    assert told.p95 < told.p99_low < told.p99 <= told.p99_high <= told.maximum


def test_the_interval_of_p95_holds_the_true_one_about_95_times_in_100():
    true = np.exp(1.6449)
    told = [summarise(times(150, seed)) for seed in range(300)]
    assert 0.9 <= np.mean([t.p95_low <= true <= t.p95_high for t in told]) <= 0.99


@pytest.mark.parametrize(("count", "share"), [(5, 0.5), (8, 0.5), (16, 0.5), (30, 0.95)])
def test_drawing_ranks_is_the_same_as_drawing_samples(count, share):
    values = np.sort(times(count))
    picks = np.random.default_rng(0).integers(0, count, (40_000, count))
    drawn = np.quantile(values[picks], share, axis=1)
    ranks = bootstrap_quantiles(values.tolist(), share, resamples=40_000)
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        # As shares, not as values: the distribution is made of steps.
        level = np.quantile(drawn, q) * (1 + 1e-9)
        assert np.mean(ranks <= level) == pytest.approx(np.mean(drawn <= level), abs=0.012)


def test_another_seed_gives_other_draws_and_the_same_seed_the_same():
    assert (bootstrap_medians(times(15), seed=3) == bootstrap_medians(times(15), seed=3)).all()
    assert (bootstrap_medians(times(15), seed=3) != bootstrap_medians(times(15), seed=4)).any()
