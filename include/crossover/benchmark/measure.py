"""The measured loop. Between the two clock readings there is one call and nothing else."""

import gc
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crossover.benchmark.canonical import Canonical, canonical
from crossover.engines.base import Answer, Engine
from crossover.errors import CrossoverError

# After so many failures an engine has shown that it cannot answer; each more could cost a whole time-out.
MAXIMUM_ERRORS = 2


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
    """How often and how long an engine is asked; the time limit is in seconds."""

    warmups: int
    repetitions: int
    timeout_seconds: float


@dataclass(frozen=True)
class Timed:
    """One execution: an answer and its time, or an error."""

    repetition: int
    seconds: float | None
    answer: Canonical | None
    error: str | None


def measure(
    questions: Sequence[Question],
    parameters: Mapping[str, Any],
    effort: Effort,
    *,
    ordered: bool,
    decimals: int,
    stop: threading.Event,
) -> list[list[Timed]] | None:
    """Ask all engines in turn; the engine that begins changes with each repetition.

    Returns the executions of each question, in order; None when `stop` was set before the end. A warm-up has a
    negative repetition. An engine that failed twice is not asked again.
    """
    taken: list[list[Timed]] = [[] for _ in questions]
    repetitions = [*range(-effort.warmups, 0), *range(1, effort.repetitions + 1)]
    for turn, repetition in enumerate(repetitions):
        order = list(zip(questions, taken, strict=True))
        for question, executions in order if turn % 2 == 0 else reversed(order):
            if stop.is_set():
                return None
            if sum(timed.error is not None for timed in executions) < MAXIMUM_ERRORS:
                executions.append(_timed(question, parameters, repetition, effort, ordered=ordered, decimals=decimals))
    return taken


def _timed(
    question: Question, parameters: Mapping[str, Any], repetition: int, effort: Effort, *, ordered: bool, decimals: int
) -> Timed:
    try:
        answer, seconds = _clocked(question, parameters, effort.timeout_seconds)
        return Timed(repetition, seconds, canonical(answer, ordered=ordered, decimals=decimals), None)
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
