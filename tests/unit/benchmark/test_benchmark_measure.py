"""The measured loop with engines that do as they are told, and what is made of it."""

import itertools
import random
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crossover.benchmark.judge import State, judge
from crossover.benchmark.measure import MAXIMUM_ERRORS, Effort, Question, Target, measure
from crossover.benchmark.results import Evidence, Run, Stamp
from crossover.benchmark.table import render, sentence
from crossover.engines.base import Answer
from crossover.errors import ServiceTimeout

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ONE = [(1,)]


class Clock:
    """The loop's clock: time passes only while an engine works."""

    now = 0.0

    @classmethod
    def perf_counter(cls):
        return cls.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr("crossover.benchmark.measure.time", Clock)


class Scripted:
    """An engine that gives the next of its answers, the last one for ever; an exception is raised.

    It takes the next of `seconds`, the last one for ever, each a little different.
    """

    def __init__(self, name, answers=(ONE,), diary=None, seconds=0.001):
        self.name, self.jitter = name, random.Random(name)
        given = [seconds] if isinstance(seconds, float) else list(seconds)
        self.seconds = itertools.chain(given, itertools.repeat(given[-1]))
        self.answers = itertools.chain(answers, itertools.repeat(answers[-1]))
        self.diary = [] if diary is None else diary

    def query(self, statement, parameters, *, timeout_seconds):
        self.diary.append(self.name)
        Clock.now += next(self.seconds) * self.jitter.uniform(0.99, 1.01)
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return Answer(("n",), answer)

    def configuration(self):
        return {}

    def close(self):
        pass


def ask(*engines, warmups=0, repetitions=4, stop=None, **effort):
    questions = [
        Question(engine, Target(engine.name, layout, "t", 100, 1, None), "SELECT", {})
        for engine, layout in zip(engines, ("heap", "fragmented"), strict=False)
    ]
    taken = measure(
        questions,
        {},
        Effort(warmups, repetitions, 1.0, **effort),
        ordered=True,
        decimals=6,
        stop=stop or threading.Event(),
    )
    return questions, taken


def cells_of(*engines, **options):
    questions, taken = ask(*engines, **options)
    return judge("count_all", 100, {}, questions, taken, [Evidence(NOW, 1.0)] * len(questions), State())


VALID = Stamp(True)


def run_of(cells, stamp=VALID):
    return Run("r", "main", NOW, {}, {}, tuple(cells), stamp=stamp)


def test_each_engine_is_asked_once_as_each_arm_in_each_block():
    _, taken = ask(Scripted("postgres"), Scripted("spark"), repetitions=6)
    for executions in taken:
        assert [(t.block, t.arm) for t in executions.timed] == [(b, arm) for b in (1, 2, 3) for arm in "ab"]
        assert [t.repetition for t in executions.timed] == [1, 2, 3, 4, 5, 6]


def test_the_order_within_the_blocks_is_random_and_comes_from_the_seed():
    def diary(seed):
        told = []
        ask(Scripted("a", diary=told), Scripted("b", diary=told), repetitions=30, seed=seed)
        return told

    assert diary(1) == diary(1) != diary(2)
    blocks = [tuple(diary(1)[n : n + 4]) for n in range(0, 60, 4)]
    assert all(sorted(block) == ["a", "a", "b", "b"] for block in blocks), "within a block both are asked twice"
    assert len(set(blocks)) > 3


def test_warm_ups_go_on_until_an_engine_is_steady_and_do_not_count():
    late = Scripted("spark", seconds=[0.3, 0.2, 0.1, 0.05, 0.01])
    cells = cells_of(Scripted("postgres", seconds=0.01), late, warmups=12, repetitions=2)
    warm = [[s.repetition for s in cell.samples if s.repetition < 0] for cell in cells]
    assert len(warm[1]) > len(warm[0]) >= 4, "the engine that starts slowly gets more"
    assert warm[1] == list(range(-len(warm[1]), 0))
    assert max(cells[1].seconds) < 0.05


def test_an_engine_that_is_never_steady_is_said_to_be_so():
    falling = Scripted("spark", seconds=[0.32, 0.16, 0.08, 0.04, 0.02, 0.01])
    _, taken = ask(Scripted("postgres", seconds=0.01), falling, warmups=5, repetitions=2)
    assert [done.steady for done in taken] == [True, False]


def test_a_wide_interval_gets_more_samples_up_to_the_most():
    noisy = Scripted("spark", seconds=[0.01, 0.03] * 20)
    quiet = cells_of(
        Scripted("postgres", seconds=0.02), Scripted("spark", seconds=0.02), repetitions=8, most=20, halfwidth=0.5
    )
    wide = cells_of(Scripted("postgres", seconds=0.02), noisy, repetitions=8, most=20, halfwidth=0.05)
    assert {len(cell.seconds) for cell in quiet} == {8}
    assert {len(cell.seconds) for cell in wide} == {20}


def test_when_the_time_is_spent_a_wide_interval_gets_no_more_than_the_fewest_samples():
    def samples(seconds):
        noisy = Scripted("spark", seconds=[0.01, 0.03] * 20)
        cells = cells_of(
            Scripted("postgres", seconds=0.02), noisy, repetitions=8, most=20, halfwidth=0.05, seconds=seconds
        )
        return {len(cell.seconds) for cell in cells}

    assert samples(0.0) == {8}
    assert samples(0.5) == {14}, "a block takes 0.08 s"
    assert samples(10.0) == {20}


