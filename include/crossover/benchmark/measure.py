"""The measured loop. Between the two clock readings there is one call and nothing else.

Warm-ups go on until an engine's times are steady. Then come blocks: in each, every engine is asked twice in random
order (seeded), once as arm a and once as arm b. Drift of the machine meets both engines alike within a block, and an
engine's own arms tell how much it differs from itself.
"""

import gc
import math
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crossover.benchmark.canonical import Canonical, canonical
from crossover.benchmark.statistics import steady
from crossover.engines.base import Answer, Engine
from crossover.errors import CrossoverError

# After so many failures an engine has shown that it cannot answer; each more could cost a whole time-out.
MAXIMUM_ERRORS = 2
ARMS = ("a", "b")


@dataclass(frozen=True)
class Target:
    """The data that one engine is asked about; `relation` is SQL of its dialect."""

    engine: str
    layout: str
    relation: str
    rows: int
    bytes: int
    files: int | None


@dataclass(frozen=True)
class Question:
    """What one engine is asked, over what, and in which configuration."""

    engine: Engine
    target: Target
    statement: str
    configuration: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class Effort:
    """How often and how long an engine is asked; times are in seconds.

    At least `repetitions` samples a cell, and more until the interval of the median is within `halfwidth` of it on
    either side, `most` samples are taken, or the cells that are measured together have taken `seconds`. `warmups` is
    the most that are spent to find a steady state; without any, none is looked for.
    """

    warmups: int
    repetitions: int
    timeout_seconds: float
    most: int = 0
    halfwidth: float = 0.1
    seed: int = 1
    seconds: float | None = None

    @property
    def blocks(self) -> int:
        """Fewest blocks: each brings a sample of each arm."""
        return -(-self.repetitions // len(ARMS))

    @property
    def most_blocks(self) -> int:
        """Most blocks."""
        return max(self.blocks, self.most // len(ARMS))


@dataclass(frozen=True)
class Timed:
    """One execution: an answer and its time, or an error."""

    repetition: int
    seconds: float | None
    answer: Canonical | None
    error: str | None
    arm: str = "a"
    block: int = 0


@dataclass(frozen=True)
class Taken:
    """All executions of one question, warm-ups first; `steady`: these ended in a steady state, or none was wanted."""

    timed: tuple[Timed, ...]
    steady: bool


Prepare = Callable[[Question], None]


def measure(
    questions: Sequence[Question],
    parameters: Mapping[str, Any],
    effort: Effort,
    *,
    ordered: bool,
    decimals: int,
    stop: threading.Event,
    before_each: Prepare | None = None,
) -> list[Taken] | None:
    """Ask all engines; the executions of each question in order, or None when `stop` was set before the end.

    `before_each` makes the cache state before an execution, outside the clock.
    """
    loop = _Loop(list(questions), parameters, effort, ordered, decimals, stop, before_each)
    spent = math.inf if effort.seconds is None else time.perf_counter() + effort.seconds
    if not loop.warm_up():
        return None
    order = random.Random(effort.seed)
    for block in range(1, effort.most_blocks + 1):
        if not loop.block(block, order):
            return None
        if block >= effort.blocks and (
            time.perf_counter() >= spent
            or steady.enough(
                loop.measured(), minimum=0, maximum=effort.most, wanted_relative_halfwidth=effort.halfwidth
            )
        ):
            break
    return loop.taken()


class _Loop:
    """The state of one measurement."""

    def __init__(
        self,
        questions: list[Question],
        parameters: Mapping[str, Any],
        effort: Effort,
        ordered: bool,
        decimals: int,
        stop: threading.Event,
        before_each: Prepare | None,
    ) -> None:
        self.questions, self.parameters, self.effort = questions, parameters, effort
        self.ordered, self.decimals, self.stop, self.before_each = ordered, decimals, stop, before_each
        self.timed: list[list[Timed]] = [[] for _ in questions]
        self.steady = [effort.warmups == 0] * len(questions)

    def warm_up(self) -> bool:
        """Ask engines in turn until each is steady or its warm-ups are spent. False after a stop."""
        for _ in range(self.effort.warmups):
            waiting = [n for n, steady_now in enumerate(self.steady) if not steady_now and not self._given_up(n)]
            for n in waiting:
                if self.stop.is_set():
                    return False
                self.timed[n].append(self._ask(n, 0))
                self.steady[n] = steady.warmed_up([t.seconds for t in self.timed[n] if t.seconds is not None])
        for executions in self.timed:
            executions[:] = [replace(t, repetition=i - len(executions)) for i, t in enumerate(executions)]
        return True

    def block(self, block: int, order: random.Random) -> bool:
        """One block. False after a stop."""
        turns = [(n, arm) for n in range(len(self.questions)) for arm in range(len(ARMS))]
        order.shuffle(turns)
        for n, arm in turns:
            if self.stop.is_set():
                return False
            if not self._given_up(n):
                repetition = len(ARMS) * (block - 1) + arm + 1
                self.timed[n].append(replace(self._ask(n, repetition), arm=ARMS[arm], block=block))
        return True

    def measured(self) -> dict[str, list[float]]:
        """Times so far of each question, warm-ups left out; an engine that was given up has no say."""
        return {
            f"{n} {self.questions[n].target.engine}": [
                t.seconds for t in executions if t.block and t.seconds is not None
            ]
            for n, executions in enumerate(self.timed)
            if not self._given_up(n)
        }

    def taken(self) -> list[Taken]:
        """What was taken, in the order of the repetitions."""
        return [
            Taken(tuple(sorted(executions, key=lambda t: t.repetition)), calm)
            for executions, calm in zip(self.timed, self.steady, strict=True)
        ]

    def _given_up(self, n: int) -> bool:
        return sum(t.error is not None for t in self.timed[n]) >= MAXIMUM_ERRORS

    def _ask(self, n: int, repetition: int) -> Timed:
        question = self.questions[n]
        try:
            if self.before_each is not None:
                self.before_each(question)
            answer, seconds = _clocked(question, self.parameters, self.effort.timeout_seconds)
            return Timed(repetition, seconds, canonical(answer, ordered=self.ordered, decimals=self.decimals), None)
        except CrossoverError as error:
            return Timed(repetition, None, None, error.message)


def _clocked(question: Question, parameters: Mapping[str, Any], timeout_seconds: float) -> tuple[Answer, float]:
    query, statement = question.engine.query, question.statement
    # A collection of this process's garbage is no work of the engine's.
    gc.disable()
    try:
        started = time.perf_counter()
        answer = query(statement, parameters, timeout_seconds=timeout_seconds)
        ended = time.perf_counter()
    finally:
        gc.enable()
    return answer, ended - started
