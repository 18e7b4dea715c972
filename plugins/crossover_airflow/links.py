"""Addresses of the board, and the link from a task to its report."""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

BOARD_PREFIX = "/crossover"


def board_url() -> str:
    """Where the board is mounted as a browser sees it: the path of `[api] base_url`, then /crossover."""
    return urlsplit(str(conf.get("api", "base_url", fallback="/"))).path.rstrip("/") + BOARD_PREFIX


class ReportLink(BaseOperatorLink):
    """A button on the task: the report of the benchmark run that belongs to this DAG run."""

    name = "Crossover report"

    def get_link(self, operator: "BaseOperator", *, ti_key: "TaskInstanceKey") -> str:  # noqa: ARG002
        """The report's page on the board."""
        return f"{board_url()}/dags/{quote(ti_key.dag_id)}/runs/{quote(ti_key.run_id, safe='')}"
