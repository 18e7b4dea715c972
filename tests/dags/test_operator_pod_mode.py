"""The pods that the house's DAGs would start, checked offline against the Kubernetes 1.34 schema."""

import json
import os
import subprocess
import time
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import kubernetes_validate
import pytest
from airflow.sdk.exceptions import AirflowException
from kubernetes.client import ApiClient, ApiException
from kubernetes.client import models as k8s

from crossover.errors import BadSetting

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("benchmark", "generator", "maintenance", "spark")
SECRET = "hunter2-is-the-password"


def pod_of(operator) -> dict:
    """The pod as it goes over the wire."""
    return ApiClient().sanitize_for_serialization(operator.build_pod_request_obj(dry_run=True))


def bench_tasks(house):
    from crossover_airflow.operators import BenchPodOperator

    for dag in house.dags.values():
        for task in dag.tasks:
            if task.is_mapped:
                yield task.unmap({"argv": ["crossover", "generate"]})
            elif isinstance(task, BenchPodOperator):
                yield task


def operator(role: str, **options):
    from crossover_airflow.operators import BenchPodOperator

    return BenchPodOperator(task_id="t", role=role, argv=["crossover", "report", "--run", "r"], **options)


def test_every_pod_of_every_dag_is_valid_for_kubernetes(house):
    tasks = list(bench_tasks(house))
    assert len(tasks) >= 10
    for task in tasks:
        pod = pod_of(task)
        assert kubernetes_validate.validate(pod, "1.34", strict=True).startswith("1.34")


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_meets_the_restricted_pod_security_standard(role):
    pod = pod_of(operator(role))["spec"]
    assert [c["name"] for c in pod["containers"]] == ["base", "airflow-xcom-sidecar"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]


@pytest.mark.parametrize("role", ROLES)
def test_only_a_spark_driver_may_speak_to_the_cluster(role):
    assert pod_of(operator(role))["spec"]["automountServiceAccountToken"] is (role == "spark")


def test_a_benchmark_has_its_cores_to_itself_and_is_never_taken_over_half_done():
    benchmark = operator("benchmark")
    for container in pod_of(benchmark)["spec"]["containers"]:
        assert container["resources"]["requests"] == container["resources"]["limits"]
    assert (benchmark.pool, benchmark.durable, benchmark.deferrable) == ("benchmark", False, False)
    assert operator("generator").durable is True


def test_the_job_in_the_pod_has_the_argv_of_the_task_and_the_image_of_the_settings(monkeypatch):
    monkeypatch.setenv("CROSSOVER_JOBS__IMAGE_APP", "registry.example/app:7")
    monkeypatch.setenv("CROSSOVER_JOBS__NAMESPACE", "elsewhere")
    pod = pod_of(operator("generator"))
    base = pod["spec"]["containers"][0]
    assert base["args"] == ["crossover", "report", "--run", "r"]
    assert not base.get("command"), "the image's entry point must stay in front"
    assert base["image"] == "registry.example/app:7"
    assert pod["metadata"]["namespace"] == "elsewhere"
    assert pod_of(operator("spark"))["spec"]["containers"][0]["image"] == "crossover-spark:0.1.0"


def test_a_pod_ends_by_itself_some_time_after_the_task(house):
    for task in bench_tasks(house):
        assert pod_of(task)["spec"]["activeDeadlineSeconds"] == task.execution_timeout.total_seconds() + 120


def test_two_pods_of_one_task_have_unlike_names():
    assert pod_of(operator("spark"))["metadata"]["name"] != pod_of(operator("spark"))["metadata"]["name"]


def test_labels_say_what_a_pod_belongs_to():
    labels = pod_of(operator("generator"))["metadata"]["labels"]
    assert {k: v for k, v in labels.items() if k.startswith("app.kubernetes.io/")} == {
        "app.kubernetes.io/name": "crossover",
        "app.kubernetes.io/component": "generator",
        "app.kubernetes.io/part-of": "crossover",
        "app.kubernetes.io/managed-by": "airflow",
    }


def test_secrets_reach_a_pod_by_name_only(house, monkeypatch):
    monkeypatch.setenv("CROSSOVER_POSTGRES__PASSWORD", SECRET)
    monkeypatch.setenv("CROSSOVER_LAKE__CATALOG_PASSWORD", SECRET)
    for task in bench_tasks(house):
        pod = pod_of(task)
        assert SECRET not in json.dumps(pod)
        assert pod["spec"]["containers"][0]["envFrom"] == [
            {"configMapRef": {"name": "crossover-settings"}},
            {"secretRef": {"name": f"crossover-{task.role}"}},
        ]
        assert not any("PASSWORD" in variable["name"] for variable in pod["spec"]["containers"][0]["env"])


