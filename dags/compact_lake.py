"""# compact_lake: merge the small files of closed day partitions, verified by content.

Each day partition that is closed and has at least `min_files` files is rewritten, compared with what it replaces, and
only then committed. With `queries` a partition is rewritten only if what so many coming queries are predicted to gain
exceeds what the rewrite is predicted to cost; the log tells both. With nothing to merge the task is **skipped**, and
its log says why for each partition. A success is an event of the asset `lake_compacted`.
"""

from pathlib import Path

from airflow.sdk import DAG, Param

from crossover_airflow.defaults import DEFAULT_ARGS, LAKE_COMPACTED, START, Tag, dataset_param
from crossover_airflow.operators import BenchPodOperator

with DAG(
    dag_id=Path(__file__).stem,
    doc_md=__doc__,
    tags=[Tag.LAKE],
    default_args=DEFAULT_ARGS,
    schedule="0 2 * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    params={
        "dataset": dataset_param(),
        "min_files": Param(
            5,
            type="integer",
            minimum=2,
            maximum=100_000,
            title="Fewest files",
            description="a partition with fewer files is left as it is",
        ),
        "queries": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=1_000_000_000,
            title="Coming queries",
            description="rewrite only what pays back within so many queries; empty: every partition with enough files",
        ),
    },
):
    BenchPodOperator(
        task_id="compact",
        role="maintenance",
        outlets=[LAKE_COMPACTED],
        argv=[
            *("crossover", "compact", "--dataset", "{{ params.dataset }}", "--min-files", "{{ params.min_files }}"),
            *("--queries", "{{ params.queries or 'none' }}"),
        ],
    )
