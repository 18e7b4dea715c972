"""One benchmark run: for each layout and size, prove the stores equal, then ask every case in all engines."""

import contextlib
import dataclasses
import gc
import logging
import random
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import dict_row

from crossover import job
from crossover.benchmark import table
from crossover.benchmark.cases import Case
from crossover.benchmark.judge import State, judge, not_available
from crossover.benchmark.measure import Effort, Question, Taken, Target, measure
from crossover.benchmark.results import Cell, Evidence, Run, Stamp, load_run, save_cell, save_run, save_stamp
from crossover.benchmark.rungs import Ladder, prepare
from crossover.benchmark.state import caches, conditions
from crossover.benchmark.state.budget import Budget, Enforced, enforced, fitted
from crossover.benchmark.state.conditions import Interference
from crossover.benchmark.statistics.summary import MINIMUM_FOR_WINNER
from crossover.benchmark.validity.environment import environment, load_average
from crossover.benchmark.validity.stamp import passing_reasons, stamp
from crossover.benchmark.validity.watch import Watch, exclusive
from crossover.benchmark.validity.workers import WorkersSeen, workers_seen
from crossover.connections import connect_postgres, connect_spark
from crossover.engines.base import Engine
from crossover.engines.registry import open_engine
from crossover.engines.spark import SparkEngine
from crossover.engines.workers import since
from crossover.errors import StoresDiffer
from crossover.settings import Settings

log = logging.getLogger(__name__)

