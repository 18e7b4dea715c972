"""The measured loop with engines that do as they are told, and what is made of it."""

import threading
import time

import pytest

from crossover.benchmark.judge import judge
from crossover.benchmark.measure import MAXIMUM_ERRORS, Effort, Question, Target, measure
from crossover.benchmark.table import leader, render
from crossover.engines.base import Answer
from crossover.errors import ServiceTimeout


class Scripted:
    """An engine that gives the next of its answers; an exception is raised."""

    def __init__(self, name, answers, diary=None, seconds=0.0):
        self.name, self.answers, self.seconds = name, iter(answers), seconds
        self.diary = [] if diary is None else diary

    def query(self, statement, parameters, *, timeout_seconds):
        self.diary.append(self.name)
        time.sleep(self.seconds)
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return Answer(("n",), answer)

    def configuration(self):
        return {}

    def close(self):
        pass


def ask(*engines, warmups=1, repetitions=4, stop=None):
    questions = [
        Question(engine, Target(engine.name, layout, "t", 100, 1, None), "SELECT", {})
        for engine, layout in zip(engines, ("heap", "fragmented"), strict=False)
    ]
    effort = Effort(warmups, repetitions, 1.0)
    taken = measure(questions, {}, effort, ordered=True, decimals=6, stop=stop or threading.Event())
    return questions, taken


def cells_of(*engines, **options):
    questions, taken = ask(*engines, **options)
    return judge("count_all", 100, {}, questions, taken)


def test_warm_ups_have_negative_repetitions_and_do_not_count():
    postgres = Scripted("postgres", [[(1,)]] * 5)
    spark = Scripted("spark", [[(1,)]] * 5)
    cells = cells_of(postgres, spark, warmups=2, repetitions=3)
    assert [sample.repetition for sample in cells[0].samples] == [-2, -1, 1, 2, 3]
    assert len(cells[0].seconds) == 3


def test_the_engine_that_begins_alternates():
    diary = []
    ask(Scripted("a", [[]] * 5, diary), Scripted("b", [[]] * 5, diary), warmups=1, repetitions=3)
    assert diary == ["a", "b", "b", "a", "a", "b", "b", "a"]


def test_the_time_is_that_of_the_query():
    quick, slow = Scripted("postgres", [[]] * 3), Scripted("spark", [[]] * 3, seconds=0.05)
    cells = cells_of(quick, slow, warmups=0, repetitions=3)
    assert max(cells[0].seconds) < 0.04
    assert all(0.05 <= seconds < 0.5 for seconds in cells[1].seconds)


def test_an_error_is_never_a_time():
    broken = Scripted("postgres", [[(1,)], ServiceTimeout("no answer within 1 s"), [(1,)], [(1,)], [(1,)]])
    cells = cells_of(broken, Scripted("spark", [[(1,)]] * 5))
    failed = [sample for sample in cells[0].samples if sample.error]
    assert [(sample.seconds, sample.answer_hash) for sample in failed] == [(None, None)]
    assert cells[0].error == "no answer within 1 s"
    assert not cells[0].comparable, "the executions that survive a time-out are the quick ones"
    assert leader(cells) is None


def test_an_engine_that_fails_again_and_again_is_not_asked_any_more():
    diary = []
    broken = Scripted("postgres", [ServiceTimeout("late")] * 9, diary)
    cells = cells_of(broken, Scripted("spark", [[(1,)]] * 9), repetitions=8)
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
    _, taken = ask(Stopping("postgres", [[]] * 9, diary), Scripted("spark", [[]] * 9, diary), stop=stop)
    assert taken is None
    assert diary == ["postgres"]


def test_equal_answers_make_comparable_cells():
    cells = cells_of(Scripted("postgres", [[(1,)]] * 5), Scripted("spark", [[(1.0,)]] * 5, seconds=0.02))
    assert [cell.answers_agree for cell in cells] == [True, True]
    assert cells[0].answer_hash == cells[1].answer_hash
    assert leader(cells) == "postgres"


def test_unlike_answers_void_both_cells_and_show_the_rows():
    cells = cells_of(Scripted("postgres", [[(1,)]] * 5), Scripted("spark", [[(2,)]] * 5, seconds=0.02))
    for cell in cells:
        assert cell.answers_agree is False
        assert "postgres (repetition -1) 1; spark (repetition -1) 2" in cell.error
        assert len(cell.samples) == 5, "the samples are kept"
        assert not cell.comparable
    assert leader(cells) is None
    assert "!" in render(cells, "fragmented")


def test_an_answer_that_changes_between_repetitions_voids_the_cells():
    fickle = Scripted("spark", [[(1,)], [(1,)], [(1,)], [(7,)], [(1,)]])
    cells = cells_of(Scripted("postgres", [[(1,)]] * 5), fickle)
    assert [cell.answers_agree for cell in cells] == [False, False]
    assert "spark (repetition 3) 7" in cells[0].error


def test_one_engine_alone_never_wins():
    cells = cells_of(Scripted("postgres", [[(1,)]] * 5))
    assert cells[0].answers_agree is None
    assert leader(cells) is None


def test_the_table_names_sizes_engines_and_the_faster_one():
    cells = cells_of(Scripted("postgres", [[(1,)]] * 5), Scripted("spark", [[(1,)]] * 5, seconds=0.02))
    text = render(cells, "fragmented")
    assert "100 rows" in text
    row = next(line for line in text.splitlines() if line.startswith("count_all "))
    assert row.endswith("postgres")
    assert "count_all: postgres at every size measured" in text


def test_a_layout_without_cells_says_so():
    assert render([], "compacted") == "layout compacted: no cells"
