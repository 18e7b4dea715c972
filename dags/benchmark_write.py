"""# benchmark_write: what writing costs, how fast both stores keep up, when a record can be seen.

1. `methods`: PostgreSQL's ways of writing against each other, while nothing else runs;
2. opens a dataset of its own and streams it into the lake, while
   `rate` searches the highest rate at which both stores keep up, `freshness` times probes from acknowledged to visible
   in each store, `cpu` tells CPU seconds per million records of each stage (of those whose processes can be seen);
3. `bytes`: bytes on disk a record in each store and layout;
4. `report`: the page, linked from the run's tab.

A part can be cleared and run again while the dataset is open (`methods` always): its figures are overwritten.
"""

from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Param, chain, task

from crossover.names import run_name
from crossover_airflow import defaults, services
from crossover_airflow.operators import BenchPodOperator
from crossover_airflow.options import WRITE_OPTIONS

NAME = "{{ run_name(dag.dag_id, run_id) }}"
WRITE = ["crossover", "benchmark", "write", "--run", NAME, "--dataset", NAME, "--stream", "given", *WRITE_OPTIONS]
STREAM = ["python", "-m", "spark_jobs.stream_logs", "--dataset", NAME, "--mode", "until-sealed"]

with DAG(
    dag_id=Path(__file__).stem,
    doc_md=__doc__,
    tags=[defaults.Tag.BENCHMARK, defaults.Tag.LOAD],
    default_args=defaults.DEFAULT_ARGS,
    schedule=None,
    max_active_runs=1,
    fail_fast=True,
    dagrun_timeout=timedelta(hours=12),
    user_defined_macros={"run_name": run_name},
    params={
        "rows": Param(100_000, type="integer", minimum=1000, maximum=10_000_000, title="Rows", section="Methods",
                      description="rows for COPY; slower methods get fewer"),
        "repetitions": Param(5, type="integer", minimum=1, maximum=100, title="Repetitions", section="Methods",
                             description="writes of each method into each kind of table"),
        "seed": Param(1, type="integer", minimum=0, maximum=2**31 - 1, title="Seed", section="Methods",
                      description="the same seed writes the same rows in the same order"),
        "seconds": Param(60, type="integer", minimum=5, maximum=3600, title="Seconds", section="Line",
                         description="for how long a rate is offered; shorter tells growth from chance less well"),
        "start": Param(4000, type="integer", minimum=100, maximum=500_000, title="First rate (records/s)",
                       section="Line", description="where the search of the sustained rate begins"),
        "tries": Param(12, type="integer", minimum=1, maximum=100, title="Tries", section="Line",
                       description="how many rates are offered at most"),
        "ack_p99": Param(0.5, type="number", minimum=0.001, maximum=60, title="Acknowledgement p99 (s)", section="Line",
                         description="a rate holds only if 99 % of its requests are acknowledged within this"),
        "background": Param(0, type="integer", minimum=0, maximum=500_000, title="Background (records/s)",
                            section="Line", description="for freshness and cpu; 0 = half of the sustained rate"),
        "batch": Param(1000, type="integer", minimum=1, maximum=10_000, title="Batch", section="Line",
                       description="records in one request at most"),
    }
    | defaults.KEEP_TOPICS,
):  # fmt: skip
    methods, rate, freshness, cpu, on_disk = (
        BenchPodOperator(task_id=part, role="benchmark", argv=[*WRITE, "--parts", part])
        for part in ("methods", "rate", "freshness", "cpu", "bytes")
    )
    opened = task(services.open_dataset)(NAME)
    stream = BenchPodOperator(task_id="stream", role="spark", argv=STREAM)
    sealed = task(services.seal_dataset)(NAME)
    report = BenchPodOperator(task_id="report", role="benchmark", argv=["crossover", "report", "--run", NAME])
    closed = task(services.close_dataset)(NAME).as_teardown(setups=opened, on_failure_fail_dagrun=True)

    chain(methods, opened, rate, freshness, cpu, sealed, on_disk, report, closed)
    opened >> stream >> on_disk
    stream >> closed
