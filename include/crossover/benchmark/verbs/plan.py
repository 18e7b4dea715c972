"""The options that all measuring verbs share, and the checked plan that they make."""

import argparse
import logging
import secrets
from collections.abc import Collection
from datetime import UTC, datetime

from crossover import job
from crossover.benchmark import table
from crossover.benchmark.cases import load_cases
from crossover.benchmark.judge import State
from crossover.benchmark.measure import Effort
from crossover.benchmark.results import LAYOUTS, load_run
from crossover.benchmark.run import Outcome, Plan
from crossover.benchmark.state.budget import Budget
from crossover.benchmark.state.caches import STATES
from crossover.benchmark.state.conditions import CONDITIONS
from crossover.benchmark.statistics.summary import MINIMUM_FOR_WINNER
from crossover.connections import connect_postgres
from crossover.dataset import require_tables
from crossover.engines.registry import ENGINES
from crossover.errors import BadSetting, IdleWorkers
from crossover.settings import Settings

log = logging.getLogger(__name__)


def add_plan_arguments(parser: argparse.ArgumentParser, *, sizes: str) -> None:
    """Which run, which records, which cells, how often; `sizes` is the default of --sizes."""
    parser.add_argument("--run", help="run id; a known one adds to that run (default: a new one)")
    parser.add_argument("--dataset", help="whose records (default: the setting)")
    parser.add_argument("--sizes", default=sizes, help="rows, separated by commas")
    parser.add_argument("--layouts", default="fragmented", help=f"one or more of {', '.join(LAYOUTS)}")
    parser.add_argument("--cases", default="all", help="names separated by commas, or all")
    parser.add_argument("--engines", default="postgres,spark", help=f"two or more of {', '.join(ENGINES)}")
    parser.add_argument("--caches", default="hot", help=f"one or more of {', '.join(STATES)}")
    parser.add_argument("--conditions", default="idle", help=f"one or more of {', '.join(CONDITIONS)}")
    parser.add_argument("--noise-rate", type=float, default=5000, help="records/s that flow while ingesting")
    parser.add_argument("--cores", type=float, help="hold each engine to so many cores (default: no limit)")
    parser.add_argument("--memory", type=int, help="hold each engine to so many bytes, with --cores")
    parser.add_argument("--repetitions", type=int, help="fewest measured executions a cell (default: the setting)")
    parser.add_argument("--most", type=int, help="most measured executions a cell (default: the setting)")
    parser.add_argument(
        "--warmups", type=int, help="most executions that are spent to find a steady state (default: the setting)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random order")


def plan_of(arguments: argparse.Namespace, settings: Settings) -> Plan:
    """The checked plan. Raises BadSetting, BadInput."""
    own = settings.benchmark
    repetitions = own.repetitions if arguments.repetitions is None else arguments.repetitions
    warmups = own.warmups if arguments.warmups is None else arguments.warmups
    most = arguments.most
    if most is None:
        # Who asks for fewer than a winner needs wants to see the line work, not to know.
        most = own.most_samples if repetitions >= MINIMUM_FOR_WINNER else repetitions
    if repetitions < 1 or warmups < 0:
        raise BadSetting(f"{repetitions} repetitions and {warmups} warm-ups: at least 1 and 0")
    return Plan(
        run_id=arguments.run or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        dataset=arguments.dataset or settings.dataset,
        sizes=sizes_of(arguments.sizes),
        layouts=_chosen("layouts", arguments.layouts, LAYOUTS),
        cases=tuple(load_cases(None if arguments.cases == "all" else words(arguments.cases))),
        effort=Effort(
            warmups, repetitions, own.statement_timeout_seconds, most=most, halfwidth=own.halfwidth, seed=arguments.seed
        ),
        engines=_chosen("engines", arguments.engines, ENGINES),
        states=tuple(
            State(cache, condition)
            for condition in _chosen("conditions", arguments.conditions, CONDITIONS)
            for cache in _chosen("caches", arguments.caches, STATES)
        ),
        noise_rate=arguments.noise_rate,
        budget=_budget(arguments.cores, arguments.memory),
    )


def _budget(cores: float | None, memory: int | None) -> Budget | None:
    if cores is None and memory is None:
        return None
    if cores is None or cores <= 0 or (memory is not None and memory <= 0):
        raise BadSetting(f"--cores {cores}, --memory {memory}: above 0, and --memory only with --cores")
    return Budget(cores, memory)


def words(text: str) -> list[str]:
    """The words of a list with commas, each once."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def sizes_of(text: str) -> tuple[int, ...]:
    """Sizes in rows, ascending. Raises BadSetting."""
    try:
        sizes = sorted({int(word.replace("_", "")) for word in words(text)})
    except ValueError as error:
        raise BadSetting(f"sizes {text!r}: whole numbers separated by commas") from error
    if not sizes or sizes[0] < 1:
        raise BadSetting(f"sizes {text!r}: at least one, each 1 or more")
    return tuple(sizes)


def _chosen(what: str, text: str, known: Collection[str]) -> tuple[str, ...]:
    chosen = words(text)
    unknown = sorted(set(chosen) - set(known))
    if unknown or not chosen:
        raise BadSetting(f"unknown {what}: {', '.join(unknown) or 'none'}", cure=f"choose from: {', '.join(known)}")
    return tuple(chosen)


def ready(plan: Plan, settings: Settings) -> None:
    """Say what will be done. Raises BadInput without the dataset, BadSetting for what does not go together."""
    if plan.effort.repetitions < MINIMUM_FOR_WINNER:
        log.warning("%d samples a cell: fewer than %d name no winner", plan.effort.repetitions, MINIMUM_FOR_WINNER)
    if plan.budget is not None and any(state.cache == "cold" for state in plan.states):
        raise BadSetting("a server that is restarted leaves its budget: --cores and cold do not go together")
    require_tables(plan.dataset, settings)
    log.info(
        "run %s: %d cases, engines %s, layouts %s, caches %s",
        plan.run_id, len(plan.cases), ", ".join(plan.engines), ", ".join(plan.layouts),
        ", ".join(state.cache for state in plan.states),
    )  # fmt: skip


def told(outcome: Outcome, plan: Plan, settings: Settings) -> int:
    """Print the tables and the stamp, leave the summary; the exit code. Raises IdleWorkers."""
    with connect_postgres(settings, application="benchmark") as connection:
        saved = load_run(connection, plan.run_id)
    for layout in plan.layouts:
        for line in table.render(saved, layout).splitlines():
            log.info("%s", line)
    job.write_result(outcome.summary(plan))
    log.info("Spark: %s", outcome.workers.words)
    for reason in outcome.stamp.reasons:
        log.warning("not valid: %s", reason)
    if outcome.stamp.valid:
        log.info("the run is valid so far: nothing that was seen speaks against it")
    if outcome.workers.idle:
        raise IdleWorkers(
            f"this was no run on a cluster: {outcome.workers.words}",
            cure="look at the executors (cores, memory, data per size); the run is marked and keeps its cells",
        )
    return 0 if outcome.finished else job.STOPPED
