"""Runs as a benchmark could have left them: small ones with every kind of content, and series of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from crossover.benchmark.results import Cell, Evidence, Figure, Run, Rung, Sample, Stamp

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def cell_of(case="count_all", engine="postgres", *, median=0.1, noise=0.03, seed=0, blocks=10, run_id="one", **changes):
    """A cell of `blocks` blocks with two arms each, whose times scatter around `median` seconds."""
    times = median * np.random.default_rng(seed).lognormal(0.0, noise, 2 * blocks)
    relation = f"bench_{run_id}_0123abcd.logs_200000" if engine == "postgres" else f"lake.bench_{run_id}.logs_200000"
    found = Cell(
        case=case,
        engine=engine,
        size_rows=200_000,
        layout="indexed" if engine == "postgres" else "compacted",
        rows=200_123,
        bytes=52_000_000,
        files=None if engine == "postgres" else 4,
        cache_state="hot",
        condition="idle",
        configuration={"version": "18.6", "work_mem": "64 MB"},
        parameters={"level": "ERROR"},
        statement=f"SELECT count(*) AS records\nFROM {relation}\nWHERE level = :level",
        answer_hash="a1b2",
        answers_agree=True,
        error=None,
        samples=(
            Sample(-1, median * 3, 1, "a1b2", None),
            *(
                Sample(index + 1, float(seconds), 1, "a1b2", None, arm="ab"[index % 2], block=index // 2 + 1)
                for index, seconds in enumerate(times)
            ),
        ),
        evidence=Evidence(
            started_at=START, seconds=2.5, steal=0.0, foreign=0.01, asked_samples=20, cache_made="the same session"
        ),
    )
    return replace(found, **changes)


def run_of(*cells, run_id="one", days=0, **changes):
    run = Run(
        run_id=run_id,
        dataset="main",
        started_at=START + timedelta(days=days),
        environment={"cpu": "EPYC 7B13", "postgres": "18.6"},
        settings={"compacted": {"sizes": [200_000], "timeout_seconds": 60.0, "cases": ["count_all"], "seed": None}},
        cells=tuple(cells),
        figures=(Figure("write_rate", {"method": "COPY text", "indexes": "4"}, "rows/s", (120_000.0, 130_000.5)),),
        stamp=Stamp(valid=True),
    )
    return replace(run, **changes)


def failed_cell(**changes):
    sample = Sample(1, None, None, None, "no answer within 60 s", arm="b", block=1)
    return cell_of(case="latest_errors", samples=(sample,), error=sample.error, answers_agree=None, **changes)


def rung_of():
    bounds, proofs = {0: 5, 12: 7}, {"compacted": "postgres 7, lake 12"}
    return Rung(200_000, "logs", 200_123, 8_000_000_000_000_000_001, bounds, "bench_one.logs_200000", "-123", proofs)


@dataclass(frozen=True)
class Build:
    """The builders, as one fixture."""

    cell: Callable[..., Cell] = cell_of
    failed: Callable[..., Cell] = failed_cell
    run: Callable[..., Run] = run_of
    rung: Callable[..., Rung] = rung_of


@pytest.fixture(scope="session")
def build() -> Build:
    return Build()
