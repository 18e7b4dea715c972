"""One benchmark run: for each layout and size, prove the stores equal, then ask every case in both engines."""

import contextlib
import dataclasses
import gc
import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import dict_row

from crossover import job
from crossover.benchmark import table
from crossover.benchmark.cases import Case
from crossover.benchmark.judge import judge
from crossover.benchmark.measure import Effort, Question, Target, measure
from crossover.benchmark.results import Cell, Run, save_cell, save_run
from crossover.benchmark.rungs import Ladder, prepare
from crossover.benchmark.validity.environment import environment, load_average
from crossover.benchmark.validity.workers import Evidence, evidence
from crossover.connections import connect_postgres, connect_spark
from crossover.engines.base import Engine
from crossover.engines.postgres import PostgresEngine
from crossover.engines.spark import SparkEngine
from crossover.engines.workers import since
from crossover.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What is to be measured."""

    run_id: str
    dataset: str
    sizes: tuple[int, ...]
    layouts: tuple[str, ...]
    cases: tuple[Case, ...]
    effort: Effort


@dataclass(frozen=True)
class Outcome:
    """What was measured; `finished` is false after a stop."""

    cells: list[Cell]
    seconds: float
    finished: bool
    workers: Evidence

    def summary(self, plan: Plan) -> dict[str, Any]:
        """The small result of the job."""
        return {
            "run_id": plan.run_id,
            "dataset": plan.dataset,
            "layout": ",".join(plan.layouts),
            "cells": len(self.cells),
            "errors": sum(cell.error is not None for cell in self.cells),
            "disagreements": sum(cell.answers_agree is False for cell in self.cells),
            "seconds": round(self.seconds, 1),
            "finished": self.finished,
            "spark_workers": self.workers.words,
        }


def run_plan(plan: Plan, settings: Settings, stop: threading.Event) -> Outcome:
    """Measure all that is planned, or as much as can be done before `stop`. Raises the errors of a ServiceError."""
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect_postgres(settings, application="benchmark", autocommit=True))
        postgres, spark = PostgresEngine(settings), SparkEngine(settings)
        stack.callback(postgres.close)
        stack.callback(spark.close)
        # A session of its own: it makes tables, and must see each commit at once.
        maker = connect_spark(settings)
        stack.callback(maker.stop)
        ladder = Ladder(connection, maker, settings, plan.run_id, plan.dataset, stop)
        before = spark.workers()
        bench = Bench(plan, ladder, {"postgres": postgres, "spark": spark})
        started = time.monotonic()
        finished = bench.run()
        found = evidence(None if before is None else since(before, spark.workers() or []))
        bench.save_header({f"spark workers, {', '.join(plan.layouts)}": found.words})
        return Outcome(bench.cells, time.monotonic() - started, finished, found)


class Bench:
    """The loop over layouts, sizes and cases; keeps the cells that are done."""

    def __init__(self, plan: Plan, ladder: Ladder, engines: dict[str, Engine]) -> None:
        self.plan, self.ladder, self.engines = plan, ladder, engines
        self.connection, self.stop = ladder.connection, ladder.stop
        self.configurations = {name: engine.configuration() for name, engine in engines.items()}
        self.cells: list[Cell] = []

    def run(self) -> bool:
        """Measure all that is planned; each cell is stored as soon as it is done. False after a stop."""
        self.save_header(environment(self.configurations.items()))
        cores = {name: configuration.get("cores", "unknown") for name, configuration in self.configurations.items()}
        if len(set(cores.values())) > 1:
            log.warning("the engines do not have the same number of cores: %s", cores)
        # What lives by now lives to the end: it need not be searched for garbage again and again.
        gc.freeze()
        progress = job.Progress("cases", len(self.plan.layouts) * len(self.plan.sizes) * len(self.plan.cases))
        return all(self._run_size(size, layout, progress) for layout in self.plan.layouts for size in self.plan.sizes)

    def save_header(self, facts: dict[str, str]) -> None:
        """Write the run's header, or add these facts to its environment."""
        plan = self.plan
        chosen = {
            "sizes": list(plan.sizes),
            "cases": [case.name for case in plan.cases],
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

    def _run_size(self, size: int, layout: str, progress: job.Progress) -> bool:
        with job.group(f"{size:,} rows, {layout}"):
            targets = prepare(self.ladder, size, layout)
            if targets is None:
                return False
            for case in self.plan.cases:
                cells = self._run_case(case, size, targets)
                if cells is None:
                    return False
                self.cells += cells
                self._report(cells)
                progress.update(len(self.cells) // len(targets))
        return True

    def _run_case(self, case: Case, size: int, targets: list[Target]) -> list[Cell] | None:
        values = case.bind(self._probe(case, targets))
        questions = [
            Question(
                self.engines[target.engine],
                target,
                case.statement(target.engine, target.relation),
                self.configurations[target.engine],
            )
            for target in targets
        ]
        taken = measure(
            questions, values, self.plan.effort, ordered=case.ordered, decimals=case.decimals, stop=self.stop
        )
        return None if taken is None else judge(case.name, size, values, questions, taken)

    def _probe(self, case: Case, targets: list[Target]) -> dict[str, Any]:
        relation = next(target.relation for target in targets if target.engine == "postgres")
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
