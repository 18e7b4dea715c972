"""What this house adds to Airflow: the results page, and processes that have the operator loaded before they fork.

The only file that Airflow's plugin loader executes (see .airflowignore); it is imported by every Airflow process, so it
imports next to nothing.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from crossover_airflow.links import BOARD_PREFIX, board_url

if TYPE_CHECKING:
    from airflow.jobs.job import Job


async def board(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    """The board, imported at its first request: only the API server pays for it."""
    from crossover_airflow.board import app

    await app(scope, receive, send)


class Preload:
    """Loads the operator in the scheduler and the DAG processor.

    Their children are forked; without this each task and each parse imports the Kubernetes provider again, which is
    most of the time that a short task takes.
    """

    @hookimpl
    def on_starting(self, component: "Job") -> None:  # noqa: ARG002 - the names are the hook's
        """Called once in the scheduler, the DAG processor and the triggerer, before they fork."""
        import_module("crossover_airflow.operators")


class CrossoverPlugin(AirflowPlugin):
    """Entry in the menu, tab on a DAG run, preloading."""

    name = "crossover"
    fastapi_apps = [{"app": board, "url_prefix": BOARD_PREFIX, "name": "crossover board"}]
    external_views = [
        {
            "name": "Crossover",
            "href": f"{board_url()}/",
            "destination": "nav",
            "category": "browse",
            "url_route": "crossover",
        },
        {
            "name": "Crossover",
            "href": board_url() + "/dags/{DAG_ID}/runs/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "crossover_run",
        },
    ]
    listeners = [Preload()]
