"""A DAG of tiny real jobs, run by the operator's tests in local mode."""

from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Param, task

from crossover_airflow.operators import BenchPodOperator

SUCCEED = """
import json, os, pathlib
print("::group::work")
print("WARNING: half full, no cause for alarm")
result = {"rows": 3, "word": os.environ["WORD"], "foreign": "AIRFLOW_HOME" in os.environ}
pathlib.Path(os.environ["XCOM_DIR"], "return.json").write_text(json.dumps(result))
"""
NOTHING = "print('INFO: nothing to merge'); raise SystemExit(99)"
FAIL = "print('INFO: begun'); print('ERROR: the lake is dry\\n  cure: crossover up'); raise SystemExit(3)"
LINGER = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1], "pids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""


@task
def open_it(params: dict) -> None:
    """The setup."""


@task
def close_it(params: dict) -> None:
    """The teardown, which leaves a trace."""
    Path(params["folder"], "closed").touch()


def job(name: str, program: str, *arguments: str, **options: object) -> BenchPodOperator:
    """One task that runs a program text."""
    return BenchPodOperator(task_id=name, role="generator", argv=["python", "-c", program, *arguments], **options)


with DAG(dag_id=Path(__file__).stem, schedule=None, params={"folder": Param("", type="string")}):
    opened = open_it()
    jobs = [
        job("succeed", SUCCEED, env_vars={"WORD": "{{ dag.dag_id }}"}),
        job("nothing", NOTHING),
        job("fail", FAIL),
        job("linger", LINGER, "{{ params.folder }}", execution_timeout=timedelta(seconds=4)),
    ]
    mapped = BenchPodOperator.partial(task_id="mapped", role="generator").expand(
        argv=[["python", "-c", f"raise SystemExit({code})"] for code in (0, 99)]
    )
    opened >> [*jobs, mapped] >> close_it().as_teardown(setups=opened)
