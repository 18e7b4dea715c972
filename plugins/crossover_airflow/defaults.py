"""What all DAGs of this house share: arguments, tags, assets, connections and the fields of the trigger form."""

import logging
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, Param

if TYPE_CHECKING:
    from airflow.sdk import Context

KAFKA_CONNECTION = "crossover_kafka"
POSTGRES_CONNECTION = "crossover_postgres"
LAKE_CONNECTION = "crossover_lake"

LAKE_COMPACTED = Asset("lake_compacted")
START = datetime(2026, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


class Tag(StrEnum):
    """What a DAG is about; a DAG has one or more of these and no others."""

    BENCHMARK = "benchmark"
    LAKE = "lake"
    LOAD = "load"
    START_HERE = "start here"


def report_failure(context: "Context") -> None:
    """Say in one line which task of which run failed, with the address of its log."""
    ti = context["ti"]
    log.error("%s.%s failed in run %s: log at %s", ti.dag_id, ti.task_id, context["run_id"], ti.log_url)


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "crossover",
    "retries": 1,
    "retry_delay": timedelta(seconds=10),
    "on_failure_callback": report_failure,
}


def dataset_param() -> Param:
    """Which dataset a DAG works on."""
    return Param(
        "main",
        type="string",
        pattern="^[a-z][a-z0-9_]{0,39}$",
        title="Dataset",
        description="name of the topics and tables; main exists from the start",
    )


def _share(default: float, title: str, description: str) -> Param:
    return Param(default, type="number", minimum=0, maximum=1, title=title, description=description, section="Faults")


LOAD_PARAMS: dict[str, Param] = {
    "events": Param(
        20_000, type="integer", minimum=0, maximum=1_000_000_000, title="Activity events", section="Load",
        description="how many activity events are sent beside the log records",
    ),
    "rate": Param(
        0, type="integer", minimum=0, maximum=10_000_000, title="Rate (records/s)", section="Load",
        description="open-loop rate of all generators together; 0 = as fast as acknowledgements come",
    ),
    "seed": Param(
        1, type="integer", minimum=0, maximum=2**31 - 1, title="Seed", section="Load",
        description="the same seed sends the same records",
    ),
    "error_rate": _share(0.05, "Error rate", "share of log records with level ERROR or FATAL"),
    "late_rate": _share(0.0, "Late rate", "share of records whose timestamp lies hours back"),
    "duplicate_rate": _share(0.0, "Duplicate rate", "share of records that are sent twice"),
    "broken_rate": _share(0.0, "Broken rate", "share of records that the ingest must refuse"),
}  # fmt: skip


def _cases(default: str) -> Param:
    return Param(
        default, type="string", pattern="^[a-z0-9_]+(,[a-z0-9_]+)*$", title="Cases", section="Benchmark",
        description="`all`, or names of cases with commas between them",
    )  # fmt: skip


_EFFORT: dict[str, Param] = {
    "repetitions": Param(
        15, type="integer", minimum=1, maximum=1000, title="Samples", section="Benchmark",
        description="timed executions of each case in each engine at each size, at least; with fewer than 15 no winner "
        "is named; more are taken while the interval is wide",
    ),
    "warmups": Param(
        10, type="integer", minimum=0, maximum=100, title="Warm-ups", section="Benchmark",
        description="executions that are spent, at most, to find a steady state; kept apart",
    ),
}  # fmt: skip

BENCHMARK_PARAMS: dict[str, Param] = {
    "sizes": Param(
        "200000,600000,2000000", type="string", pattern=r"^[1-9]\d{0,11}(,[1-9]\d{0,11})*$", title="Sizes (rows)",
        section="Benchmark", description="the ladder: how many log records are in both stores at each rung",
    ),
    "cases": _cases("all"),
} | _EFFORT  # fmt: skip

# Half of the cases: with 15 samples a cell, all ten would take a new user's first run past a quarter of an hour.
QUICK_CASES = "count_all,filter_level_group_by_service,group_by_level,group_by_service,latest_errors,lookup_event_id"
QUICK_PARAMS: dict[str, Param] = BENCHMARK_PARAMS | {"cases": _cases(QUICK_CASES)}

SWEEP_PARAMS: dict[str, Param] = {
    "dataset": Param(
        None, type=["null", "string"], pattern="^[a-z][a-z0-9_]{0,39}$", title="Dataset",
        description="whose records; empty: a new dataset, filled up to the largest size",
    ),
    "smallest": Param(
        200_000, type="integer", minimum=1, maximum=10_000_000_000, title="Smallest size (rows)", section="Benchmark",
        description="no size below is measured",
    ),
    "largest": Param(
        8_000_000, type="integer", minimum=1, maximum=10_000_000_000, title="Largest size (rows)", section="Benchmark",
        description="no size above is measured; so many records are sent to a new dataset",
    ),
    "first": Param(
        4, type="integer", minimum=2, maximum=20, title="First sizes", section="Benchmark",
        description="sizes that every case is measured at, evenly spread on a logarithmic scale",
    ),
    "more": Param(
        2, type="integer", minimum=0, maximum=20, title="More sizes", section="Benchmark",
        description="sizes that a case may add where its answer is still wide",
    ),
    "minutes": Param(
        2, type="number", minimum=0.1, maximum=1440, title="Minutes a case", section="Benchmark",
        description="its cells get more than the fewest samples, and it adds sizes, within this time",
    ),
    "layouts": Param(
        "compacted", type="string", pattern="^(compacted|fragmented|fragmented,compacted)$", title="Layouts",
        section="Benchmark", description="compacted: lake compacted, PostgreSQL indexed; fragmented: lake as the "
        "stream left it, PostgreSQL's heap alone",
    ),
    "engines": Param(
        "postgres,spark", type="string", pattern="^[a-z]+(,[a-z]+)+$", title="Engines", section="Benchmark",
        description="two or more of postgres, spark, duckdb; the last two read the same files",
    ),
    "caches": Param(
        "hot", type="string", pattern="^(hot|warm|cold)(,(hot|warm|cold))*$", title="Caches", section="Benchmark",
        description="hot: asked before in this session; warm: first question of a session; cold: server restarted and "
        "page cache dropped before each sample",
    ),
    "cases": _cases("all"),
} | _EFFORT  # fmt: skip

KEEP_TOPICS: dict[str, Param] = {
    "keep_topics": Param(
        False, type="boolean", title="Keep topics", description="leave the run's topics in Kafka for a closer look"
    )
}
