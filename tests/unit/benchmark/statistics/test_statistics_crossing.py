"""Fitted curves, their crossings in rows and bytes, and where to measure next."""

from dataclasses import replace

import numpy as np
import pytest

from bench.crossover_coverage import cell_of
from crossover.benchmark.statistics.crossing import (
    Crossover,
    Curve,
    NoneInRange,
    Point,
    Undecided,
    curve_of,
    find_crossover,
    fit_of,
    in_bytes,
)
from crossover.benchmark.statistics.curves import fit, refit
from crossover.benchmark.statistics.ladder import next_size
from crossover.errors import BadInput

SIZES = (200_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000)


def curve(engine, law, *, sizes=SIZES, noise=0.03, seed=0, bytes_a_row=None):
    rng = np.random.default_rng(seed)
    return Curve(
        engine,
        tuple(
            Point(n, tuple((law(n) * rng.lognormal(0.0, noise, 15)).tolist()), bytes_a_row and int(bytes_a_row * n))
            for n in sizes
        ),
    )


def linear(n):
    return n / 1_000_000


def flat(_n):
    return 1.0


def slow(n):
    return 0.5 + 0.1 * n / 1e6


@pytest.mark.parametrize(("a", "b", "c"), [(0.3, 2e-7, 1.0), (0.0, 1e-6, 1.0), (0.0, 2.0, 0.0), (0.05, 1e-9, 1.4)])
def test_a_curve_without_noise_is_found_again(a, b, c):
    found = fit("spark", SIZES, [a + b * n**c for n in SIZES])
    assert found.predict([300_000, 8_000_000]) == pytest.approx([a + b * n**c for n in (300_000, 8_000_000)], rel=1e-3)
    assert found.c == pytest.approx(c, abs=0.01)
    assert found.worst < 1.001


def test_parameters_stay_in_their_bounds_when_the_times_do_not():
    falling = fit("spark", SIZES, [5, 4, 3, 2, 1, 0.5])
    assert (falling.a, falling.c) == (0.0, 0.0)
    steep = fit("spark", SIZES, [(n / 1e6) ** 3 for n in SIZES])
    assert steep.c == 2.0
    assert steep.a >= 0 < steep.b


def test_a_size_off_the_curve_shows_in_its_residual():
    times = [0.3 + n / 1e6 for n in SIZES]
    found = fit("spark", SIZES, [*times[:3], times[3] * 2, *times[4:]])
    assert found.worst > 1.4
    assert int(np.argmax(found.residuals)) == 3
    assert found.rows == SIZES


def test_three_sizes_make_no_curve():
    with pytest.raises(BadInput):
        fit("spark", SIZES[:3], [1.0, 2.0, 3.0])


def test_refits_agree_with_fits_made_one_by_one():
    base = fit("spark", SIZES, [0.3 + 2e-7 * n for n in SIZES])
    logs = np.log(base.predict(SIZES)) + np.random.default_rng(1).normal(0, 0.03, (20, 6))
    many = refit(base, logs).log_seconds(np.log(SIZES))
    for row, found in zip(logs, many, strict=True):
        assert found == pytest.approx(np.log(fit("spark", SIZES, np.exp(row)).predict(SIZES)), abs=0.02)


def test_a_crossing_carries_its_two_fits():
    left, right = curve("postgres", linear, seed=1), curve("spark", flat, seed=2)
    found = find_crossover(left, right)
    assert isinstance(found, Crossover)
    assert not found.extrapolated
    assert [one.engine for one in found.fits] == ["postgres", "spark"]
    assert found.worst < 1.1
    assert found.rows == pytest.approx(1_000_000, rel=0.05)
    assert found.fits[0] == fit_of(left)


def test_shifted_cells_make_the_interval_wider():
    rng = np.random.default_rng(4)
    quiet = [curve("postgres", linear, seed=1), curve("spark", flat, seed=2)]
    moved = [
        Curve(c.engine, tuple(Point(p.rows, tuple(s * k for s in p.seconds)) for p, k in zip(c.points, f, strict=True)))
        for c, f in zip(quiet, rng.lognormal(0, 0.1, (2, 6)), strict=True)
    ]
    before, after = find_crossover(*quiet), find_crossover(*moved)
    assert np.log(after.high / after.low) > 2 * np.log(before.high / before.low)


def test_a_lead_within_the_noise_floor_is_no_lead():
    one, other = curve("a", flat, noise=0.001), curve("b", lambda n: 1.1, noise=0.001)
    assert find_crossover(one, other) == NoneInRange("a", SIZES[0], SIZES[-1])
    found = find_crossover(one, other, floors={"a": 1.02, "b": 1.2})
    assert isinstance(found, Undecided)
    assert found.reason == "no size shows a difference"


def test_a_difference_of_one_percent_is_no_lead_even_without_floors():
    assert isinstance(find_crossover(curve("a", flat, noise=1e-4), curve("b", lambda n: 1.01, noise=1e-4)), Undecided)


