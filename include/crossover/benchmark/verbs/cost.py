"""`crossover benchmark cost`: how many Spark cores match one PostgreSQL core, and does one core of DuckDB beat both?"""

import argparse
import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crossover import job
from crossover.benchmark.cases import Case, load_cases
from crossover.benchmark.judge import agreement
from crossover.benchmark.measure import Effort, Question, Target, measure
from crossover.benchmark.results import LAYOUTS, Figure, Run, load_run, save_figures, save_run, save_stamp
from crossover.benchmark.run import Bench, Plan, opened
from crossover.benchmark.rungs import prepare
from crossover.benchmark.state.budget import Budget, Enforced, enforced, fitted, unavailable
from crossover.benchmark.statistics.cost import Round, beats_both, cost
from crossover.benchmark.table import duration
from crossover.benchmark.validity.environment import environment
from crossover.benchmark.validity.stamp import stamp
from crossover.dataset import require_tables
from crossover.errors import BadSetting
from crossover.settings import Settings

log = logging.getLogger(__name__)

ENGINES = ("postgres", "spark", "duckdb")
ONE = Budget(1)


@dataclass(frozen=True)
class Found:
    """What was measured of one case; `wrong` says why it counts for nothing, empty when it does."""

    case: str
    size_rows: int
    rounds: tuple[Round, ...]
    wrong: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, and up to how many cores."""
    parser.add_argument("--run", help="run id; a known one adds to that run (default: a new one)")
    parser.add_argument("--dataset", help="whose records (default: the setting)")
    parser.add_argument("--size", type=int, default=2_000_000, help="rows")
    parser.add_argument("--layout", default="compacted", choices=sorted(LAYOUTS), help="of the data")
    parser.add_argument("--cases", default="all", help="names separated by commas, or all")
    parser.add_argument("--most-cores", type=int, help="Spark's cores go from 1 up to here (default: all)")
    parser.add_argument("--repetitions", type=int, help="measured executions (default: the setting)")
    parser.add_argument("--warmups", type=int, help="most executions to find a steady state (default: the setting)")
    parser.add_argument("--seed", type=int, default=1, help="of the random order")


def plan_of(arguments: argparse.Namespace, settings: Settings) -> Plan:
    """The checked plan. Raises BadSetting, BadInput."""
    own = settings.benchmark
    repetitions = own.repetitions if arguments.repetitions is None else arguments.repetitions
    warmups = own.warmups if arguments.warmups is None else arguments.warmups
    if repetitions < 1 or warmups < 0 or arguments.size < 1:
        raise BadSetting(f"{repetitions} repetitions, {warmups} warm-ups, {arguments.size} rows: at least 1, 0 and 1")
    names = None if arguments.cases == "all" else [name.strip() for name in arguments.cases.split(",") if name.strip()]
    return Plan(
        run_id=arguments.run or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        dataset=arguments.dataset or settings.dataset,
        sizes=(arguments.size,),
        layouts=(arguments.layout,),
        cases=tuple(load_cases(names)),
        effort=Effort(warmups, repetitions, own.statement_timeout_seconds, seed=arguments.seed),
        engines=ENGINES,
    )


def most_cores(asked: int | None) -> int:
    """Up to how many cores Spark is tried. Raises BadSetting when the machine has fewer."""
    there = len(os.sched_getaffinity(0))
    if asked is not None and not 1 <= asked <= there:
        raise BadSetting(f"--most-cores {asked}: this machine gives 1 to {there}")
    return asked or there


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, store the figures, print the table; exit 143 when stopped before the end."""
    plan, most = plan_of(arguments, settings), most_cores(arguments.most_cores)
    if reason := unavailable(settings):
        raise BadSetting(f"COST mode holds each engine to its cores, and here it cannot: {reason}")
    stop = job.stop_on_signal()
    require_tables(plan.dataset, settings)
    log.info("run %s: %d cases at %d rows, Spark on 1 to %d cores", plan.run_id, len(plan.cases), plan.sizes[0], most)
    found: list[Found] = []
    with opened(plan, fitted(settings, ONE), stop) as bench:
        _save_header(bench, most)
        finished = _measure_all(bench, most, found)
        save_stamp(bench.connection, plan.run_id, stamp(load_run(bench.connection, plan.run_id)))
    for line in table(found).splitlines():
        log.info("%s", line)
    job.write_result({"run_id": plan.run_id, "finished": finished} | {one.case: sentence(one) for one in found})
    return 0 if finished else job.STOPPED


def _save_header(bench: Bench, most: int) -> None:
    facts = environment(bench.configurations.items())
    facts["cost"] = f"PostgreSQL and DuckDB on one core, Spark on 1 to {most}"
    plan = bench.plan
    save_run(bench.connection, Run(plan.run_id, plan.dataset, datetime.now(UTC), facts, {}, ()))


