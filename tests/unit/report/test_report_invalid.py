"""An invalid run is stored and shown, and nothing that is made of it names a winner."""

import re
from dataclasses import replace

import pytest

from crossover.benchmark.results import Stamp
from crossover.report import command
from crossover.report.headline import limits
from crossover.report.page import render
from crossover.report.report import report_of
from crossover.report.sections.base import Section

REASON = "3 cells, first count_all on spark: the answers differ; cure: compare the statements"
# What only a conclusion says.
WINNER = re.compile(
    r"faster|overtak|\bbeats?\b|\bwins?\b|times as (fast|long)|\) beyond|up to [\d.]+.?[kMG]|at every size"
    r"|crossover at",
    re.IGNORECASE,
)
TAGS = re.compile(r"<style>.*?</style>|href=\"data:[^\"]*\"", re.DOTALL)
CASES = ("count_all", "lookup_event_id")


@pytest.fixture(scope="module")
def valid(synthetic):
    return synthetic.everything(cases=CASES)


@pytest.fixture(scope="module")
def invalid(valid):
    return replace(valid, stamp=Stamp(False, (REASON,)))


def test_the_valid_run_names_winners_so_that_the_absence_means_something(valid):
    said = WINNER.findall(TAGS.sub("", render(valid)))
    assert len(said) > 20
    assert WINNER.search(str(command.summary(report_of(valid), command.PAGE)))


def test_the_page_of_an_invalid_run_has_a_banner_with_the_reasons_and_no_winner(invalid):
    html = TAGS.sub("", render(invalid))
    assert WINNER.search(html) is None, WINNER.search(html)
    assert "This run is invalid: no winner is named." in html
    assert '<div class="banner" role="alert">' in html
    assert html.count(REASON) == 2
    for mark in ('class="ring"', 'class="range"', "cross-bar", "ahead", "number best", 'class="strip"'):
        assert mark not in html, mark
    # What was measured is still there.
    assert html.count('class="curve') > 20


def test_no_chart_and_no_file_of_an_invalid_run_has_a_winner_in_it(invalid):
    report = report_of(invalid)
    assert all(not f.chart.marks and not f.strips for f in report.findings)
    assert all(WINNER.search(f.chart.summary) is None for f in report.findings)
    assert all(c.verdict is None for f in report.findings for c in f.comparisons)
    assert all(lead.faster is None for f in report.findings for c in f.comparisons for lead in c.leads)
    cost = next(section for section in report.sections if section.key == "cost")
    assert cost == Section("cost", "Cores to match one PostgreSQL", "Not shown, because the run is invalid.")
    shown = [str(panel) for section in report.sections for panel in section.panels]
    assert shown
    assert not [text for text in shown if WINNER.search(text)]


def test_xcom_and_log_of_an_invalid_run_have_the_reasons_and_no_winner(invalid):
    report = report_of(invalid)
    told = command.summary(report, command.PAGE)
    assert (told["valid"], told["reasons"]) == (False, [REASON])
    assert WINNER.search(str(told)) is None
    assert WINNER.search(" ".join([*report.headlines, *limits(invalid, report.judgement)])) is None


def test_a_run_without_a_stamp_is_judged_when_its_report_is_drawn(synthetic):
    clean = synthetic.run(synthetic.cells(cases=CASES), stamp=None)
    assert report_of(clean).stamp == Stamp(True)
    few = synthetic.run(synthetic.cells(cases=CASES, repetitions=4), stamp=None)
    assert "samples that a winner needs" in " ".join(report_of(few).stamp.reasons)
    assert report_of(few).headlines == ("This run is invalid: no winner is named.",)
    one = synthetic.change(list(clean.cells), ("count_all", "spark", "compacted", 200_000), answers_agree=False)
    assert not report_of(replace(clean, cells=tuple(one))).stamp.valid


def test_a_sentence_of_an_earlier_report_does_not_come_back_in_a_later_one(synthetic, invalid):
    from crossover.benchmark.results import Figure
    from crossover.report.samples import HEADLINE, run_json

    kept = replace(invalid, figures=(Figure(HEADLINE, {}, "questions", (1.0,), "Spark overtakes"),))
    assert "overtakes" not in run_json(kept, kept.stamp)
    assert "overtakes" not in TAGS.sub("", render(kept))
