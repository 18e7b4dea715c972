"""The run as data: what a reader downloads from the page, and run.json."""

import csv
import io
import json
from dataclasses import asdict, fields

from crossover.benchmark.results import Cell, Run, Sample

_CELL_COLUMNS = ("case", "engine", "size_rows", "layout", "rows", "bytes", "files", "cache_state", "condition")
_SAMPLE_COLUMNS = tuple(field.name for field in fields(Sample))
# A spreadsheet runs a cell that begins with one of these as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def samples_csv(run: Run) -> str:
    """One line a sample, warm-ups included (negative repetition), with the cell's key and verdict on each line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("run_id", *_CELL_COLUMNS, "comparable", "cell_error", *_SAMPLE_COLUMNS))
    for cell in run.cells:
        for sample in cell.samples:
            writer.writerow([_plain(value) for value in (run.run_id, *_cell_values(cell), *_sample_values(sample))])
    return text.getvalue()


def _cell_values(cell: Cell) -> tuple[object, ...]:
    return (*(getattr(cell, name) for name in _CELL_COLUMNS), cell.comparable, cell.error)


def _sample_values(sample: Sample) -> tuple[object, ...]:
    return tuple(getattr(sample, name) for name in _SAMPLE_COLUMNS)


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def run_json(run: Run) -> str:
    """The whole run, indented, with each cell's `comparable`."""
    document = asdict(run)
    for cell, written in zip(run.cells, document["cells"], strict=True):
        written["comparable"] = cell.comparable
    return json.dumps(document, indent=1, default=str, ensure_ascii=False) + "\n"
