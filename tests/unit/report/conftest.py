"""Synthetic runs: what a benchmark run could have left behind, without a benchmark."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from crossover.benchmark.results import Cell, Run, Sample

SIZES = (200_000, 600_000, 2_000_000)
LAYOUTS = (("postgres", "heap"), ("spark", "fragmented"), ("postgres", "indexed"), ("spark", "compacted"))
FILES = {"fragmented": 180, "compacted": 4}


@dataclass(frozen=True)
class Cost:
    """Seconds of one engine and layout: a fixed part and a part a million rows."""

    fixed: float
    per_million: float

    def seconds(self, rows: int) -> float:
        return self.fixed + self.per_million * rows / 1e6


# heap, fragmented, indexed, compacted
COSTS: dict[str, tuple[Cost, Cost, Cost, Cost]] = {
    "count_all": (Cost(0.002, 0.05), Cost(0.25, 0.02), Cost(0.002, 0.045), Cost(0.06, 0.002)),
    "group_by_service": (Cost(0.004, 0.16), Cost(0.5, 0.06), Cost(0.004, 0.15), Cost(0.14, 0.02)),
    "group_by_level": (Cost(0.004, 0.15), Cost(0.5, 0.06), Cost(0.004, 0.12), Cost(0.13, 0.02)),
    "filter_level_group_by_service": (Cost(0.003, 0.09), Cost(0.55, 0.05), Cost(0.003, 0.012), Cost(0.15, 0.012)),
    "time_range_group_by_hour": (Cost(0.003, 0.08), Cost(0.5, 0.03), Cost(0.004, 0.05), Cost(0.12, 0.008)),
    "latest_errors": (Cost(0.003, 0.06), Cost(0.6, 0.09), Cost(0.0008, 0.0), Cost(0.2, 0.05)),
    "lookup_event_id": (Cost(0.002, 0.05), Cost(0.5, 0.04), Cost(0.0004, 0.0), Cost(0.11, 0.015)),
    "top_endpoints_by_p95": (Cost(0.01, 0.9), Cost(0.8, 0.3), Cost(0.01, 0.88), Cost(0.3, 0.2)),
    "distinct_hosts_per_service": (Cost(0.01, 0.6), Cost(0.75, 0.12), Cost(0.01, 0.25), Cost(0.26, 0.09)),
    "message_search": (Cost(0.004, 0.14), Cost(0.5, 0.09), Cost(0.06, 0.055), Cost(0.13, 0.05)),
}


def cell_of(
    case: str, engine: str, layout: str, rows: int, center: float, *, repetitions: int = 5, noise: float = 0.06
) -> Cell:
    """A cell whose times scatter around `center` seconds; the same for the same arguments."""
    chance = random.Random(f"{case} {engine} {layout} {rows}")
    times = [center * math.exp(chance.gauss(0, noise)) for _ in range(repetitions)]
    bytes_a_row = {"heap": 260, "indexed": 390, "fragmented": 61, "compacted": 44}.get(layout, 50)
    return Cell(
        case=case,
        engine=engine,
        size_rows=rows,
        layout=layout,
        rows=rows,
        bytes=rows * bytes_a_row,
        files=FILES.get(layout, 0) * (rows // 200_000) if engine == "spark" else None,
        cache_state="hot",
        condition="idle",
        configuration=(
            {"version": "18.6", "shared_buffers": "1 GB", "work_mem": "64 MB", "jit": "off"}
            if engine == "postgres"
            else {"version": "4.1.1", "master": "local[2]", "spark.sql.shuffle.partitions": "2"}
        ),
        parameters={"level": "ERROR"},
        statement=f"SELECT service, count(*) FROM {engine}_logs WHERE level = 'ERROR' GROUP BY service",
        answer_hash="a1b2",
        answers_agree=True,
        error=None,
        samples=(
            Sample(-1, center * 3, 8, "a1b2", None),
            *(Sample(i, seconds, 8, "a1b2", None) for i, seconds in enumerate(times)),
        ),
    )


def run_of(cells: Sequence[Cell], **changes: object) -> Run:
    run = Run(
        run_id="r20261122a",
        dataset="quickstart",
        started_at=datetime(2026, 11, 22, 20, 15, tzinfo=UTC),
        environment={"cpu": "EPYC 7B13", "cores": "2", "memory": "23 GB", "git revision": "be4a445"},
        settings={"compacted": {"repetitions": 5, "sizes": [200_000, 600_000, 2_000_000]}},
        cells=tuple(cells),
    )
    return replace(run, **changes)


def full_cells(
    *, cases: Sequence[str] = tuple(COSTS), sizes: Sequence[int] = SIZES, repetitions: int = 5, noise: float = 0.06
) -> list[Cell]:
    return [
        cell_of(case, engine, layout, rows, cost.seconds(rows), repetitions=repetitions, noise=noise)
        for case in cases
        for rows in sizes
        for (engine, layout), cost in zip(LAYOUTS, COSTS[case], strict=True)
    ]


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
    change: Callable[..., list[Cell]] = change_cell
    sizes: tuple[int, ...] = SIZES


@pytest.fixture(scope="session")
def synthetic() -> Synthetic:
    return Synthetic()
