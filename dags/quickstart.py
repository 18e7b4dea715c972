"""# quickstart: the whole line once, from an empty dataset to a report.

1. opens a dataset of its own (topics, tables) after checking that the lake answers;
2. streams Kafka into the lake while the generator sends records up the ladder of sizes;
3. proves that what was sent, Kafka, PostgreSQL and the lake hold the same records (**stops here if they do not**);
4. times the same questions in both engines: on the lake as the stream left it, then on the compacted lake;
5. draws the report: button **Crossover report** on the task `report`, or the tab **Crossover** of this run.

In the end the dataset's topics are deleted (after a failure too); rows and results stay. One failed task stops all.
"""

from datetime import timedelta
from pathlib import Path

from airflow.providers.common.sql.operators.sql import SQLTableCheckOperator
from airflow.sdk import DAG, task

from crossover.names import run_name
from crossover_airflow import defaults, services
from crossover_airflow.operators import BenchPodOperator
from crossover_airflow.options import BENCHMARK_OPTIONS, LOAD_OPTIONS

NAME = "{{ run_name(dag.dag_id, run_id) }}"
LARGEST_SIZE = "{{ params.sizes.split(',') | map('int') | max }}"
BENCHMARK = ["crossover", "benchmark", "run", "--run", NAME, "--dataset", NAME, *BENCHMARK_OPTIONS, "--layouts"]

with DAG(
    dag_id=Path(__file__).stem,
    doc_md=__doc__,
    tags=[defaults.Tag.START_HERE, defaults.Tag.BENCHMARK],
    default_args=defaults.DEFAULT_ARGS,
    schedule=None,
    max_active_runs=1,
    fail_fast=True,
    dagrun_timeout=timedelta(hours=12),
    user_defined_macros={"run_name": run_name},
    params=defaults.QUICK_PARAMS | defaults.LOAD_PARAMS | defaults.KEEP_TOPICS,
):
    opened = task(services.open_dataset)(NAME)
    stream = BenchPodOperator(
        task_id="stream",
        role="spark",
        argv=["python", "-m", "spark_jobs.stream_logs", "--dataset", NAME, "--mode", "until-sealed"],
    )
    # Not retried: a second attempt would be a second producer that sends everything again.
    generate = BenchPodOperator(
        task_id="generate",
        role="generator",
        retries=0,
        argv=["crossover", "generate", "--dataset", NAME, "--logs", LARGEST_SIZE, *LOAD_OPTIONS],
    )
    sealed = task(services.seal_dataset)(NAME)
    caught_up = services.CaughtUpSensor(task_id="caught_up", dataset=NAME, poke_interval=2, timeout=1800)
    reconcile = BenchPodOperator(
        task_id="reconcile", role="maintenance", argv=["crossover", "ledger", "--dataset", NAME]
    )
    row_parity = SQLTableCheckOperator(
        task_id="row_parity",
        conn_id=defaults.POSTGRES_CONNECTION,
        table="ledger_parity",
        partition_clause=f"dataset = '{NAME}'",
        checks=services.PARITY_CHECKS,
    )
    fragmented = BenchPodOperator(task_id="benchmark_fragmented", role="benchmark", argv=[*BENCHMARK, "fragmented"])
    compact = BenchPodOperator(
        task_id="compact",
        role="maintenance",
        # A small load leaves no small files; its compacted layout is then measured all the same.
        nothing_to_do="succeed",
        argv=["crossover", "compact", "--dataset", NAME],
    )
    compacted = BenchPodOperator(task_id="benchmark_compacted", role="benchmark", argv=[*BENCHMARK, "compacted"])
    report = BenchPodOperator(task_id="report", role="benchmark", argv=["crossover", "report", "--run", NAME])
    closed = task(services.close_dataset)(NAME).as_teardown(setups=opened, on_failure_fail_dagrun=True)

    opened >> [stream, generate]
    generate >> sealed >> caught_up
    [stream, caught_up] >> reconcile >> row_parity >> fragmented >> compact >> compacted >> report
    [stream, generate, report] >> closed
