from dataclasses import replace

import pytest

from crossover.benchmark.results import Figure
from crossover.report.findings import find
from crossover.report.report import report_of
from crossover.report.sections import bars, compaction, cost, freshness, interference


def panel(section, name):
    return next(p for p in section.panels if p.name == name)


def test_the_heat_map_has_the_ratio_to_idle_of_each_case_and_condition(synthetic):
    run = synthetic.everything(cases=["count_all", "latest_errors"])
    chart = panel(interference.section(run, find(run, {})), "busy_spark_compacted").chart
    assert (chart.rows, chart.columns) == (("count_all", "latest_errors"), ("ingesting", "compacting", "both"))
    for tiles in chart.tiles:
        assert [tile.ratio for tile in tiles] == pytest.approx([1.3, 2.4, 3.1], rel=0.1)


def test_a_void_cell_has_no_ratio(synthetic):
    idle = synthetic.cell("count_all", "spark", "compacted", 1000, 0.5)
    busy = replace(idle, condition="ingesting", error="down", samples=())
    run = synthetic.run([idle, busy])
    (tile,) = panel(interference.section(run, find(run, {})), "busy_spark_compacted").chart.tiles[0]
    assert (tile.ratio, tile.text) == (None, "–")


def test_an_idle_run_has_no_heat_map_and_a_run_without_figures_no_parts_for_them(synthetic):
    run = synthetic.run(synthetic.cells(cases=["count_all"]))
    assert [section.key for section in report_of(run).sections] == ["curves", "layouts", "noise"]


def test_the_write_ladder_is_sorted_and_has_the_spread_of_its_repetitions(synthetic):
    chart = panel(bars.writing(synthetic.run([], figures=synthetic.figures())), "write_rate").chart
    values = [bar.value for bar in chart.bars]
    assert values == sorted(values, reverse=True)
    assert chart.bars[0].label == "COPY, binary"
    assert chart.bars[0].note == "0 indexes"
    assert all(bar.low <= bar.value <= bar.high for bar in chart.bars)
    assert chart.axis.low == 0


def test_the_wait_for_an_acknowledgement_is_told_by_its_p99(synthetic):
    figure = Figure("ack_seconds", {"rate": "20000"}, "s", tuple(n / 1000 for n in range(1, 101)))
    (bar,) = panel(bars.writing(synthetic.run([], figures=[figure])), "ack_seconds").chart.bars
    assert (bar.label, bar.low, bar.value, bar.high) == ("20 k records/s", 0.05, 0.099, 0.1)


def test_the_sustained_rate_is_a_sentence_with_its_spread(synthetic):
    facts = bars.writing(synthetic.run([], figures=synthetic.figures())).facts
    assert facts == (
        "Highest rate at which both stores keep up: 40 k records a second (38 k to 41 k). ack p99 below 1 s",
    )


def test_freshness_tells_p50_and_p99_and_says_when_there_are_too_few_values(synthetic):
    figure = Figure("freshness", {"store": "lake"}, "s", tuple(float(n) for n in range(1, 11)))
    section = freshness.section(synthetic.run([], figures=[figure]))
    (share,) = section.panels[0].chart.shares
    assert (share.p50, share.p99) == (5.0, 10.0)
    assert "with so few values p99 is close to the largest" in section.facts[0]


def test_the_compaction_curve_goes_over_the_file_counts(synthetic):
    section = compaction.section(synthetic.run([], figures=synthetic.figures()), {"count_all": "Count all records"})
    chart = panel(section, "files_count_all").chart
    assert chart.title == "Count all records"
    assert [spot.at for spot in chart.spots] == [4, 16, 64, 256, 720]
    assert all(spot.low <= spot.value <= spot.high for spot in chart.spots)
    assert section.table.rows[0][:3] == ("720", "2 M", "14.2 s")


def test_a_case_that_no_number_of_cores_matches_is_in_the_table_too(synthetic):
    figures = (
        Figure("cost_cores", {"case": "count_all", "size_rows": "2000000"}, "cores", (2.0,), "sure"),
        Figure("cost_cores", {"case": "latest_errors", "size_rows": "2000000"}, "cores", (), "4 cores do not match"),
    )
    table = cost.section(synthetic.run([], figures=figures), {}, valid=True).table
    assert [row[3] for row in table.rows] == ["2", "more than were tried"]


def test_the_noise_floor_of_each_engine_is_shown_in_percent(synthetic):
    section = bars.noise(synthetic.run([], figures=synthetic.figures()), {"spark": 1.08, "postgres": 1.02})
    chart = panel(section, "noise_floor").chart
    assert [(bar.label, bar.text) for bar in chart.bars] == [("PostgreSQL", "2 %"), ("Spark", "8 %")]
    assert section.facts == ("Spark against itself: 0 false winners (of 40 comparisons).",)
