"""`crossover benchmark write`: what writing costs, how fast both stores keep up, when a record can be seen."""

import argparse
import hashlib
import logging
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from crossover import job
from crossover.benchmark.results import Figure
from crossover.benchmark.write import table
from crossover.benchmark.write.parts import PARTS, Plan, run_parts
from crossover.benchmark.write.rate import Limits
from crossover.benchmark.write.search import Bounds
from crossover.benchmark.write.stopping import Stopped
from crossover.errors import BadSetting
from crossover.settings import DATASET_PATTERN, Settings, checked_dataset

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, and for how long."""
    parser.add_argument("--run", help="run id; a known one adds to that run (default: a new one)")
    parser.add_argument("--dataset", help="dataset to send to, not sealed (default: one of the run's own)")
    parser.add_argument("--parts", default=",".join(PARTS), help="separated by commas")
    parser.add_argument("--stream", choices=("own", "given"), default="own",
                        help="own: start a stream into the lake; given: wait for somebody else's")  # fmt: skip
    ladder = parser.add_argument_group("methods")
    ladder.add_argument("--rows", type=int, default=100_000, help="rows for COPY; slower methods get fewer")
    ladder.add_argument("--repetitions", type=int, default=5, help="writes of each method and table")
    ladder.add_argument("--seed", type=int, default=1, help="the same seed writes the same rows in the same order")
    line = parser.add_argument_group("rate, freshness, cpu")
    line.add_argument(
        "--seconds",
        type=float,
        default=60.0,
        help="for how long a rate is offered; the shorter, the less a growing backlog is told from chance",
    )
    line.add_argument("--start", type=float, default=4000.0, help="records a second to begin with")
    line.add_argument("--lowest", type=float, default=100.0, help="records a second below which nothing is tried")
    line.add_argument("--highest", type=float, default=500_000.0, help="records a second above which nothing is tried")
    line.add_argument("--precision", type=float, default=1.15, help="ratio of failed to held rate at which to stop")
    line.add_argument("--tries", type=int, default=12, help="rates offered at most")
    line.add_argument("--ack-p99", type=float, default=0.5, help="seconds within which 99 %% are acknowledged")
    line.add_argument("--drain-seconds", type=float, default=15.0, help="within which both stores must catch up")
    line.add_argument("--background", type=float, default=0.0,
                      help="records a second for freshness and cpu; 0 = half of the sustained rate")  # fmt: skip
    line.add_argument("--batch", type=int, default=1000, help="records in one request at most")
    line.add_argument("--connections", type=int, default=4, help="requests under way at once")


def plan_of(arguments: argparse.Namespace, settings: Settings) -> Plan:
    """The checked plan. Raises BadSetting."""
    parts = tuple(dict.fromkeys(word.strip() for word in arguments.parts.split(",") if word.strip()))
    unknown = sorted(set(parts) - set(PARTS))
    if unknown or not parts:
        raise BadSetting(f"unknown parts: {', '.join(unknown) or 'none given'}", cure=f"choose of {', '.join(PARTS)}")
    _check_numbers(arguments, settings)
    run_id = arguments.run or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    try:
        dataset = checked_dataset(arguments.dataset or own_dataset(run_id))
    except ValueError as error:
        raise BadSetting(f"--dataset: {error}") from error
    return Plan(
        run_id=run_id,
        dataset=dataset,
        parts=parts,
        stream=arguments.stream,
        rows=arguments.rows,
        repetitions=arguments.repetitions,
        seed=arguments.seed,
        bounds=Bounds(
            arguments.start,
            arguments.lowest,
            arguments.highest,
            precision=arguments.precision,
            tries=arguments.tries,
        ),
        limits=Limits(
            arguments.seconds, arguments.drain_seconds, arguments.ack_p99, arguments.batch, arguments.connections
        ),
        background=arguments.background or None,
    )


def _check_numbers(arguments: argparse.Namespace, settings: Settings) -> None:
    leasts = {"rows": 1, "repetitions": 1, "seed": 0, "seconds": 5, "lowest": 1, "tries": 1, "batch": 1,
              "connections": 1, "background": 0, "drain_seconds": 1}  # fmt: skip
    for name, least in leasts.items():
        if not least <= getattr(arguments, name) < float("inf"):
            raise BadSetting(f"--{name.replace('_', '-')} {getattr(arguments, name)}: must be at least {least}")
    if not arguments.lowest <= arguments.start <= arguments.highest < float("inf"):
        raise BadSetting("--start must lie between --lowest and --highest")
    if not 1 < arguments.precision <= 2 or not 0 < arguments.ack_p99 < float("inf"):
        raise BadSetting("--precision must be above 1 and at most 2, --ack-p99 above 0")
    if arguments.batch > settings.ingest.max_records:
        raise BadSetting(f"--batch {arguments.batch}: ingest takes {settings.ingest.max_records} records a request")


def own_dataset(run_id: str) -> str:
    """The dataset of a run: the same for the same run, and its own name if that can be one."""
    if DATASET_PATTERN.fullmatch(run_id):
        return run_id
    slug = re.sub(r"[^a-z0-9]+", "_", run_id.lower()).strip("_")[:25]
    return f"w_{slug}_{hashlib.sha256(run_id.encode()).hexdigest()[:8]}"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print the tables; exit 143 when stopped before the end."""
    plan = plan_of(arguments, settings)
    stop = job.stop_on_signal()
    log.info("run %s, dataset %s: %s", plan.run_id, plan.dataset, ", ".join(plan.parts))
    try:
        figures = run_parts(plan, settings, stop)
    except Stopped as stopped:
        log.warning("%s; the parts that were done are saved", stopped.message)
        return job.STOPPED
    for line in table.render(figures):
        log.info("%s", line)
    job.write_result(summary(plan, figures))
    return 0


def summary(plan: Plan, figures: Sequence[Figure]) -> dict[str, Any]:
    """The small result of the job."""
    found: dict[str, Any] = {
        "run_id": plan.run_id,
        "dataset": plan.dataset,
        "parts": ",".join(plan.parts),
        "figures": len(figures),
    }
    for figure in figures:
        if figure.name == "sustained_rate":
            found["sustained_rate"] = round(min(figure.values), 1)
        elif figure.name == "freshness":
            half, most = np.quantile(figure.values, (0.5, 0.99))
            found[f"freshness_{figure.dimensions['store']}"] = {"p50": round(half, 4), "p99": round(most, 4)}
    return found
