"""Which sizes a search begins with."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossover.benchmark.measure import Effort
from crossover.benchmark.run import Plan
from crossover.benchmark.sweep import GRID, Search, grid, spread, within
from crossover.errors import BadInput

HELD = list(range(200_000, 8_200_000, 200_000))


def test_sizes_are_states_that_the_lake_has_had():
    assert set(grid(HELD, 100_000, 8_000_000)) <= set(HELD)


def test_sizes_are_evenly_spread_and_both_ends_are_among_them():
    sizes = grid(HELD, 100_000, 8_000_000)
    assert (sizes[0], sizes[-1]) == (200_000, 8_000_000)
    # Near the lower end the lake's own steps are coarser than the grid.
    assert all(b / a <= 2.01 for a, b in pairwise(sizes))
    assert all(b / a >= GRID * 0.8 for a, b in pairwise(sizes[4:]))


def test_nothing_outside_the_range_is_measured():
    assert grid(HELD, 900_000, 1_900_000)[0] >= 900_000
    assert grid(HELD, 900_000, 1_900_000)[-1] <= 1_900_000


def test_a_lake_that_is_too_small_is_refused():
    with pytest.raises(BadInput, match="no state between"):
        grid([10, 20], 100, 1000)


def test_cases_layouts_and_sizes_share_the_time():
    plan = Plan("r", "d", (), ("compacted", "fragmented"), ("count_all", "lookup_event_id"), Effort(1, 15, 60.0))
    assert within(plan, Search(1, 2, first=4, more=1, seconds=600.0)).effort == Effort(1, 15, 60.0, seconds=30.0)


def test_a_lake_with_one_state_has_one_size():
    assert grid([500], 100, 1000) == [500]
    assert spread([500], 4) == [500]


@given(st.lists(st.integers(1, 10**9), min_size=1, unique=True), st.integers(2, 10))
def test_first_sizes_are_ascending_and_hold_both_ends(held, count):
    sizes = grid(held, 1, 10**9)
    first = spread(sizes, count)
    assert first == sorted(set(first))
    assert {sizes[0], sizes[-1]} <= set(first)
    assert len(first) == min(count, len(sizes))