def test_the_mode_is_chosen_when_the_task_runs_not_when_the_dag_is_read(monkeypatch):
    from crossover_airflow.operators import BenchPodOperator

    op = BenchPodOperator(task_id="t", role="generator", argv=["python", "-c", "pass"])
    monkeypatch.setenv("CROSSOVER_JOB_MODE", "kubernetes")
    asked: list[str] = []
    monkeypatch.setattr("crossover_airflow.operators.KubernetesPodOperator.execute", lambda *_: asked.append("pod"))
    monkeypatch.setattr(BenchPodOperator, "_execute_locally", lambda *_: asked.append("local"))
    execute = BenchPodOperator.execute.__wrapped__
    execute(op, {})
    monkeypatch.setenv("CROSSOVER_JOB_MODE", "local")
    execute(op, {})
    assert asked == ["pod", "local"]


def test_a_time_out_is_not_hidden_by_the_clean_up_of_the_pod():
    """Only if the time-out reaches Airflow does it call on_kill, which deletes the pod."""
    from airflow.sdk.exceptions import AirflowTaskTimeout

    def run_out_of_time(op) -> None:
        try:
            raise AirflowTaskTimeout
        finally:
            op.cleanup(pod=object(), remote_pod=object())

    with pytest.raises(AirflowTaskTimeout):
        run_out_of_time(operator("generator"))


def shapes(monkeypatch, **by_role):
    monkeypatch.setenv("CROSSOVER_JOBS__PODS", json.dumps(by_role))


def test_a_cluster_shapes_the_pods_of_a_role_and_of_no_other(monkeypatch):
    toleration = {"key": "bench", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 9}
    wanted = {
        "cpu_request": "100m",
        "cpu_limit": "3",
        "memory": "3Gi",
        "secret": "another",
        "node_selector": {"disk": "ssd"},
        "tolerations": [toleration],
    }
    untouched = pod_of(operator("maintenance"))["spec"]
    shapes(monkeypatch, generator=wanted)
    pod = pod_of(operator("generator"))
    assert kubernetes_validate.validate(pod, "1.34", strict=True)
    base = pod["spec"]["containers"][0]
    assert base["resources"] == {
        "requests": {"cpu": "100m", "memory": "3Gi", "ephemeral-storage": "128Mi"},
        "limits": {"cpu": "3", "memory": "3Gi", "ephemeral-storage": "256Mi"},
    }
    assert base["envFrom"] == [{"configMapRef": {"name": "crossover-settings"}}, {"secretRef": {"name": "another"}}]
    assert pod["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert pod["spec"]["tolerations"] == [toleration]
    assert pod_of(operator("maintenance"))["spec"] == untouched


def test_a_benchmark_that_would_not_own_its_cores_is_refused(monkeypatch):
    shapes(monkeypatch, benchmark={"cpu_request": "100m"})
    with pytest.raises(BadSetting, match="100m CPU and may use 1"):
        pod_of(operator("benchmark"))
    shapes(monkeypatch, benchmark={"cpu_request": "250m", "cpu_limit": "250m"})
    assert pod_of(operator("benchmark"))["spec"]["containers"][0]["resources"]["limits"]["cpu"] == "250m"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"generators": {}}, "'benchmark', 'generator', 'maintenance' or 'spark'"),
        ({"generator": {"cpus": "1"}}, "CPUS: Extra inputs are not permitted"),
        ({"generator": {"tolerations": [{"nokey": "x"}]}}, "no field nokey"),
    ],
)
def test_a_shape_that_nobody_understands_is_refused_by_name(monkeypatch, wrong, told):
    shapes(monkeypatch, **wrong)
    with pytest.raises(BadSetting, match=told):
        pod_of(operator("generator"))


@pytest.mark.parametrize("role", ROLES)
def test_the_sidecar_does_not_keep_a_deleted_pod_alive(role):
    sidecar = pod_of(operator(role))["spec"]["containers"][1]
    with subprocess.Popen(sidecar["command"], start_new_session=True) as loop:
        time.sleep(0.3)
        loop.terminate()
        assert loop.wait(timeout=3) == 0


@pytest.mark.parametrize("gone", [True, False])
def test_a_pod_that_somebody_deleted_is_not_said_to_be_kept(monkeypatch, capsys, gone):
    op = operator("spark")
    pod = op.build_pod_request_obj(dry_run=True)
    pod.status = k8s.V1PodStatus(phase="Running")
    leaving = deepcopy(pod)
    leaving.metadata.deletion_timestamp = datetime.now(UTC)

    def read_pod(_):
        if gone:
            raise ApiException(status=404)
        return leaving

    op.pod_manager = SimpleNamespace(read_pod=read_pod)
    for call in ("is_istio_enabled", "patch_already_checked", "_read_pod_container_states", "_read_pod_events"):
        monkeypatch.setattr(op, call, lambda *_, **__: None)
    with pytest.raises(AirflowException):
        op.cleanup(pod=pod, remote_pod=pod)
    assert f"pod {pod.metadata.name} was deleted while its job ran" in capsys.readouterr().out


