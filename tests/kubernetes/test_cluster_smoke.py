"""The shortest way through a cluster: one generator pod, one driver, one benchmark pod, on dataset main."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.dagrun import DagRun

pytestmark = pytest.mark.kubernetes_smoke
LOGS, EVENTS = 2000, 500


@pytest.fixture(scope="module")
def done(trigger: Callable[..., DagRun]) -> dict[str, DagRun]:
    runs = {}
    for dag, conf in (
        ("generate_load", {"logs": LOGS, "events": EVENTS}),
        ("stream_to_lake", {"mode": "available-now"}),
        ("benchmark_read", {"sizes": f"{LOGS // 2},{LOGS}", "repetitions": 1, "cases": "count_all,group_by_level"}),
    ):
        runs[dag] = trigger(dag, **conf)
        assert runs[dag].end(timeout=600) == "success", runs[dag].failures()
    return runs


def test_what_one_pod_sent_is_acknowledged(done: dict[str, DagRun]) -> None:
    sent = done["generate_load"].xcom("send", 0)
    assert (sent["logs"]["acked"], sent["events"]["acked"]) == (LOGS, EVENTS)


def test_the_benchmark_pod_was_guaranteed_and_its_answers_agree(
    cluster: Cluster, done: dict[str, DagRun], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    assert {pod.quality for pod in cluster.seen("benchmark", dag_id="benchmark_read")} == {"Guaranteed"}
    told = done["benchmark_read"].xcom("benchmark_fragmented")
    assert (told["cells"], told["errors"], told["disagreements"]) == (8, 0, 0)
    stored = rows(
        "SELECT count(*) FROM benchmark_cell WHERE run_id = %s AND layout IN ('heap', 'fragmented')"
        " AND answers_agree AND error IS NULL",
        told["run_id"],
    )
    assert stored == [(8,)]
