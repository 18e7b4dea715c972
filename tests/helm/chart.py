"""The chart rendered without a cluster, and views of what came out."""

import copy
import functools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "crossover"
NAMESPACE = "trial"

Object = dict[str, Any]

EXTERNAL: Object = {
    "postgres": {"enabled": False, "external": {"host": "db.example.com", "port": 6432, "database": "logs"}},
    "kafka": {"enabled": False, "external": {"bootstrapServers": "k1.example.com:9093,k2.example.com:9093"}},
    "hdfs": {
        "enabled": False,
        "external": {"warehouse": "hdfs://nn.example.com:8020/lake", "checkpoints": "hdfs://nn.example.com:8020/cp"},
    },
    "spark": {"connect": {"enabled": False, "external": {"url": "sc://spark.example.com:15002"}}},
    "ingest": {"enabled": False, "external": {"host": "ingest.example.com", "port": 443}},
    "load": {"enabled": False},
    "airflow": {"enabled": False, "external": {"serviceAccount": "airflow-worker", "namespace": "airflow"}},
}
PRODUCTION: Object = {
    "images": {
        "registry": "registry.example.com/team",
        "pullSecrets": ["pull"],
        "app": {"digest": "sha256:" + "a" * 64},
    },
    "spread": "DoNotSchedule",
    "postgres": {"storage": {"size": "2Ti", "className": "fast"}, "nodeSelector": {"pool": "database"}},
    "kafka": {"replicas": 3, "logPartitions": 24, "retentionBytes": 107374182400},
    "hdfs": {"replication": 3, "datanode": {"replicas": 6, "tolerations": [{"key": "hdfs", "operator": "Exists"}]}},
    "ingest": {"autoscaling": {"enabled": True, "maxReplicas": 20}},
    "load": {"replicas": 4},
    "airflow": {"baseUrl": "https://example.com/airflow"},
    "jobs": {"pods": {"spark": {"memory": "8Gi", "node_selector": {"pool": "spark"}}}},
    "secrets": {"spark": "vault-spark"},
    "networkPolicy": {"metricsNamespaces": ["monitoring"]},
}
SMALL: Object = yaml.safe_load((ROOT / "tests" / "kubernetes" / "values.yaml").read_text(encoding="utf-8"))
VARIANTS: dict[str, Object] = {"default": {}, "external": EXTERNAL, "production": PRODUCTION, "small": SMALL}


@functools.cache
def _render(values: str) -> tuple[Object, ...]:
    with helm_python.Chart.load(CHART) as chart:
        files = chart.render(json.loads(values), name="crossover", namespace=NAMESPACE)
    texts = (text for path, text in files.items() if path.endswith(".yaml"))
    return tuple(document for text in texts for document in yaml.safe_load_all(text) if document)


def render(values: Object) -> list[Object]:
    """Every object of the chart with these values, the test pod too."""
    return copy.deepcopy(list(_render(json.dumps(values, sort_keys=True))))


def one(objects: list[Object], kind: str, name: str) -> Object:
    """The object of this kind and name."""
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} objects {kind}/{name}"
    return found[0]


@dataclass
class Workload:
    """A pod specification and what owns it."""

    kind: str
    name: str
    labels: dict[str, str]
    spec: Object

    @property
    def component(self) -> str:
        """What the network policies call it."""
        return self.labels["app.kubernetes.io/component"]

    @property
    def serves(self) -> bool:
        """True if it runs until it is stopped."""
        return self.kind in {"Deployment", "StatefulSet"}

    def containers(self) -> list[Object]:
        """All, those of the start too."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def workloads(objects: list[Object]) -> Iterator[Workload]:
    """Every pod that the chart makes, and the template of Spark's executors."""
    for item in objects:
        kind, name = item["kind"], item["metadata"]["name"]
        if kind == "Pod":
            template = item
        elif kind in {"Deployment", "StatefulSet", "Job"}:
            template = item["spec"]["template"]
        elif kind == "CronJob":
            template = item["spec"]["jobTemplate"]["spec"]["template"]
        elif name == "crossover-executor-template":
            kind, template = "Executor", executor_template(objects)
        else:
            continue
        yield Workload(kind, name, template["metadata"]["labels"], template["spec"])


def completed(template: Object, name: str, image: str) -> Object:
    """A pod template with what its launcher (Spark, the operator) adds before it asks for the pod."""
    pod = copy.deepcopy(template)
    pod["metadata"]["name"] = name
    for container in pod["spec"]["containers"]:
        container["image"] = image
        for amounts in container["resources"].values():
            amounts.update({"cpu": "1", "memory": "1Gi", **amounts})
    return pod


def job_templates() -> dict[str, Object]:
    """The pod templates of include/pods by role."""
    paths = (ROOT / "include" / "pods").glob("*.yaml")
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}


def executor_template(objects: list[Object]) -> Object:
    """The template of Spark's executors."""
    loaded = yaml.safe_load(one(objects, "ConfigMap", "crossover-executor-template")["data"]["executor.yaml"])
    assert isinstance(loaded, dict)
    return loaded


def write(folder: Path) -> None:
    """Every object of every variant, and the pods of jobs and executors, as files for an outside judge."""
    for variant, values in VARIANTS.items():
        objects = render(values)
        executor = completed(executor_template(objects), "executor", "crossover-spark:0.1.0")
        (folder / f"{variant}.yaml").write_text(yaml.safe_dump_all([*objects, executor]), encoding="utf-8")
    for role, template in job_templates().items():
        pod = completed(template, role, "crossover-app:0.1.0")
        (folder / f"pod-{role}.yaml").write_text(yaml.safe_dump(pod), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
