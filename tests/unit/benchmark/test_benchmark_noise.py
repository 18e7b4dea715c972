"""How the verb that asks each engine against itself judges what it has measured."""

import math

import numpy as np

from bench.crossover_coverage import cell_of
from crossover.benchmark.statistics.noise import LEVEL, compare, noise_floors
from crossover.benchmark.verbs.noise import winners


def pairs(count, ratio):
    """Pairs of an engine and its twin, eight blocks each; in the first the twin takes `ratio` times as long."""
    made = []
    for number in range(count):
        rng = np.random.default_rng(number)
        shift = math.log(ratio) if number == 0 else 0.0
        sides = (rng.normal(0, 0.02, (8, 2)), rng.normal(shift, 0.02, (8, 2)))
        made.append(tuple(cell_of(number, name, side) for name, side in zip(("spark", "spark'"), sides, strict=True)))
    return made


def test_a_real_difference_is_named_once_by_its_engine():
    assert winners(pairs(10, ratio=1.5)) == ["spark"]
    assert winners(pairs(10, ratio=1.0)) == []


def test_each_comparison_is_corrected_for_all_of_the_repeat():
    few, many = pairs(2, ratio=1.035), pairs(120, ratio=1.035)
    alone = compare(*few[0], noise_floors(cell for pair in many for cell in pair), family=1).p_value
    assert alone * len(few) < LEVEL < alone * len(many)
    assert winners(few) == ["spark"]
    assert winners(many) == []
