"""`crossover benchmark run`: time the cases and store the results."""

import argparse
import logging
import secrets
from datetime import UTC, datetime

from crossover import job
from crossover.benchmark import table
from crossover.benchmark.cases import load_cases
from crossover.benchmark.measure import Effort
from crossover.benchmark.results import LAYOUTS, load_run
from crossover.benchmark.run import Plan, run_plan
from crossover.benchmark.statistics.summary import MINIMUM_SAMPLES
from crossover.connections import connect_postgres
from crossover.dataset import require_tables
from crossover.errors import BadSetting, IdleWorkers
from crossover.settings import Settings

log = logging.getLogger(__name__)

DEFAULT_SIZES = "200000,600000,2000000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, and how often."""
    parser.add_argument("--run", help="run id; a known one adds to that run (default: a new one)")
    parser.add_argument("--dataset", help="whose records (default: the setting)")
    parser.add_argument("--sizes", default=DEFAULT_SIZES, help="rows, separated by commas")
    parser.add_argument("--layouts", default="fragmented", help=f"one or more of {', '.join(LAYOUTS)}")
    parser.add_argument("--cases", default="all", help="names separated by commas, or all")
    parser.add_argument("--repetitions", type=int, help="measured executions (default: the setting)")
    parser.add_argument("--warmups", type=int, help="executions before them that do not count (default: the setting)")


def plan_of(arguments: argparse.Namespace, settings: Settings) -> Plan:
    """The checked plan. Raises BadSetting, BadInput."""
    own = settings.benchmark
    repetitions = own.repetitions if arguments.repetitions is None else arguments.repetitions
    warmups = own.warmups if arguments.warmups is None else arguments.warmups
    if repetitions < 1 or warmups < 0:
        raise BadSetting(f"{repetitions} repetitions and {warmups} warm-ups: at least 1 and 0")
    chosen = _words(arguments.layouts)
    unknown = sorted(set(chosen) - set(LAYOUTS))
    if unknown:
        raise BadSetting(f"unknown layouts: {', '.join(unknown)}", cure=f"choose from: {', '.join(LAYOUTS)}")
    return Plan(
        run_id=arguments.run or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        dataset=arguments.dataset or settings.dataset,
        sizes=_sizes(arguments.sizes),
        layouts=tuple(chosen),
        cases=tuple(load_cases(None if arguments.cases == "all" else _words(arguments.cases))),
        effort=Effort(warmups, repetitions, own.statement_timeout_seconds),
    )


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = sorted({int(word.replace("_", "")) for word in _words(text)})
    except ValueError as error:
        raise BadSetting(f"sizes {text!r}: whole numbers separated by commas") from error
    if not sizes or sizes[0] < 1:
        raise BadSetting(f"sizes {text!r}: at least one, each 1 or more")
    return tuple(sizes)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print the tables; exit 143 when stopped before the end."""
    plan = plan_of(arguments, settings)
    if plan.effort.repetitions < MINIMUM_SAMPLES:
        log.warning("%d repetitions: fewer than %d name no winner", plan.effort.repetitions, MINIMUM_SAMPLES)
    stop = job.stop_on_signal()
    require_tables(plan.dataset, settings)
    log.info("run %s: %d cases, sizes %s, layouts %s", plan.run_id, len(plan.cases), plan.sizes, plan.layouts)
    outcome = run_plan(plan, settings, stop)
    with connect_postgres(settings, application="benchmark") as connection:
        saved = load_run(connection, plan.run_id)
    for layout in plan.layouts:
        for line in table.render(saved.cells, layout).splitlines():
            log.info("%s", line)
    job.write_result(outcome.summary(plan))
    log.info("Spark: %s", outcome.workers.words)
    if outcome.workers.idle:
        raise IdleWorkers(
            f"this was no run on a cluster: {outcome.workers.words}",
            cure="look at the executors (cores, memory, data per size); the run is marked and keeps its cells",
        )
    return 0 if outcome.finished else job.STOPPED
