"""# benchmark_crossover: at which size does one engine overtake the other, and how sure is that?

Loads the largest size once (or takes a dataset that is there), proves both stores equal, then searches case by case:
a few sizes first, more where the answer is still wide; on the indexed table and the compacted lake, and if `layouts`
says so first on the heap and the lake as the stream left it. Each case is a mapped task that can be cleared and run
again by itself: its cells are written over. The report names winners only if the run is **valid**: button
**Crossover report**.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, task

from crossover.names import run_name
from crossover_airflow import defaults, services
from crossover_airflow.operators import BENCHMARK_POOL, BenchPodOperator, MappedBenchmarkOperator
from crossover_airflow.options import LOAD_OPTIONS, sweep_plan

NAME = "{{ run_name(dag.dag_id, run_id) }}"
DATASET = "{{ params.dataset or run_name(dag.dag_id, run_id) }}"
MODE = "{{ 'available-now' if params.dataset else 'until-sealed' }}"
LOGS = "{{ 0 if params.dataset else params.largest }}"

with DAG(
    dag_id=Path(__file__).stem,
    doc_md=__doc__,
    tags=[defaults.Tag.BENCHMARK],
    default_args=defaults.DEFAULT_ARGS,
    schedule=None,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=24),
    user_defined_macros={"run_name": run_name},
    params=defaults.SWEEP_PARAMS | defaults.LOAD_PARAMS | defaults.KEEP_TOPICS,
):

    @task
    def cases(layout: str, dataset: str, run: str, params: dict[str, Any]) -> list[list[str]]:
        """One argv a case."""
        return sweep_plan(layout, dataset, run, params)

    opened = task(services.open_dataset)(DATASET)
    stream_argv = ["python", "-m", "spark_jobs.stream_logs", "--dataset", DATASET, "--mode", MODE]
    stream = BenchPodOperator(task_id="stream", role="spark", argv=stream_argv)
    # Not retried: a second attempt would be a second producer that sends everything again.
    generate_argv = ["crossover", "generate", "--dataset", DATASET, "--logs", LOGS, *LOAD_OPTIONS]
    generate = BenchPodOperator(task_id="generate", role="generator", retries=0, argv=generate_argv)
    sealed = task(services.seal_own_dataset)(DATASET)
    caught_up = services.CaughtUpSensor(task_id="caught_up", dataset=DATASET, poke_interval=2, timeout=7200)
    ledger_argv = ["crossover", "ledger", "--dataset", DATASET, "--timeout", "7200"]
    reconcile = BenchPodOperator(task_id="reconcile", role="maintenance", argv=ledger_argv)
    found = [
        MappedBenchmarkOperator.partial(
            task_id=f"find_{layout}",
            role="benchmark",
            pool=BENCHMARK_POOL,
            trigger_rule="none_failed",
            map_index_template="{{ task.argv[-1] }}",
        ).expand(argv=cases.override(task_id=f"cases_{layout}")(layout, DATASET, NAME))
        for layout in ("fragmented", "compacted")
    ]
    report = BenchPodOperator(
        task_id="report", role="benchmark", trigger_rule="none_failed", argv=["crossover", "report", "--run", NAME]
    )
    closed = task(services.close_dataset)(DATASET).as_teardown(setups=opened, on_failure_fail_dagrun=True)

    opened >> [stream, generate]
    generate >> sealed >> caught_up
    [stream, caught_up] >> reconcile >> found[0] >> found[1] >> report
    [stream, generate, report] >> closed
