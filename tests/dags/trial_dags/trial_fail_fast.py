"""A DAG that is wired like quickstart: one failure stops all, and the teardown fails with the run."""

from pathlib import Path

from airflow.sdk import DAG, Param, task

from crossover_airflow.operators import BenchPodOperator
from crossover_airflow.services import fail_with_the_run


@task
def opened() -> None:
    """The setup."""


@task
def last() -> None:
    """What is skipped."""


@task
def closed(ti) -> None:
    """The teardown."""
    fail_with_the_run(ti)


with DAG(dag_id=Path(__file__).stem, schedule=None, fail_fast=True, params={"broken": Param(True, type="boolean")}):
    first = opened()
    work = BenchPodOperator(
        task_id="work",
        role="generator",
        argv=["python", "-c", "raise SystemExit({{ 3 if params.broken else 0 }})"],
    )
    first >> work >> last() >> closed().as_teardown(setups=first, on_failure_fail_dagrun=True)
