from dataclasses import replace
from datetime import UTC, datetime

from crossover.benchmark.results import Stamp
from crossover.report.comparing import side_by_side
from crossover.report.runs import RunLine

LINE = RunLine(
    "r1", "d", datetime(2026, 11, 23, tzinfo=UTC), True, "", 0, 120, 0, 0, 10, 5, 200_000, 12_000_000,
    ("spark", "postgres"), 3, "Spark (compacted) overtakes",
)  # fmt: skip


def test_the_list_shows_the_sentence_of_a_valid_run_only():
    assert LINE.verdict == "Spark (compacted) overtakes"
    assert "overtakes" not in replace(LINE, valid=None).verdict
    invalid = replace(LINE, valid=False, first_reason="unequal data", reasons=3)
    assert (invalid.stamp, invalid.verdict) == ("invalid", "No winner is named. unequal data (and 2 reasons more)")


def test_the_list_tells_what_was_measured():
    assert LINE.measured == "10 questions, 5 sizes: 200 k to 12 M rows; 3 other figures"
    assert LINE.engine_names == "PostgreSQL, Spark"
    assert replace(LINE, cells=0, figures=0).measured == "nothing yet"


def test_two_runs_side_by_side_name_a_shift_only_beyond_noise_and_only_when_both_are_valid(synthetic):
    left = synthetic.run(synthetic.cells(cases=["count_all"], noise=0.02), run_id="left")
    slower = [
        replace(
            c, samples=tuple(replace(s, seconds=s.seconds * (1.5 if c.engine == "spark" else 1.0)) for s in c.samples)
        )
        for c in left.cells
    ]
    right = replace(left, run_id="right", cells=tuple(slower))
    found = side_by_side(left, right)
    assert {(line.side.split()[0], line.shift) for line in found.lines} == {
        ("PostgreSQL", ""), ("Spark", "slower"), ("DuckDB", ""),
    }  # fmt: skip
    assert found.summary.startswith("30 cells in both: 10 slower and 0 faster")
    assert next(line.ratio for line in found.lines if line.shift) == "1.5"
    doubted = side_by_side(left, replace(right, stamp=Stamp(False, ("unequal data",))))
    assert not any(line.shift for line in doubted.lines)
    assert doubted.doubts == ("run right is invalid: unequal data",)
    assert "no difference is called one" in doubted.summary
