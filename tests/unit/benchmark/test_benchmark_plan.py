"""What may be asked for on the command line, and names that are made of it."""

import argparse
import re

import pytest

from crossover.benchmark.judge import State
from crossover.benchmark.rungs import schema_of
from crossover.benchmark.validity.environment import environment
from crossover.benchmark.verbs.plan import plan_of
from crossover.benchmark.verbs.run import add_arguments
from crossover.errors import BadSetting
from crossover.settings import Settings


def plan(*argv):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return plan_of(parser.parse_args(list(argv)), Settings(_env_file=None))


def test_nothing_asked_for_is_all_cases_in_one_layout():
    made = plan()
    assert made.sizes == (200_000, 600_000, 2_000_000)
    assert made.layouts == ("fragmented",)
    assert len(made.cases) == 10
    assert (made.effort.warmups, made.effort.repetitions, made.effort.most) == (10, 15, 40)
    assert made.engines == ("postgres", "spark")
    assert made.states == (State("hot", "idle"),)
    assert made.run_id != plan().run_id


def test_what_is_asked_for_is_taken():
    made = plan("--run", "r", "--sizes", "5,1_000", "--layouts", "compacted,fragmented", "--cases", "count_all",
                "--repetitions", "3", "--warmups", "0", "--dataset", "d")  # fmt: skip
    assert (made.run_id, made.dataset, made.sizes) == ("r", "d", (5, 1000))
    assert made.layouts == ("compacted", "fragmented")
    assert [case.name for case in made.cases] == ["count_all"]
    assert (made.effort.warmups, made.effort.repetitions) == (0, 3)


@pytest.mark.parametrize(
    "argv",
    [("--sizes", "many"), ("--sizes", "0"), ("--sizes", ""), ("--layouts", "sorted"), ("--repetitions", "0"),
     ("--warmups", "-1"), ("--engines", "oracle"), ("--caches", "lukewarm"), ("--conditions", "raining"),
     ("--memory", "9"), ("--cores", "0")],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused(argv):
    with pytest.raises(BadSetting):
        plan(*argv)


def test_each_cache_state_is_measured_in_each_condition():
    made = plan("--caches", "hot,cold", "--conditions", "idle,both")
    assert made.states == (State("hot"), State("cold"), State("hot", "both"), State("cold", "both"))


@pytest.mark.parametrize("run_id", ["a", "20261123-1", "manual__2026-11-23T13:00:00+00:00", "x" * 200, 'a"; DROP'])
def test_any_run_id_makes_a_safe_schema_name(run_id):
    assert re.fullmatch(r"bench_[a-z0-9_]{1,54}", schema_of(run_id))


def test_run_ids_that_look_alike_have_schemas_of_their_own():
    assert schema_of("a-b") != schema_of("a_b")


def test_the_environment_names_machine_and_versions():
    found = environment([("postgres", {"version": "18.6"}), ("spark", {"version": "4.1.1", "iceberg": "1.12.0"})])
    assert found["postgres"] == "18.6"
    assert found["iceberg"] == "1.12.0"
    assert all(isinstance(text, str) and text for text in found.values())
    assert {"cpu", "cores", "memory", "kernel", "python", "git revision"} <= set(found)
