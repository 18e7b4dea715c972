"""`crossover benchmark export|import`: a run as one JSON file, out of one installation and into another."""

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossover.benchmark.exchange import IMPORTED, MAXIMUM_BYTES, Exchanged, dump, parse_all
from crossover.benchmark.results import (
    Run,
    list_runs,
    load_run,
    load_rungs,
    save_cell,
    save_figures,
    save_run,
    save_rung,
    save_stamp,
)
from crossover.benchmark.validity.stamp import stamp
from crossover.connections import connect_postgres
from crossover.errors import BadInput
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run, and where to."""
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the file (default: standard output)")


def add_import_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Which file, and under which id."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--as", dest="run_id", metavar="RUN_ID", help="store it under this id (default: its own)")


def export(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write one run with all that is stored of it."""
    with connect_postgres(settings, application="benchmark") as connection:
        data = dump(load_run(connection, arguments.run_id), load_rungs(connection, arguments.run_id))
    if arguments.out is None:
        sys.stdout.buffer.write(data)
        return 0
    try:
        arguments.out.write_bytes(data)
    except OSError as error:
        raise BadInput(f"{arguments.out} cannot be written: {error.strerror}", cure="choose another --out") from error
    log.info("run %s: %s bytes in %s", arguments.run_id, f"{len(data):,}", arguments.out)
    return 0


def import_file(arguments: argparse.Namespace, settings: Settings) -> int:
    """Store the run of a file; does nothing when the same run is there already."""
    exchanged = read_file(arguments.file)
    run_id = exchanged.run.run_id if arguments.run_id is None else arguments.run_id
    if not run_id.strip():
        raise BadInput("an empty run id", cure="choose another --as")
    with connect_postgres(settings, application="benchmark") as connection:
        stored = store(connection, exchanged, run_id)
    words = "is stored" if stored else "was there already, and is the same"
    log.info("run %s, %d cells, %d figures: %s", run_id, len(exchanged.run.cells), len(exchanged.run.figures), words)
    return 0


def read_file(path: Path) -> Exchanged:
    """The run in a file. Raises BadInput, with the file's name."""
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    try:
        found = parse_all(data)
    except BadInput as error:
        raise BadInput(f"{path}: {error.message}", cure=error.cure) from error
    said, judged = found.run.stamp, stamp(found.run)
    if said is not None and said.valid and not judged.valid:
        log.warning("%s calls its run valid; by what it holds the run is not: %s", path, "; ".join(judged.reasons))
    return found


def store(connection: "psycopg.Connection[Any]", exchanged: Exchanged, run_id: str) -> bool:
    """Write the run under `run_id`, whole or not at all; False when it is there already with the same content.

    `connection` must not be in autocommit mode.

    Raises:
        BadInput: there is a run of this id with other content.
    """
    run = exchanged.run
    connection.execute(sql("benchmark/import_lock.sql").encode(), {"run_id": run_id})
    if any(header.run_id == run_id for header in list_runs(connection)):
        there = Exchanged(load_run(connection, run_id), tuple(load_rungs(connection, run_id)))
        if _content(there) == _content(exchanged):
            return False
        raise BadInput(f"there is a run {run_id} with other content", cure="choose another id with --as")
    mark = {IMPORTED: run.environment.get(IMPORTED, run.run_id)}
    save_run(connection, replace(run, run_id=run_id, environment=run.environment | mark))
    for rung in exchanged.rungs:
        save_rung(connection, run_id, rung)
    for cell in run.cells:
        save_cell(connection, run_id, cell)
    save_figures(connection, run_id, run.figures)
    if run.stamp is not None:
        save_stamp(connection, run_id, run.stamp)
    return True


def _content(exchanged: Exchanged) -> Exchanged:
    """The same for the same results, whatever the id they are stored under and the order they are given in."""
    run = exchanged.run
    environment = {name: value for name, value in run.environment.items() if name != IMPORTED}
    cells = [replace(c, samples=tuple(sorted(c.samples, key=lambda sample: sample.repetition))) for c in run.cells]
    plain: Run = replace(
        run,
        run_id="",
        environment=environment,
        cells=tuple(sorted(cells, key=lambda cell: cell.key)),
        figures=tuple(sorted(run.figures, key=lambda figure: (figure.name, sorted(figure.dimensions.items())))),
    )
    return Exchanged(plain, tuple(sorted(exchanged.rungs, key=lambda rung: (rung.size_rows, rung.kind))))
