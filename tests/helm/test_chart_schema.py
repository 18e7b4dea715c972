"""values.schema.json refuses what is not meant."""

import helm_python
import pytest

from tests.helm.chart import CHART, VARIANTS, Object, render


@pytest.mark.parametrize(
    "values",
    [
        {"postgress": {"enabled": False}},
        {"kafka": {"replica": 3}},
        {"hdfs": {"datanode": {"storage": {"size": "10Gi", "class": "fast"}}}},
        {"ingest": {"resources": {"requests": {"cpus": "1"}}}},
        {"kafka": {"replicas": "three"}},
        {"kafka": {"replicas": 0}},
        {"kafka": {"heap": "1Gi"}},
        {"kafka": {"external": {"bootstrapServers": "no-port"}}},
        {"images": {"app": {"tag": "latest"}}},
        {"images": {"app": {"digest": "sha256:short"}}},
        {"images": {"pullPolicy": "Sometimes"}},
        {"spread": "Never"},
        {"jobs": {"pods": {"sparks": {"memory": "1Gi"}}}},
        {"jobs": {"pods": {"spark": {"mem": "1Gi"}}}},
        {"settings": {"STREAM__TRIGGER_SECONDS": "5"}},
        {"settings": {"CROSSOVER_POSTGRES__PASSWORD": "x"}},
        {"airflow": {"config": {"AIRFLOW__CORE__FERNET_KEY": "x"}}},
        {"airflow": {"config": {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "x"}}},
        {"airflow": {"baseUrl": "localhost:8080"}},
        {"postgres": {"password": "x"}},
        {"postgres": {"external": {"sslmode": "off"}}},
        {"networkPolicy": {"externalCidrs": ["everywhere"]}},
    ],
    ids=str,
)
def test_a_value_that_is_not_meant_is_refused(values: Object) -> None:
    with pytest.raises(helm_python.HelmError):
        render(values)


def test_every_object_of_the_schema_is_closed() -> None:
    with helm_python.Chart.load(CHART) as chart:
        schema = chart.schema
    open_ones: list[str] = []

    def walk(node: object, path: str) -> None:
        if isinstance(node, dict):
            if "properties" in node and node.get("additionalProperties") is not False:
                open_ones.append(path)
            for key, child in node.items():
                walk(child, f"{path}/{key}")

    walk(schema, "")
    assert open_ones == []


def test_every_default_has_a_place_in_the_schema_and_every_place_a_default() -> None:
    with helm_python.Chart.load(CHART) as chart:
        values, schema = chart.values, chart.schema

    def compare(value: Object, node: Object, path: str) -> list[str]:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
        if "properties" not in node or not isinstance(value, dict):
            return []
        wrong = [f"{path}{key}" for key in set(value) ^ set(node["properties"])]
        for key in set(value) & set(node["properties"]):
            wrong += compare(value[key], node["properties"][key], f"{path}{key}.")
        return wrong

    # Roles of jobs.pods and amounts of resources are said only where they are wanted.
    optional = ("jobs.pods.", ".requests.", ".limits.", "global")
    assert [path for path in compare(values, schema, "") if not any(word in path for word in optional)] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_values_that_are_tested_are_allowed(variant: str) -> None:
    assert render(VARIANTS[variant])