def test_a_crossing_beyond_the_range_is_marked_and_the_range_has_none():
    found = find_crossover(curve("postgres", lambda n: n / 2e7, seed=1), curve("spark", flat, seed=2))
    assert isinstance(found, NoneInRange)
    assert found.faster == "postgres"
    beyond = found.beyond
    assert beyond.extrapolated
    assert (beyond.from_engine, beyond.to_engine) == ("postgres", "spark")
    assert SIZES[-1] <= beyond.low <= 20_000_000 <= beyond.high


def test_nothing_is_said_more_than_eight_times_beyond():
    found = find_crossover(curve("postgres", lambda n: n / 1e8, seed=1), curve("spark", flat, seed=2))
    assert found == NoneInRange("postgres", SIZES[0], SIZES[-1])


def test_bytes_are_read_off_between_the_sizes_and_told_per_gib():
    found = Crossover(1_500_000, 1_000_000, 16_000_000, "postgres", "spark")
    told = in_bytes(found, curve("postgres", linear, bytes_a_row=300))
    assert (told.bytes, told.low, told.high) == pytest.approx((450e6, 300e6, 4800e6), rel=1e-6)
    assert told.per_gib(4 * 2**30).bytes == pytest.approx(450e6 / 4, rel=1e-6)
    growing = Curve("postgres", (Point(1_000_000, (1.0,), 100_000_000), Point(4_000_000, (1.0,), 1_600_000_000)))
    assert in_bytes(Crossover(2_000_000, 1e6, 4e6, "p", "s"), growing).bytes == pytest.approx(400e6)
    assert in_bytes(found, curve("postgres", linear)) is None


def test_a_curve_is_of_one_cache_state_and_condition():
    cell = replace(cell_of(1, "spark", np.zeros((8, 2))), bytes=77)
    cold = replace(cell, cache_state="cold", condition="ingesting", rows=5)
    assert curve_of([cell, cold], "case 1", "spark", "compacted").points == (Point(1000, (1.0,) * 16, 77),)
    found = curve_of([cell, cold], "case 1", "spark", "compacted", "cold", "ingesting")
    assert [point.rows for point in found.points] == [5]


FINE = tuple(int(200_000 * 1.25**k) for k in range(18))


def measured(law, other, sizes, **noise):
    return curve("postgres", law, sizes=sizes, seed=1, **noise), curve("spark", other, sizes=sizes, seed=2, **noise)


def test_the_ends_are_measured_first():
    assert next_size(*measured(linear, flat, ()), FINE) == FINE[0]
    assert next_size(*measured(linear, flat, FINE[:1]), FINE) == FINE[-1]


def test_a_wide_interval_is_refined_at_the_crossing_until_it_is_narrow():
    def bent(n):
        return 0.9 + 0.1 * n / 1e6

    sizes, asked = (FINE[0], FINE[-1]), []
    # A line between the two ends crosses elsewhere than the curves; each step comes nearer.
    while (size := next_size(*measured(linear, bent, sizes, noise=0.1), FINE)) is not None and len(asked) < 10:
        asked.append(size)
        sizes = tuple(sorted({*sizes, size}))
    assert 2 <= len(asked) < 10
    assert 600_000 <= asked[-1] <= 1_700_000
    found = find_crossover(*measured(linear, bent, sizes, noise=0.1))
    assert found.low < 1_000_000 < found.high
    assert found.high / found.low < 1.5


def test_a_narrow_interval_asks_for_nothing():
    assert next_size(*measured(linear, flat, SIZES), FINE) is None
    assert next_size(*measured(linear, flat, SIZES), FINE, wanted_ratio=1.01) is not None


def test_the_ladder_grows_to_where_the_curves_should_meet():
    small = SIZES[:4]
    far = [*SIZES, 16_000_000, 32_000_000]
    assert next_size(*measured(lambda n: n / 1e7, flat, small), far) == 16_000_000
    assert next_size(*measured(lambda n: n / 1e7, flat, small), SIZES) == 8_000_000
    assert next_size(*measured(lambda n: n / 1e7, flat, small[2:]), far) == 16_000_000


def test_the_ladder_grows_downwards_when_the_lead_must_have_turned_below():
    assert next_size(*measured(linear, lambda n: 0.1, SIZES[1:]), [50_000, *SIZES]) == 50_000


def test_curves_that_part_or_meet_too_far_away_ask_for_nothing():
    assert next_size(*measured(lambda n: n / 1e9, slow, SIZES[:4]), [*SIZES, 10**9]) is None
    assert next_size(*measured(lambda n: 0.001, linear, SIZES[2:]), [50_000, *SIZES, 10**9]) is None


def test_a_lead_that_is_lost_at_the_largest_size_asks_for_a_larger_one():
    assert next_size(*measured(lambda n: n / 4e6, flat, SIZES[:5]), SIZES) == 8_000_000


def test_sizes_already_measured_are_not_asked_for_again():
    rows = tuple(int(1.05 * n) for n in SIZES)
    assert next_size(*measured(linear, flat, rows, noise=0.3), SIZES, wanted_ratio=1.0001) is None