def test_the_cache_state_is_made_before_each_execution_and_outside_the_clock():
    made = []

    def make(question):
        Clock.now += 0.05
        made.append(question.target.engine)

    questions = [Question(Scripted("postgres"), Target("postgres", "heap", "t", 1, 1, None), "SELECT", {})]
    taken = measure(
        questions, {}, Effort(0, 4, 1.0), ordered=True, decimals=6, stop=threading.Event(), before_each=make
    )
    assert made == ["postgres"] * 4
    assert max(t.seconds for t in taken[0].timed) < 0.04


def test_the_time_is_that_of_the_query():
    cells = cells_of(Scripted("postgres"), Scripted("spark", seconds=0.05))
    assert max(cells[0].seconds) < 0.04
    assert all(0.049 <= seconds <= 0.051 for seconds in cells[1].seconds)


def test_an_error_is_never_a_time():
    broken = Scripted("postgres", [[(1,)], ServiceTimeout("no answer within 1 s"), [(1,)], [(1,)], [(1,)]])
    cells = cells_of(broken, Scripted("spark"))
    failed = [sample for sample in cells[0].samples if sample.error]
    assert [(sample.seconds, sample.answer_hash) for sample in failed] == [(None, None)]
    assert cells[0].error == "no answer within 1 s"
    assert not cells[0].comparable, "the executions that survive a time-out are the quick ones"


def test_an_engine_that_fails_again_and_again_is_not_asked_any_more():
    diary = []
    broken = Scripted("postgres", [ServiceTimeout("late")] * 9, diary)
    cells = cells_of(broken, Scripted("spark"), repetitions=8)
    assert len(diary) == MAXIMUM_ERRORS
    assert len(cells[1].seconds) == 8
    assert cells[0].answers_agree is None
    assert cells[1].answers_agree is None


def test_a_bug_is_not_taken_for_a_slow_engine():
    with pytest.raises(ZeroDivisionError):
        ask(Scripted("postgres", [ZeroDivisionError()]))


def test_a_stop_ends_the_loop_between_samples():
    stop = threading.Event()

    class Stopping(Scripted):
        def query(self, *arguments, **options):
            stop.set()
            return super().query(*arguments, **options)

    diary = []
    _, taken = ask(Stopping("postgres", [ONE], diary), Stopping("spark", [ONE], diary), stop=stop)
    assert taken is None
    assert len(diary) == 1


def test_equal_answers_make_comparable_cells():
    cells = cells_of(Scripted("postgres"), Scripted("spark", [[(1.0,)]]))
    assert [cell.answers_agree for cell in cells] == [True, True]
    assert cells[0].answer_hash == cells[1].answer_hash


def test_unlike_answers_void_both_cells_and_show_the_rows():
    cells = cells_of(Scripted("postgres"), Scripted("spark", [[(2,)]]))
    for cell in cells:
        assert cell.answers_agree is False
        assert "postgres (repetition 1) 1; spark (repetition 1) 2" in cell.error
        assert len(cell.samples) == 4, "the samples are kept"
        assert not cell.comparable
    assert "!" in render(run_of(cells), "fragmented")


def test_an_answer_that_changes_between_repetitions_voids_the_cells():
    fickle = Scripted("spark", [ONE, ONE, [(7,)], ONE])
    cells = cells_of(Scripted("postgres"), fickle)
    assert [cell.answers_agree for cell in cells] == [False, False]
    assert re.search(r"spark \(repetition \d\) 7", cells[0].error)


def test_one_engine_alone_is_not_compared():
    cells = cells_of(Scripted("postgres"))
    assert cells[0].answers_agree is None
    assert row_of(render(run_of(cells), "fragmented")).endswith("=")


def row_of(text):
    return next(line for line in text.splitlines() if line.startswith("count_all "))


def test_the_table_names_sizes_engines_and_the_faster_one():
    cells = cells_of(Scripted("postgres", seconds=0.002), Scripted("spark", seconds=0.02), repetitions=16)
    text = render(run_of(cells), "fragmented")
    assert "100 rows" in text
    assert row_of(text).endswith("postgres")
    assert "count_all: postgres at every size measured" in text


def test_each_state_of_the_stores_has_a_table_of_its_own():
    cells = cells_of(Scripted("postgres", seconds=0.002), Scripted("spark", seconds=0.02), repetitions=16)
    cold = [replace(cell, cache_state="cold") for cell in cells]
    assert "fragmented; cold, idle" in render(run_of(cold), "fragmented")
    both = render(run_of([*cold, *cells]), "fragmented")
    assert both.index("; hot, idle") < both.index("; cold, idle")
    assert both.count("count_all: postgres at every size measured") == 2
    # An engine that was not asked in a state has no column and no verdict there.
    half = render(run_of([cold[0], *cells]), "fragmented")
    assert half.count("count_all:") == 1


def test_an_invalid_run_names_no_winner_anywhere():
    cells = cells_of(Scripted("postgres", seconds=0.002), Scripted("spark", seconds=0.02), repetitions=16)
    text = render(run_of(cells, Stamp(False, ("the machine was busy",))), "fragmented")
    assert row_of(text).endswith("=")
    assert "at every size" not in text
    assert "- the machine was busy" in text


def test_a_run_that_nobody_has_stamped_is_judged_before_a_winner_is_named():
    cells = [
        replace(cell, evidence=replace(cell.evidence, clock_jump_seconds=30.0))
        for cell in cells_of(Scripted("postgres", seconds=0.002), Scripted("spark", seconds=0.02), repetitions=16)
    ]
    text = render(run_of(cells, stamp=None), "fragmented")
    assert row_of(text).endswith("=")
    assert "clock" in text


def test_the_line_of_a_cell_names_no_winner():
    cells = cells_of(Scripted("postgres"), Scripted("spark", seconds=0.02))
    assert "faster" not in sentence(cells)


def test_a_layout_without_cells_says_so():
    assert render(run_of([]), "compacted") == "layout compacted: no cells"
