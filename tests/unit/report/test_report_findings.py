from dataclasses import replace

import pytest

from crossover.benchmark.results import Sample
from crossover.benchmark.statistics.crossing import Crossover, NoneInRange, Undecided
from crossover.benchmark.verdict import judgement_of
from crossover.report.draw.cases import case_svg
from crossover.report.findings import CaseText, find
from crossover.report.headline import headlines, limits, problems
from crossover.report.layouts import change_charts
from crossover.report.medians import median_table

LARGEST = 12_000_000
TEXTS = {"count_all": CaseText("Count all records", "why")}


def findings(synthetic, cells):
    return find(synthetic.run(cells), TEXTS)


def first_headline(synthetic, cells):
    run = synthetic.run(cells)
    return headlines(find(run, {}), run.stamp)


def limits_of(run):
    return limits(run, judgement_of(run))


def charts_of(synthetic, cells):
    run = synthetic.run(cells)
    judge = judgement_of(run)
    return change_charts(find(run, TEXTS, judge), judge)


def test_a_crossover_is_said_with_its_interval_and_the_measured_range(synthetic):
    (finding,) = findings(synthetic, synthetic.cells(cases=["count_all"], noise=0.02))
    kept = finding.comparisons[0]
    assert kept.kept
    assert isinstance(kept.verdict, Crossover)
    assert 600_000 < kept.verdict.low < kept.verdict.rows < kept.verdict.high < 2_000_000
    assert kept.sentence.startswith("PostgreSQL (indexed) up to 1.")
    assert "Spark (compacted) beyond; measured to 12 M." in kept.sentence
    assert finding.title == "Count all records"


def test_postgres_is_compared_with_each_engine_over_the_lake_and_these_not_with_each_other(synthetic):
    (finding,) = findings(synthetic, synthetic.cells(cases=["count_all"]))
    pairs = [(c.left.key, c.right.key, c.kept) for c in finding.comparisons]
    assert pairs == [
        (("postgres", "indexed"), ("spark", "compacted"), True),
        (("postgres", "indexed"), ("duckdb", "compacted"), True),
        (("postgres", "heap"), ("spark", "fragmented"), False),
        (("postgres", "heap"), ("duckdb", "fragmented"), False),
    ]


def test_one_engine_ahead_everywhere_is_said_with_how_much(synthetic):
    (finding,) = findings(synthetic, synthetic.cells(cases=["lookup_event_id"], noise=0.01))
    kept = finding.comparisons[0]
    assert isinstance(kept.verdict, NoneInRange)
    assert kept.sentence.startswith(
        "No crossover in range: PostgreSQL (indexed) is faster than Spark (compacted) at every size measured, "
    )
    assert "times as fast." in kept.sentence
    assert not any(mark.kept for mark in finding.chart.marks)


def test_a_crossing_above_the_sizes_is_marked_as_extrapolated_wherever_it_is_shown(synthetic):
    sides = [("postgres", "indexed"), ("spark", "compacted")]
    cells = synthetic.cells(cases=["filter_level_group_by_service"], sides=sides, noise=0.01)
    (finding,) = findings(synthetic, cells)
    said = finding.comparisons[0]
    assert isinstance(said.verdict, NoneInRange)
    assert said.verdict.beyond.rows > LARGEST
    assert said.sentence.startswith("No crossover in range: PostgreSQL (indexed) is faster")
    assert "Extrapolated, not measured: the models cross at about " in said.sentence
    assert [mark.extrapolated for mark in finding.chart.marks] == [True]
    assert finding.chart.rows.high > said.verdict.beyond.rows
    assert "(model)" in case_svg(finding.chart, "k")
    assert said.scale == ""


def test_equal_engines_have_no_winner(synthetic):
    cells = [synthetic.cell("count_all", "postgres", "indexed", rows, 0.5) for rows in synthetic.sizes]
    cells += [replace(cell, engine="spark", layout="compacted") for cell in cells]
    (finding,) = findings(synthetic, cells)
    assert isinstance(finding.comparisons[0].verdict, Undecided)
    assert "no difference that the data can show" in finding.comparisons[0].sentence
    assert not any(entry.best for row in median_table([finding]).rows for entry in row.entries)
    assert first_headline(synthetic, cells) == [
        "PostgreSQL (indexed) against Spark (compacted), 1 question; 1 undecided. Measured: 200 k to 12 M rows."
    ]


