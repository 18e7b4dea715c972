"""Every rule of the stamp: what it catches, where its limit lies, and that it is needed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crossover.benchmark.results import Figure
from crossover.benchmark.statistics.summary import MINIMUM_FOR_WINNER
from crossover.benchmark.validity import cell_rules, pair_rules, run_rules
from crossover.benchmark.validity import stamp as stamp_module
from crossover.benchmark.validity.run_rules import samples_needed
from crossover.benchmark.validity.stamp import cell_reasons, stamp
from tests.unit.benchmark.validity.mistakes import (
    MISTAKES,
    NOON,
    STATEMENTS,
    cell,
    changed,
    clean,
    first_samples,
    samples,
    with_evidence,
)

CASE, SIZE = "group_by_service", 200_000


def one_cell(change, run=None):
    """The clean run with one cell of Spark's changed."""
    return changed(run or clean(), change, engine="spark", case=CASE, size=SIZE)


def seen(**changes):
    return one_cell(lambda one: with_evidence(one, **changes))


def altered(**changes):
    return one_cell(lambda one: replace(one, **changes))


def cold_and_unlike(one):
    """Other values of the same parameters."""
    return replace(one, parameters={"level": "WARN"})


def promised(**promise):
    run = clean()
    return replace(run, settings={**run.settings, "write": {"threshold": {"passed": True, **promise}}})


def figured(*figures, **changes):
    return replace(clean(), figures=figures, **changes)


def without(environment):
    run = clean()
    return replace(run, environment={name: value for name, value in run.environment.items() if name != environment})


def arm_b_missing(one):
    return replace(one, samples=tuple(s for s in samples(0.45, 16) if s.arm == "a" or s.block < 2))


