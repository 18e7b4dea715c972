"""`crossover benchmark compaction|recompact`: what compaction returns; and compaction as a disturbance."""

import argparse
import logging
import secrets
from datetime import UTC, datetime

from crossover import job
from crossover.benchmark.cases import load_cases
from crossover.benchmark.compaction_return import CurvePlan, measure_return, report
from crossover.benchmark.measure import Effort
from crossover.benchmark.state.rewriting import rewrite_again
from crossover.benchmark.verbs.plan import sizes_of, words
from crossover.dataset import require_tables
from crossover.errors import BadSetting, ServiceError
from crossover.settings import Settings, checked_dataset

log = logging.getLogger(__name__)

DEFAULT_CASES = "count_all,group_by_service,filter_level_group_by_service,message_search"
DEFAULT_FILES = "1,4,16,64,256"


def add_compaction_arguments(parser: argparse.ArgumentParser) -> None:
    """Which records, which questions, how many files."""
    parser.add_argument("--run", help="run id; a known one adds to that run (default: a new one)")
    parser.add_argument("--dataset", help="whose records (default: the setting)")
    parser.add_argument("--size", type=int, default=2_000_000, help="rows")
    parser.add_argument("--cases", default=DEFAULT_CASES, help="names separated by commas, or all")
    parser.add_argument(
        "--files", default=DEFAULT_FILES, help="file counts to rewrite to; what the stream left is measured, too"
    )
    parser.add_argument("--repetitions", type=int, help="fewest measured executions (default: the setting)")
    parser.add_argument("--most", type=int, help="most measured executions (default: the setting)")
    parser.add_argument("--warmups", type=int, help="most executions to find a steady state (default: the setting)")
    parser.add_argument("--seed", type=int, default=1, help="of the random order")


def plan_of(arguments: argparse.Namespace, settings: Settings) -> CurvePlan:
    """The checked plan. Raises BadSetting, BadInput."""
    own = settings.benchmark
    given = (arguments.warmups, arguments.repetitions, arguments.most)
    defaults = (own.warmups, own.repetitions, own.most_samples)
    warmups, repetitions, most = (d if g is None else g for g, d in zip(given, defaults, strict=True))
    if repetitions < 1 or warmups < 0 or arguments.size < 1:
        raise BadSetting(f"{arguments.size} rows, {repetitions} repetitions, {warmups} warm-ups: at least 1, 1 and 0")
    cases = load_cases(None if arguments.cases == "all" else words(arguments.cases))
    return CurvePlan(
        run_id=arguments.run or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        dataset=arguments.dataset or settings.dataset,
        size=arguments.size,
        cases=tuple(case for case in cases if "spark" in case.dialects),
        files=sizes_of(arguments.files),
        effort=Effort(
            warmups, repetitions, own.statement_timeout_seconds, most=most, halfwidth=own.halfwidth, seed=arguments.seed
        ),
    )


def compaction(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure the curve, print what each rewrite cost and gained; exit 143 when stopped before the end."""
    plan = plan_of(arguments, settings)
    stop = job.stop_on_signal()
    require_tables(plan.dataset, settings)
    log.info("run %s: %d cases over %s files", plan.run_id, len(plan.cases), ", ".join(map(str, plan.files)))
    found = measure_return(plan, settings, stop)
    lines = report(found)
    for line in lines:
        log.info("%s", line)
    errors = [curve.case for curve in found.curves if curve.error]
    job.write_result({
        "run_id": plan.run_id,
        "dataset": plan.dataset,
        "rows": found.variants.rows,
        "files": list(found.variants.relations),
        "cases": [curve.case for curve in found.curves],
        "errors": errors,
        "finished": found.finished,
        "return": lines,
    })
    if errors:
        raise ServiceError(f"no curve for {', '.join(errors)}", cure="see the lines above; the other curves are stored")
    return 0 if found.finished else job.STOPPED


def add_recompact_arguments(parser: argparse.ArgumentParser) -> None:
    """Which records, and for how long."""
    parser.add_argument("--dataset", help="whose records are copied (default: the setting)")
    parser.add_argument("--rows", type=int, default=500_000, help="most rows of the copy")
    parser.add_argument("--tasks", type=int, default=16, help="files a day of the copy")
    parser.add_argument("--max-minutes", type=float, default=60.0, help="end after so long")


def recompact(arguments: argparse.Namespace, settings: Settings) -> int:
    """Merge the small files of a scratch copy again and again until stopped."""
    if min(arguments.rows, arguments.tasks) < 1 or arguments.max_minutes <= 0:
        raise BadSetting("rows, tasks and minutes must be above 0")
    dataset = checked_dataset(arguments.dataset or settings.dataset)
    stop = job.stop_on_signal()
    seconds = 60 * arguments.max_minutes
    count = rewrite_again(settings, dataset, rows=arguments.rows, tasks=arguments.tasks, stop=stop, seconds=seconds)
    log.info("%d rewrites", count)
    return 0
