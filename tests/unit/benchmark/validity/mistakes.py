"""A clean run, and the twelve mistakes that once made a benchmark of two stores worthless, each made again on purpose.

Each mistake's docstring tells what was done then. A mistake that a stored run can hold is a function of the clean run;
the marks are words that the stamp's reasons must have.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crossover.benchmark.results import Cell, Evidence, Figure, Run, Sample

SIZES = (200_000, 2_000_000)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
BLOCKS = 8
STATEMENTS = {
    "group_by_service": {
        "postgres": "SELECT service, count(*) AS n FROM bench.logs_{size} GROUP BY service",
        "spark": "SELECT service, count(*) AS n FROM lake.main.logs VERSION AS OF {size} GROUP BY service",
    },
    "filter_level_group_by_service": {
        "postgres": "SELECT service, count(*) AS n FROM bench.logs_{size} WHERE level = %(level)s GROUP BY service",
        "spark": "SELECT service, count(*) AS n FROM lake.main.logs VERSION AS OF {size} WHERE level = :level"
        " GROUP BY service",
    },
}
PARAMETERS = {"group_by_service": {}, "filter_level_group_by_service": {"level": "ERROR"}}
CONFIGURATIONS = {
    "postgres": {"version": "18.6", "cores": "2", "work_mem": "64MB"},
    "spark": {"version": "4.1.1", "cores": "2", "master": "local[2]"},
}
SECONDS = {"postgres": 0.15, "spark": 0.45}


def samples(seconds: float, blocks: int = BLOCKS) -> tuple[Sample, ...]:
    """Two warm-ups, then two executions a block."""
    warm = tuple(Sample(n, 2 * seconds, 24, "hash", None) for n in (-2, -1))
    measured = tuple(
        Sample(2 * (block - 1) + arm + 1, seconds * (1 + 0.01 * arm), 24, "hash", None, "ab"[arm], block)
        for block in range(1, blocks + 1)
        for arm in (0, 1)
    )
    return warm + measured


def cell(case: str, engine: str, size: int, **changes: Any) -> Cell:
    """A cell with which nothing is wrong."""
    at = NOON + timedelta(minutes=SIZES.index(size) * 10 + list(STATEMENTS).index(case))
    made = Cell(
        case=case,
        engine=engine,
        size_rows=size,
        layout={"postgres": "heap", "spark": "fragmented"}[engine],
        rows=size + 17,
        bytes=size * 60,
        files=None if engine == "postgres" else 40,
        cache_state="hot",
        condition="idle",
        configuration=CONFIGURATIONS[engine],
        parameters=PARAMETERS[case],
        statement=STATEMENTS[case][engine].format(size=size),
        answer_hash="hash",
        answers_agree=True,
        error=None,
        samples=samples(SECONDS[engine]),
        evidence=Evidence(at, 13.0, steal=0.004, foreign=0.02, asked_samples=15, cache_made="same session"),
    )
    return replace(made, **changes)


def clean() -> Run:
    """A run with which nothing is wrong."""
    return Run(
        run_id="clean",
        dataset="main",
        started_at=NOON,
        environment={
            "cpu": "EPYC 7B13", "cores": "2 usable of 2", "memory": "7.8 GiB", "kernel": "Linux 6.1",
            "crossover": "0.1.0", "postgres": "18.6", "spark": "4.1.1",
        },
        settings={
            "fragmented": {
                "sizes": list(SIZES), "cases": list(STATEMENTS), "engines": ["postgres", "spark"],
                "states": [{"cache": "hot", "condition": "idle"}], "repetitions": 15,
            }
        },
        cells=tuple(cell(case, engine, size) for size in SIZES for case in STATEMENTS for engine in CONFIGURATIONS),
        figures=(
            Figure("write_rate", {"method": "copy_binary", "indexes": "0"}, "rows/s", (6e5, 6.1e5, 5.9e5)),
            Figure("ack_seconds", {"rate": "5000"}, "s", tuple(0.01 + 0.0001 * n for n in range(400))),
        ),
    )  # fmt: skip


def changed(run: Run, change: Callable[[Cell], Cell], *, engine: str = "", case: str = "", size: int = 0) -> Run:
    """The run with some of its cells changed: all, or those of an engine, case, size."""

    def hit(one: Cell) -> bool:
        return engine in {"", one.engine} and case in {"", one.case} and size in {0, one.size_rows}

    assert any(map(hit, run.cells))
    return replace(run, cells=tuple(change(one) if hit(one) else one for one in run.cells))


def with_evidence(one: Cell, **changes: Any) -> Cell:
    assert one.evidence is not None
    return replace(one, evidence=replace(one.evidence, **changes))


def first_samples(one: Cell, count: int, **changes: Any) -> Cell:
    """The cell with so many measured samples."""
    kept = [sample for sample in one.samples if sample.repetition > 0][:count]
    return replace(one, samples=tuple(replace(sample, **changes) for sample in kept))


def filter_never_applied() -> Run:
    """1. `&level=ERROR` was dropped without a word: "WHERE + GROUP BY" was plain GROUP BY, in both stores."""

    def drop(one: Cell) -> Cell:
        return replace(one, statement=STATEMENTS["group_by_service"][one.engine].format(size=one.size_rows))

    return changed(clean(), drop, case="filter_level_group_by_service")


def not_distributed() -> Run:
    """2. Spark was one process with one CPU against PostgreSQL's two, while the cluster's workers did nothing."""
    run = changed(
        clean(),
        lambda one: replace(
            with_evidence(one, idle_workers=("1", "2")), configuration={**one.configuration, "cores": "1"}
        ),
        engine="spark",
    )
    words = "refused: executor 1, 2 did no task; 2 executors (0, 0 tasks)"
    return replace(run, environment={**run.environment, "spark workers, fragmented": words})


def one_run_each() -> Run:
    """3. Each question ran once; PostgreSQL's times were taken over from an earlier phase; "cache reset" was a restart
    of the API."""
    run = changed(clean(), lambda one: with_evidence(first_samples(one, 1), cache_made="", seconds=2.0))
    earlier = NOON - timedelta(days=1)
    return changed(run, lambda one: with_evidence(one, started_at=earlier), engine="postgres")


def different_data() -> Run:
    """4. 121,670,000 rows in PostgreSQL, 121,619,878 in HDFS: 50,122 were missing, and nobody asked."""
    run = changed(clean(), lambda one: replace(one, rows=121_670_000), engine="postgres", size=2_000_000)
    return changed(run, lambda one: replace(one, rows=121_619_878), engine="spark", size=2_000_000)


def different_work() -> Run:
    """5. PostgreSQL's `/logs` also counted the whole table, HDFS's did not: other work, other answers."""
    run = changed(
        clean(),
        lambda one: replace(one, statement=f"{one.statement}; SELECT count(*) FROM bench.logs_{one.size_rows}"),
        engine="postgres",
        case="group_by_service",
    )
    error = "the answers differ\ncolumns: postgres has service, n, total_count; spark has service, n"
    return changed(
        run, lambda one: replace(one, answers_agree=False, error=error), case="filter_level_group_by_service"
    )


def errors_are_fast() -> Run:
    """6. Sorting by a column that HDFS lacks came back at once, as an error inside a 200: the quickest answer."""

    def fail(one: Cell) -> Cell:
        error = "Spark refuses the statement: no such column: id"
        failed = tuple(
            replace(s, seconds=None, answer_rows=None, answer_hash=None, error=error) for s in one.samples[:2]
        )
        return replace(one, samples=failed + one.samples[2:], error=error)

    return changed(clean(), fail, engine="spark", case="group_by_service")


def wrong_thing_timed() -> Run:
    """7. The server's own `query_time_ms` left the queue out: it told 112 s where the user had waited for 238 s."""

    def report(one: Cell) -> Cell:
        return with_evidence(one, seconds=238.0 * 2)

    return changed(clean(), report, case="group_by_service", size=2_000_000)


