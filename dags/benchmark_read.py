"""# benchmark_read: time the questions over a dataset that is already in both stores.

Both layouts, then the report. The run is named after this DAG run and is never overwritten by another.
Started by hand: sizes must be chosen for the data that are there, and a benchmark that starts by itself after the
nightly compaction would be timed against whatever else runs then. To have it all the same, set
`schedule=[LAKE_COMPACTED]` in this file.
"""

from pathlib import Path

from airflow.sdk import DAG, chain

from crossover.names import run_name
from crossover_airflow.defaults import BENCHMARK_PARAMS, DEFAULT_ARGS, Tag, dataset_param
from crossover_airflow.operators import BenchPodOperator
from crossover_airflow.options import BENCHMARK_OPTIONS

RUN = "{{ run_name(dag.dag_id, run_id) }}"
ARGV = ["crossover", "benchmark", "run", "--run", RUN, "--dataset", "{{ params.dataset }}", *BENCHMARK_OPTIONS]

with DAG(
    dag_id=Path(__file__).stem,
    doc_md=__doc__,
    tags=[Tag.BENCHMARK],
    default_args=DEFAULT_ARGS,
    schedule=None,
    max_active_runs=1,
    user_defined_macros={"run_name": run_name},
    params={"dataset": dataset_param()} | BENCHMARK_PARAMS,
):
    layouts = [
        BenchPodOperator(task_id=f"benchmark_{layout}", role="benchmark", argv=[*ARGV, "--layouts", layout])
        for layout in ("fragmented", "compacted")
    ]
    report = BenchPodOperator(task_id="report", role="benchmark", argv=["crossover", "report", "--run", RUN])
    chain(*layouts, report)
