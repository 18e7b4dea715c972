"""# stream_to_lake: Kafka into Iceberg, exactly once.

`available-now` takes what is in Kafka and ends; `continuous` goes on. Both stop cleanly after `max_minutes`, and the
next run continues where this one stopped. A killed run loses nothing: the checkpoint and the table's commits agree.
"""

from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Param

from crossover_airflow.defaults import DEFAULT_ARGS, Tag, dataset_param
from crossover_airflow.operators import BenchPodOperator

with DAG(
    dag_id=Path(__file__).stem,
    doc_md=__doc__,
    tags=[Tag.LAKE],
    default_args=DEFAULT_ARGS,
    schedule=None,
    # Two streams of one dataset would share a checkpoint.
    max_active_runs=1,
    params={
        "dataset": dataset_param(),
        "mode": Param(
            "available-now",
            type="string",
            enum=["available-now", "continuous"],
            title="Mode",
            description="take what is there and end, or go on for max_minutes",
        ),
        "max_minutes": Param(
            60, type="integer", minimum=1, maximum=1440, title="Minutes", description="end cleanly after so long"
        ),
    },
):
    BenchPodOperator(
        task_id="stream",
        role="spark",
        execution_timeout=timedelta(hours=25),
        argv=[
            "python",
            "-m",
            "spark_jobs.stream_logs",
            "--dataset",
            "{{ params.dataset }}",
            "--mode",
            "{{ params.mode }}",
            "--max-minutes",
            "{{ params.max_minutes }}",
        ],
    )
