"""Pods deleted in mid-run: nothing acknowledged is missing in either store, and the run ends as it should."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.kubernetes.cluster import Cluster, step, wait_until
from tests.kubernetes.dagrun import DagRun

# Six minutes of load: the faults come one after the other while it lasts.
LOGS, EVENTS, RATE = 90_000, 3_000, 250


def running(cluster: Cluster, selector: str) -> list[Any]:
    """Pods that are ready and not on their way out."""
    return [
        pod
        for pod in cluster.pods(selector)
        if pod.status.phase == "Running"
        and not pod.metadata.deletion_timestamp
        and all(status.ready for status in pod.status.container_statuses or [])
    ]


def names(pods: list[Any]) -> list[str]:
    return [pod.metadata.name for pod in pods]


@pytest.fixture(scope="module")
def faults() -> list[str]:
    """What has been deleted, in order."""
    return []


@pytest.fixture(scope="module")
def run(
    cluster: Cluster,
    trigger: Callable[..., DagRun],
    rows: Callable[..., list[tuple[Any, ...]]],
    faults: list[str],
) -> DagRun:
    """One quickstart that loses an executor, an ingest, a DataNode, its driver and the scheduler."""
    run = trigger(
        "quickstart", sizes=f"{LOGS}", events=EVENTS, rate=RATE, cases="count_all,group_by_level", repetitions=2
    )
    try:
        strike(run, cluster, rows, faults)
    except BaseException:
        # Else it would go on, and the next tests would share the cluster with it.
        run.cancel()
        raise
    return run


def strike(run: DagRun, cluster: Cluster, rows: Callable[..., list[tuple[Any, ...]]], faults: list[str]) -> None:
    """The faults, one after the other; each is made good before the next."""
    dataset = run.wait_for("the dataset", lambda: run.dataset, timeout=300)

    def stored() -> int:
        found = rows("SELECT coalesce(sum(next_offset), 0) FROM lake_offset WHERE topic LIKE %s", f"%.{dataset}")
        return int(found[0][0])

    def after_commits(number: int) -> None:
        begun = stored()
        run.wait_for(f"{number} more messages in the lake", lambda: stored() >= begun + number, timeout=300)

    def lose(selector: str, what: str) -> str:
        found = names(running(cluster, selector))
        assert found, f"no {what} runs"
        cluster.delete_pod(found[0])
        faults.append(f"{what} {found[0]}")
        return found[0]

    after_commits(1)
    driver = cluster.seen("spark", dag_id="quickstart", task_id="stream")[-1].name
    executors = [n for n in names(running(cluster, "app.kubernetes.io/component=spark-executor")) if driver in n]
    with step("executor of the stream lost and made good"):
        cluster.delete_pod(executors[0])
        faults.append(f"executor {executors[0]}")
        run.wait_for(
            "a third executor",
            lambda: len([pod for pod in cluster.seen("spark-executor") if pod.name.startswith(driver)]) == 3,
            timeout=120,
        )
        after_commits(3)
    with step("ingest lost under load and made good"):
        lose("app.kubernetes.io/component=ingest", "ingest")
        after_commits(3)
    with step("DataNode lost and made good"):
        lose("app.kubernetes.io/component=datanode", "DataNode")
        after_commits(3)
    with step("driver of the stream lost and made good"):
        lose("app.kubernetes.io/component=spark,task_id=stream", "driver")
        begun = stored()
        run.wait_for("second attempt of the stream", lambda: run.task("stream").try_number == 2, timeout=120)
        run.wait_for(
            "work of the second attempt",
            lambda: stored() > begun or run.task("stream").state == "success",
            timeout=300,
        )
    run.wait_for("the first benchmark", lambda: running(cluster, "app.kubernetes.io/component=benchmark"), timeout=600)
    with step("scheduler lost and made good"):
        old = cluster.pods("app.kubernetes.io/component=airflow-scheduler")[0].metadata.uid
        lose("app.kubernetes.io/component=airflow-scheduler", "scheduler")
        wait_until(
            "a new scheduler",
            lambda: [
                p for p in running(cluster, "app.kubernetes.io/component=airflow-scheduler") if p.metadata.uid != old
            ],
            timeout=300,
        )


def test_the_run_ends_well_or_says_what_failed(run: DagRun, faults: list[str]) -> None:
    state = run.end(timeout=1200)
    assert len(faults) == 5, faults
    assert state == "success" or run.failures(), "a failed run without a failed task"
    # All but the scheduler's loss are made good by the parts themselves.
    for task in ("stream", "generate", "reconcile", "row_parity"):
        assert run.task(task).state == "success", run.failures()


def test_nothing_acknowledged_is_missing_in_either_store(
    run: DagRun, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    found = rows(
        "SELECT kind, acked, unknown, lost, postgres = lake, equal FROM ledger_parity WHERE dataset = %s ORDER BY kind",
        run.dataset,
    )
    assert found == [("events", EVENTS, 0, 0, True, True), ("logs", LOGS, 0, 0, True, True)]


def test_nothing_is_left_behind_but_failed_pods_that_are_kept(cluster: Cluster, run: DagRun) -> None:
    def left() -> list[str]:
        jobs = [pod for pod in cluster.pods("dag_id=quickstart") if pod.status.phase != "Failed"]
        drivers = tuple(pod.name for pod in cluster.seen("spark"))
        executors = cluster.pods("app.kubernetes.io/component=spark-executor")
        return names(jobs) + [name for name in names(executors) if name.startswith(drivers)]

    wait_until("nothing left but failed pods", lambda: not left(), timeout=120)
