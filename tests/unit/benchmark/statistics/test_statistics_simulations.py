"""The benchmark's statistics on simulated runs whose truth is known: how often they are right."""

import numpy as np

from bench.crossover_coverage import FAMILY, NOISES, SWEEP_NOISES, coverage, winners

USUAL, *OTHERS = NOISES


def test_at_most_one_in_twenty_of_200_a_a_runs_names_a_winner():
    assert sum(count > 0 for count in winners(1, USUAL, 200)) <= 10


def test_other_kinds_of_noise_name_no_more_false_winners():
    for noise in OTHERS:
        assert sum(count > 0 for count in winners(3, noise, 20)) <= 2, noise.name


def test_a_true_difference_of_one_half_is_found_in_nine_of_ten_comparisons():
    assert np.mean(winners(2, USUAL, 10, ratio=1.5)) / FAMILY > 0.9


def test_the_interval_of_500_sweeps_holds_the_true_crossing_in_92_to_98_percent():
    told = coverage(1, SWEEP_NOISES[0], 500)
    assert told.found >= 490
    assert 0.92 <= told.held / told.found <= 0.98
    assert told.width < 1.5


def test_shifts_of_whole_cells_that_no_sample_shows_are_covered():
    told = coverage(2, SWEEP_NOISES[3], 60)
    assert told.held / told.found >= 0.88
    assert coverage(2, SWEEP_NOISES[1], 30).width < told.width
