"""# generate_load: send records to the ingest, from one pod or many.

Sends synthetic log records and activity events, or replays a file of real log lines (`replay_file`, then only
`dataset`, `rate` and `repeat` matter). Each pod has a producer name of its own and its tally in the ledger, so that
loss can be counted. The tasks are not retried: a second attempt would send everything again.
"""

from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, task

from crossover_airflow.defaults import DEFAULT_ARGS, LOAD_PARAMS, Tag, dataset_param
from crossover_airflow.operators import BenchPodOperator
from crossover_airflow.options import load_plan


@task
def plan(params: dict[str, Any]) -> list[list[str]]:
    """One argv a pod."""
    return load_plan(params)


with DAG(
    dag_id=Path(__file__).stem,
    doc_md=__doc__,
    tags=[Tag.LOAD],
    default_args=DEFAULT_ARGS,
    schedule=None,
    params={
        "dataset": dataset_param(),
        "logs": Param(
            100_000, type="integer", minimum=0, maximum=10_000_000_000, title="Log records", section="Load",
            description="how many log records all pods send together",
        ),
        "minutes": Param(
            0, type="integer", minimum=0, maximum=1440, title="Minutes", section="Load",
            description="with a rate: send for so long, in the proportion of the two counts; 0 = send the counts",
        ),
        "pods": Param(
            1, type="integer", minimum=1, maximum=16, title="Pods", section="Load",
            description="generators that share counts and rate",
        ),
        "replay_file": Param(
            None, type=["null", "string"], title="Replay file", section="Replay",
            description="path, as the pod sees it, of a file of log lines to send instead",
        ),
        "repeat": Param(
            1, type="integer", minimum=1, maximum=1_000_000, title="Repeat", section="Replay",
            description="send the file so many times, each round shifted in time",
        ),
    }
    | LOAD_PARAMS,
):  # fmt: skip
    BenchPodOperator.partial(task_id="send", role="generator", retries=0).expand(argv=plan())
