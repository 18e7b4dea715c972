"""After everything else: no value of any Secret was seen where people or programs look."""

from collections.abc import Callable

from crossover.settings import Settings
from crossover.stack.airflow_api import AirflowApi
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.dagrun import DagRun
from tests.kubernetes.release import Secrets


def test_canary_secrets_were_seen_nowhere(
    cluster: Cluster, secret_values: Secrets, api: AirflowApi, runs: list[DagRun], trigger: Callable[..., DagRun]
) -> None:
    if not runs:  # this test alone: a run that fails, since failures say the most
        failing = trigger("generate_load", pods=1, logs=10, events=0, replay_file="/nowhere")
        assert failing.end(timeout=300) == "failed"
    seen = {f"Airflow's words on run {run.run_id}": run.everything_told() for run in runs}
    seen["specifications of pods"] = "".join(text for pod in cluster.diary.values() for text in pod.objects)
    seen["events"] = cluster.kubectl("get", "events", "-o", "json")
    seen["everything that is not a Secret"] = cluster.kubectl(
        "get", "configmaps,deployments,statefulsets,jobs,cronjobs,services,serviceaccounts", "-o", "json"
    )
    seen["Airflow's connections and settings"] = (
        api.call("GET", "/api/v2/connections").text + api.call("GET", "/api/v2/config").text
    )
    for pod in cluster.pods():
        for container in pod.spec.containers:
            seen[f"log of {pod.metadata.name}/{container.name}"] = cluster.kubectl(
                "logs", pod.metadata.name, "-c", container.name, check=False
            )
    canaries = secret_values.canaries()
    assert len(canaries) >= 15
    assert sum(map(len, seen.values())) > 100_000
    found = [(what, name) for what, text in seen.items() for value, name in canaries.items() if value in text]
    assert not found


def test_canary_search_finds_what_is_there(secret_values: Secrets, settings: Settings) -> None:
    assert settings.postgres.password.get_secret_value() in secret_values.canaries()
