"""The whole line as a user runs it: records in, rows in both stores, DAG quickstart, the report in a browser."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crossover.benchmark.results import Run, load_run
from crossover.connections import connect_postgres
from crossover.report.command import default_folder
from crossover.settings import Settings, checkout
from crossover.stack.airflow_api import AirflowApi
from crossover.stack.demo import DAG, watch

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
SIZES = "5000,10000,20000"
BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
REAL_LOGS = (checkout() or Path()).parent / "shared" / "data"


def crossover(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "crossover.cli", *words], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason=f"no real log files in {REAL_LOGS}")
def test_replayed_files_are_in_both_stores_once_each(stack: Settings, new_dataset: Callable[[str], str]) -> None:
    name = new_dataset("replay")
    files = sorted(str(path) for path in REAL_LOGS.glob("*.log"))
    crossover("replay", "--dataset", name, *files)
    crossover("ledger", "--dataset", name)
    lines = sum(len(Path(file).read_bytes().splitlines()) for file in files)
    with connect_postgres(stack, application="test") as connection:
        found = connection.execute(
            "SELECT acked, postgres, lake, lost, twice, equal FROM ledger_parity WHERE dataset = %s AND kind = 'logs'",
            (name,),
        ).fetchone()
    assert found == (lines, lines, lines, 0, 0, True)


@pytest.fixture(scope="module")
def api(stack: Settings) -> AirflowApi:
    client = AirflowApi(stack)
    client.wait_for_dag(DAG)
    return client


@pytest.fixture(scope="module")
def run_id(stack: Settings, api: AirflowApi) -> str:
    """One quickstart, triggered over Airflow's REST API with other params than its defaults."""
    triggered = api.trigger(DAG, {"sizes": SIZES, "events": 3000, "cases": "all", "repetitions": 4, "warmups": 1})
    state = watch(api, stack, triggered)
    logs = {
        task.task_id: api.log_text(DAG, triggered, task.task_id)[-1500:]
        for task in api.tasks(DAG, triggered)
        if task.state == "failed"
    }
    assert state == "success", logs
    return triggered


@pytest.fixture(scope="module")
def result(stack: Settings, api: AirflowApi, run_id: str) -> Run:
    path = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/report/xcomEntries/return_value"
    summary = api.call("GET", path).json()["value"]
    summary = json.loads(summary) if isinstance(summary, str) else summary
    with connect_postgres(stack, application="test") as connection:
        return load_run(connection, summary["run_id"])


def test_every_cell_is_measured_and_both_engines_agree(result: Run) -> None:
    cells = {(cell.case, cell.engine, cell.layout): 0 for cell in result.cells}
    assert len({cell.case for cell in result.cells}) == 10
    assert {(engine, layout) for _, engine, layout in cells} == {
        ("postgres", "heap"), ("postgres", "indexed"), ("spark", "fragmented"), ("spark", "compacted"),
    }  # fmt: skip
    for cell in result.cells:
        assert cell.error is None, (cell.case, cell.engine, cell.error)
        assert cell.answers_agree is True, (cell.case, cell.engine)
        assert len(cell.seconds) == 4
        assert all(second > 0 for second in cell.seconds)
    assert max(cell.rows for cell in result.cells) == 20_000


def test_the_task_log_alone_tells_the_result(api: AirflowApi, run_id: str) -> None:
    text = api.log_text(DAG, run_id, "benchmark_compacted")
    assert "BENCH {" in text
    for case in ("count_all", "top_endpoints_by_p95"):
        assert case in text


def test_the_report_is_written(stack: Settings, result: Run) -> None:
    folder = default_folder(stack, result.run_id)
    assert (folder / "report.html").stat().st_size > 20_000
    assert len(list(folder.glob("*.png"))) >= 12
    assert json.loads((folder / "run.json").read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if BROWSER is None:
        pytest.skip("no chromium on this machine, and it could not be installed")
    from playwright.sync_api import sync_playwright

    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=quiet)
        yield chromium
        chromium.close()


def test_the_report_shows_its_plots_in_a_browser(stack: Settings, result: Run, browser: Any, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((default_folder(stack, result.run_id) / "report.html").as_uri())
    drawings = page.locator("svg[role=img]")
    assert drawings.count() >= 10
    for n in range(drawings.count()):
        box = drawings.nth(n).bounding_box()
        assert box, f"drawing {n} is not laid out"
        assert box["width"] > 100, f"drawing {n} is {box}"
    picture = tmp_path / "report.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 50_000, "the screenshot is as good as blank"
    assert not [url for url in asked if not url.startswith(("file:", "data:"))], "the page asked the network"


def test_the_board_in_airflow_wants_a_login_and_then_shows_the_run(
    stack: Settings, api: AirflowApi, result: Run, run_id: str, browser: Any
) -> None:
    import httpx

    address = f"{stack.airflow.url}/crossover/"
    assert httpx.get(address).status_code == 401
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.goto(f"{stack.airflow.url}/auth/login")
    page.locator("input[name=username]").fill(stack.airflow.user)
    page.locator("input[name=password]").fill(stack.airflow.password.get_secret_value())
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/auth/login" not in url)
    page.goto(address)
    assert result.run_id in page.content()
    page.goto(f"{stack.airflow.url}/dags/{DAG}/runs/{run_id}")
    page.get_by_text("Crossover", exact=False).first.wait_for()
