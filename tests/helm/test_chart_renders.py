"""The chart renders to objects that Kubernetes takes, for each way to use it and each version that is promised."""

import json
from typing import Any

import helm_python
import kubernetes_validate
import pytest

from tests.helm.chart import (
    CHART,
    EXTERNAL,
    PRODUCTION,
    VARIANTS,
    Object,
    completed,
    executor_template,
    one,
    render,
    workloads,
)

KUBERNETES = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34")


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_object_is_valid_by_the_strict_schema(variant: str, version: str) -> None:
    objects = render(VARIANTS[variant])
    for item in [*objects, completed(executor_template(objects), "executor", "crossover-spark:0.1.0")]:
        kubernetes_validate.validate(item, version, strict=True)


def test_the_validation_refuses_a_misspelt_field() -> None:
    item = one(render({}), "Deployment", "crossover-ingest")
    item["spec"]["template"]["spec"]["containers"][0]["imagePulPolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError, match="imagePulPolicy"):
        kubernetes_validate.validate(item, "1.34", strict=True)


@pytest.mark.parametrize("variant", VARIANTS)
def test_lint_has_no_finding(variant: str) -> None:
    report = helm_python.lint(CHART, VARIANTS[variant], strict=True, namespace="trial")
    serious = [message for message in report["messages"] if message["severity"] > 1]
    assert (serious, report["errors"]) == ([], [])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"postgres": {"enabled": False}}, "postgres.external.host"),
        ({"kafka": {"enabled": False}}, "kafka.external.bootstrapServers"),
        ({"hdfs": {"enabled": False}}, "hdfs.external.warehouse"),
        ({"spark": {"connect": {"enabled": False}}}, "spark.connect.external.url"),
        ({"ingest": {"enabled": False}}, "ingest.external.host"),
        ({"kafka": {"replicas": 2}}, "even number of controllers"),
        ({"hdfs": {"replication": 3}}, "hdfs.replication is 3 with 2 DataNodes"),
    ],
)
def test_a_part_that_is_nowhere_is_refused_with_a_sentence(values: Object, sentence: str) -> None:
    with pytest.raises(helm_python.HelmError, match=sentence):
        render(values)


def settings_of(values: Object) -> dict[str, str]:
    return one(render(values), "ConfigMap", "crossover-settings")["data"]


def test_addresses_of_external_parts_flow_into_the_settings() -> None:
    settings = settings_of(EXTERNAL)
    expected = {
        "CROSSOVER_POSTGRES__HOST": "db.example.com",
        "CROSSOVER_POSTGRES__PORT": "6432",
        "CROSSOVER_POSTGRES__DATABASE": "logs",
        "CROSSOVER_LAKE__CATALOG_HOST": "db.example.com",
        "CROSSOVER_KAFKA__BOOTSTRAP_SERVERS": "k1.example.com:9093,k2.example.com:9093",
        "CROSSOVER_LAKE__WAREHOUSE": "hdfs://nn.example.com:8020/lake",
        "CROSSOVER_LAKE__CHECKPOINTS": "hdfs://nn.example.com:8020/cp",
        "CROSSOVER_SPARK__CONNECT_URL": "sc://spark.example.com:15002",
        "CROSSOVER_INGEST__HOST": "ingest.example.com",
        "CROSSOVER_INGEST__PORT": "443",
    }
    assert expected.items() <= settings.items()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_settings_are_settings_of_the_program(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from crossover.settings import Settings, load_settings

    values = settings_of(VARIANTS[variant])
    for name, value in values.items():
        monkeypatch.setenv(name, value)
        # A name that no model has would be ignored in silence.
        *path, leaf = name.removeprefix("CROSSOVER_").lower().split("__")
        model: Any = Settings
        for step in path:
            model = model.model_fields[step].annotation
        assert leaf in model.model_fields, name
    settings = load_settings()
    assert settings.job_mode == "kubernetes"
    assert settings.jobs.namespace == "trial"


def test_with_everything_external_only_setup_test_and_executors_are_left() -> None:
    assert {pod.component for pod in workloads(render(EXTERNAL))} == {"setup", "test", "spark-executor"}


def test_an_existing_airflow_may_launch_pods_here() -> None:
    binding = one(render(EXTERNAL), "RoleBinding", "crossover-launcher")
    assert {"kind": "ServiceAccount", "name": "airflow-worker", "namespace": "airflow"} in binding["subjects"]


def test_three_brokers_vote_and_keep_two_copies_in_sync() -> None:
    properties = one(render(PRODUCTION), "ConfigMap", "crossover-kafka")["data"]["server.properties"]
    voters = [f"{n}@crossover-kafka-{n}.crossover-kafka-brokers.trial.svc:9093" for n in range(3)]
    assert f"controller.quorum.voters={','.join(voters)}\n" in properties
    assert "default.replication.factor=3\n" in properties
    assert "min.insync.replicas=2\n" in properties
    assert "log.retention.bytes=107374182400\n" in properties
    assert settings_of(PRODUCTION)["CROSSOVER_KAFKA__REPLICATION"] == "3"


def test_roles_get_their_shape_and_the_name_of_their_secret() -> None:
    shapes = json.loads(settings_of(PRODUCTION)["CROSSOVER_JOBS__PODS"])
    assert shapes == {"spark": {"memory": "8Gi", "node_selector": {"pool": "spark"}, "secret": "vault-spark"}}


def test_a_path_of_airflow_is_in_every_address_of_it() -> None:
    objects = render(PRODUCTION)
    config = one(objects, "ConfigMap", "crossover-airflow")["data"]
    assert config["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].endswith(":8080/airflow/execution/")
    api = next(pod for pod in workloads(objects) if pod.component == "airflow-api").spec["containers"][0]
    assert api["livenessProbe"]["httpGet"]["path"] == "/airflow/api/v2/version"


def test_the_autoscaler_owns_the_number_of_replicas() -> None:
    objects = render(PRODUCTION)
    assert "replicas" not in one(objects, "Deployment", "crossover-ingest")["spec"]
    assert one(objects, "HorizontalPodAutoscaler", "crossover-ingest")["spec"]["maxReplicas"] == 20


def test_setup_runs_again_when_it_would_do_something_else() -> None:
    def job(values: Object) -> str:
        return next(o["metadata"]["name"] for o in render(values) if o["kind"] == "Job")

    assert job({}) == job({"ingest": {"replicas": 5}})
    assert job({}) != job({"kafka": {"logPartitions": 8}})
    assert job({}) != job({"images": {"airflow": {"tag": "0.1.1"}}})


def test_a_changed_file_replaces_the_pods_that_read_it() -> None:
    def checksum(values: Object) -> str:
        template = one(render(values), "StatefulSet", "crossover-postgres")["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) != checksum({"postgres": {"parameters": {"work_mem": "1MB"}}})
