"""The run as data: what a reader downloads from the page, and run.json."""

import csv
import io
from dataclasses import fields, replace

from crossover.benchmark.exchange import dump
from crossover.benchmark.results import Cell, Run, Sample, Stamp
from crossover.report.data import plain

# The figure under which the report keeps its first sentence (in the note) beside the run.
HEADLINE = "headline"
_CELL_COLUMNS = ("case", "engine", "size_rows", "layout", "rows", "bytes", "files", "cache_state", "condition")
_SAMPLE_COLUMNS = tuple(field.name for field in fields(Sample))


def samples_csv(run: Run) -> str:
    """One line a sample, warm-ups included (negative repetition), with the cell's key and verdict on each line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("run_id", *_CELL_COLUMNS, "comparable", "cell_error", *_SAMPLE_COLUMNS))
    for cell in run.cells:
        for sample in cell.samples:
            writer.writerow([plain(value) for value in (run.run_id, *_cell_values(cell), *_sample_values(sample))])
    return text.getvalue()


def _cell_values(cell: Cell) -> tuple[object, ...]:
    return (*(getattr(cell, name) for name in _CELL_COLUMNS), cell.comparable, cell.error)


def _sample_values(sample: Sample) -> tuple[object, ...]:
    return tuple(getattr(sample, name) for name in _SAMPLE_COLUMNS)


def run_json(run: Run, stamp: Stamp) -> str:
    """The whole run with its stamp as one file that `crossover benchmark import` reads. Raises BadInput.

    A sentence of an earlier report is left out: it follows from the rest, and may be older than it.
    """
    measured = tuple(figure for figure in run.figures if figure.name != HEADLINE)
    return dump(replace(run, figures=measured, stamp=stamp)).decode()
