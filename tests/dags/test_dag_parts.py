"""The pure parts that DAGs are wired from."""

import re

import pytest

from crossover.errors import BadSetting
from crossover.settings import DATASET_PATTERN

FORM = {
    "dataset": "main",
    "logs": 900,
    "events": 100,
    "rate": 0,
    "minutes": 0,
    "pods": 1,
    "seed": 7,
    "error_rate": 0.05,
    "late_rate": 0,
    "duplicate_rate": 0,
    "broken_rate": 0.01,
    "replay_file": None,
    "repeat": 1,
}


def option(argv: list[str], name: str) -> str:
    return argv[argv.index(name) + 1]


@pytest.mark.parametrize(
    "run_id",
    [
        "manual__2026-11-23T13:05:01.123456+00:00_abcdef",
        "scheduled__2026-11-23T02:00:00+00:00",
        "my run #1 with a very long and winding name, indeed; DROP TABLE runs",
        "ünïcödé",
        "/",
        "",
    ],
)
def test_the_name_of_a_run_can_name_a_dataset(run_id):
    from crossover.names import run_name

    assert DATASET_PATTERN.fullmatch(run_name("quickstart", run_id))


def test_the_name_of_a_run_is_always_the_same_and_tells_the_moment():
    from crossover.names import run_name

    run_id = "manual__2026-11-23T13:05:01.123456+00:00"
    assert run_name("quickstart", run_id) == run_name("quickstart", run_id)
    assert re.fullmatch(r"q20261123t130501_[0-9a-f]{6}", run_name("quickstart", run_id))


def test_unlike_runs_have_unlike_names():
    from crossover.names import run_name

    same_second = [f"manual__2026-11-23T13:05:01.{n:06}+00:00" for n in range(500)]
    named_alike = ["a-b", "a_b", "A b", "a b "]
    for runs in (same_second, named_alike):
        assert len({run_name("quickstart", run) for run in runs}) == len(runs)
    assert run_name("quickstart", "x") != run_name("quality", "x")


def test_each_pod_is_a_shard_of_one_load():
    from crossover_airflow.options import load_plan

    plan = load_plan({**FORM, "pods": 3, "rate": 1000})
    assert [option(argv, "--shard") for argv in plan] == ["0", "1", "2"]
    assert {option(argv, "--shards") for argv in plan} == {"3"}
    assert {(option(argv, "--rate"), option(argv, "--logs")) for argv in plan} == {("1000", "900")}
    assert {option(argv, "--broken-rate") for argv in plan} == {"0.01"}


def test_minutes_scale_the_counts_to_the_rate_and_keep_their_proportion():
    from crossover_airflow.options import load_plan

    (argv,) = load_plan({**FORM, "minutes": 2, "rate": 1000})
    assert (option(argv, "--logs"), option(argv, "--events")) == ("108000", "12000")


def test_minutes_without_a_rate_are_refused_with_a_cure():
    from crossover_airflow.options import load_plan

    with pytest.raises(BadSetting, match="cure: set rate above 0"):
        load_plan({**FORM, "minutes": 2})


def test_a_replay_is_one_job_whatever_the_pods():
    from crossover_airflow.options import load_plan

    (argv,) = load_plan({**FORM, "pods": 5, "replay_file": "/data/a b.log", "repeat": 4})
    assert argv[:3] == ["crossover", "replay", "/data/a b.log"]
    assert option(argv, "--repeat") == "4"


def test_a_partition_is_behind_by_the_messages_that_it_still_has_to_read():
    from crossover_airflow.services import Lag, lags

    ends = {("logs.raw", 0): 10, ("logs.raw", 1): 5, ("events.activity", 0): 3, ("logs.raw", 2): 0}
    reached = {("logs.raw", 0): 10, ("logs.raw", 1): 4}
    assert lags(ends, reached) == [Lag("events.activity", 0, 3), Lag("logs.raw", 1, 1)]


def test_a_dataset_without_messages_is_caught_up():
    from crossover_airflow.services import lags

    assert lags({("logs.raw", 0): 0}, {}) == []


def test_the_topics_of_main_are_never_deleted():
    from crossover_airflow.services import delete_topics

    with pytest.raises(ValueError, match="main"):
        delete_topics("main")


def test_a_failure_is_told_with_the_address_of_its_log(caplog):
    from crossover_airflow.defaults import report_failure

    class TaskInstance:
        dag_id, task_id, log_url = "quickstart", "stream", "http://airflow/log"

    report_failure({"ti": TaskInstance(), "run_id": "r1"})
    assert "quickstart.stream failed in run r1: log at http://airflow/log" in caplog.text
