"""Every argv that a DAG renders is one that the command itself accepts."""

import argparse
import importlib
from pathlib import Path

import pytest

from crossover.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
RUN_ID = "manual__2026-11-23T13:05:01+00:00"


@pytest.fixture(autouse=True)
def spark_jobs_can_be_imported(monkeypatch):
    """A job's working folder is the checkout; a test's may be any."""
    monkeypatch.syspath_prepend(ROOT)


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse as the job would; SystemExit if it would refuse."""
    if argv[0] == "python":
        assert argv[1] == "-m"
        return importlib.import_module(argv[2]).arguments(argv[3:])
    module = importlib.import_module(COMMANDS[argv[1]][0])
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(argv[2:])


def rendered(house, **overrides) -> dict[str, list[str]]:
    """Task -> argv as a run with the form's defaults (and these overrides) would render it."""
    found = {}
    for dag in house.dags.values():
        params = {name: dag.params[name] for name in dag.params} | overrides
        for task in dag.tasks:
            if argv := getattr(task, "argv", None):
                macros = dag.user_defined_macros or {}
                context = {"params": params, "dag": dag, "run_id": RUN_ID, **macros}
                found[f"{dag.dag_id}.{task.task_id}"] = task.render_template(argv, context)
    return found


def test_every_command_accepts_what_the_dags_render(house):
    argvs = rendered(house)
    assert len(argvs) >= 11
    for task, argv in argvs.items():
        assert all(isinstance(part, str) and part and "{{" not in part for part in argv), (task, argv)
        parse(argv)


@pytest.mark.parametrize("replay_file", [None, "some.log"])
def test_every_command_accepts_what_the_load_plan_makes(house, replay_file):
    from crossover_airflow.options import load_plan

    dag = house.dags["generate_load"]
    for argv in load_plan({name: dag.params[name] for name in dag.params} | {"replay_file": replay_file, "pods": 2}):
        parse(argv)


def test_the_generator_of_quickstart_reaches_the_largest_size(house):
    argv = rendered(house, sizes="30,1000000,2000")["quickstart.generate"]
    assert parse(argv).logs == 1_000_000


def test_all_jobs_of_one_quickstart_work_on_one_dataset_and_one_benchmark_run(house):
    from crossover.names import run_name

    name = run_name("quickstart", RUN_ID)
    for task, argv in rendered(house).items():
        if task.startswith("quickstart."):
            parsed = vars(parse(argv))
            assert parsed.get("dataset", name) == name
            assert parsed.get("run", name) == name


def test_the_crossover_is_sought_in_the_layouts_that_are_asked_for(house):
    from crossover_airflow.options import sweep_plan

    params = {name: house.dags["benchmark_crossover"].params[name] for name in house.dags["benchmark_crossover"].params}
    assert sweep_plan("fragmented", "d", "r", params) == []
    both = params | {"layouts": "fragmented,compacted", "cases": "count_all"}
    for layout in ("fragmented", "compacted"):
        (argv,) = sweep_plan(layout, "d", "r", both)
        assert argv[argv.index("--layouts") + 1] == layout
        parse(argv)