def test_a_disagreement_names_no_winner_however_fast_the_wrong_answer_was(synthetic):
    cells = synthetic.cells(cases=["count_all"], noise=0.02)
    cells = synthetic.change(
        cells, ("count_all", "spark", "compacted", LARGEST), answers_agree=False, error="row 3 differs"
    )
    (finding,) = findings(synthetic, cells)
    kept = finding.comparisons[0]
    assert [lead.faster for lead in kept.leads] == ["postgres", "postgres", "spark", "spark", None]
    assert kept.leads[-1].void
    assert "row 3 differs" in kept.leads[-1].text
    assert kept.sentence.endswith("measured to 6 M. Void at 12 M rows.")
    spark = next(line for line in finding.chart.lines if (line.engine, line.layout) == ("spark", "compacted"))
    assert [point.rows for point in spark.points] == list(synthetic.sizes[:-1])


def test_a_case_void_at_every_size_has_no_winner(synthetic):
    cells = [replace(c, error="ServiceTimeout: no answer after 120 s") for c in synthetic.cells(cases=["count_all"])]
    (finding,) = findings(synthetic, cells)
    assert all("no winner" in c.sentence for c in finding.comparisons)
    assert finding.chart.lines == ()
    assert first_headline(synthetic, cells)[0].startswith(
        "PostgreSQL (indexed) against Spark (compacted), 1 question; 1 void."
    )
    assert charts_of(synthetic, cells) == ()
    assert all(entry.void for row in median_table([finding]).rows for entry in row.entries)


def test_one_failed_execution_is_told_with_its_own_error(synthetic):
    cells = synthetic.cells(cases=["count_all"])
    broken = (Sample(0, None, None, None, "connection lost"), *cells[0].samples[1:])
    cells = [replace(cells[0], samples=broken, error="1 of 5 executions failed"), *cells[1:]]
    assert problems(synthetic.run(cells)) == [(cells[0], "1 of 5 executions failed")]
    cells[0] = replace(cells[0], error=None, answers_agree=None)
    assert problems(synthetic.run(cells)) == [(cells[0], "connection lost")]


def test_too_few_samples_name_no_winner_and_the_limits_say_so(synthetic):
    run = synthetic.run(synthetic.cells(cases=["count_all", "latest_errors"], repetitions=5))
    found = find(run, {})
    assert not any(lead.faster for f in found for c in f.comparisons for lead in c.leads)
    assert any("fewer than 15 name no winner" in lead.text for f in found for c in f.comparisons for lead in c.leads)
    assert any("at least 15 samples a side" in line for line in limits_of(run))
    assert any("covers 94 % at most" in line for line in limits_of(run))


def test_one_size_finds_no_crossover_and_says_why(synthetic):
    run = synthetic.run(synthetic.cells(cases=["count_all", "latest_errors"], sizes=[600_000]))
    found = find(run, {})
    assert not any(f.chart.marks for f in found)
    assert any("at the only size measured, 600 k rows" in c.sentence for f in found for c in f.comparisons)
    assert any("Only one size was measured (600 k rows)" in line for line in limits_of(run))


def test_one_engine_alone_is_not_compared_and_not_called_wrong(synthetic):
    cells = [replace(c, answers_agree=None) for c in synthetic.cells(cases=["count_all"]) if c.engine == "postgres"]
    run = synthetic.run(cells)
    found = find(run, {})
    assert found[0].comparisons == ()
    assert headlines(found, run.stamp) == ["Nothing was compared: no question has times from two engines."]
    assert problems(run) == []
    assert [len(line.points) for line in found[0].chart.lines] == [5, 5]
    assert found[0].chart.voids == ()
    assert charts_of(synthetic, cells) == ()
    assert any("Only PostgreSQL was measured" in line for line in limits_of(run))
    assert all(entry.text for row in median_table(found).rows for entry in row.entries)


