"""Delete job pods that ended more than N hours ago; until then failed pods are there to be read."""

import os
import sys
from datetime import UTC, datetime, timedelta

from kubernetes import client, config

LABELS = "app.kubernetes.io/name=crossover,kubernetes_pod_operator"


def ended(pod: client.V1Pod) -> datetime | None:
    """When the job in the pod ended; None while it runs.

    The phase does not tell: a pod that Airflow has lost sight of stays Running, since its sidecar waits for a reader.
    """
    base = [status.state.terminated for status in pod.status.container_statuses or () if status.name == "base"]
    if base and base[0] and base[0].finished_at:
        return base[0].finished_at
    return pod.metadata.creation_timestamp if pod.status.phase in {"Succeeded", "Failed"} else None


def main(namespace: str, hours: str) -> None:
    config.load_incluster_config()
    api = client.CoreV1Api()
    oldest = datetime.now(UTC) - timedelta(hours=float(hours))
    for pod in api.list_namespaced_pod(namespace, label_selector=LABELS).items:
        end = ended(pod)
        if end and end < oldest:
            api.delete_namespaced_pod(pod.metadata.name, namespace)
            print(f"INFO: deleted {pod.metadata.name} ({pod.status.phase}, ended {end:%Y-%m-%d %H:%M} UTC)")


if __name__ == "__main__":
    main(os.environ["POD_NAMESPACE"], sys.argv[1])
