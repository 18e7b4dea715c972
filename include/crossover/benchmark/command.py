"""`crossover benchmark run|show|list|drop`."""

import argparse
import logging
import secrets
import threading
import time
from datetime import UTC, datetime

from crossover import job
from crossover.benchmark import table
from crossover.benchmark.cases import load_cases
from crossover.benchmark.measure import Effort
from crossover.benchmark.results import LAYOUTS, latest_run_id, list_runs, load_run
from crossover.benchmark.run import Plan, run_plan
from crossover.benchmark.rungs import Ladder, drop_copies
from crossover.benchmark.statistics import MINIMUM_SAMPLES
from crossover.connections import connect_postgres, connect_spark
from crossover.dataset import require_tables
from crossover.errors import BadInput, BadSetting, IdleWorkers
from crossover.settings import Settings

log = logging.getLogger(__name__)

DEFAULT_SIZES = "200000,600000,2000000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs and their options."""
    form = argparse.ArgumentDefaultsHelpFormatter
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="run|show|list|drop")
    run_parser = verbs.add_parser("run", help="time the cases and store the results", formatter_class=form)
    run_parser.add_argument("--run", help="run id; a known one adds to that run (default: a new one)")
    run_parser.add_argument("--dataset", help="whose records (default: the setting)")
    run_parser.add_argument("--sizes", default=DEFAULT_SIZES, help="rows, separated by commas")
    run_parser.add_argument("--layouts", default="fragmented", help=f"one or more of {', '.join(LAYOUTS)}")
    run_parser.add_argument("--cases", default="all", help="names separated by commas, or all")
    run_parser.add_argument("--repetitions", type=int, help="measured executions (default: the setting)")
    run_parser.add_argument(
        "--warmups", type=int, help="executions before them that do not count (default: the setting)"
    )
    show_parser = verbs.add_parser("show", help="print a run's tables", formatter_class=form)
    show_parser.add_argument("run_id", nargs="?", help="default: the newest run")
    verbs.add_parser("list", help="list all runs", formatter_class=form)
    drop_parser = verbs.add_parser(
        "drop", help="drop a run's copies of the data; its results stay", formatter_class=form
    )
    drop_parser.add_argument("run_id")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do what the verb says; returns the exit code."""
    verbs = {"run": _run, "show": _show, "list": _list, "drop": _drop}
    return verbs[arguments.verb](arguments, settings)


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


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
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


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    with connect_postgres(settings, application="benchmark") as connection:
        run_id = arguments.run_id or latest_run_id(connection)
        if run_id is None:
            raise BadInput("there is no benchmark run yet", cure="crossover benchmark run")
        found = load_run(connection, run_id)
    print(f"run {found.run_id} over dataset {found.dataset}, started {found.started_at:%Y-%m-%d %H:%M:%S} UTC")
    for layout in LAYOUTS:
        print("\n" + table.render(found.cells, layout))
    for cell in found.cells:
        if cell.error:
            print(f"! {cell.case}, {cell.engine} {cell.layout}, {cell.size_rows:,} rows: {cell.error}")
    return 0


def _list(_arguments: argparse.Namespace, settings: Settings) -> int:
    with connect_postgres(settings, application="benchmark") as connection:
        for header in list_runs(connection):
            print(
                f"{header.run_id}  {header.started_at:%Y-%m-%d %H:%M:%S}  dataset {header.dataset}  "
                f"{header.cells} cells, {header.errors} with errors, {header.disagreements} with unlike answers"
            )
    return 0


def _drop(arguments: argparse.Namespace, settings: Settings) -> int:
    with connect_postgres(settings, application="benchmark", autocommit=True) as connection:
        found = load_run(connection, arguments.run_id)
        spark = connect_spark(settings)
        started = time.monotonic()
        drop_copies(Ladder(connection, spark, settings, found.run_id, found.dataset, threading.Event()))
    log.info("the copies of run %s are dropped (%.1f s)", found.run_id, time.monotonic() - started)
    return 0