FAULTS = {
    "steal": (seen(steal=0.051), "other virtual machines took 5.1% of the CPU time (5% is allowed)"),
    "foreign": (seen(foreign=0.11), "other programs used 11.0% of the CPU time (10% is allowed)"),
    "other run": (seen(other_runs=("run b (process 7)",)), "another benchmark ran at the same time (run b"),
    "clock": (seen(clock_jump_seconds=-0.6), "the wall clock jumped by -0.6 s"),
    "idle": (seen(idle_workers=("1",)), "executors did no work while others did (1)"),
    "changed": (seen(configuration_changed=("work_mem",)), "settings changed in mid-run (work_mem)"),
    "stale": (seen(stale_statistics=("t was never analysed",)), "not those of the data (t was never analysed)"),
    "broken condition": (seen(condition_failed=("the generator died",)), "did not hold (the generator died)"),
    "condition": (altered(condition="ingesting"), "nothing made its condition ingesting"),
    "not steady": (seen(steady=False), "still changing when the warm-ups were spent"),
    "cache not made": (seen(cache_made=""), "nothing made it hot"),
    "cache unknown": (altered(cache_state="lukewarm"), "'lukewarm' is not one of hot, warm, cold"),
    "unwatched": (altered(evidence=None), "nobody watched"),
    "fewer than asked": (seen(asked_samples=40), "it has 16 of the 40 samples that were asked for"),
    "too few": (one_cell(lambda one: first_samples(one, 14)), f"it has 14 of the {MINIMUM_FOR_WINNER} samples"),
    "error of the cell": (altered(error="Spark is gone: x"), "the cell ended with an error or a time-out (Spark"),
    "answers": (altered(answers_agree=False, error="the answers differ\nrow 1: a; b"), "answers differ (row 1: a; b)"),
    "alone": (altered(answers_agree=None), "compared with no other engine's"),
    "answer length": (
        one_cell(lambda one: replace(one, samples=(*one.samples[:-1], replace(one.samples[-1], answer_rows=0)))),
        "different numbers of rows",
    ),
    "parameter": (altered(statement="SELECT :level"), "used but not declared: ['level']"),
    "dialect": (altered(engine="sail"), "sail is no known dialect"),
    "statements": (altered(statement="SELECT 1; SELECT 2;"), "more than one statement"),
    "rows": (altered(rows=SIZE + 16), "unequal data (postgres 200,017 rows, spark 200,016 rows)"),
    "parameters": (
        changed(clean(), cold_and_unlike, engine="spark", case="filter_level_group_by_service"),
        "unequal parameters",
    ),
    "cores": (altered(configuration={"version": "4.1.1", "cores": "4", "master": "local[2]"}), "postgres 2, spark 4"),
    "cores enforced": (seen(cores=1.0), "cores as enforced: postgres None, spark 1.0"),
    "memory": (seen(memory_bytes=1 << 30), "bytes of memory as enforced: postgres None, spark 1073741824"),
    "blocks": (
        one_cell(lambda one: replace(one, samples=tuple(replace(s, block=0) for s in one.samples))),
        "not asked in turn",
    ),
    "arms": (one_cell(arm_b_missing), "not asked in turn"),
    "times": (seen(started_at=NOON + timedelta(seconds=13)), "at different times"),
    "waiting": (
        changed(clean(), lambda one: with_evidence(one, seconds=30.0), case=CASE, size=SIZE),
        "waiting was not timed",
    ),
    "impossible": (
        changed(clean(), lambda one: with_evidence(one, seconds=1.0), case=CASE, size=SIZE),
        "more than the 1.0 s that passed",
    ),
    "empty": (figured(cells=(), settings={}), "it holds no cell and no figure"),
    "environment": (without("kernel"), "lacking: kernel"),
    "version": (
        replace(altered(configuration={"cores": "2"}), environment=without("spark").environment),
        "lacking: version of spark",
    ),
    "stores": (
        replace(clean(), environment={**clean().environment, "stores at 200,000 rows": "refused: 1 row differs"}),
        "stores at 200,000 rows refused: 1 row differs",
    ),
    "mixed": (
        altered(configuration={"version": "4.1.2", "cores": "2", "master": "local[2]"}),
        "spark did not have the same settings in all cells (version: 4.1.2 and 4.1.1)",
    ),
    "figure twice": (figured(*clean().figures, clean().figures[0]), "write_rate 0 copy_binary is told more than once"),
    "cell twice": (replace(clean(), cells=(*clean().cells, clean().cells[0])), "group_by_service postgres 200000"),
    "same question": (
        changed(
            clean(),
            lambda one: replace(one, statement=STATEMENTS[CASE]["postgres"].format(size=SIZE), parameters={}),
            engine="postgres",
        ),
        "ask the same question, word for word",
    ),
    "case lost": (
        replace(clean(), cells=tuple(one for one in clean().cells if one.case == CASE)),
        "filter_level_group_by_service of the cases",
    ),
    "engine lost": (
        replace(clean(), cells=clean().cells[1:]),
        "postgres in group_by_service at 200,000 rows (fragmented, hot, idle)",
    ),
    "state lost": (
        replace(
            clean(),
            settings={"fragmented": {"states": [{"cache": "cold", "condition": "idle"}]}},
        ),
        "fragmented: state cold, idle",
    ),
    "threshold": (
        promised(case=CASE, engine="spark", quantile=0.9, at_most=0.4),
        "group_by_service on spark, p90 passed, but that missed its threshold: 0.4545, not at most 0.4",
    ),
    "threshold from below": (
        promised(figure="write_rate", dimensions={"method": "copy_binary", "indexes": "0"}, at_least=700_000.0),
        "600000, not at least 700000",
    ),
    "threshold without a value": (promised(figure="write_rate"), "with no value"),
    "threshold unreadable": (promised(at_moost=1.0), "a threshold cannot be read"),
    "percentile of a figure": (
        figured(Figure("ack_p95_seconds", {}, "s", (1.0,) * 19)),
        "ack_p95_seconds claims the percentile 95 of 19 values; it takes 20",
    ),
    "percentile of a threshold": (
        promised(case=CASE, engine="spark", quantile=0.99, at_most=9.0),
        "claims the percentile 99 of 16 values; it takes 100",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.replace(" ", "-"))
def test_a_fault_makes_the_run_invalid_and_is_told_with_a_cure(fault):
    run, words = FAULTS[fault]
    found = stamp(run)
    assert not found.valid
    reason = next((reason for reason in found.reasons if words in reason), None)
    assert reason is not None, found.reasons
    assert "; cure: " in reason


@pytest.mark.parametrize(
    "run",
    [
        seen(steal=0.05, foreign=0.10, clock_jump_seconds=0.5),
        seen(steal=None, foreign=None),
        one_cell(lambda one: with_evidence(replace(one, samples=samples(0.45, 8)), asked_samples=16)),
        altered(statement="SELECT service, ';' AS n FROM t;"),
        # A cell so short that the loop around the questions weighs as much as they do.
        changed(clean(), lambda one: with_evidence(replace(one, samples=samples(0.02)), seconds=4.9)),
        # Restarts and page-cache drops lie between cold samples.
        replace(
            changed(clean(), lambda one: with_evidence(replace(one, cache_state="cold"), seconds=600.0)), settings={}
        ),
        figured(Figure("ack_seconds", {"quantile": "p99"}, "s", (1.0,) * 100)),
        promised(case=CASE, engine="spark", quantile=0.9, at_most=0.5),
        promised(case=CASE, engine="spark", quantile=0.5, at_most=0.1, passed=False),
    ],
    ids=["at-limits", "unseen", "as-many-as-asked", "semicolon", "short", "cold", "p99-of-100", "kept", "failed"],
)  # fmt: skip
def test_what_is_within_the_limits_is_valid(run):
    assert stamp(run).reasons == ()


def test_a_state_that_cannot_be_made_here_misleads_nobody():
    why = "not available here: no right to drop the page cache"
    nothing = {"samples": (), "answers_agree": None, "answer_hash": None, "evidence": None}
    gone = cell(CASE, "spark", SIZE, cache_state="cold", error=why, **nothing)
    other = cell(CASE, "postgres", SIZE, cache_state="cold", error=why, **nothing)
    run = clean()
    assert stamp(replace(run, cells=(*run.cells, gone, other))).reasons == ()
    assert cell_reasons(gone) == ()
    assert cell_reasons(replace(gone, error="Spark is gone"))


def test_the_reasons_of_one_cell_are_told_without_its_run():
    one = with_evidence(cell(CASE, "postgres", SIZE), steal=0.3)
    assert cell_reasons(cell(CASE, "postgres", SIZE)) == ()
    (reason,) = cell_reasons(one)
    assert reason.startswith("group_by_service on postgres at 200,000 rows (heap, hot, idle): other virtual machines")
    assert reason.endswith("took 30.0% of the CPU time (5% is allowed); cure: use a quieter host, or another hour")


def test_equal_reasons_of_many_cells_are_one_sentence_with_a_count_and_an_example():
    (reason,) = stamp(changed(clean(), lambda one: with_evidence(one, steady=False))).reasons
    assert reason.startswith("8 cells, first group_by_service on postgres at 200,000 rows (heap, hot, idle): its times")


def test_a_run_that_only_has_figures_needs_no_cells():
    assert stamp(replace(clean(), cells=(), settings={"write": {"sizes": [1000]}})).valid


@pytest.mark.parametrize(("quantile", "needed"), [(0.5, 1), (0.9, 10), (0.95, 20), (0.99, 100), (0.999, 1000)])
def test_a_percentile_needs_one_expected_value_beyond_it(quantile, needed):
    assert samples_needed(quantile) == needed


RULES = [
    (name, rule)
    for name, rules in (
        ("CELL_RULES", cell_rules.CELL_RULES),
        ("PAIR_RULES", pair_rules.PAIR_RULES),
        ("RUN_RULES", run_rules.RUN_RULES),
    )
    for rule in rules
]


@pytest.fixture(scope="module")
def judged():
    """All faulty runs with their reasons."""
    runs = [*(run for run, _ in FAULTS.values()), *(mistake.make() for mistake in MISTAKES)]
    return [(run, stamp(run).reasons) for run in runs]


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[rule.__name__ for _, rule in RULES])
def test_no_rule_could_be_left_out(name, rule, judged, monkeypatch):
    monkeypatch.setattr(stamp_module, name, tuple(other for other in getattr(stamp_module, name) if other is not rule))
    assert any(stamp(run).reasons != reasons for run, reasons in judged)
