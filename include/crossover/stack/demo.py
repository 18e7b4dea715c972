"""`crossover demo`: start the stack, run a benchmark DAG through Airflow's REST API, follow it, show what it found."""

import argparse
import json
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossover.benchmark.results import LAYOUTS, load_run
from crossover.benchmark.table import render
from crossover.connections import connect_postgres
from crossover.errors import BadSetting, ServiceError
from crossover.job import stop_on_signal
from crossover.names import run_name
from crossover.report.command import default_folder
from crossover.settings import Settings
from crossover.sql import sql
from crossover.stack.airflow_api import AirflowApi, TaskState
from crossover.stack.home import Home
from crossover.stack.up import start_stack

log = logging.getLogger(__name__)

DAG = "quickstart"
DAGS = (DAG, "benchmark_crossover")
POLL_SECONDS = 2.0
TELL_SECONDS = 5.0
FINISHED = ("success", "failed", "skipped", "upstream_failed", "removed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which DAG, and its params for those who want others than its defaults."""
    parser.add_argument("--dag", choices=DAGS, default=DAG, help="the whole line once, or the search for the crossover")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="a field of the DAG's trigger form"
    )


@dataclass
class Progress:
    """What the watched run has done so far, read from the results tables, not guessed from the clock."""

    acked: int = 0
    loaded: int = 0
    cells: int = 0
    rates: dict[str, tuple[float, int]] = field(default_factory=dict)

    def rate(self, what: str, count: int, now: float) -> float:
        """Per second since `what` was first seen above nothing."""
        if count <= 0:
            return 0.0
        began, first = self.rates.setdefault(what, (now, count))
        return (count - first) / (now - began) if now > began else 0.0


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The main job of a new user; exit 0 only when the run succeeded."""
    begun = time.monotonic()
    home = start_stack(settings)
    settings = home.settings
    up_seconds = time.monotonic() - begun
    api = AirflowApi(settings)
    dag = arguments.dag
    api.wait_for_dag(dag)
    run_id = api.trigger(dag, params_of(arguments.param))
    log.info("DAG %s is triggered: run %s", dag, run_id)
    state = watch(api, settings, run_id, dag=dag)
    tasks = api.tasks(dag, run_id)
    if state != "success":
        raise ServiceError(_why_failed(api, dag, run_id, tasks), cure=f"read the task's log in {settings.airflow.url}")
    name = run_name(dag, run_id)
    _show_results(settings, name)
    _show_times(up_seconds, tasks, time.monotonic() - begun)
    _show_places(home, name)
    return 0


def params_of(pairs: list[str]) -> dict[str, Any]:
    """`["largest=100000", "cases=count_all"]` as the DAG's params: what reads as JSON is that, the rest is text.

    Raises BadSetting for a pair without `=`.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadSetting(f"--param {pair!r}: write NAME=VALUE")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def watch(api: AirflowApi, settings: Settings, run_id: str, *, dag: str = DAG) -> str:
    """Follow the run until it ends: a line a change of a task, and every few seconds rows, rates, time left."""
    stop = stop_on_signal()
    known: dict[tuple[str, int], str] = {}
    progress, name, told = Progress(), run_name(dag, run_id), time.monotonic()
    conf = api.conf(dag, run_id)
    while True:
        state = api.run_state(dag, run_id)
        tasks = api.tasks(dag, run_id)
        for task in tasks:
            key = (task.task_id, task.map_index)
            if task.state != known.get(key) and task.state not in ("waiting", "scheduled", "queued"):
                took = f" after {task.seconds:.0f} s" if task.seconds and task.state in FINISHED else ""
                which = f"{task.task_id}[{task.map_index}]" if task.map_index >= 0 else task.task_id
                log.info("%-22s %s%s", which, task.state, took)
            known[key] = task.state
        if state in ("success", "failed"):
            return state
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            log.info("%s", _progress_line(settings, name, progress, conf, tasks))
        if stop.wait(POLL_SECONDS):
            raise ServiceError("stopped while the run goes on", cure=f"it can be cancelled in {settings.airflow.url}")


def _progress_line(
    settings: Settings, name: str, progress: Progress, conf: dict[str, Any], tasks: list[TaskState]
) -> str:
    with connect_postgres(settings, application="demo") as connection:
        row = connection.execute(sql("ledger/demo_progress.sql").encode(), {"name": name}).fetchone()
    acked, loaded, streamed, cells = (int(value) for value in row) if row else (0, 0, 0, 0)
    now, running = time.monotonic(), [task.task_id for task in tasks if task.state == "running"]
    words = [f"running {', '.join(running) or 'nothing yet'}"]
    sizes = [int(size) for size in str(conf.get("sizes", "")).split(",") if size.strip().isdigit()]
    wanted = max(sizes, default=int(conf.get("largest", 0))) + int(conf.get("events", 0))
    if not cells:
        rate = progress.rate("acked", acked, now)
        left = f", {max(wanted - acked, 0) / rate:.0f} s left" if rate > 0 else ""
        words.append(
            f"sent {acked:,} of {wanted:,} ({rate:,.0f}/s{left}), in PostgreSQL {loaded:,}, lake {streamed:,} batches"
        )
    else:
        words.append(f"{cells:,} cells measured ({60 * progress.rate('cells', cells, now):.0f} a minute)")
    return "; ".join(words)


def _why_failed(api: AirflowApi, dag: str, run_id: str, tasks: list[TaskState]) -> str:
    failed = [task for task in tasks if task.state == "failed"]
    names = ", ".join(task.task_id for task in failed) or "no task"
    logs = [api.log_text(dag, run_id, t.task_id, t.try_number, t.map_index) for t in failed[:1]]
    lines = [line for text in logs for line in text.splitlines()]
    return f"run {run_id} failed in {names}; the end of its log:\n    " + "\n    ".join(lines[-25:])


def _show_results(settings: Settings, name: str) -> None:
    with connect_postgres(settings, application="demo") as connection:
        result = load_run(connection, name)
    for layout, words in LAYOUTS.items():
        print(f"\nlake {words['spark']}, PostgreSQL {words['postgres']}: median seconds")
        print(render(result, layout))


def _show_times(up_seconds: float, tasks: list[TaskState], seconds: float) -> None:
    print(f"\n{'stage':<26}{'seconds':>8}")
    print(f"{'stack up':<26}{up_seconds:>8.0f}")
    for task in tasks:
        if task.seconds is not None:
            which = f"{task.task_id}[{task.map_index}]" if task.map_index >= 0 else task.task_id
            print(f"{which:<26}{task.seconds:>8.0f}")
    print(f"{'all, from call to table':<26}{seconds:>8.0f}")


def _show_places(home: Home, name: str) -> None:
    page: Path = default_folder(home.settings, name) / "report.html"
    print(f"\n  report      {page}")
    print(
        f"  Airflow UI  {home.settings.airflow.url}   user admin, password {home.values['CROSSOVER_AIRFLOW__PASSWORD']}"
    )
    print("  The stack stays up; `make down` stops it.\n")