@pytest.mark.parametrize(("role", "kept"), [("benchmark", []), ("generator", ["old"])])
def test_a_new_attempt_takes_an_orphan_over_but_never_a_measurement(monkeypatch, role, kept):
    """The scheduler died, its pod runs on; only the API is cut off."""
    left = {"old": k8s.V1Pod(metadata=k8s.V1ObjectMeta(name="old", labels={}), status=k8s.V1PodStatus(phase="Running"))}
    op = operator(role)
    op.namespace = "crossover"
    op.client = SimpleNamespace(list_namespaced_pod=lambda *_, **__: k8s.V1PodList(items=list(left.values())))
    op.pod_manager = SimpleNamespace(
        delete_pod=lambda pod: left.pop(pod.metadata.name), create_pod=lambda pod: left.setdefault("new", pod)
    )
    monkeypatch.setattr(op, "_build_find_pod_label_selector", lambda *_, **__: "this=task")
    monkeypatch.setattr(op, "log_matching_pod", lambda **_: None)
    op.get_or_create_pod(op.build_pod_request_obj(dry_run=True), {})
    assert sorted(left) == sorted(kept or ["new"])


@pytest.mark.parametrize(("nothing_to_do", "skipped"), [("skip", True), ("succeed", False)])
def test_a_pod_with_nothing_to_do_is_judged_as_the_task_says(monkeypatch, nothing_to_do, skipped):
    """The provider's own clean-up of a pod whose container ended with 99; only the API calls are cut off."""
    from airflow.sdk.exceptions import AirflowSkipException

    ended = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=99))
    status = k8s.V1ContainerStatus(name="base", image="i", image_id="i", ready=False, restart_count=0, state=ended)
    pod = k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="p"), status=k8s.V1PodStatus(phase="Failed", container_statuses=[status])
    )
    op = operator("maintenance", nothing_to_do=nothing_to_do)
    deleted = []
    op.pod_manager = SimpleNamespace(delete_pod=deleted.append)
    for call in ("is_istio_enabled", "patch_already_checked", "_read_pod_container_states", "_read_pod_events"):
        monkeypatch.setattr(op, call, lambda *_, **__: None)
    if skipped:
        with pytest.raises(AirflowSkipException):
            op.cleanup(pod=pod, remote_pod=pod)
    else:
        op.cleanup(pod=pod, remote_pod=pod)
    assert deleted == [pod]


def test_a_failed_pod_is_kept_and_its_task_log_says_how_to_read_it_without_any_secret(monkeypatch, capsys):
    """The provider's clean-up of a pod that ended with 3, secrets in everything around it; only the API is cut off."""
    for name in ("POSTGRES__PASSWORD", "KAFKA__PASSWORD", "LAKE__CATALOG_PASSWORD", "GENERATE__TOKEN"):
        monkeypatch.setenv(f"CROSSOVER_{name}", SECRET)
    ended = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=3, message="ERROR: no answer"))
    status = k8s.V1ContainerStatus(name="base", image="i", image_id="i", ready=False, restart_count=0, state=ended)
    op = operator("generator")
    pod = op.build_pod_request_obj(dry_run=True)
    pod.status = k8s.V1PodStatus(phase="Failed", container_statuses=[status])
    op.pod_manager = SimpleNamespace(read_pod=lambda _: pod, delete_pod=lambda _: pytest.fail("it was deleted"))
    for call in ("patch_already_checked", "_read_pod_events"):
        monkeypatch.setattr(op, call, lambda *_, **__: None)
    with pytest.raises(AirflowException) as failure:
        op.cleanup(pod=pod, remote_pod=pod)
    name, log = pod.metadata.name, capsys.readouterr().out
    assert f"pod {name} is kept for 24 h: kubectl -n crossover logs {name} -c base" in log
    assert "ERROR: no answer" in str(failure.value)
    assert "remote_pod" not in str(failure.value), "the pod's specification names every setting"
    told = str(failure.value) + log + json.dumps(ApiClient().sanitize_for_serialization(pod), default=str)
    told += "".join(str(getattr(op, field, "")) for field in op.template_fields)
    assert SECRET not in told


@pytest.mark.parametrize("role", ROLES)
def test_a_template_holds_no_value_that_belongs_into_settings(role):
    text = (ROOT / "include" / "pods" / f"{role}.yaml").read_text()
    assert "image:" not in text
    assert "namespace:" not in text.replace("metadata.namespace", "")
    assert os.environ["AIRFLOW_HOME"] not in text
