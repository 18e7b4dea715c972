"""Curves with known crossings, and curves that must not be given one."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossover.benchmark.results import Cell, Sample
from crossover.benchmark.statistics.crossing import (
    Crossover,
    Curve,
    NoneInRange,
    Point,
    Undecided,
    curve_of,
    find_crossover,
)

SIZES = (200_000, 600_000, 2_000_000, 6_000_000)


def curve(engine, law, *, sizes=SIZES, noise=0.03, seed=0, repetitions=5):
    rng = np.random.default_rng(seed)
    return Curve(engine, tuple(Point(n, tuple(law(n) * rng.lognormal(0.0, noise, repetitions))) for n in sizes))


def linear(n):
    return n / 1_000_000


def flat(_n):
    return 1.0


def test_a_known_crossing_is_found_and_lies_in_its_interval():
    found = find_crossover(curve("postgres", linear, seed=1), curve("spark", flat, seed=2))
    assert isinstance(found, Crossover)
    assert (found.from_engine, found.to_engine) == ("postgres", "spark")
    assert found.rows == pytest.approx(1_000_000, rel=0.1)
    assert found.low <= 1_000_000 <= found.high
    assert found.high / found.low < 1.3


def test_the_crossing_is_the_same_whichever_curve_comes_first():
    one, other = curve("postgres", linear, seed=1), curve("spark", flat, seed=2)
    ahead, behind = find_crossover(one, other), find_crossover(other, one)
    assert (behind.from_engine, behind.to_engine) == ("postgres", "spark")
    assert behind.rows == pytest.approx(ahead.rows, rel=1e-9)
    assert (behind.low, behind.high) == pytest.approx((ahead.low, ahead.high), rel=0.02)


def test_the_interval_holds_the_true_crossing_most_of_the_time():
    held = 0
    for trial in range(60):
        left = curve("postgres", linear, seed=2 * trial, noise=0.05)
        found = find_crossover(left, curve("spark", flat, seed=2 * trial + 1, noise=0.05))
        held += isinstance(found, Crossover) and found.low <= 1_000_000 <= found.high
    assert held >= 52


def test_more_noise_gives_a_wider_interval():
    quiet = find_crossover(curve("p", linear, noise=0.01, seed=1), curve("s", flat, noise=0.01, seed=2))
    loud = find_crossover(curve("p", linear, noise=0.1, seed=1), curve("s", flat, noise=0.1, seed=2))
    assert loud.high / loud.low > 2 * quiet.high / quiet.low - 1


def test_a_crossing_at_a_measured_size_is_bracketed_by_its_neighbours():
    found = find_crossover(
        curve("p", linear, sizes=(250_000, 1_000_000, 4_000_000), seed=1, noise=0.1),
        curve("s", flat, sizes=(250_000, 1_000_000, 4_000_000), seed=2, noise=0.1),
    )
    assert isinstance(found, Crossover)
    assert 250_000 < found.low < found.rows < found.high < 4_000_000


def test_one_engine_ahead_everywhere_has_no_crossing():
    found = find_crossover(curve("postgres", lambda n: n / 1e8), curve("spark", flat, seed=2))
    assert found == NoneInRange("postgres", 200_000, 6_000_000)


def test_overlapping_intervals_name_no_winner():
    found = find_crossover(curve("a", flat, seed=1, noise=0.3), curve("b", flat, seed=2, noise=0.3))
    assert isinstance(found, Undecided)
    assert {lead for _, lead in found.leads} == {None}


def test_a_lead_at_some_sizes_only_is_not_a_lead_over_the_range():
    left = Curve("a", (Point(10, (1.0, 1.1, 1.2, 1.3)), Point(100, (1.0, 1.1, 1.2, 1.3))))
    right = Curve("b", (Point(10, (2.0, 2.1, 2.2, 2.3)), Point(100, (1.1, 1.2, 1.3, 1.4))))
    found = find_crossover(left, right)
    assert isinstance(found, Undecided)
    assert found.leads == ((10, "a"), (100, None))


def test_a_lead_that_turns_twice_is_undecided():
    slow, quick = (2.0, 2.1, 2.2, 2.3), (1.0, 1.1, 1.2, 1.3)
    left = Curve("a", (Point(1, slow), Point(2, quick), Point(3, slow)))
    right = Curve("b", (Point(1, quick), Point(2, slow), Point(3, quick)))
    found = find_crossover(left, right)
    assert isinstance(found, Undecided)
    assert "more than once" in found.reason


def test_a_turn_that_the_largest_size_does_not_confirm_is_undecided():
    slow, quick = (2.0, 2.1, 2.2, 2.3), (1.0, 1.1, 1.2, 1.3)
    left = Curve("a", (Point(1, quick), Point(2, slow), Point(3, slow)))
    right = Curve("b", (Point(1, slow), Point(2, quick), Point(3, slow)))
    assert isinstance(find_crossover(left, right), Undecided)


def test_a_lead_in_the_middle_only_is_undecided():
    same, quick = (2.0, 2.1, 2.2, 2.3), (1.0, 1.1, 1.2, 1.3)
    left = Curve("a", (Point(1, same), Point(2, quick), Point(3, same)))
    right = Curve("b", (Point(1, same), Point(2, same), Point(3, same)))
    found = find_crossover(left, right)
    assert isinstance(found, Undecided)
    assert found.reason == "only some sizes show a difference"


@given(st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=6))
def test_leads_that_are_given_decide(leads):
    sizes = tuple(10**n for n in range(1, len(leads) + 1))
    one, other = curve("a", linear, sizes=sizes, seed=1), curve("b", flat, sizes=sizes, seed=2)
    found = find_crossover(one, other, leads=dict(zip(sizes, leads, strict=True)))
    if isinstance(found, Undecided):
        assert tuple(engine for _, engine in found.leads) == tuple(leads)
    elif isinstance(found, NoneInRange):
        assert set(leads) == {found.faster}
    else:
        assert (found.from_engine, found.to_engine) == (leads[0], leads[-1])
        ends = [size for size, lead in zip(sizes, leads, strict=True) if lead == leads[0]]
        begins = [size for size, lead in zip(sizes, leads, strict=True) if lead == leads[-1]]
        assert found.high > ends[-1] * 0.999
        assert found.low < begins[0] * 1.001


def test_three_repetitions_name_no_winner():
    found = find_crossover(
        curve("postgres", lambda n: n / 1e8, repetitions=3), curve("spark", flat, seed=2, repetitions=3)
    )
    assert isinstance(found, Undecided)
    assert found.reason == "fewer than 4 samples a size name no winner"


def test_sizes_of_one_engine_only_are_not_compared():
    found = find_crossover(curve("p", linear, sizes=(1000, 10_000)), curve("s", flat, sizes=(100_000,)))
    assert found == Undecided("no size was measured in both engines", ())


def cell(engine, rows, *, error=None, agree=True):
    samples = (Sample(-1, 9.0, 1, "h", None), *(Sample(n, 1.0, 1, "h", None) for n in range(1, 5)))
    return Cell(
        "count_all",
        engine,
        rows,
        "heap",
        rows,
        None,
        None,
        "hot",
        "idle",
        {},
        {},
        "SELECT",
        "h",
        agree,
        error,
        samples,
    )


def test_a_curve_leaves_out_warm_ups_errors_and_unagreed_answers():
    cells = [
        cell("postgres", 300),
        cell("postgres", 100),
        cell("postgres", 200, error="statement timeout"),
        cell("postgres", 400, agree=False),
        cell("postgres", 500, agree=None),
        cell("spark", 600),
    ]
    found = curve_of(cells, "count_all", "postgres", "heap")
    assert found == Curve("postgres", (Point(100, (1.0,) * 4), Point(300, (1.0,) * 4)))


def test_two_sizes_that_hold_the_same_rows_are_one_point():
    cells = [cell("postgres", 100), dataclasses.replace(cell("postgres", 100), size_rows=50)]
    assert curve_of(cells, "count_all", "postgres", "heap").points == (Point(100, (1.0,) * 8),)
