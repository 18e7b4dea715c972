"""Runs side by side: what differs is named, what is unlike is not compared, and an invalid run names nothing."""

from dataclasses import replace

import numpy as np

from crossover.benchmark.history import compare_runs
from crossover.benchmark.results import Stamp


def only(comparison):
    (row,) = comparison.rows
    return row.against[0]


def two(build, base=None, other=None, **options):
    base, other = base or {}, other or {}
    first = build.run(build.cell(**{"seed": 1, "run_id": "one", **base}), run_id="one")
    second = build.run(build.cell(**{"seed": 2, "run_id": "two", **other}), run_id="two", days=1)
    return compare_runs([first, second], **options)


def test_a_slower_cell_is_named_with_its_ratio_and_interval(build):
    found = only(two(build, other={"median": 0.14}))
    assert found.shift == "slower"
    assert found.low < 1.4 < found.high
    assert 1.3 < found.ratio < 1.5
    assert found.p_value < 0.001


def test_a_faster_cell_is_named(build):
    assert only(two(build, other={"median": 0.07})).shift == "faster"


def test_the_same_cell_twice_names_nothing(build):
    found = only(two(build))
    assert found.shift == ""
    assert found.reason


def test_a_difference_within_the_noise_of_either_run_is_none(build):
    """The second run is so noisy that it differs from itself by more than it differs from the first."""
    quiet = two(build, base={"noise": 0.01}, other={"median": 0.106, "noise": 0.01})
    noisy = two(build, base={"noise": 0.01}, other={"median": 0.106, "noise": 0.3})
    assert only(quiet).shift == "slower"
    assert only(noisy).shift == ""
    assert only(noisy).floor > 1.1


def test_runs_that_differ_by_chance_alone_are_told_apart_in_at_most_one_of_twenty(build):
    """Ten cells a pair of runs: an alarm in any of them counts, so the correction for many comparisons is on trial."""
    alarms = 0
    for trial in range(30):
        first, second = (
            build.run(
                *(build.cell(case=f"case_{i}", noise=0.1, seed=(trial, side, i), blocks=8) for i in range(10)),
                run_id=str(side),
            )
            for side in (0, 1)
        )
        alarms += any(row.against[0].shift for row in compare_runs([first, second]).rows)
    assert alarms <= 2


def test_many_comparisons_make_a_weak_difference_none(build):
    def run_with(cases, run_id, slow):
        cells = [build.cell(case="a", median=slow, noise=0.1, seed=(3, run_id))]
        cells += [build.cell(case=f"b{i}", noise=0.1, seed=(i, 10 + run_id)) for i in range(cases)]
        return build.run(*cells, run_id=str(run_id))

    alone = compare_runs([run_with(0, 0, 0.1), run_with(0, 1, 0.109)]).rows[0].against[0]
    among = compare_runs([run_with(60, 0, 0.1), run_with(60, 1, 0.109)]).rows[0].against[0]
    assert alone.shift == "slower"
    assert alone.p_value < among.p_value
    assert among.shift == ""
    assert "1 of 61 comparisons" in among.reason


def test_other_rows_are_not_compared(build):
    found = only(two(build, other={"rows": 200_124}))
    assert found.ratio is None
    assert found.reason == "other rows: 200,123 and 200,124"


def test_another_statement_is_not_compared(build):
    found = only(two(build, other={"statement": "SELECT count(*) AS records\nFROM bench_two_ffff.logs_200000"}))
    assert (found.ratio, found.reason) == (None, "another statement")


def test_the_name_of_the_relation_is_no_part_of_the_statement(build):
    relations = (
        "bench_two_0f0f.logs_5",
        "lake.main.logs VERSION AS OF 123456789",
        "iceberg_scan('hdfs://host:9000/warehouse/main/logs/metadata/0007.metadata.json')",
    )
    for relation in relations:
        statement = f"SELECT count(*) AS records\nFROM {relation}\nWHERE level = :level"
        assert only(two(build, other={"statement": statement})).ratio is not None, relation


def test_other_parameters_and_other_answers_are_named_and_compared_only_when_asked(build):
    other = {"parameters": {"level": "WARN"}, "answer_hash": "ffff", "rows": 201_000, "median": 0.2}
    refused, asked = only(two(build, other=other)), only(two(build, other=other, same_data=False))
    assert refused.ratio is None
    assert refused.reason.startswith("other rows: 200,123 and 201,000; other parameters: level; other answers")
    assert asked.shift == "slower"
    assert asked.note == refused.reason


def test_a_quite_different_size_is_never_compared(build):
    assert only(two(build, other={"rows": 250_000}, same_data=False)).ratio is None


def test_an_invalid_run_is_shown_and_names_nothing(build):
    first = build.run(build.cell(seed=1), run_id="one")
    second = build.run(build.cell(seed=2, median=0.3), run_id="two")
    for stamp, told in ((Stamp(valid=False, reasons=("the clock jumped",)), "the clock jumped"), (None, "no stamp")):
        for runs in ([first, replace(second, stamp=stamp)], [replace(second, stamp=stamp), first]):
            comparison = compare_runs(runs)
            assert only(comparison).shift == ""
            assert told in only(comparison).reason
            assert only(comparison).ratio is not None
            assert sum(bool(doubt) for doubt in comparison.doubts) == 1


def test_times_with_an_error_among_them_are_void(build):
    broken = replace(build.cell(seed=2, median=0.3), error="no answer within 60 s")
    found = only(compare_runs([build.run(build.cell(seed=1), run_id="one"), build.run(broken, run_id="two")]))
    assert found.ratio is None
    assert "no answer within 60 s" in found.reason


def test_a_cell_that_one_run_lacks_is_told(build):
    first = build.run(build.cell(), run_id="one")
    second = build.run(build.cell(case="group_by_level"), run_id="two")
    rows = compare_runs([first, second]).rows
    assert [row.against[0].reason for row in rows] == ["not measured in run two", "not measured in run one"]
    assert rows[0].summaries[1] is None
    assert rows[0].summaries[0].count == 20


def test_more_than_two_runs_are_each_set_against_the_first(build):
    medians = (0.1, 0.2, 0.05)
    runs = [build.run(build.cell(seed=i, median=m), run_id=str(i)) for i, m in enumerate(medians)]
    (row,) = compare_runs(runs).rows
    assert [against.shift for against in row.against] == ["slower", "faster"]


def test_what_differs_in_machine_and_configuration_is_named(build):
    first = build.run(build.cell(), environment={"cpu": "A", "postgres": "18.6"})
    second = build.run(build.cell(configuration={"version": "18.6", "work_mem": "4 MB"}), environment={"cpu": "B"})
    facts = {fact.name: fact.values for fact in compare_runs([first, second]).facts}
    assert facts == {"cpu": ("A", "B"), "postgres": ("18.6", ""), "postgres work_mem": ("64 MB", "4 MB")}


def test_the_interval_of_the_ratio_holds_the_true_ratio(build):
    held = []
    for trial in range(60):
        found = only(two(build, base={"seed": (trial, 1)}, other={"seed": (trial, 2), "median": 0.12}))
        held.append(found.low <= 1.2 <= found.high)
    assert np.mean(held) > 0.85
