"""What the watch makes of settings, executors and statistics; what it asks of PostgreSQL is tested on a real one."""

import pytest

from crossover.benchmark.measure import Question, Target
from crossover.benchmark.validity.watch import Believed, configuration_changes, idle_workers, unknown_rows
from crossover.engines.workers import Worker
from crossover.errors import ServiceDown


class Engine:
    name = "postgres"

    def __init__(self, configuration):
        self.now = configuration

    def configuration(self):
        if isinstance(self.now, Exception):
            raise self.now
        return self.now


def asked(now, before):
    return Question(Engine(now), Target("postgres", "heap", "t", 100, 1, None), "SELECT", before)


def test_settings_that_changed_came_or_went_are_named():
    before = {"version": "18.6", "work_mem": "64MB", "jit": "off"}
    assert configuration_changes(asked(dict(before), before)) == ()
    now = {"version": "18.6", "work_mem": "4MB", "io_method": "worker"}
    assert configuration_changes(asked(now, before)) == ("io_method", "jit", "work_mem")


def test_an_engine_that_does_not_tell_its_settings_is_not_taken_for_unchanged():
    assert configuration_changes(asked(ServiceDown("Spark is gone"), {})) == ("could not be asked: Spark is gone",)


def worker(name, tasks, *, alive=True):
    return Worker(name, "host:1", tasks, 0.1, alive)


@pytest.mark.parametrize(
    ("done", "idle"),
    [
        ([worker("1", 9), worker("2", 7)], ()),
        ([worker("1", 9), worker("2", 0)], ("2",)),
        ([worker("1", 9), worker("2", 0, alive=False)], ()),
        ([worker("1", 0), worker("2", 0)], ()),
        ([], ()),
    ],
    ids=["all-work", "one-idles", "one-is-dead", "nobody-had-to", "none"],
)
def test_an_executor_idles_when_others_work(done, idle):
    assert idle_workers(done) == idle


def believed(*rows, parent=1000.0):
    days = [Believed(f"logs_1_{n}", leaf=True, rows=count) for n, count in enumerate(rows)]
    return [Believed("logs_1", leaf=False, rows=parent), *days]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (believed(500.0, 500.0), ()),
        (believed(500.0, 401.0), ()),
        (believed(500.0, 599.0), ()),
        (believed(500.0, 399.0), ("bench.logs_1 is believed to have 899 rows and has 1,000",)),
        (believed(500.0, 601.0), ("bench.logs_1 is believed to have 1,101 rows and has 1,000",)),
        (believed(500.0, 500.0, parent=-1.0), ("logs_1 never analysed",)),
        (believed(990.0, -1.0), ("logs_1_1 never analysed",)),
        (
            believed(*[-1.0] * 5),
            (
                "logs_1_0, logs_1_1, logs_1_2 and others never analysed",
                "bench.logs_1 is believed to have 0 rows and has 1,000",
            ),
        ),
        ([], ("there is no table bench.logs_1",)),
    ],
)
def test_a_planner_that_knows_other_rows_is_told(known, words):
    assert unknown_rows(known, "bench.logs_1", 1000) == words
