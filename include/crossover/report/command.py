"""`crossover report`: draw the report of a benchmark run into a folder."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg.errors import UndefinedTable

from crossover.benchmark.results import Figure, Run, latest_run_id, load_run, save_figures
from crossover.connections import connect_postgres
from crossover.errors import BadInput
from crossover.job import Progress, log, write_result
from crossover.report.headline import problems
from crossover.report.page import render_report
from crossover.report.plots import chart_png, overview_png
from crossover.report.report import Report, report_of
from crossover.report.samples import HEADLINE, run_json
from crossover.settings import Settings

PAGE = "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run, and where to."""
    parser.add_argument("--run", default=None, metavar="RUN_ID", help="the run to draw; the newest when not given")
    parser.add_argument("--out", type=Path, default=None, help="folder; <home>/reports/RUN_ID when not given")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Load the run, write page, plots and data, print the page's path. Raises BadInput when there is no such run."""
    drawn = load(settings, arguments.run)
    folder = arguments.out or default_folder(settings, drawn.run_id)
    report = report_of(drawn)
    paths = write_report(report, folder)
    keep_headline(report, settings)
    write_result(summary(report, paths[0]))
    for line in (*report.headlines, *report.stamp.reasons):
        log.info("%s", line)
    print("\n".join(str(path) for path in paths))
    return 0


def summary(report: Report, page: Path) -> dict[str, Any]:
    """The small result of the job. An invalid run's has its reasons and no winner."""
    return {
        "run_id": report.run.run_id,
        "path": str(page),
        "valid": report.stamp.valid,
        "reasons": list(report.stamp.reasons),
        "headlines": list(report.headlines),
        "sentences": {f.name: [f"{f.title}: {c.sentence}" for c in f.comparisons] for f in report.findings},
        "void_cells": len(problems(report.run)),
    }


def keep_headline(report: Report, settings: Settings) -> None:
    """Store the first sentence beside the run: a list of runs shows it without loading any run wholly."""
    asked = len({cell.case for cell in report.run.cells})
    figure = Figure(HEADLINE, {}, "questions", (float(asked),), report.headlines[0])
    with connect_postgres(settings, application="report") as connection:
        save_figures(connection, report.run.run_id, [figure])


def load(settings: Settings, run_id: str | None) -> Run:
    """The named run, or the newest when `run_id` is None. Raises BadInput when there is none."""
    none_yet = BadInput("there is no benchmark run to draw", cure="crossover benchmark run")
    with connect_postgres(settings, application="report") as connection:
        try:
            found = run_id or latest_run_id(connection)
            if found is None:
                raise none_yet
            return load_run(connection, found)
        except UndefinedTable as error:
            raise none_yet from error


def default_folder(settings: Settings, run_id: str) -> Path:
    """The run's own folder; BadInput for a run id that would lead out of the reports."""
    if run_id in ("", ".", "..") or Path(run_id).name != run_id:
        raise BadInput(f"run id {run_id!r} cannot be a folder name", cure="say where to with --out")
    return settings.reports / run_id


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write all files and return their paths, the page first. A reader never sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    progress, written = Progress("report files", len(report.panels) + 3), []
    for name, content in _files(report):
        written.append(_write(folder / name, content))
        progress.update(len(written))
    return written


def _files(report: Report) -> Iterator[tuple[str, bytes]]:
    yield PAGE, render_report(report).encode()
    yield "run.json", run_json(report.run, report.stamp).encode()
    main = [f.chart for f in report.findings if f.scenario == report.findings[0].scenario]
    yield "overview.png", overview_png(main, report.headlines[0])
    for panel in report.panels:
        yield f"{panel.name}.png", chart_png(panel.chart)


def _write(path: Path, content: bytes) -> Path:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
    return path
