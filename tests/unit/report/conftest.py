"""Synthetic runs: what a benchmark run could have left behind, without a benchmark."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from crossover.benchmark.results import Cell, Evidence, Figure, Run, Sample, Stamp

SIZES = (200_000, 600_000, 2_000_000, 6_000_000, 12_000_000)
SIDES = (
    ("postgres", "heap"), ("spark", "fragmented"), ("duckdb", "fragmented"),
    ("postgres", "indexed"), ("spark", "compacted"), ("duckdb", "compacted"),
)  # fmt: skip
BLOCKS = 8
STARTED = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)
BYTES_A_ROW = {"heap": 260, "indexed": 390, "fragmented": 61, "compacted": 44}
# What a busy store does to a median, by engine and condition.
BUSY = {
    "postgres": {"ingesting": 1.5, "compacting": 1.05, "both": 1.6},
    "spark": {"ingesting": 1.3, "compacting": 2.4, "both": 3.1},
    "duckdb": {"ingesting": 1.1, "compacting": 1.9, "both": 2.2},
}
PLACEHOLDER = {"postgres": "%(level)s", "spark": ":level", "duckdb": "$level"}


@dataclass(frozen=True)
class Cost:
    """Seconds of one engine and layout: a fixed part and a part a million rows."""

    fixed: float
    per_million: float

    def seconds(self, rows: int) -> float:
        return self.fixed + self.per_million * rows / 1e6


# heap, fragmented, indexed, compacted; DuckDB has half of Spark's fixed part and 0.8 of the rest.
COSTS: dict[str, tuple[Cost, Cost, Cost, Cost]] = {
    "count_all": (Cost(0.002, 0.05), Cost(0.25, 0.02), Cost(0.002, 0.045), Cost(0.06, 0.002)),
    "group_by_service": (Cost(0.004, 0.16), Cost(0.5, 0.06), Cost(0.004, 0.15), Cost(0.14, 0.02)),
    "group_by_level": (Cost(0.004, 0.15), Cost(0.5, 0.06), Cost(0.004, 0.12), Cost(0.13, 0.02)),
    "filter_level_group_by_service": (Cost(0.003, 0.09), Cost(0.55, 0.05), Cost(0.003, 0.012), Cost(0.4, 0.006)),
    "time_range_group_by_hour": (Cost(0.003, 0.08), Cost(0.5, 0.03), Cost(0.004, 0.05), Cost(0.12, 0.008)),
    "latest_errors": (Cost(0.003, 0.06), Cost(0.6, 0.09), Cost(0.0008, 0.0001), Cost(0.2, 0.05)),
    "lookup_event_id": (Cost(0.002, 0.05), Cost(0.5, 0.04), Cost(0.0004, 0.00001), Cost(0.11, 0.015)),
    "top_endpoints_by_p95": (Cost(0.01, 0.9), Cost(0.8, 0.3), Cost(0.01, 0.88), Cost(0.3, 0.2)),
    "distinct_hosts_per_service": (Cost(0.01, 0.6), Cost(0.75, 0.12), Cost(0.01, 0.25), Cost(0.26, 0.09)),
    "message_search": (Cost(0.004, 0.14), Cost(0.5, 0.09), Cost(0.06, 0.055), Cost(0.13, 0.05)),
}


def cost_of(case: str, engine: str, layout: str) -> Cost:
    heap, fragmented, indexed, compacted = COSTS[case]
    if engine == "postgres":
        return heap if layout == "heap" else indexed
    spark = fragmented if layout == "fragmented" else compacted
    return Cost(spark.fixed * 0.5, spark.per_million * 0.8) if engine == "duckdb" else spark


def cell_of(
    case: str, engine: str, layout: str, rows: int, center: float, *, repetitions: int = 2 * BLOCKS, noise: float = 0.06
) -> Cell:
    """A cell whose times scatter around `center` seconds; the same for the same arguments. Two arms a block."""
    chance = random.Random(f"{case} {engine} {layout} {rows}")
    times = [center * math.exp(chance.gauss(0, noise)) for _ in range(repetitions)]
    return Cell(
        case=case,
        engine=engine,
        size_rows=rows,
        layout=layout,
        rows=rows,
        bytes=rows * BYTES_A_ROW.get(layout, 50),
        files=None if engine == "postgres" else 4 if layout == "compacted" else 180 * (rows // 200_000),
        cache_state="hot",
        condition="idle",
        configuration=(
            {"version": "18.6", "cores": "2", "shared_buffers": "1 GB", "work_mem": "64 MB", "jit": "off"}
            if engine == "postgres"
            else {"version": "4.1.1", "cores": "2", "master": "local[2]", "spark.sql.shuffle.partitions": "2"}
        ),
        parameters={"level": "ERROR"},
        statement=f"SELECT '{case}', service, count(*) FROM logs WHERE level = {PLACEHOLDER.get(engine, '?')}",
        answer_hash="a1b2",
        answers_agree=True,
        error=None,
        samples=(
            Sample(-1, center * 3, 8, "a1b2", None),
            *(
                Sample(i, seconds, 8, "a1b2", None, arm="ab"[i % 2], block=i // 2 + 1)
                for i, seconds in enumerate(times)
            ),
        ),
        evidence=Evidence(
            started_at=STARTED + timedelta(minutes=2),
            seconds=2.9 * center * repetitions,
            steal=0.002,
            foreign=0.01,
            asked_samples=repetitions,
            cache_made="warm-ups in the same session until the times were steady",
            cores=2.0,
            memory_bytes=4 * 2**30,
        ),
    )


def run_of(cells: Sequence[Cell], **changes: object) -> Run:
    """A run that is stamped valid unless the test says otherwise."""
    run = Run(
        run_id="r20261122a",
        dataset="quickstart",
        started_at=STARTED,
        environment={
            "cpu": "EPYC 7B13", "cores": "2 usable of 2", "memory": "23.4 GiB", "kernel": "Linux 6.8",
            "crossover": "0.1.0", "git revision": "be4a445",
        },
        settings={"compacted": {"repetitions": 16, "sizes": sorted({cell.size_rows for cell in cells})}},
        cells=tuple(cells),
        stamp=Stamp(valid=True),
    )  # fmt: skip
    return replace(run, **changes)


def full_cells(
    *,
    cases: Sequence[str] = tuple(COSTS),
    sizes: Sequence[int] = SIZES,
    sides: Sequence[tuple[str, str]] = SIDES,
    repetitions: int = 2 * BLOCKS,
    noise: float = 0.06,
) -> list[Cell]:
    found = []
    for case in cases:
        for rows in sizes:
            for engine, layout in sides:
                seconds = cost_of(case, engine, layout).seconds(rows)
                found.append(cell_of(case, engine, layout, rows, seconds, repetitions=repetitions, noise=noise))
    return [_with_seconds(cell, found) for cell in found]


def _with_seconds(cell: Cell, cells: Sequence[Cell]) -> Cell:
    """Engines of one comparison are measured in the same span of time, which all their executions fill."""
    kept = cell.layout in ("indexed", "compacted")
    same = [
        c for c in cells
        if (c.case, c.rows) == (cell.case, cell.rows) and (c.layout in ("indexed", "compacted")) == kept
    ]  # fmt: skip
    passed = 1.1 * sum(sample.seconds or 0 for c in same for sample in c.samples)
    return replace(cell, evidence=replace(cell.evidence, seconds=passed))


def busy_cells(cells: Sequence[Cell]) -> list[Cell]:
    """The same cells under each condition."""
    return [
        replace(
            cell_of(
                cell.case, cell.engine, cell.layout, cell.rows,
                cost_of(cell.case, cell.engine, cell.layout).seconds(cell.rows) * factor,
            ),
            condition=condition,
        )
        for cell in cells
        for condition, factor in BUSY[cell.engine].items()
    ]  # fmt: skip


def all_figures() -> tuple[Figure, ...]:
    """One of each kind of figure that the benchmark stores."""
    chance = random.Random("figures")
    rates = {"insert": 900, "executemany": 14_000, "multi_row": 62_000, "copy_text": 180_000, "copy_binary": 310_000}
    ladder = [
        Figure(
            "write_rate", {"method": method, "indexes": str(indexes), "table": "heap"}, "rows/s",
            tuple(rate / (1 + 0.35 * indexes) * math.exp(chance.gauss(0, 0.05)) for _ in range(5)), "empty table",
        )
        for method, rate in rates.items() for indexes in (0, 1, 4)
    ]  # fmt: skip
    fresh = [
        Figure("freshness", {"store": store}, "s", tuple(base * math.exp(chance.gauss(0, 0.5)) for _ in range(200)))
        for store, base in (("postgres", 0.15), ("lake", 8.0))
    ]
    stages = {"generate": 2.1, "ingest": 3.4, "load": 5.2, "stream": 18.0, "kafka": 1.2}
    curve = [
        Figure(
            "compaction_curve", {"case": case, "files": str(files)}, "s",
            tuple((0.1 + 0.004 * files) * math.exp(chance.gauss(0, 0.04)) for _ in range(15)),
        )
        for case in ("count_all", "group_by_service", "latest_errors") for files in (4, 16, 64, 256, 720)
    ]  # fmt: skip
    return (
        *ladder,
        *fresh,
        *curve,
        *(Figure("cpu_seconds_per_million", {"stage": stage}, "s", (value,)) for stage, value in stages.items()),
        *(
            Figure("bytes_per_record", {"store": store, "layout": layout}, "bytes", (value,))
            for store, layout, value in (
                ("postgres", "heap", 262.0), ("postgres", "indexed", 391.0), ("lake", "fragmented", 61.0),
                ("lake", "compacted", 44.2),
            )
        ),
        Figure("sustained_rate", {}, "records/s", (38_000.0, 41_000.0, 40_000.0), "ack p99 below 1 s"),
        Figure("ack_seconds", {"rate": "20000"}, "s", tuple(0.01 + 0.001 * (n % 40) for n in range(200))),
        Figure("ack_seconds", {"rate": "40000"}, "s", tuple(0.02 + 0.004 * (n % 40) for n in range(200))),
        Figure("compaction_cost", {"files": "720", "rows": "2000000"}, "s", (14.2,), "gains 2.1 s a query"),
        Figure("cost_cores", {"case": "count_all", "size_rows": "2000000"}, "cores", (2.0,), "Spark"),
        Figure("cost_cores", {"case": "latest_errors", "size_rows": "2000000"}, "cores", (8.0,), "Spark"),
        Figure("aa_false_winners", {"engine": "spark"}, "count", (0.0,), "of 40 comparisons"),
    )  # fmt: skip


def change_cell(cells: Sequence[Cell], key: tuple[str, str, str, int], **changes: object) -> list[Cell]:
    """The cells with one replaced; a key (case, engine, layout, rows) that is not there is a mistake of the test."""
    hits = [(c.case, c.engine, c.layout, c.rows) == key for c in cells]
    assert sum(hits) == 1, key
    return [replace(c, **changes) if hit else c for c, hit in zip(cells, hits, strict=True)]


@dataclass(frozen=True)
class Synthetic:
    """The builders, as one fixture."""

    cell: Callable[..., Cell] = cell_of
    run: Callable[..., Run] = run_of
    cells: Callable[..., list[Cell]] = full_cells
    busy: Callable[..., list[Cell]] = busy_cells
    figures: Callable[..., tuple[Figure, ...]] = all_figures
    change: Callable[..., list[Cell]] = change_cell
    sizes: tuple[int, ...] = SIZES

    def everything(self, cases: Sequence[str] = tuple(COSTS), **changes: object) -> Run:
        """Three engines, all conditions at one size, every kind of figure."""
        cells = self.cells(cases=cases, noise=0.03)
        busy = self.busy([c for c in cells if c.rows == 2_000_000 and c.layout in ("indexed", "compacted")])
        return self.run([*cells, *busy], figures=self.figures(), **changes)


@pytest.fixture(scope="session")
def synthetic() -> Synthetic:
    return Synthetic()
