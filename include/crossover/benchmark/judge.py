"""From executions to cells: who answered, and do the answers agree?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crossover.benchmark.canonical import TOLERANCE, difference
from crossover.benchmark.measure import Question, Taken, Timed
from crossover.benchmark.results import Cell, Evidence, Sample
from crossover.benchmark.validity.finding import NOT_AVAILABLE


@dataclass(frozen=True)
class State:
    """In which state the cells were measured."""

    cache: str = "hot"
    condition: str = "idle"


def judge(
    case: str,
    size: int,
    parameters: Mapping[str, Any],
    questions: Sequence[Question],
    taken: Sequence[Taken],
    evidence: Sequence[Evidence | None],
    state: State,
    *,
    tolerance: float = TOLERANCE,
) -> list[Cell]:
    """The cells of one case at one size and layout, one a question.

    Unlike answers, between engines or between repetitions, void the cells: the error holds the rows that differ.
    """
    engines = [question.target.engine for question in questions]
    agree, unlike = agreement(engines, [t.timed for t in taken], tolerance=tolerance)
    return [
        Cell(
            case=case,
            engine=question.target.engine,
            size_rows=size,
            layout=question.target.layout,
            rows=question.target.rows,
            bytes=question.target.bytes,
            files=question.target.files,
            cache_state=state.cache,
            condition=state.condition,
            configuration=question.configuration,
            parameters={name: _shown(value) for name, value in parameters.items()},
            statement=question.statement,
            answer_hash=next((timed.answer.hash for timed in executions.timed if timed.answer), None),
            answers_agree=agree,
            error=next((timed.error for timed in executions.timed if timed.error), None) or unlike or None,
            samples=tuple(map(_sample, executions.timed)),
            evidence=seen,
        )
        for question, executions, seen in zip(questions, taken, evidence, strict=True)
    ]


def not_available(case: str, size: int, questions: Sequence[Question], reason: str, state: State) -> list[Cell]:
    """The cells of a state that cannot be made here: they say so, and have no times."""
    taken = [Taken((), steady=True)] * len(questions)
    cells = judge(case, size, {}, questions, taken, [None] * len(questions), state)
    return [replace(cell, error=f"{NOT_AVAILABLE}: {reason}") for cell in cells]


def agreement(
    engines: Sequence[str], taken: Sequence[Sequence[Timed]], *, tolerance: float = TOLERANCE
) -> tuple[bool | None, str]:
    """Whether all answers are equal, and how not; None when an engine gave no answer to compare."""
    answers = [
        (f"{engine} (repetition {timed.repetition})", timed.answer)
        for engine, executions in zip(engines, taken, strict=True)
        for timed in executions
        if timed.answer
    ]
    for name, answer in answers[1:]:
        unlike = difference(answers[0][1], answer, names=(answers[0][0], name), tolerance=tolerance)
        if unlike:
            return False, f"the answers differ\n{unlike}"
    answered = [any(timed.answer for timed in executions) for executions in taken]
    return (True if len(taken) > 1 and all(answered) else None), ""


def _sample(timed: Timed) -> Sample:
    answer = timed.answer
    return Sample(
        repetition=timed.repetition,
        seconds=timed.seconds,
        answer_rows=len(answer.rows) if answer else None,
        answer_hash=answer.hash if answer else None,
        error=timed.error,
        arm=timed.arm,
        block=timed.block,
    )


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