# A cell that was disturbed is measured so often in all, before it makes its run invalid.
ATTEMPTS = 3
# A machine on which so many cells of one job were disturbed is busy and stays so.
MOST_REPEATS = 10


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    `noise_rate` = records a second that flow in the conditions in which any do;
    `budget` = what each engine may use, None = all there is.
    """

    run_id: str
    dataset: str
    sizes: tuple[int, ...]
    layouts: tuple[str, ...]
    cases: tuple[Case, ...]
    effort: Effort
    engines: tuple[str, ...] = ("postgres", "spark")
    states: tuple[State, ...] = (State(),)
    noise_rate: float = 5000.0
    budget: Budget | None = None


@dataclass(frozen=True)
class Outcome:
    """What was measured; `finished` is false after a stop."""

    cells: list[Cell]
    seconds: float
    finished: bool
    workers: WorkersSeen
    stamp: Stamp

    def summary(self, plan: Plan) -> dict[str, Any]:
        """The small result of the job."""
        return {
            "run_id": plan.run_id,
            "dataset": plan.dataset,
            "layout": ",".join(plan.layouts),
            "cases": ",".join(case.name for case in plan.cases),
            "sizes": sorted({cell.size_rows for cell in self.cells}),
            "cells": len(self.cells),
            "errors": sum(cell.error is not None for cell in self.cells),
            "disagreements": sum(cell.answers_agree is False for cell in self.cells),
            "seconds": round(self.seconds, 1),
            "finished": self.finished,
            "spark_workers": self.workers.words,
            "valid": self.stamp.valid,
            "reasons": list(self.stamp.reasons),
        }


@contextlib.contextmanager
def opened(plan: Plan, settings: Settings, stop: threading.Event) -> "Iterator[Bench]":
    """A bench with its engines and ladder, alone on the stores. Raises ServiceError; BadInput for a taken run id."""
    with contextlib.ExitStack() as stack:
        held: dict[str, Enforced] = {}
        if plan.budget is not None:
            settings = fitted(settings, plan.budget)
            held = stack.enter_context(enforced(dict.fromkeys(plan.engines, plan.budget), settings))
        connection = stack.enter_context(connect_postgres(settings, application="benchmark", autocommit=True))
        engines: dict[str, Engine] = {}
        for name in plan.engines:
            engines[name] = open_engine(name, settings)
            stack.callback(engines[name].close)
        # A session of its own: it makes tables, and must see each commit at once.
        maker = connect_spark(settings)
        stack.callback(maker.stop)
        ladder = Ladder(connection, maker, settings, plan.run_id, plan.dataset, stop)
        stack.enter_context(exclusive(connection, plan.run_id))
        yield Bench(plan, ladder, engines, settings, held)


def run_plan(plan: Plan, settings: Settings, stop: threading.Event) -> Outcome:
    """Measure all that is planned, or as much as can be done before `stop`."""
    with opened(plan, settings, stop) as bench:
        bench.begin()
        progress = job.Progress("cases", len(plan.layouts) * len(plan.sizes) * len(plan.cases) * len(plan.states))
        finished = all(bench.measure_size(size, layout, progress) for layout in plan.layouts for size in plan.sizes)
        return bench.end(finished)


class Bench:
    """Measures cells and keeps those that are done."""

    def __init__(
        self, plan: Plan, ladder: Ladder, engines: dict[str, Engine], settings: Settings, held: Mapping[str, Enforced]
    ) -> None:
        self.plan, self.ladder, self.engines, self.settings = plan, ladder, engines, settings
        self.connection, self.stop = ladder.connection, ladder.stop
        self.configurations = {name: engine.configuration() for name, engine in engines.items()}
        self.watch = Watch(self.connection, settings, plan.run_id)
        self.held = held
        # With fewer samples no winner is named whatever happens.
        self.repeats = MOST_REPEATS if plan.effort.repetitions >= MINIMUM_FOR_WINNER else 0
        self._marks = contextlib.ExitStack()
        self.order = random.Random(f"{plan.effort.seed} {plan.run_id}")
        self.cells: list[Cell] = []
        self._workers_before = self._spark_workers()
        self._started = time.monotonic()

    def begin(self) -> None:
        """Write the run's header."""
        self.save_header(environment(self.configurations.items()))
        cores = {name: configuration.get("cores", "unknown") for name, configuration in self.configurations.items()}
        if len(set(cores.values())) > 1:
            log.warning("the engines do not have the same number of cores: %s", cores)
        # What lives by now lives to the end: it need not be searched for garbage again and again.
        gc.freeze()

    def end(self, finished: bool) -> Outcome:
        """Write what the executors did, and the stamp over all that the run holds by now."""
        before, after = self._workers_before, self._spark_workers()
        found = workers_seen(None if before is None else since(before, after or []))
        self.save_header({f"spark workers, {', '.join(self.plan.layouts)}": found.words})
        stamped = stamp(load_run(self.connection, self.plan.run_id))
        save_stamp(self.connection, self.plan.run_id, stamped)
        self._marks.close()
        return Outcome(self.cells, time.monotonic() - self._started, finished, found, stamped)

    def _spark_workers(self) -> Any:
        engine = self.engines.get("spark")
        return engine.workers() if isinstance(engine, SparkEngine) else None

    def save_header(self, facts: dict[str, str]) -> None:
        """Write the run's header, or add these facts to its environment."""
        plan = self.plan
        chosen = {
            "sizes": sorted({*plan.sizes, *(cell.size_rows for cell in self.cells)}),
            "cases": [case.name for case in plan.cases],
            "engines": list(plan.engines),
            "states": [dataclasses.asdict(state) for state in plan.states],
            **dataclasses.asdict(plan.effort),
            "load average at start": load_average(),
        }
        header = Run(
            run_id=plan.run_id,
            dataset=plan.dataset,
            started_at=datetime.now(UTC),
            environment=facts,
            settings=dict.fromkeys(plan.layouts, chosen),
            cells=(),
        )
        save_run(self.connection, header)

    def measure_size(
        self, size: int, layout: str, progress: job.Progress, chosen: Collection[Case] | None = None
    ) -> bool:
        """All cases, or those chosen, at one size and layout in seeded random order; False after a stop.

        Each cell is stored when it is done.
        """
        plan = self.plan
        with job.group(f"{size:,} rows, {layout}"):
            targets = self._prepare(size, layout)
            if targets is None:
                return False
            cases = [case for case in plan.cases if chosen is None or case in chosen]
            self.order.shuffle(cases)
            return all(self._measure_state(state, cases, size, targets, progress) for state in plan.states)

    def _prepare(self, size: int, layout: str) -> list[Target] | None:
        try:
            return prepare(self.ladder, size, layout, self.plan.engines)
        except StoresDiffer as error:
            # A run that was refused says so, also to who reads only what is stored.
            self.save_header({f"stores at {size:,} rows": f"refused: {error.message}"})
            save_stamp(self.connection, self.plan.run_id, stamp(load_run(self.connection, self.plan.run_id)))
            raise

    def _measure_state(
        self, state: State, cases: Sequence[Case], size: int, targets: list[Target], progress: job.Progress
    ) -> bool:
        plan = self.plan
        reason = caches.unavailable(state.cache, self.settings) or conditions.unavailable(
            state.condition, self.settings
        )
        if reason:
            log.warning("%s, %s: not available here: %s", state.cache, state.condition, reason)
            for case in cases:
                self._keep(not_available(case.name, size, self.questions(case, targets), reason, state), progress)
            return True
        with conditions.during(
            state.condition, self.settings, self.stop, rate=plan.noise_rate, dataset=plan.dataset
        ) as interference:
            for case in cases:
                # What the engines say of themselves costs a second, so it is asked once a size.
                deep = case is cases[-1]
                cells = self._measured_in_peace(case, size, targets, state, interference, deep=deep)
                if cells is None:
                    return False
                self._keep(cells, progress)
        return True

    def _keep(self, cells: list[Cell], progress: job.Progress) -> None:
        self.cells += cells
        self._report(cells)
        progress.update(len(self.cells) // len(cells))

    def _measured_in_peace(
        self, case: Case, size: int, targets: list[Target], state: State, interference: Interference, *, deep: bool
    ) -> list[Cell] | None:
        """The case's cells; measured again, a few times, when something went on around them that may pass."""
        for attempt in range(1, ATTEMPTS + 1):
            look = interference.look()
            cells = self._measure_case(case, size, targets, state, deep=deep)
            if cells is None:
                return None
            held = interference.since(look)
            cells = [_in_condition(cell, held) for cell in cells]
            reasons = list(dict.fromkeys(reason for cell in cells for reason in passing_reasons(cell)))
            if not reasons or attempt == ATTEMPTS or not self.repeats:
                break
            self.repeats -= 1
            log.warning("measured again: %s", "; ".join(reasons))
        return cells

    def _measure_case(
        self, case: Case, size: int, targets: list[Target], state: State, *, deep: bool
    ) -> list[Cell] | None:
        row_store = next(target.relation for target in targets if target.engine == "postgres")
        values = case.bind(self.probe(case, row_store))
        questions = self.questions(case, targets)
        made: dict[str, str] = {}

        def before_each(question: Question) -> None:
            made[question.target.engine] = caches.prepare(state.cache, question.engine, self.settings)

        # A first question cannot be warmed up for.
        effort = self.plan.effort if state.cache == "hot" else dataclasses.replace(self.plan.effort, warmups=0)
        look = self.watch.look(questions)
        taken = measure(
            questions,
            values,
            effort,
            ordered=case.ordered,
            decimals=case.decimals,
            stop=self.stop,
            before_each=before_each,
        )
        if state.cache == "cold":
            self._connect_again()
        if taken is None:
            return None
        seen = self.watch.since(look, questions, deep=deep)
        evidence = self._evidence(questions, taken, seen, made)
        return judge(case.name, size, values, questions, taken, evidence, state, tolerance=case.tolerance)

    def questions(self, case: Case, targets: Sequence[Target]) -> list[Question]:
        """What each engine that can answer the case is asked."""
        return [
            Question(
                self.engines[target.engine],
                target,
                case.statement(target.engine, target.relation),
                self.configurations[target.engine],
            )
            for target in targets
            if target.engine in case.dialects
        ]

    def _evidence(
        self, questions: Sequence[Question], taken: Sequence[Taken], seen: Sequence[Evidence], made: Mapping[str, str]
    ) -> list[Evidence]:
        free = Enforced(None, None, "")
        budgets = [self.held.get(question.target.engine, free) for question in questions]
        return [
            dataclasses.replace(
                each,
                steady=done.steady,
                asked_samples=self.plan.effort.repetitions,
                cache_made=made.get(question.target.engine, ""),
                cores=budget.cores,
                memory_bytes=budget.memory_bytes,
            )
            for question, done, each, budget in zip(questions, taken, seen, budgets, strict=True)
        ]

    def _connect_again(self) -> None:
        """The servers were restarted: what spoke to them is gone."""
        self.connection.close()
        self.connection = connect_postgres(self.settings, application="benchmark", autocommit=True)
        self.watch.connection = self.connection
        self._marks.enter_context(exclusive(self.connection, self.plan.run_id))
        self.ladder = dataclasses.replace(self.ladder, connection=self.connection, spark=connect_spark(self.settings))

    def probe(self, case: Case, relation: str) -> dict[str, Any]:
        """The values that the case takes from the data, asked of PostgreSQL's copy."""
        query = case.probe(relation)
        if query is None:
            return {}
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode()).fetchone() or {}

    def _report(self, cells: list[Cell]) -> None:
        for cell in cells:
            save_cell(self.connection, self.plan.run_id, cell)
            job.bench_line(table.figures(cell))
            if cell.error:
                log.error("%s on %s: %s", cell.case, cell.engine, cell.error)
        log.info("%s", table.sentence(cells))


def _in_condition(cell: Cell, held: conditions.Held) -> Cell:
    if cell.evidence is None:
        return cell
    evidence = dataclasses.replace(cell.evidence, condition_made=held.words, condition_failed=held.reasons)
    return dataclasses.replace(cell, evidence=evidence)
