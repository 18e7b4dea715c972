"""What samples may and may not show."""

import numpy as np
import pytest

from crossover.benchmark.statistics.summary import bootstrap_medians, faster, summarise


def test_no_samples_give_no_summary():
    assert summarise([]) is None


def test_the_summary_of_known_times_is_right():
    summary = summarise([0.3, 0.1, 0.2, 0.5, 0.4])
    assert (summary.count, summary.median, summary.minimum, summary.maximum) == (5, 0.3, 0.1, 0.5)
    assert summary.p95 is None, "five samples have no 95th percentile"
    assert summary.confidence == pytest.approx(0.9375)


def test_p95_appears_with_twenty_samples():
    assert summarise([float(n) for n in range(1, 21)]).p95 == pytest.approx(19.05)


def test_the_interval_of_few_samples_is_their_whole_range():
    summary = summarise([1.0, 2.0, 3.0, 4.0, 50.0])
    assert (summary.low, summary.high) == (1.0, 50.0)


def test_the_interval_is_the_same_each_time():
    times = list(np.random.default_rng(1).lognormal(size=15))
    assert summarise(times) == summarise(times)


def test_the_95_percent_interval_holds_the_true_median_about_95_times_in_100():
    rng = np.random.default_rng(3)
    held = 0
    for trial in range(300):
        summary = summarise(rng.lognormal(mean=0.0, sigma=0.5, size=25).tolist(), seed=trial)
        held += summary.low <= 1.0 <= summary.high
    assert 0.90 <= held / 300 <= 0.99


def test_resampling_never_leaves_the_range_of_the_samples():
    medians = bootstrap_medians([2.0, 3.0, 7.0])
    assert set(medians) == {2.0, 3.0, 7.0}


def test_separate_intervals_name_the_faster_side():
    slow, quick = summarise([2.0, 2.1, 2.2, 2.3]), summarise([1.0, 1.1, 1.2, 1.3])
    assert faster(quick, slow) == -1
    assert faster(slow, quick) == 1


def test_overlapping_intervals_name_nobody():
    assert faster(summarise([1.0, 1.1, 1.2, 2.05]), summarise([2.0, 2.1, 2.2, 2.3])) == 0


def test_three_samples_a_side_name_nobody_however_far_apart():
    assert faster(summarise([1.0, 1.0, 1.0]), summarise([9.0, 9.0, 9.0, 9.0])) == 0


def test_a_side_without_samples_never_loses_or_wins():
    assert faster(None, summarise([1.0] * 5)) == 0
