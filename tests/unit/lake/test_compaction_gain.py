from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossover.lake.command import add_arguments
from crossover.lake.compaction import DayPartition, _rewrites, plan
from crossover.lake.gain import MIB, Measured, Outlook, Rates, fit_line, rates_of, spans
from crossover.settings import Lake

DAY = date(2026, 11, 1)
RATES = Rates(per_file_seconds=0.002, mib_per_second=20, day_seconds=1, source="a test")

rates = st.builds(
    Rates,
    per_file_seconds=st.floats(-0.01, 1),
    mib_per_second=st.floats(0.1, 1000),
    day_seconds=st.floats(0, 100),
    source=st.just("a test"),
)
days = st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 50 * 2**30)), min_size=1, max_size=10).map(
    lambda sizes: [DayPartition(DAY + timedelta(days=n), files, size, 10) for n, (files, size) in enumerate(sizes)]
)
queries = st.integers(1, 10**7)
unhurried = settings(deadline=None, max_examples=60)
NEVER = DAY + timedelta(days=1000)


@unhurried
@given(days, rates, queries, st.integers(2, 50))
def test_a_day_whose_gain_does_not_exceed_its_cost_is_never_rewritten(partitions, known, count, min_files):
    outlook = Outlook(count, known)
    planned = plan(partitions, NEVER, min_files, outlook)
    for partition in partitions:
        forecast = outlook.forecast(partition.files, partition.bytes)
        worth_it = partition.files >= min_files and forecast.gain_seconds > forecast.cost_seconds
        assert (partition in planned.chosen) == worth_it
        assert (str(partition.day) in planned.left) == (not worth_it)


@unhurried
@given(days, rates, queries, queries)
def test_more_queries_never_make_a_rewrite_less_worth_it(partitions, known, one, other):
    few, many = (plan(partitions, NEVER, 2, Outlook(count, known)) for count in sorted((one, other)))
    assert {p.day for p in few.chosen} <= {p.day for p in many.chosen}


@unhurried
@given(st.integers(1, 5000), st.integers(1, 50 * 2**30), rates, queries)
def test_a_forecast_never_gains_files_or_loses_seconds(files, size, known, count):
    forecast = Outlook(count, known).forecast(files, size)
    assert 1 <= forecast.files_after <= files
    assert forecast.gain_seconds >= 0
    assert forecast.cost_seconds > 0


def test_gain_and_cost_are_those_of_a_sum_by_hand():
    forecast = Outlook(1000, RATES).forecast(files=51, size_bytes=40 * MIB)
    assert (forecast.files_after, forecast.gain_seconds, forecast.cost_seconds) == (1, pytest.approx(100), 3)
    assert forecast.pays
    assert not Outlook(30, RATES).forecast(51, 40 * MIB).pays
    assert Outlook(1, RATES).forecast(51, 400 * MIB).files_after == 4


def test_a_gain_that_only_equals_its_cost_does_not_pay():
    even = Outlook(1, Rates(per_file_seconds=1, mib_per_second=1, day_seconds=0, source="a test")).forecast(2, MIB)
    assert even.gain_seconds == even.cost_seconds == 1
    assert not even.pays


def test_gain_cost_and_decision_can_be_read_for_each_day():
    partitions = [DayPartition(DAY, 51, 40 * MIB, 10), DayPartition(DAY + timedelta(days=1), 5, 40 * MIB, 10)]
    outlook = Outlook(300, RATES)
    planned = plan(partitions, NEVER, 5, outlook)
    assert [p.day for p in planned.chosen] == [DAY]
    assert outlook.words(planned.forecasts[DAY]) == (
        "51 -> 1 files, predicted gain 30.00 s over 300 queries, predicted cost 3.00 s: it pays"
    )
    assert planned.left["2026-11-02"] == (
        "5 -> 1 files, predicted gain 2.40 s over 300 queries, predicted cost 3.00 s: it does not pay"
    )


def test_without_queries_every_closed_day_with_enough_files_is_rewritten_by_one_statement():
    partitions = [DayPartition(DAY + timedelta(days=n), 50, 10, 10) for n in range(3)]
    planned = plan(partitions, NEVER, 5)
    assert (planned.chosen, planned.gain_seconds, planned.cost_seconds) == (partitions, None, None)
    (statement,) = _rewrites("lake", "lake.x.logs", planned, partitions, NEVER, 5)
    assert f"`timestamp` < TIMESTAMP '{NEVER} 00:00:00 UTC'\"" in statement