def passed_though_failed() -> Run:
    """8. PASS was printed by a rule of its own, above the line that said that the thresholds had been crossed."""
    run = clean()
    promise = {
        "figure": "ack_seconds", "dimensions": {"rate": "5000"}, "quantile": 0.99, "at_most": 0.03, "passed": True,
    }  # fmt: skip
    return replace(run, settings={**run.settings, "write": {"threshold": promise}})


def results_lost() -> Run:
    """9. Every result file failed to open; numbers lived on in prose only."""
    run = clean()
    return replace(run, cells=tuple(one for one in run.cells if one.size_rows == SIZES[0]))


def percentiles_of_nothing() -> Run:
    """10. A p99 out of 1 to 21 samples, no cold against hot, and a table by hand for the machine."""
    run = changed(clean(), lambda one: replace(one, cache_state="unknown"))
    figure = Figure("query_seconds", {"case": "count_all", "quantile": "p99"}, "s", tuple(float(n) for n in range(21)))
    return replace(run, figures=(*run.figures, figure), environment={})


def contradicts_itself() -> Run:
    """12. 200k to 1.8M a minute in one place of the README, 20k to 180k in another, for one and the same thing."""
    run = clean()
    return replace(run, figures=(*run.figures, replace(run.figures[0], values=(20_000.0, 180_000.0))))


@dataclass(frozen=True)
class Mistake:
    """A mistake that a stored run can hold, and words that the reasons must have."""

    number: int
    make: Callable[[], Run]
    marks: Sequence[str]


MISTAKES = (
    Mistake(1, filter_never_applied, ("a parameter is ignored or unknown", "['level']", "ask the same question")),
    Mistake(2, not_distributed, ("unequal budgets", "postgres 2, spark 1", "executors did no work", "refused: ")),
    Mistake(3, one_run_each, ("it has 1 of the 15 samples", "different times", "nothing made it hot")),
    Mistake(4, different_data, ("unequal data (postgres 121,670,000 rows, spark 121,619,878 rows)",)),
    Mistake(5, different_work, ("more than one statement", "the answers differ", "total_count")),
    Mistake(6, errors_are_fast, ("2 of 18 executions ended with an error", "no such column: id")),
    Mistake(7, wrong_thing_timed, ("waiting was not timed",)),
    Mistake(8, passed_though_failed, ("it claims that ack_seconds 5000, p99 passed, but that missed its threshold",)),
    Mistake(9, results_lost, ("results are lost", "2000000 of the sizes")),
    Mistake(10, percentiles_of_nothing, ("percentile 99 of 21 values", "cache state is unknown", "no full record")),
    Mistake(12, contradicts_itself, ("it contradicts itself: write_rate",)),
)  # fmt: skip
