"""`crossover report`: draw the report of a benchmark run into a folder."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from psycopg.errors import UndefinedTable

from crossover.benchmark.results import Run, latest_run_id, load_run
from crossover.connections import connect_postgres
from crossover.errors import BadInput
from crossover.job import Progress, log, write_result
from crossover.report.findings import Finding
from crossover.report.headline import headlines, problems
from crossover.report.layouts import change_charts
from crossover.report.page import findings_of, render
from crossover.report.plots import case_png, layouts_png, overview_png
from crossover.report.samples import run_json
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
    findings = findings_of(drawn)
    paths = write_report(drawn, findings, folder)
    write_result({
        "run_id": drawn.run_id,
        "path": str(paths[0]),
        "headlines": headlines(findings),
        "sentences": {f.name: [c.sentence for c in f.comparisons] for f in findings},
        "void_cells": len(problems(drawn)),
    })
    for line in headlines(findings):
        log.info("%s", line)
    print("\n".join(str(path) for path in paths))
    return 0


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


def write_report(run: Run, findings: tuple[Finding, ...], folder: Path) -> list[Path]:
    """Write all files and return their paths, the page first. A reader never sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    progress, written = Progress("report files", len(findings) + 4), []
    for name, content in _files(run, findings):
        written.append(_write(folder / name, content))
        progress.update(len(written))
    return written


def _files(run: Run, findings: tuple[Finding, ...]) -> Iterator[tuple[str, bytes]]:
    yield PAGE, render(run).encode()
    yield "run.json", run_json(run).encode()
    charts = [finding.chart for finding in findings]
    yield "overview.png", overview_png(charts, headlines(findings)[0])
    yield "layouts.png", layouts_png(change_charts(findings))
    for finding in findings:
        yield f"{finding.name}.png", case_png(finding.chart)


def _write(path: Path, content: bytes) -> Path:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
    return path