def test_a_rewrite_of_days_that_pay_leaves_those_between_them_alone():
    sizes = (50, 50, 2, 50)
    partitions = [DayPartition(DAY + timedelta(days=n), files, MIB, 10) for n, files in enumerate(sizes)]
    planned = plan(partitions, NEVER, 2, Outlook(400, RATES))
    statements = _rewrites("lake", "lake.x.logs", planned, partitions, NEVER, 2)
    assert [("2026-11-01" in s, "2026-11-03" in s, "2026-11-04" in s, "2026-11-05" in s) for s in statements] == [
        (True, True, False, False),
        (False, False, True, True),
    ]


@unhurried
@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_spans_hold_the_chosen_days_and_none_that_is_left(chosen, left):
    left -= chosen
    found = spans([DAY + timedelta(days=n) for n in chosen], [DAY + timedelta(days=n) for n in left])
    inside = {n for n in range(-1, 62) for first, following in found if first <= DAY + timedelta(days=n) < following}
    assert chosen <= inside
    assert not left & inside
    assert all(a[1] <= b[0] for a, b in pairwise(found))


def samples(seconds, rng, count=15):
    return [seconds * float(rng.lognormal(0, 0.05)) for _ in range(count)]


def test_a_line_is_found_through_noise_and_one_disturbed_file_count():
    rng = np.random.default_rng(7)
    times = {files: samples(0.2 + 0.003 * files, rng) for files in (1, 4, 16, 64, 256, 700)}
    times[64] = samples(3.0, rng)
    line = fit_line(times)
    assert line.per_file == pytest.approx(0.003, rel=0.15)
    assert line.low < 0.003 < line.high
    assert line.base == pytest.approx(0.2, abs=0.1)


def test_file_counts_that_lie_close_together_have_little_say_in_a_slope():
    line = fit_line({1: [0.3], 2: [0.2], 3: [0.1], 1000: [1.2]})
    assert line.per_file == pytest.approx(0.001, rel=0.15)


def test_the_interval_of_a_slope_holds_the_true_one_as_often_as_it_says():
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(60):
        line = fit_line({files: samples(0.3 + 0.001 * files, rng) for files in (7, 16, 64, 256)})
        hits += line.low <= 0.001 <= line.high
    assert hits >= 52


def test_one_file_count_makes_no_line():
    assert fit_line({7: [0.1, 0.2]}) is None
    assert fit_line({7: [0.1], 9: []}) is None


def test_rates_come_from_the_newest_measurement():
    figures = [
        *(
            Measured("r1", "compaction_curve", {"case": "a", "files": str(n)}, (1 + 0.01 * n,) * 5)
            for n in (1, 10, 100)
        ),
        *(
            Measured("r1", "compaction_curve", {"case": "b", "files": str(n)}, (1 + 0.03 * n,) * 5)
            for n in (1, 10, 100)
        ),
        Measured("r1", "compaction_cost", {"files": "7", "rows": "1000"}, (2.0,)),
        Measured("r1", "compaction_read", {"files": "7", "rows": "1000"}, (100.0 * MIB,)),
        Measured("r1", "compaction_cost", {"files": "64", "rows": "1000"}, (1.0,)),
        Measured("r1", "compaction_read", {"files": "64", "rows": "1000"}, (100.0 * MIB,)),
    ]
    known = rates_of(figures, Lake())
    assert known.per_file_seconds == pytest.approx(0.02)
    assert known.mib_per_second == pytest.approx(50), "of the rewrite into the fewest files"
    assert known.source == "run r1 (seconds a file), run r1 (MiB/s)"


def test_a_question_that_files_do_not_slow_down_gains_nothing():
    falling = [Measured("r", "compaction_curve", {"case": "a", "files": str(n)}, (2 - 0.01 * n,) * 5) for n in (1, 99)]
    assert rates_of(falling, Lake()).per_file_seconds == 0


def test_without_a_measurement_the_settings_count_and_it_is_said():
    own = Lake(query_file_seconds=0.5, rewrite_mib_per_second=3)
    known = rates_of([], own)
    assert (known.per_file_seconds, known.mib_per_second) == (0.5, 3)
    assert known.source == "the settings (seconds a file), the settings (MiB/s)"


def test_queries_of_the_command_are_a_number_or_none(capsys):
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert parser.parse_args([]).queries is None
    assert parser.parse_args(["--queries", "none"]).queries is None
    assert parser.parse_args(["--queries", "12"]).queries == 12
    for wrong in ("0", "-3", "many"):
        with pytest.raises(SystemExit):
            parser.parse_args(["--queries", wrong])
