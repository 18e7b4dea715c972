"""From executions to cells: who answered, and do the answers agree?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crossover.benchmark.canonical import difference
from crossover.benchmark.measure import Question, Timed
from crossover.benchmark.results import Cell, Sample


def judge(
    case: str,
    size: int,
    parameters: Mapping[str, Any],
    questions: Sequence[Question],
    taken: Sequence[Sequence[Timed]],
) -> list[Cell]:
    """The cells of one case at one size and layout, one a question.

    Unlike answers, between engines or between repetitions, void the cells: the error holds the rows that differ.
    """
    agree, unlike = agreement([question.target.engine for question in questions], taken)
    return [
        Cell(
            case=case,
            engine=question.target.engine,
            size_rows=size,
            layout=question.target.layout,
            rows=question.target.rows,
            bytes=question.target.bytes,
            files=question.target.files,
            cache_state="hot",
            condition="idle",
            configuration=question.configuration,
            parameters={name: _shown(value) for name, value in parameters.items()},
            statement=question.statement,
            answer_hash=next((timed.answer.hash for timed in executions if timed.answer), None),
            answers_agree=agree,
            error=next((timed.error for timed in executions if timed.error), None) or unlike or None,
            samples=tuple(map(_sample, executions)),
        )
        for question, executions in zip(questions, taken, strict=True)
    ]


def agreement(engines: Sequence[str], taken: Sequence[Sequence[Timed]]) -> tuple[bool | None, str]:
    """Whether all answers are equal, and how not; None when an engine gave no answer to compare."""
    answers = [
        (f"{engine} (repetition {timed.repetition})", timed.answer)
        for engine, executions in zip(engines, taken, strict=True)
        for timed in executions
        if timed.answer
    ]
    for name, answer in answers[1:]:
        unlike = difference(answers[0][1], answer, names=(answers[0][0], name))
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
    )


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
