"""The rules that every DAG of this house keeps. A failing message tells the cure."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
HEAVY = ("pandas", "pyspark", "pyarrow", "matplotlib", "scipy", "pyiceberg", "hdfs_native", "confluent_kafka", "duckdb")
ALLOWED_IMPORTS = (
    "airflow.sdk", "airflow.providers", "crossover.names", "crossover_airflow", "datetime", "pathlib", "typing",
)  # fmt: skip


def dags(house):
    return [house.dags[file.stem] for file in FILES]


def imported_modules(file: Path) -> list[str]:
    tree = ast.parse(file.read_text())
    plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return plain + [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def test_all_dags_are_read_without_error_or_warning(house):
    assert house.import_errors == {}
    assert house.captured_warnings == {}


def test_a_dag_is_named_like_its_file(house):
    assert sorted(house.dags) == [file.stem for file in FILES], "use dag_id=Path(__file__).stem, one DAG a file"


def test_a_dag_says_what_it_does(house):
    for dag in dags(house):
        assert dag.doc_md.startswith(f"# {dag.dag_id}: "), f"{dag.dag_id}: begin the docstring so, and doc_md=__doc__"


def test_tags_come_from_the_one_list(house):
    from crossover_airflow.defaults import Tag

    for dag in dags(house):
        assert dag.tags, f"{dag.dag_id}: give it a tag"
        assert dag.tags <= set(Tag), f"{dag.dag_id}: use members of defaults.Tag"


def test_every_task_has_an_owner_few_retries_and_tells_of_its_failure(house):
    from crossover_airflow.defaults import report_failure

    for dag in dags(house):
        for task in dag.tasks:
            assert task.owner == "crossover", f"{task}: default_args=DEFAULT_ARGS"
            assert task.retries <= 3, f"{task}: more retries only hide a fault"
            callbacks = task.partial_kwargs["on_failure_callback"] if task.is_mapped else task.on_failure_callback
            assert callbacks in (report_failure, [report_failure]), f"{task}: default_args=DEFAULT_ARGS"


def test_benchmarks_wait_for_each_other(house):
    for dag in dags(house):
        for task in dag.tasks:
            role = task.partial_kwargs.get("role") if task.is_mapped else getattr(task, "role", None)
            if role == "benchmark":
                pool = task.partial_kwargs.get("pool") if task.is_mapped else task.pool
                assert pool == "benchmark", f"{dag.dag_id}.{task.task_id}: two at once would time each other"
                assert task.operator_extra_links, f"{dag.dag_id}.{task.task_id}: a benchmark links to its report"


def test_generators_are_not_retried(house):
    for dag in dags(house):
        for task in dag.tasks:
            if task.task_id in ("generate", "send"):
                assert task.retries == 0, f"{dag.dag_id}.{task.task_id}: a retry sends everything again"


def test_every_param_has_a_type_a_default_and_a_description(house):
    for dag in dags(house):
        for name in dag.params:
            param, where = dag.params.get_param(name), f"{dag.dag_id}.{name}"
            assert param.has_value or "null" in param.schema["type"], f"{where}: a scheduled run has nobody to ask"
            assert param.description, f"{where}: say what it does"
            assert {"type", "title"} <= param.schema.keys(), f"{where}: give type and title"
            if param.schema["type"] in ("integer", "number"):
                assert {"minimum", "maximum"} <= param.schema.keys(), f"{where}: give minimum and maximum"


@pytest.mark.parametrize(
    ("name", "value"),
    [("sizes", "2e6;drop"), ("sizes", ""), ("cases", "a b"), ("repetitions", 0), ("rate", -1), ("error_rate", 1.5)],
)
def test_a_param_that_makes_no_sense_is_refused(house, name, value):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        house.dags["quickstart"].params.get_param(name).resolve(value=value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_file_is_read_without_scrolling(file):
    assert len(file.read_text().splitlines()) <= 80, (
        "a DAG file is wiring: move work into crossover or crossover_airflow"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_file_imports_only_airflow_and_the_house(file):
    for module in imported_modules(file):
        assert module.startswith(ALLOWED_IMPORTS), f"{file.name} imports {module}"
        assert module not in {other.stem for other in FILES}, f"{file.name} imports another DAG: {module}"


def test_reading_the_dags_is_quick_and_imports_nothing_heavy():
    """In a process of its own, as the DAG processor does it; processor time, as other tests may keep the cores busy."""
    program = (
        "import sys, time; from airflow.dag_processing.dagbag import DagBag; begun = time.process_time()\n"
        f"bag = DagBag({str(ROOT / 'dags')!r}); assert not bag.import_errors, bag.import_errors\n"
        "print(time.process_time() - begun)\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    seconds, heavy = done.stdout.splitlines()[-2:]
    assert float(seconds) < 10
    assert heavy == "[]"


def test_a_failed_part_of_quickstart_stops_the_others_and_still_cleans_up(house):
    dag = house.dags["quickstart"]
    assert dag.fail_fast
    teardowns = [task for task in dag.tasks if task.is_teardown]
    assert [task.task_id for task in teardowns] == ["close_dataset"]
    assert teardowns[0].on_failure_fail_dagrun, "else a run that was cut short counts as a success"
    assert teardowns[0].upstream_task_ids >= {"open_dataset", "stream", "generate", "report"}


def test_quickstart_times_nothing_before_the_stores_are_proven_equal(house):
    dag = house.dags["quickstart"]
    for task in dag.tasks:
        if task.task_id.startswith("benchmark"):
            assert {"reconcile", "row_parity", "caught_up", "stream"} <= {
                t.task_id for t in task.get_flat_relatives(upstream=True)
            }


def test_both_benchmark_dags_compare_both_layouts_under_one_run(house):
    for dag_id in ("quickstart", "benchmark_read"):
        tasks = house.dags[dag_id].task_dict
        runs = [tasks[f"benchmark_{layout}"].argv for layout in ("fragmented", "compacted")]
        assert runs[0][:-1] == runs[1][:-1]
        assert [argv[-2:] for argv in runs] == [["--layouts", "fragmented"], ["--layouts", "compacted"]]
        assert all(tasks[f"benchmark_{layout}"].pool == "benchmark" for layout in ("fragmented", "compacted"))
