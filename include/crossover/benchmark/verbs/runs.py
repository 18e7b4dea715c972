"""`crossover benchmark show|list|drop`: look at runs, and give the space of their copies back."""

import argparse
import logging
import threading
import time

from crossover.benchmark import table
from crossover.benchmark.results import LAYOUTS, latest_run_id, list_runs, load_run
from crossover.benchmark.rungs import Ladder, drop_copies
from crossover.connections import connect_postgres, connect_spark
from crossover.errors import BadInput
from crossover.settings import Settings

log = logging.getLogger(__name__)


def add_show_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("run_id", nargs="?", help="default: the newest run")


def add_list_all_arguments(_parser: argparse.ArgumentParser) -> None:
    """None."""


def add_drop_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("run_id")


def show(arguments: argparse.Namespace, settings: Settings) -> int:
    """The tables of one run, then what is wrong in it."""
    with connect_postgres(settings, application="benchmark") as connection:
        run_id = arguments.run_id or latest_run_id(connection)
        if run_id is None:
            raise BadInput("there is no benchmark run yet", cure="crossover benchmark run")
        found = load_run(connection, run_id)
    print(f"run {found.run_id} over dataset {found.dataset}, started {found.started_at:%Y-%m-%d %H:%M:%S} UTC")
    for layout in LAYOUTS:
        print("\n" + table.render(found, layout))
    for cell in found.cells:
        if cell.error:
            print(f"! {cell.case}, {cell.engine} {cell.layout}, {cell.size_rows:,} rows: {cell.error}")
    return 0


def list_all(_arguments: argparse.Namespace, settings: Settings) -> int:
    """One line a run, newest first."""
    with connect_postgres(settings, application="benchmark") as connection:
        for header in list_runs(connection):
            print(
                f"{header.run_id}  {header.started_at:%Y-%m-%d %H:%M:%S}  dataset {header.dataset}  "
                f"{header.cells} cells, {header.errors} with errors, {header.disagreements} with unlike answers, "
                f"{header.figures} figures; {_stamped(header.valid)}"
            )
    return 0


def drop(arguments: argparse.Namespace, settings: Settings) -> int:
    """Drop the run's tables and clones in both stores."""
    with connect_postgres(settings, application="benchmark", autocommit=True) as connection:
        found = load_run(connection, arguments.run_id)
        spark = connect_spark(settings)
        started = time.monotonic()
        drop_copies(Ladder(connection, spark, settings, found.run_id, found.dataset, threading.Event()))
    log.info("the copies of run %s are dropped (%.1f s)", found.run_id, time.monotonic() - started)
    return 0


def _stamped(valid: bool | None) -> str:
    return "not ended" if valid is None else "valid" if valid else "NOT valid"
