"""What an engine's times against its own say, and when two engines may be told apart."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from bench.crossover_coverage import cell_of
from crossover.benchmark.results import Sample
from crossover.benchmark.statistics.noise import MINIMUM_FLOOR, block_ranks, compare, holm, noise_floors


def logs(seed, *, spread=0.05, blocks=8, center=0.0, drift=0.0):
    rng = np.random.default_rng(seed)
    return center + rng.normal(0, drift, (blocks, 1)) + rng.normal(0, spread, (blocks, 2))


def cells(engine, count=20, **noise):
    return [cell_of(n, engine, logs(n, **noise)) for n in range(count)]


def old(cell):
    """The cell as runs before there were blocks and arms kept it."""
    return replace(cell, samples=tuple(replace(s, arm="a", block=0) for s in cell.samples))


LEFT, RIGHT = cell_of(1, "left", logs(1)), cell_of(1, "right", logs(2, center=math.log(1.5)))
FLOORS = {"left": 1.05, "right": 1.08}


def test_the_floor_is_the_95_percent_quantile_of_medians_of_all_samples_against_each_other():
    rng = np.random.default_rng(5)
    full = rng.normal(0, 0.1, (2, 20_000, 16))
    wanted = np.quantile(np.abs(np.median(full[0], axis=1) - np.median(full[1], axis=1)), 0.95)
    (floor,) = noise_floors(cells("spark", 200, spread=0.1)).values()
    assert math.log(floor) == pytest.approx(wanted, rel=0.1)


def test_each_engine_has_its_own_floor_and_none_is_below_the_least():
    floors = noise_floors(cells("spark", spread=0.2) + cells("postgres", spread=0.001))
    assert floors["postgres"] == MINIMUM_FLOOR
    assert floors["spark"] > 1.1


def test_a_few_cells_give_a_floor_of_the_same_size():
    many = [math.log(noise_floors(cells("spark", 60, spread=0.1))["spark"])]
    few = [math.log(noise_floors([cell_of(0, "spark", logs(n, spread=0.1))])["spark"]) for n in range(40)]
    assert 0.8 < np.median(few) / many[0] < 1.6
    assert min(few) > 0.25 * many[0]


def test_one_wild_cell_among_forty_does_not_move_the_floor():
    calm = cells("spark", 40)
    wild = [*calm[:39], cell_of(39, "spark", logs(39, spread=2.0))]
    assert noise_floors(wild)["spark"] == pytest.approx(noise_floors(calm)["spark"], rel=0.02)


def test_drift_that_both_arms_share_is_mostly_no_noise():
    one = math.log(noise_floors(cells("spark", spread=0.02, drift=0.3))["spark"])
    assert one < math.log(noise_floors(cells("spark", spread=0.3))["spark"]) / 2


def test_cells_with_errors_and_cells_of_few_pairs_have_no_floor():
    broken = replace(LEFT, error="1 execution failed")
    half = replace(LEFT, samples=(*LEFT.samples[1:], replace(LEFT.samples[0], seconds=None, error="lost")))
    assert noise_floors([broken, half, cell_of(1, "right", logs(1, blocks=3))]) == {}


def test_a_run_without_arms_has_its_floor_from_every_second_execution():
    with_arms = noise_floors(cells("spark", 40, spread=0.1))["spark"]
    assert noise_floors([old(c) for c in cells("spark", 40, spread=0.1)])["spark"] == pytest.approx(with_arms, rel=0.1)


def test_a_true_difference_names_the_faster_engine_whichever_comes_first():
    found, turned = compare(LEFT, RIGHT, FLOORS, family=20), compare(RIGHT, LEFT, FLOORS, family=20)
    assert (found.faster, turned.faster) == ("left", "left")
    assert found.reason == ""
    assert found.ratio == pytest.approx(1.5, rel=0.1)
    assert found.low < found.ratio < found.high
    assert turned.ratio == pytest.approx(1 / found.ratio)
    assert found.cliffs_delta == 1.0 == -turned.cliffs_delta
    assert found.floor == 1.08
    assert found.p_value == pytest.approx(20 * 2 / 6**8)


def test_a_difference_within_the_larger_floor_has_no_winner():
    found = compare(LEFT, RIGHT, {"left": 1.02, "right": 1.7}, family=1)
    assert found.faster is None
    assert "within the noise floor of 1.70" in found.reason


def test_fourteen_samples_name_no_winner_however_far_apart():
    few = replace(RIGHT, samples=RIGHT.samples[:14])
    found = compare(LEFT, few, FLOORS, family=1)
    assert found.faster is None
    assert found.reason == "14 samples of right: fewer than 15 name no winner"


def test_the_family_of_comparisons_can_take_a_winner_away():
    near = cell_of(1, "right", logs(2, center=math.log(1.09)))
    floors = {"left": 1.02, "right": 1.02}
    alone, among = compare(LEFT, near, floors, family=1), compare(LEFT, near, floors, family=100_000)
    assert alone.faster == "left"
    assert among.faster is None
    assert "as 1 of 100000 comparisons" in among.reason
    assert among.p_value == min(1.0, alone.p_value * 100_000)


def test_an_engine_that_was_not_set_against_itself_wins_and_loses_nothing():
    assert "no noise floor" in compare(LEFT, RIGHT, {"left": 1.02}, family=1).reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"error": "statement timeout"}, "statement timeout"),
        ({"answers_agree": False}, "different answers"),
        ({"answers_agree": None}, "not compared"),
        ({"samples": ()}, "no measured execution"),
    ],
)
def test_a_void_cell_is_not_compared(change, said):
    found = compare(LEFT, replace(RIGHT, **change), FLOORS, family=1)
    assert (found.faster, found.ratio, found.p_value) == (None, None, 1.0)
    assert said in found.reason


def test_drift_that_hits_both_engines_hides_no_difference():
    drift = np.random.default_rng(7).normal(0, 1.0, (8, 1))
    one, other = cell_of(1, "left", logs(1) + drift), cell_of(1, "right", logs(2, center=0.4) + drift)
    assert compare(one, other, FLOORS, family=20).p_value < 0.001
    assert compare(old(one), old(other), FLOORS, family=20).p_value > 0.05


def test_runs_without_blocks_are_compared_all_the_same():
    assert compare(old(LEFT), old(RIGHT), FLOORS, family=20).faster == "left"


def test_blocks_of_two_runs_are_not_taken_for_the_same_blocks():
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(200):
        shifted = [logs(int(rng.integers(1 << 30)), spread=0.001, drift=0.3) for _ in range(2)]
        one, two = (cell_of(1, "spark", values) for values in shifted)
        false += compare(one, two, {"spark": 1.02}, family=1).p_value < 0.05
    assert false <= 18


def test_one_outlier_takes_no_winner_away():
    samples = list(RIGHT.samples)
    slow = replace(LEFT.samples[3], seconds=LEFT.samples[3].seconds * 10)
    hit = replace(LEFT, samples=(*LEFT.samples[:3], slow, *LEFT.samples[4:]))
    assert compare(hit, replace(RIGHT, samples=tuple(samples)), FLOORS, family=20).faster == "left"


def test_warm_ups_are_not_compared():
    warm = replace(LEFT, samples=(Sample(-1, 99.0, 1, "h", None, "a", 0), *LEFT.samples))
    assert compare(warm, RIGHT, FLOORS, family=1) == compare(LEFT, RIGHT, FLOORS, family=1)


def test_the_rank_test_within_blocks_equals_all_relabellings_counted_one_by_one():
    blocks = [([1.0, 3.0], [2.0, 4.0]), ([1.0, 1.0], [1.0, 5.0]), ([2.0], [1.0, 7.0])]

    def ranks(values):
        return [sum(v < x for v in values) + (sum(v == x for v in values) + 1) / 2 for x in values]

    sums = [[sum(c) for c in itertools.combinations(ranks([*a, *b]), len(a))] for a, b in blocks]
    seen = sum(sum(ranks([*a, *b])[: len(a)]) for a, b in blocks)
    every = [sum(chosen) for chosen in itertools.product(*sums)]
    low, high = sum(s <= seen for s in every), sum(s >= seen for s in every)
    assert block_ranks(blocks) == pytest.approx(min(1.0, 2 * min(low, high) / len(every)))


def test_equal_times_are_no_evidence():
    assert block_ranks([([1.0, 1.0], [1.0, 1.0])] * 8) == 1.0


def test_holm_corrects_step_by_step_in_the_order_given():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()