def _measure_all(bench: Bench, most: int, found: list[Found]) -> bool:
    plan, size = bench.plan, bench.plan.sizes[0]
    targets = prepare(bench.ladder, size, plan.layouts[0], plan.engines)
    if targets is None:
        return False
    progress = job.Progress("cases", len(plan.cases))
    for case in plan.cases:
        one = _measure_case(bench, case, targets, most)
        if one is None:
            return False
        found.append(one)
        save_figures(bench.connection, plan.run_id, figures(one))
        log.info("%s: %s", one.case, sentence(one))
        progress.update(len(found))
    return True


def _measure_case(bench: Bench, case: Case, targets: Sequence[Target], most: int) -> Found | None:
    values, questions = _asked(bench, case, targets)
    rounds: list[Round] = []
    for cores in range(1, most + 1):
        budgets = {"postgres": ONE, "duckdb": ONE, "spark": Budget(cores)}
        with enforced({name: budgets[name] for name in bench.plan.engines}, bench.settings) as held:
            _require_held(held, budgets)
            taken = measure(
                questions, values, bench.plan.effort, ordered=case.ordered, decimals=case.decimals, stop=bench.stop
            )
        if taken is None:
            return None
        engines = [question.target.engine for question in questions]
        agree, unlike = agreement(engines, [one.timed for one in taken])
        errors = [timed.error for one in taken for timed in one.timed if timed.error]
        if errors or agree is not True:
            return Found(case.name, bench.plan.sizes[0], tuple(rounds), (errors or [unlike or "no answer"])[0])
        measured = {
            engine: tuple(timed.seconds for timed in one.timed if timed.repetition >= 0 and timed.seconds is not None)
            for engine, one in zip(engines, taken, strict=True)
        }
        rounds.append(Round(cores, measured))
    return Found(case.name, bench.plan.sizes[0], tuple(rounds))


def _asked(bench: Bench, case: Case, targets: Sequence[Target]) -> tuple[dict[str, Any], list[Question]]:
    row_store = next(target.relation for target in targets if target.engine == "postgres")
    return case.bind(bench.probe(case, row_store)), bench.questions(case, targets)


def _require_held(held: dict[str, Enforced], budgets: dict[str, Budget]) -> None:
    """Raise BadSetting where the kernel does not say what it was told."""
    for engine, limit in held.items():
        if limit.cores != budgets[engine].cores:
            raise BadSetting(f"{engine} was to have {budgets[engine].cores:g} cores and has {limit.cores}")


def figures(found: Found) -> list[Figure]:
    """All times by engine and cores, and the answer; none for a case that went wrong."""
    if found.wrong:
        return []
    key = {"case": found.case, "size_rows": str(found.size_rows)}
    times = {
        (engine, one.cores if engine == "spark" else 1): one.seconds[engine]
        for one in sorted(found.rounds, key=lambda r: r.cores)
        for engine in one.seconds
    }
    made = [
        Figure("cost_seconds", {**key, "engine": engine, "cores": str(cores)}, "s", seconds)
        for (engine, cores), seconds in times.items()
    ]
    answer = cost(found.rounds)
    values = (float(answer.cores),) if answer is not None and answer.cores is not None else ()
    return [*made, Figure("cost_cores", key, "cores", values, sentence(found))]


def sentence(found: Found) -> str:
    """The answer to both questions in words."""
    if found.wrong:
        return f"void: {found.wrong}"
    answer, third = cost(found.rounds), beats_both(found.rounds)
    if answer is None:
        return "no answer"
    told = "" if answer.sure else ", within the noise"
    if answer.cores is None:
        most = max(one.cores for one in found.rounds)
        first = f"{most} Spark cores do not match one PostgreSQL core: {answer.ratio:.2g} times as long{told}"
    else:
        first = f"{answer.cores} Spark cores match one PostgreSQL core ({answer.ratio:.2g} of its time{told})"
    second = {
        "yes": "one core of DuckDB beats both",
        "no": "one core of DuckDB does not beat both",
        "undecided": "whether one core of DuckDB beats both is undecided",
        None: "DuckDB was not asked",
    }[third]
    return f"{first}; {second}"


def table(found: Sequence[Found]) -> str:
    """Medians of all engines, a case a line, and the answers below."""
    most = max((one.cores for case in found for one in case.rounds), default=0)
    head = ["case", "postgres 1", "duckdb 1", *(f"spark {n}" for n in range(1, most + 1)), "cost in Spark cores"]
    rows = [head, *(_row(one, most) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            text.rjust(width) if n else text.ljust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    answers = [f"{one.case}: {sentence(one)}" for one in found]
    return "\n".join(["median seconds with so many cores", *lines, "", *answers])


def _row(found: Found, most: int) -> list[str]:
    by_cores = {one.cores: one for one in found.rounds}
    answer = None if found.wrong else cost(found.rounds)
    told = "-" if answer is None else f"more than {most}" if answer.cores is None else str(answer.cores)
    return [
        found.case,
        _median(by_cores.get(1), "postgres"),
        _median(by_cores.get(1), "duckdb"),
        *(_median(by_cores.get(n), "spark") for n in range(1, most + 1)),
        told,
    ]


def _median(one: Round | None, engine: str) -> str:
    summary = one.summary(engine) if one else None
    return "-" if summary is None else duration(summary.median)
