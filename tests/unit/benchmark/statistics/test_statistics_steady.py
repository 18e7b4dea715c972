"""When the warm-up ends and when measuring may stop."""

import numpy as np
import pytest

from crossover.benchmark.statistics.steady import enough, median_interval, warmed_up


def noisy(seed, count=15, *, center=1.0, spread=0.03):
    return tuple((center * np.random.default_rng(seed).lognormal(0, spread, count)).tolist())


@pytest.mark.parametrize(
    "times",
    [(), (1.0,), (1.0, 1.0, 1.0), (9.0, 3.0, 1.2, 1.1), (4.0, 2.0, 1.9, 1.0), (10.0, 9.0, 8.0, 7.0, 6.0, 5.0),
     (3.0, 3.0, 3.0, 2.0, 2.0, 2.0)],
)  # fmt: skip
def test_an_engine_that_still_gets_faster_is_not_warm(times):
    assert not warmed_up(times)


@pytest.mark.parametrize(
    "times",
    [(1.0,) * 4, (9.0, 3.0, 1.0, 1.01, 1.0, 1.02, 1.0, 1.01), (1.0, 1.05, 1.02, 1.04), (1.0, 1.0, 1.2, 1.3),
     (1.004, 1.003, 1.002, 1.001)],
)  # fmt: skip
def test_an_engine_that_no_longer_gets_faster_is_warm(times):
    assert warmed_up(times)


def test_the_warm_up_of_a_noisy_engine_is_found_soon_after_its_end():
    for seed in range(30):
        falling = 1 + 5 * 0.35 ** np.arange(30)
        times = (falling * np.random.default_rng(seed).lognormal(0, 0.03, 30)).tolist()
        found = next(n for n in range(1, 31) if warmed_up(times[:n]))
        assert 4 <= found <= 16
        assert falling[found - 1] < 1.3


def test_below_the_minimum_it_is_never_enough():
    assert not enough({"a": (1.0,) * 14, "b": (9.0,) * 15})
    assert enough({"a": (1.0,) * 15, "b": (9.0,) * 15})


def test_narrow_intervals_are_enough_and_wide_ones_are_not():
    assert enough({"a": noisy(1), "b": noisy(2)})
    assert not enough({"a": noisy(1), "b": noisy(2, spread=0.4)})
    assert enough({"a": noisy(1), "b": noisy(2, spread=0.4)}, wanted_relative_halfwidth=1.0)


def test_an_overwhelming_difference_needs_no_narrow_intervals():
    assert enough({"a": noisy(1, spread=0.2), "b": noisy(2, center=20, spread=0.2)})
    assert not enough({"a": noisy(1, spread=0.2), "b": noisy(2, center=1.3, spread=0.2)})
    assert not enough({"a": noisy(1, spread=0.4)}), "one engine alone differs from nobody"


def test_the_maximum_ends_it_however_wide():
    assert enough({"a": noisy(1, 60, spread=2.0), "b": noisy(2, 60, spread=2.0)})
    assert not enough({"a": noisy(1, 59, spread=2.0), "b": noisy(2, 59, spread=2.0)})


def test_the_order_statistics_interval_is_the_one_in_the_tables():
    assert median_interval([float(n) for n in range(1, 16)]) == (4.0, 12.0)
    assert median_interval([float(n) for n in range(1, 7)]) == (1.0, 6.0)
    assert median_interval([2.0]) == (2.0, 2.0)
