"""The pods that the house's DAGs would start, checked offline against the Kubernetes 1.34 schema."""

import json
import os
from pathlib import Path

import kubernetes_validate
import pytest
from kubernetes.client import ApiClient

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
    assert base["command"] + base["args"] == ["crossover", "report", "--run", "r"]
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
    }


def test_secrets_reach_a_pod_by_name_only(house, monkeypatch):
    monkeypatch.setenv("CROSSOVER_POSTGRES__PASSWORD", SECRET)
    monkeypatch.setenv("CROSSOVER_LAKE__CATALOG_PASSWORD", SECRET)
    for task in bench_tasks(house):
        pod = pod_of(task)
        assert SECRET not in json.dumps(pod)
        assert pod["spec"]["containers"][0]["envFrom"] == [
            {"configMapRef": {"name": "crossover-settings"}},
            {"secretRef": {"name": "crossover-secrets"}},
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


@pytest.mark.parametrize(("nothing_to_do", "skipped"), [("skip", True), ("succeed", False)])
def test_a_pod_with_nothing_to_do_is_judged_as_the_task_says(monkeypatch, nothing_to_do, skipped):
    """The provider's own clean-up of a pod whose container ended with 99; only the API calls are cut off."""
    from airflow.sdk.exceptions import AirflowSkipException
    from kubernetes.client import models as k8s

    ended = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=99))
    status = k8s.V1ContainerStatus(name="base", image="i", image_id="i", ready=False, restart_count=0, state=ended)
    pod = k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="p"), status=k8s.V1PodStatus(phase="Failed", container_statuses=[status])
    )
    op = operator("maintenance", nothing_to_do=nothing_to_do)
    for call in ("is_istio_enabled", "patch_already_checked", "_read_pod_container_states", "_read_pod_events"):
        monkeypatch.setattr(op, call, lambda *_, **__: None)
    if skipped:
        with pytest.raises(AirflowSkipException):
            op.cleanup(pod=pod, remote_pod=pod)
    else:
        op.cleanup(pod=pod, remote_pod=pod)


@pytest.mark.parametrize("role", ROLES)
def test_a_template_holds_no_value_that_belongs_into_settings(role):
    text = (ROOT / "include" / "pods" / f"{role}.yaml").read_text()
    assert "image:" not in text
    assert "namespace:" not in text.replace("metadata.namespace", "")
    assert os.environ["AIRFLOW_HOME"] not in text
