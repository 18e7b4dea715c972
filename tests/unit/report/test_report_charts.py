import math

import pytest

from crossover.report.charts import MINIMUM_SPAN, Line, Point, rows_axis, seconds_at, seconds_axis


def test_each_measured_size_is_a_tick():
    assert [label for _, label in rows_axis([200_000, 2_000_000, 600_000]).ticks] == ["200 k", "600 k", "2 M"]


def test_sizes_too_close_to_label_are_thinned_and_the_largest_stays():
    axis = rows_axis([1_000_000 + 10_000 * step for step in range(20)])
    assert len(axis.ticks) <= 6
    assert axis.ticks[-1][0] == 1_190_000


def test_one_size_still_has_an_axis():
    axis = rows_axis([500])
    assert axis.low < 500 < axis.high
    assert axis.place(500, 0, 100) == pytest.approx(50)


def test_noise_is_not_stretched_over_the_whole_chart():
    axis = seconds_axis([Point(1, 1.0, 0.98, 1.02)])
    assert axis.high / axis.low == pytest.approx(MINIMUM_SPAN)


@pytest.mark.parametrize("top", [1e-3, 0.3, 7.0, 5e3])
def test_time_ticks_lie_inside_the_axis_and_are_few(top):
    axis = seconds_axis([Point(1, 1e-4, 1e-4, 1e-4), Point(2, top, top, top)])
    assert 2 <= len(axis.ticks) <= 8
    assert all(axis.low <= value <= axis.high for value, _ in axis.ticks)


def test_a_place_is_logarithmic_and_held_at_the_edges():
    axis = seconds_axis([Point(1, 0.1, 0.1, 0.1), Point(2, 10, 10, 10)])
    assert axis.place(1.0, 0, 100) == pytest.approx(50)
    assert axis.place(1e9, 0, 100) == 100


def test_seconds_between_two_sizes_are_read_off_a_straight_line_on_log_scales():
    line = Line("spark", "compacted", (Point(100, 1, 1, 1), Point(10_000, 100, 100, 100)))
    assert seconds_at(line, 1_000) == pytest.approx(10)
    assert math.isclose(seconds_at(line, 10), 1)
