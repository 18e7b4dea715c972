"""Who may do what on the running cluster."""

import json
from collections.abc import Iterator

import httpx
import pytest
import yaml

from crossover.settings import Settings
from crossover.stack.airflow_api import AirflowApi
from tests.integration.access_matrix import declared
from tests.kubernetes.cluster import Cluster, wait_until
from tests.kubernetes.release import ROOT

ACCOUNTS = ("crossover-airflow", "crossover-spark", "crossover-jobs", "crossover-service")
# What each account is allowed, of all that is asked below; everything else is refused.
ALLOWED = {
    "crossover-airflow": {
        *(f"{verb} pods" for verb in ("get", "list", "watch", "create", "patch", "delete")),
        "get pods/log", "create pods/exec", "get pods/exec", "list events", "watch events",
    },
    "crossover-spark": {
        f"{verb} pods" for verb in ("get", "list", "watch", "create", "delete", "deletecollection")
    },
}  # fmt: skip
ASKED = [
    *(f"{verb} pods" for verb in ("get", "list", "watch", "create", "patch", "update", "delete", "deletecollection")),
    "get pods/log", "create pods/exec", "get pods/exec", "list events", "watch events",
    *(f"{verb} {kind}" for kind in ("secrets", "configmaps") for verb in ("get", "list", "watch", "create", "delete")),
    "create serviceaccounts/token", "create rolebindings", "patch roles", "list nodes", "list namespaces",
    "delete persistentvolumeclaims", "create deployments.apps", "patch statefulsets.apps", "create jobs.batch",
]  # fmt: skip


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_may_do_exactly_its_job(cluster: Cluster, account: str) -> None:
    who = f"--as=system:serviceaccount:{cluster.namespace}:{account}"
    allowed = {asked for asked in ASKED if may(cluster, asked, who)}
    assert allowed == ALLOWED.get(account, set())


def may(cluster: Cluster, asked: str, who: str) -> bool:
    """Ask the API server; `pods/log` alone would be understood as a pod of the name log."""
    verb, _, resource = asked.partition(" ")
    kind, _, part = resource.partition("/")
    part = f"--subresource={part}"
    return cluster.kubectl("auth", "can-i", verb, kind, part, who, check=False).startswith("yes")


def test_only_who_launches_pods_has_a_token(cluster: Cluster) -> None:
    """The mounted token counts, not the field: a projected volume is a token, too."""
    holders = {
        pod.metadata.labels.get("app.kubernetes.io/component")
        for pod in cluster.pods()
        for volume in pod.spec.volumes or []
        for source in (volume.projected.sources if volume.projected else [])
        if source.service_account_token
    }
    assert holders - {"cleanup", None} <= {"airflow-scheduler", "airflow-triggerer", "spark-connect", "spark"}, holders


def test_a_pod_that_is_not_restricted_is_refused(cluster: Cluster) -> None:
    told = cluster.kubectl("run", "root", "--image=postgres:18.6-bookworm", "--dry-run=server", check=False)
    assert "violates PodSecurity" in told, told


def test_airflow_wants_a_login(settings: Settings, api: AirflowApi) -> None:
    assert httpx.get(f"{settings.airflow.url}/api/v2/dags").status_code == 401
    wrong = httpx.post(f"{settings.airflow.url}/auth/token", json={"username": "admin", "password": "admin"})
    assert wrong.status_code == 401
    assert api.call("GET", "/api/v2/dags").status_code == 200


def test_every_pod_is_locked_down(cluster: Cluster) -> None:
    for pod in json.loads(cluster.kubectl("get", "pods", "-o", "json"))["items"]:
        name, spec = pod["metadata"]["name"], pod["spec"]
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, (name, container["name"])
            assert context["capabilities"] == {"drop": ["ALL"]}, (name, container["name"])
            assert set(container["resources"]["limits"]) >= {"cpu", "memory"}, (name, container["name"])


PROBES = "access-probes"


@pytest.fixture
def prober(cluster: Cluster) -> Iterator[str]:
    """A pod of the app image with the administrator's Secret and the probes of tests/integration."""
    sources = {
        name: (ROOT / "tests" / "integration" / name).read_text() for name in ("access_probes.py", "access_matrix.py")
    }
    folder = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": PROBES}, "data": sources}
    pod = yaml.safe_load((ROOT / "include" / "pods" / "maintenance.yaml").read_text())
    base = pod["spec"]["containers"][0]
    pod["metadata"] = {"name": PROBES, "labels": {**pod["metadata"]["labels"], **labels_of_setup(cluster)}}
    settings = json.loads(cluster.kubectl("get", "configmap", "crossover-settings", "-o", "json"))["data"]
    base["image"] = settings["CROSSOVER_JOBS__IMAGE_APP"]
    base["args"] = ["python", "-m", "tests.integration.access_matrix"]
    base["resources"]["requests"]["cpu"] = "50m"
    base["envFrom"][1]["secretRef"]["name"] = "crossover-admin"
    base["env"].append({"name": "PYTHONPATH", "value": "/probes"})
    base["volumeMounts"].append({"name": "probes", "mountPath": "/probes/tests/integration"})
    pod["spec"]["volumes"].append({"name": "probes", "configMap": {"name": PROBES}})
    for made in (folder, pod):
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps(made))
    yield PROBES
    cluster.kubectl("delete", "pod,configmap", PROBES, "--wait=false")


def labels_of_setup(cluster: Cluster) -> dict[str, str]:
    """What the network policies know the set-up by."""
    job = cluster.pods("app.kubernetes.io/component=setup")[0]
    return {name: value for name, value in job.metadata.labels.items() if name.startswith("app.kubernetes.io/")}


def test_each_principal_may_do_what_the_matrix_says_and_no_more(cluster: Cluster, prober: str) -> None:
    def over() -> bool:
        return cluster.core.read_namespaced_pod(prober, cluster.namespace).status.phase in ("Succeeded", "Failed")

    wait_until("every principal has tried everything", over, timeout=600)
    text = cluster.kubectl("logs", prober)
    print(text)
    told = [line.removeprefix("MATRIX ") for line in text.splitlines() if line.startswith("MATRIX ")]
    assert told, text[-3000:]
    found = {part: {k: set(v) for k, v in finding.items()} for part, finding in json.loads(told[0]).items()}
    assert found == declared()
