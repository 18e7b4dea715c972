"""The results pages inside Airflow: the runs, the newest report, the report of a DAG run, two runs side by side.

Mounted at /crossover. Airflow does not authenticate what plugins mount, so the app asks for the right to see plugins.
Everything that costs time to import is imported in the endpoints.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from crossover.connections import connect_postgres
from crossover.errors import BadInput, ServiceDown
from crossover.names import run_name
from crossover.settings import load_settings
from crossover_airflow.links import board_url

if TYPE_CHECKING:
    import psycopg

# A report is made of stored text: whatever that holds, the page loads nothing and is framed by nobody else.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; font-src data:; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)

app = FastAPI(
    title="crossover board",
    dependencies=[Depends(requires_access_view(AccessView.PLUGINS))],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)


@app.get("/")
def front_page() -> HTMLResponse:
    """All runs, newest first, and the newest one's report."""
    from crossover.report.runs import run_lines

    with _postgres() as connection:
        return _page(runs=run_lines(connection))


@app.get("/runs/{run_id}")
def run_page(run_id: str) -> HTMLResponse:
    """The report of one benchmark run."""
    from crossover.benchmark.results import load_run
    from crossover.report.page import render

    with _postgres() as connection:
        run = load_run(connection, run_id)
    return HTMLResponse(render(run), headers=HEADERS)


@app.get("/compare")
def compare_page(right: str, left: str = "", *, other_data: bool = False) -> HTMLResponse:
    """Two runs cell by cell, `left` as the base; without it, the runs to choose from."""
    from crossover.benchmark.results import load_run
    from crossover.report.comparing import side_by_side
    from crossover.report.runs import run_lines

    with _postgres() as connection:
        if not left:
            return _page(title="Compare two runs", runs=run_lines(connection), chosen=right)
        both = load_run(connection, left), load_run(connection, right)
    found = side_by_side(*both, same_data=not other_data)
    return _page(title="Two runs side by side", both=found, left=left, right=right, same_data=not other_data)


@app.get("/dags/{dag_id}/runs/{run_id:path}")
def dag_run_page(dag_id: str, run_id: str) -> RedirectResponse:
    """The report of the benchmark run that a DAG run made."""
    return RedirectResponse(f"{board_url()}/runs/{run_name(dag_id, run_id)}")


@app.exception_handler(BadInput)
def no_results(_request: Request, error: Exception) -> HTMLResponse:
    """A run that has stored nothing, or not yet."""
    hint = "Results appear here as soon as the run's first benchmark task has begun; reload this page then."
    return _page(title="No results yet", error=error, hint=hint, status=404)


@app.exception_handler(ServiceDown)
def results_out_of_reach(_request: Request, error: Exception) -> HTMLResponse:
    """PostgreSQL does not answer."""
    return _page(title="The results cannot be read", error=error, status=503)


@contextmanager
def _postgres() -> "Iterator[psycopg.Connection[Any]]":
    with connect_postgres(load_settings(), application="board") as connection:
        yield connection


def _page(*, title: str = "Benchmark runs", status: int = 200, **values: Any) -> HTMLResponse:
    text = _pages.get_template("board.html.j2").render(title=title, board=board_url(), **values)
    return HTMLResponse(text, status_code=status, headers=HEADERS)
