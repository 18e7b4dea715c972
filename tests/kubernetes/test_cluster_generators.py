"""Generators as pods: a rate held by many together, a tally each, and the stop button."""

import time
from collections.abc import Callable
from typing import Any

from tests.kubernetes.cluster import Cluster, wait_until
from tests.kubernetes.dagrun import DagRun

PODS = 3
STOP_SECONDS = 10


def sending(cluster: Cluster, run: DagRun) -> list[Any]:
    """The run's pods whose job runs."""
    return [
        pod
        for pod in cluster.pods("app.kubernetes.io/component=generator,dag_id=generate_load")
        if pod.metadata.name in names(cluster, run)
        and any(s.name == "base" and s.state.running for s in pod.status.container_statuses or [])
    ]


def names(cluster: Cluster, run: DagRun) -> set[str]:
    """Names of all pods that the run has had; the label of a run id may be shortened, so by time."""
    return {pod.name for pod in cluster.seen("generator", run.started, dag_id="generate_load")}


def test_three_pods_hold_one_rate_and_each_has_its_tally(
    cluster: Cluster, trigger: Callable[..., DagRun], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    # Long enough that the first batch, which waits for nothing, weighs little: in 30 s it made 229/s of 200/s.
    rate, logs, events = 600, 45_000, 9_000
    run = trigger("generate_load", pods=PODS, rate=rate, logs=logs, events=events)
    assert run.end(timeout=420) == "success", run.failures()
    told = [run.xcom("send", pod) for pod in range(PODS)]
    producers = {each["producer"] for each in told}
    assert len(producers) == len(names(cluster, run)) == PODS
    held = sum(each["records_per_second"] for each in told)
    assert abs(held - rate) <= 0.1 * rate, [each["records_per_second"] for each in told]
    tallies = rows(
        "SELECT kind, count(*), sum(sent), sum(acked), sum(rejected + unknown + missed), bool_and(finished)"
        " FROM ledger_producer WHERE producer = ANY(%s) GROUP BY kind ORDER BY kind",
        list(producers),
    )
    assert tallies == [("events", PODS, events, events, 0, True), ("logs", PODS, logs, logs, 0, True)]


def test_the_stop_button_stops_all_generators_in_ten_seconds(
    cluster: Cluster, trigger: Callable[..., DagRun], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    run = trigger("generate_load", pods=PODS, rate=300, logs=1000, events=0, minutes=30)
    run.wait_for("three generators send", lambda: len(sending(cluster, run)) == PODS, timeout=240)
    producers = run.wait_for("each has a tally", lambda: beginners(rows), timeout=60)
    pressed = time.monotonic()
    run.cancel()
    wait_until("no generator sends", lambda: not sending(cluster, run), timeout=60, every=0.2)
    stopped = time.monotonic() - pressed
    wait_until(
        "no generator pod left",
        lambda: all(cluster.diary[name].gone for name in names(cluster, run)),
        timeout=60,
        every=0.2,
    )
    gone = time.monotonic() - pressed
    assert stopped <= STOP_SECONDS, f"stopped after {stopped:.1f} s, gone after {gone:.1f} s"
    assert gone <= STOP_SECONDS, f"stopped after {stopped:.1f} s, gone after {gone:.1f} s"
    tallies = rows(
        "SELECT count(*), bool_and(finished), bool_and(acked > 0 AND sent = acked + unknown) FROM ledger_producer"
        " WHERE kind = 'logs' AND producer = ANY(%s)",
        producers,
    )
    assert tallies == [(PODS, True, True)]


def beginners(rows: Callable[..., list[tuple[Any, ...]]]) -> list[str]:
    """The producers that send now, once there are as many as pods."""
    found = rows(
        "SELECT producer FROM ledger_producer"
        " WHERE kind = 'logs' AND NOT finished AND acked > 0 AND updated_at > now() - interval '15 seconds'"
    )
    return [producer for (producer,) in found] if len(found) == PODS else []
