"""`crossover benchmark noise`: each engine against itself, several times. A winner there is a false one."""

import argparse
import dataclasses
import logging
from collections.abc import Sequence

from crossover import job
from crossover.benchmark.judge import State, judge
from crossover.benchmark.measure import Question, measure
from crossover.benchmark.results import Cell, Figure, save_figures
from crossover.benchmark.run import Bench, Plan, opened
from crossover.benchmark.rungs import prepare
from crossover.benchmark.statistics.noise import compare, noise_floors
from crossover.benchmark.verbs.plan import add_plan_arguments, plan_of, ready
from crossover.connections import connect_postgres
from crossover.errors import AnswersDiffer
from crossover.settings import Settings

log = logging.getLogger(__name__)

TWIN = "{}'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, and how often the whole is repeated."""
    add_plan_arguments(parser, sizes="200000")
    parser.add_argument("--repeats", type=int, default=5, help="how often all cases are measured, twice side by side")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print who would have won against itself; exit 4 when anybody would."""
    plan = plan_of(arguments, settings)
    stop = job.stop_on_signal()
    ready(plan, settings)
    false_winners = dict.fromkeys(plan.engines, 0)
    with opened(plan, settings, stop) as bench:
        bench.begin()
        for repeat in range(1, arguments.repeats + 1):
            with job.group(f"A/A, repeat {repeat} of {arguments.repeats}"):
                pairs: list[tuple[Cell, Cell]] = []
                for engine in plan.engines:
                    found = _against_itself(bench, plan, engine, repeat)
                    if found is None:
                        return job.STOPPED
                    pairs += found
                for engine in winners(pairs):
                    false_winners[engine] += 1
    figures = [Figure("aa_false_winners", {"engine": e}, "count", (float(n),)) for e, n in false_winners.items()]
    with connect_postgres(settings, application="benchmark", autocommit=True) as connection:
        save_figures(connection, plan.run_id, figures)
    job.write_result({"run_id": plan.run_id, "repeats": arguments.repeats, "false_winners": false_winners})
    log.info("winners against themselves in %d repeats: %s", arguments.repeats, false_winners)
    if any(false_winners.values()):
        raise AnswersDiffer("an engine won against itself", cure="more samples, or a quieter machine")
    return 0


def winners(pairs: Sequence[tuple[Cell, Cell]]) -> list[str]:
    """Which engine won against itself, once for each time it did; each comparison becomes a line of the log.

    A repeat is judged as a run is: floors from all its cells, each comparison corrected for all that it makes.
    """
    floors = noise_floors(cell for pair in pairs for cell in pair)
    found: list[str] = []
    for one, other in pairs:
        difference = compare(one, other, floors, family=len(pairs))
        ratio = "none" if difference.ratio is None else f"{difference.ratio:.3f}"
        won = f"false winner: {difference.faster}" if difference.faster else f"no winner: {difference.reason}"
        log.info("%s %s: ratio %s, p %.3f, %s", one.engine, one.case, ratio, difference.p_value, won)
        if difference.faster:
            found.append(one.engine)
    log.info("noise floors: %s", ", ".join(f"{engine} {floor:.3f}" for engine, floor in floors.items()))
    return found


def _against_itself(bench: Bench, plan: Plan, engine: str, repeat: int) -> list[tuple[Cell, Cell]] | None:
    """All cases at the first size in the first layout, as two engines that are one; None after a stop."""
    targets = prepare(bench.ladder, plan.sizes[0], plan.layouts[0], ("postgres", engine))
    if targets is None:
        return None
    row_store, target = targets
    pairs: list[tuple[Cell, Cell]] = []
    for case in plan.cases:
        statement = case.statement(engine, target.relation)
        questions = [
            Question(bench.engines[engine], dataclasses.replace(target, engine=name), statement, {})
            for name in (engine, TWIN.format(engine))
        ]
        effort = dataclasses.replace(plan.effort, seed=plan.effort.seed + repeat)
        values = case.bind(bench.probe(case, row_store.relation))
        taken = measure(questions, values, effort, ordered=case.ordered, decimals=case.decimals, stop=bench.stop)
        if taken is None:
            return None
        one, other = judge(case.name, plan.sizes[0], values, questions, taken, [None, None], State())
        pairs.append((one, other))
    return pairs
