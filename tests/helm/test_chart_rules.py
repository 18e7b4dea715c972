"""Every pod of the chart keeps to the rules, and every rule refuses a pod that does not."""

import copy

import pytest

from tests.helm.chart import VARIANTS, render, workloads
from tests.helm.rules import RULES, Rule


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_every_pod_keeps_to_the_rule(rule: Rule, variant: str) -> None:
    objects = render(VARIANTS[variant])
    pods = list(workloads(objects))
    assert pods
    assert [pod.name for pod in pods if not rule.holds(pod, objects)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_the_rule_refuses_a_pod_that_breaks_it(rule: Rule) -> None:
    objects = render({})
    pod = next(pod for pod in workloads(objects) if pod.name == "crossover-ingest")
    broken = copy.deepcopy(pod)
    rule.break_it(broken)
    assert rule.holds(pod, objects)
    assert not rule.holds(broken, objects)


def test_all_parts_are_looked_at() -> None:
    components = {pod.component for pod in workloads(render({}))}
    assert components == {
        "postgres", "kafka", "namenode", "datanode", "spark-connect", "spark-executor", "ingest", "load", "setup",
        "airflow-api", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "airflow-cleaner", "test",
    }  # fmt: skip
