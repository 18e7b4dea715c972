"""DAG quickstart on the cluster: the pods that it starts, what they leave behind, and what a user is shown."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from crossover.benchmark.results import Run
from crossover.settings import Settings
from crossover.stack.airflow_api import AirflowApi
from tests.kubernetes.cluster import Cluster, wait_until
from tests.kubernetes.dagrun import DagRun

SIZES, EVENTS, REPETITIONS, CASES = (5000, 10000, 20000), 3000, 2, 6
JOBS = {
    "stream": "spark",
    "generate": "generator",
    "reconcile": "maintenance",
    "benchmark_fragmented": "benchmark",
    "compact": "maintenance",
    "benchmark_compacted": "benchmark",
    "report": "benchmark",
}


@pytest.fixture(scope="module")
def run(trigger: Callable[..., DagRun]) -> DagRun:
    sizes = ",".join(map(str, SIZES))
    started = trigger("quickstart", sizes=sizes, events=EVENTS, repetitions=REPETITIONS, warmups=1)
    state = started.end(timeout=1500)
    assert state == "success", started.failures()
    return started


@pytest.fixture(scope="module")
def result(results: Callable[[str], Run], run: DagRun) -> Run:
    return results(run.xcom("report")["run_id"])


def test_each_job_ran_in_one_pod_of_its_role(cluster: Cluster, run: DagRun) -> None:
    for task, role in JOBS.items():
        pods = cluster.seen(role, run.started, dag_id="quickstart", task_id=task)
        assert len(pods) == 1, f"{task}: {[pod.name for pod in pods]}"
        assert pods[0].exit_code in ((0, 99) if task == "compact" else (0,)), pods[0].name


def test_benchmarks_own_their_cores_and_memory(cluster: Cluster, run: DagRun) -> None:
    qualities = {pod.task: pod.quality for pod in cluster.seen("benchmark", run.started, dag_id="quickstart")}
    assert qualities == dict.fromkeys(("benchmark_fragmented", "benchmark_compacted", "report"), "Guaranteed")


def test_the_stream_had_two_executors_of_its_own(cluster: Cluster, run: DagRun) -> None:
    driver = cluster.seen("spark", run.started, dag_id="quickstart", task_id="stream")[0]
    executors = [pod for pod in cluster.seen("spark-executor") if pod.name.startswith(driver.name)]
    assert len(executors) == 2, [pod.name for pod in executors]
    assert all("Running" in pod.phases for pod in executors)


def test_every_cell_is_measured_and_both_engines_agree(result: Run) -> None:
    assert len(result.cells) == CASES * len(SIZES) * 2 * 2
    for cell in result.cells:
        assert (cell.error, cell.answers_agree) == (None, True), (cell.case, cell.engine, cell.error)
        assert len(cell.seconds) == REPETITIONS


def test_the_run_tells_what_each_executor_of_the_cluster_did(result: Run) -> None:
    told = json.dumps(result.environment)
    assert "2 executors" in told, told
    assert "refused" not in told, told


def test_what_xcom_tells_is_what_the_tables_hold(
    run: DagRun, result: Run, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    name = result.run_id
    for layouts in (("fragmented", "heap"), ("compacted", "indexed")):
        told = run.xcom(f"benchmark_{layouts[0]}")
        stored = [cell for cell in result.cells if cell.layout in layouts]
        assert (told["run_id"], told["cells"], told["errors"], told["disagreements"]) == (name, len(stored), 0, 0)
    sent = run.xcom("generate")
    for kind, wanted in (("logs", SIZES[-1]), ("events", EVENTS)):
        found = rows(
            "SELECT sent, acked, rejected, unknown FROM ledger_producer WHERE dataset = %s AND kind = %s", name, kind
        )
        assert found == [(wanted, wanted, 0, 0)]
        assert (sent[kind]["sent"], sent[kind]["acked"]) == (wanted, wanted)
        parity = rows(
            "SELECT acked, postgres, lake, lost, twice, equal FROM ledger_parity WHERE dataset = %s AND kind = %s",
            name, kind,
        )  # fmt: skip
        assert parity == [(wanted, wanted, wanted, 0, 0, True)]


def test_the_report_is_opened_through_the_api_server_by_who_has_logged_in(
    settings: Settings, api: AirflowApi, run: DagRun, result: Run
) -> None:
    page = f"/crossover/dags/quickstart/runs/{run.run_id}"
    assert httpx.get(settings.airflow.url + page, follow_redirects=True).status_code in (401, 403)
    answer = api.call("GET", page, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:500]
    assert result.run_id in answer.text
    assert "crossover" in answer.text.lower()
    assert len(answer.text) > 20_000


def test_task_logs_have_the_lines_and_the_table_of_the_job(run: DagRun) -> None:
    text = run.log_of(run.task("benchmark_compacted"))
    assert "BENCH {" in text
    assert "lookup_event_id" in text


def test_nothing_of_the_run_is_left_behind(cluster: Cluster, run: DagRun) -> None:
    def left() -> list[str]:
        jobs = [pod.metadata.name for pod in cluster.pods("dag_id=quickstart")]
        executors = cluster.pods("app.kubernetes.io/component=spark-executor")
        drivers = {pod.name for pod in cluster.seen("spark")}
        return jobs + [p.metadata.name for p in executors if p.metadata.name.startswith(tuple(drivers))]

    wait_until("no pod of the run left", lambda: not left(), timeout=60)