def test_a_size_that_one_engine_never_saw_is_void_there(synthetic):
    cells = [c for c in synthetic.cells(cases=["count_all"]) if (c.engine, c.rows) != ("spark", LARGEST)]
    (finding,) = findings(synthetic, cells)
    assert finding.comparisons[0].leads[-1].void
    assert "Spark (compacted) was not measured" in finding.comparisons[0].leads[-1].text


def test_each_cache_state_and_condition_is_a_finding_of_its_own(synthetic):
    cells = synthetic.cells(cases=["count_all"])
    busy = [replace(c, condition="ingesting") for c in cells]
    found = findings(synthetic, [*cells, *busy])
    assert [f.name for f in found] == ["count_all", "count_all_hot_ingesting"]
    assert found[1].title == "Count all records (hot, ingesting)"


def test_a_case_name_cannot_lead_out_of_the_folder(synthetic):
    (finding,) = findings(synthetic, [synthetic.cell("../../etc/x", "spark", "compacted", 100, 1.0)])
    assert "/" not in finding.name
    assert "." not in finding.name


def test_headlines_count_every_question_once_and_only_those_of_the_plain_state(synthetic):
    cells = synthetic.cells(sizes=synthetic.sizes[::2], noise=0.02)
    busy = [replace(c, condition="ingesting") for c in cells if c.case == "count_all"]
    said = first_headline(synthetic, [*cells, *busy])
    assert len(said) == 4
    assert said[0].startswith("Spark (compacted) overtakes PostgreSQL (indexed) on 6 of 10 questions, first at 4")
    assert "; PostgreSQL is faster at every size on " in said[0]
    assert said[1].startswith("DuckDB (compacted) overtakes PostgreSQL (indexed) on ")
    assert said[2].startswith("Spark (fragmented) overtakes PostgreSQL (heap) on ")


def test_compaction_is_shown_at_the_largest_size_with_its_files(synthetic):
    cells = synthetic.cells(cases=["count_all", "latest_errors"], noise=0.02)
    charts = charts_of(synthetic, cells)
    assert [chart.engine for chart in charts] == ["spark", "duckdb", "postgres"]
    spark = charts[0]
    assert spark.title == "Spark at 12 M rows: fragmented and compacted"
    assert spark.held == "fragmented: 10,800 files, 732 MB; compacted: 4 files, 528 MB"
    assert {change.before.rows for change in spark.changes} == {LARGEST}
    count = next(change for change in spark.changes if change.title == "Count all records")
    assert count.differs
    assert count.note == "5.9 times as fast"


@pytest.mark.parametrize("before_after", [(0.2, 0.6), (0.6, 0.2)])
def test_a_layout_that_makes_it_slower_is_called_slower(synthetic, before_after):
    before, after = before_after
    cells = [
        synthetic.cell("count_all", "spark", "fragmented", 1000, before, noise=0.001),
        synthetic.cell("count_all", "spark", "compacted", 1000, after, noise=0.001),
    ]
    (chart,) = charts_of(synthetic, cells)
    assert chart.changes[0].note == ("takes 3 times as long" if after > before else "3 times as fast")


def test_a_local_spark_is_named_as_a_limit_and_a_cluster_is_not_called_local(synthetic):
    cells = synthetic.cells(cases=["count_all"])
    assert any("inside one process (local[2])" in line for line in limits_of(synthetic.run(cells)))
    far = [replace(c, configuration={**c.configuration, "master": "k8s://cluster"}) for c in cells]
    assert not any("one process" in line for line in limits_of(synthetic.run(far)))


@pytest.mark.parametrize(
    ("told", "said"), [("refused: executor 2 did no task", True), ("2 executors (5, 7 tasks)", False)]
)
def test_a_run_whose_executors_did_not_work_is_not_passed_off_as_one_on_a_cluster(synthetic, told, said):
    cells = [
        replace(c, configuration={**c.configuration, "master": "k8s://c"}) for c in synthetic.cells(cases=["count_all"])
    ]
    run = synthetic.run(cells, environment={"spark workers, fragmented": told})
    lines = [line for line in limits_of(run) if "not the times of a cluster" in line]
    assert bool(lines) is said
    assert not said or "executor 2 did no task" in lines[0]
