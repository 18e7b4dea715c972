"""The parts of the write benchmark: each can be run, and run again, on its own; what it found is saved at its end."""

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from crossover.benchmark.results import Figure, Run, list_runs, load_run, save_figures, save_run
from crossover.benchmark.validity.environment import environment, load_average
from crossover.benchmark.write import bytes as on_disk
from crossover.benchmark.write import cpu, freshness, methods, rate
from crossover.benchmark.write.line import Line, make_dataset, stream
from crossover.benchmark.write.search import Bounds
from crossover.connections import connect_postgres
from crossover.errors import ServiceError
from crossover.job import group
from crossover.settings import Settings

log = logging.getLogger(__name__)

# In this order: cpu and freshness take their load from the rate that was found, bytes needs the records that were sent.
PARTS = ("methods", "rate", "freshness", "cpu", "bytes")
ON_THE_LINE = {"rate", "freshness", "cpu"}
# Freshness and CPU time are those of a line that is busy and not at its limit.
SHARE_OF_SUSTAINED = 0.5


@dataclass(frozen=True)
class Plan:
    """What is measured. `background` is in records a second, None = half of the sustained rate of the run."""

    run_id: str
    dataset: str
    parts: tuple[str, ...]
    stream: Literal["own", "given"]
    rows: int
    repetitions: int
    seed: int
    bounds: Bounds
    limits: rate.Limits
    background: float | None


def run_parts(plan: Plan, settings: Settings, stop: threading.Event) -> list[Figure]:
    """Measure the planned parts; each part's figures are saved as soon as it is done.

    Raises ServiceError when no rate held, Stopped; what was found before is saved.
    """
    done: list[Figure] = []
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect_postgres(settings, application="benchmark", autocommit=True))
        dataset = save_header(connection, plan)
        work = Work(plan, settings, stop, connection, dataset)
        stack.callback(work.close_line)
        if ON_THE_LINE & set(plan.parts):
            make_dataset(plan.dataset, settings, plan.stream)
        for part in PARTS:
            if part in plan.parts:
                if part not in ON_THE_LINE:
                    work.close_line()
                with group(f"part {part}"):
                    done += work.run(part)
    return done


def save_header(connection: Any, plan: Plan) -> str:
    """Write or complete the run's header; returns the run's dataset, which is another one in a run of read cells."""
    known = {header.run_id: header.dataset for header in list_runs(connection)}
    dataset = known.get(plan.run_id, plan.dataset)
    chosen = {f.name: getattr(plan, f.name) for f in dataclasses.fields(plan) if f.name not in {"run_id", "parts"}}
    chosen |= {"bounds": dataclasses.asdict(plan.bounds), "limits": dataclasses.asdict(plan.limits)}
    header = Run(
        run_id=plan.run_id,
        dataset=dataset,
        started_at=datetime.now(UTC),
        environment=environment([]),
        settings={f"write {part}": chosen | {"load average at start": load_average()} for part in plan.parts},
        cells=(),
    )
    save_run(connection, header)
    return dataset


class Work:
    """Runs one part after another over one connection, on which nothing is timed."""

    def __init__(
        self, plan: Plan, settings: Settings, stop: threading.Event, connection: Any, run_dataset: str
    ) -> None:
        self.plan, self.settings, self.stop = plan, settings, stop
        self.connection, self.run_dataset = connection, run_dataset
        self._line_end = contextlib.ExitStack()
        self._line: Line | None = None

    def run(self, part: str) -> list[Figure]:
        """The part's figures, saved. Raises ServiceError, Stopped."""
        parts: dict[str, Callable[[], list[Figure]]] = {
            "methods": self._methods,
            "rate": self._rate,
            "freshness": self._freshness,
            "cpu": self._cpu,
            "bytes": self._bytes,
        }
        return self._save(parts[part]())

    def _save(self, figures: list[Figure]) -> list[Figure]:
        save_figures(self.connection, self.plan.run_id, figures)
        return figures

    def _methods(self) -> list[Figure]:
        plan = self.plan
        load = self.settings.load
        return methods.measure(
            methods.Plan(plan.run_id, plan.rows, plan.repetitions, plan.seed, load.batch_records),
            self.settings,
            self.stop,
        )

    def _rate(self) -> list[Figure]:
        found, trials = rate.find_rate(self.line(), self.plan.bounds, self.plan.limits)
        figures = rate.figures(found, trials, self.plan.limits)
        if found.rate is None:
            self._save(figures)
            raise ServiceError(
                f"no rate held, down to {min(trial.rate for trial in trials):,.0f} records/s: "
                f"{'; '.join(trials[-1].reasons)}",
                cure="a lower --lowest, longer --seconds, or more --tries; crossover status",
            )
        log.info("sustained: %s records/s", f"{found.rate:,.0f}")
        return figures

    def _freshness(self) -> list[Figure]:
        limits, background = self.plan.limits, self._background()
        plan = freshness.Plan(background, limits.seconds, limits.batch, limits.connections)
        return freshness.measure(self.line(), plan)

    def _cpu(self) -> list[Figure]:
        background = self._background()
        return cpu.measure(self.line(), background, self.plan.limits)

    def _bytes(self) -> list[Figure]:
        return on_disk.measure(self.plan.run_id, self.run_dataset, self.settings, self.stop)

    def line(self) -> Line:
        """The line, up and warm; the parts that need it share it."""
        if self._line is None:
            plan = self.plan
            require_stream = self._line_end.enter_context(stream(plan.dataset, self.settings, plan.stream))
            line = Line(self.connection, self.settings, plan.dataset, self.stop, require_stream)
            line.prime()
            self._line = line
        return self._line

    def close_line(self) -> None:
        """End the stream, if it was started here."""
        self._line = None
        self._line_end.close()

    def _background(self) -> float:
        if self.plan.background is not None:
            return self.plan.background
        run = load_run(self.connection, self.plan.run_id)
        sustained = [figure for figure in run.figures if figure.name == "sustained_rate"]
        if not sustained:
            log.warning("no sustained rate is known of run %s: taking --start", self.plan.run_id)
            return self.plan.bounds.start
        return SHARE_OF_SUSTAINED * min(sustained[0].values)
