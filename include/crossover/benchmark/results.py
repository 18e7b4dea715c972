"""What a run leaves behind: dataclasses, and how they are kept in PostgreSQL (tables benchmark_*)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from crossover.errors import BadInput
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg

# What each engine's data look like in a layout of the run.
LAYOUTS: dict[str, dict[str, str]] = {
    "fragmented": {"postgres": "heap", "spark": "fragmented", "duckdb": "fragmented"},
    "compacted": {"postgres": "indexed", "spark": "compacted", "duckdb": "compacted"},
}
_CELL_KEY = ("case", "engine", "size_rows", "layout", "cache_state", "condition")


@dataclass(frozen=True)
class Sample:
    """One timed execution. A negative repetition is a warm-up; a failed one has an error and no time.

    Each engine is asked twice a block, in random order: `arm` is a or b, `block` counts the blocks. Arm a against arm b
    of one engine is that engine against itself: the noise below which no winner is named.
    """

    repetition: int
    seconds: float | None
    answer_rows: int | None
    answer_hash: str | None
    error: str | None
    arm: str = "a"
    block: int = 0


@dataclass(frozen=True)
class Evidence:
    """What was seen of machine, engine and data while a cell was measured; None = it could not be seen here.

    Shares are of all CPU time of the machine, 0 to 1. `foreign` = used by what is neither stack nor benchmark.
    `cores`, `memory_bytes`: the engine's budget as enforced, None without one. `steady`: the warm-ups ended in a steady
    state. `cache_made`, `condition_made`: how cache state and condition were brought about, empty when they were not;
    `condition_failed`: why the condition did not hold all the time.
    """

    started_at: datetime
    seconds: float
    steal: float | None = None
    foreign: float | None = None
    clock_jump_seconds: float = 0.0
    other_runs: tuple[str, ...] = ()
    configuration_changed: tuple[str, ...] = ()
    stale_statistics: tuple[str, ...] = ()
    idle_workers: tuple[str, ...] = ()
    steady: bool = True
    asked_samples: int = 0
    cache_made: str = ""
    cores: float | None = None
    memory_bytes: int | None = None
    condition_made: str = ""
    condition_failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """All executions of one case in one engine at one size, layout, cache state and condition."""

    case: str
    engine: str
    size_rows: int
    layout: str
    rows: int
    bytes: int | None
    files: int | None
    cache_state: str
    condition: str
    configuration: dict[str, str]
    parameters: dict[str, str]
    statement: str
    answer_hash: str | None
    answers_agree: bool | None
    error: str | None
    samples: tuple[Sample, ...]
    evidence: Evidence | None = None

    @property
    def key(self) -> tuple[str, str, int, str, str, str]:
        """What tells this cell from the others of its run."""
        return self.case, self.engine, self.size_rows, self.layout, self.cache_state, self.condition

    @property
    def plain(self) -> bool:
        """Whether it is of the state that is compared when nothing else is said: hot caches, nothing else going on."""
        return (self.cache_state, self.condition) == ("hot", "idle")

    @property
    def seconds(self) -> tuple[float, ...]:
        """Times of the measured executions that gave an answer, warm-ups left out."""
        return tuple(s.seconds for s in self.samples if s.repetition >= 0 and s.seconds is not None)

    @property
    def comparable(self) -> bool:
        """Whether the times may be set against another engine's.

        They may not after any error (the executions that survive a time-out are the quick ones), and not unless both
        engines gave the same answer.
        """
        return self.error is None and self.answers_agree is True and bool(self.seconds)


@dataclass(frozen=True)
class Figure:
    """Something measured that is not a query's time: a rate, a freshness, bytes a record, files against seconds.

    `name` says what; `dimensions` tells it from its siblings (store, method, files, ...); `values` are the repetitions
    in `unit`.
    """

    name: str
    dimensions: dict[str, str] = field(hash=False)
    unit: str
    values: tuple[float, ...]
    note: str = ""


@dataclass(frozen=True)
class Stamp:
    """Whether a run may name winners. `reasons` are in plain words, empty for a valid run."""

    valid: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One benchmark execution with all of its cells; `settings` has one entry a layout that was run.

    `stamp` is None while the run goes on.
    """

    run_id: str
    dataset: str
    started_at: datetime
    environment: dict[str, str]
    settings: dict[str, Any]
    cells: tuple[Cell, ...]
    figures: tuple[Figure, ...] = ()
    stamp: Stamp | None = None


@dataclass(frozen=True)
class RunHeader:
    """A run without its cells; `errors` and `disagreements` count cells."""

    run_id: str
    dataset: str
    started_at: datetime
    cells: int
    errors: int
    disagreements: int
    figures: int = 0
    valid: bool | None = None


@dataclass(frozen=True)
class Rung:
    """A size of the ladder: the same prefix of the same Kafka partitions in both stores.

    `bounds` maps a Kafka partition to the last offset contained; `fingerprint` is what both stores hold. `proofs` maps
    a layout to the states of both relations that were proven equal: while these stand, the proof stands.
    """

    size_rows: int
    kind: str
    rows: int
    snapshot_id: int
    bounds: dict[int, int] = field(hash=False)
    postgres_table: str
    fingerprint: str
    proofs: dict[str, str] = field(default_factory=dict, hash=False)


def save_run(connection: "psycopg.Connection[Any]", run: Run) -> None:
    """Write the run's header; a second call adds to environment and settings. Cells are saved one by one.

    Raises:
        BadInput: the run id is already taken by a run over another dataset.
    """
    saved = connection.execute(
        sql("benchmark/save_run.sql").encode(),
        {
            "run_id": run.run_id,
            "dataset": run.dataset,
            "started_at": run.started_at,
            "environment": Jsonb(run.environment),
            "settings": Jsonb(run.settings),
        },
    )
    if saved.rowcount == 0:
        raise BadInput(f"run {run.run_id} was made over another dataset, or imported", cure="choose another --run")


def save_rung(connection: "psycopg.Connection[Any]", run_id: str, rung: Rung) -> None:
    """Write or overwrite one size of the run's ladder."""
    values = {f.name: getattr(rung, f.name) for f in fields(rung)}
    connection.execute(
        sql("benchmark/save_rung.sql").encode(),
        {**values, "run_id": run_id, "bounds": Jsonb(rung.bounds), "proofs": Jsonb(rung.proofs)},
    )


def save_cell(connection: "psycopg.Connection[Any]", run_id: str, cell: Cell) -> None:
    """Write or overwrite one cell with its samples; samples of an earlier attempt do not stay behind."""
    key = {"run_id": run_id, **{name: getattr(cell, name) for name in _CELL_KEY}}
    row = {f.name: getattr(cell, f.name) for f in fields(cell)}
    row |= {**key, "configuration": Jsonb(cell.configuration), "parameters": Jsonb(cell.parameters)}
    row["evidence"] = Jsonb(msgspec.to_builtins(cell.evidence))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(sql("benchmark/save_cell.sql").encode(), row)
        cursor.execute(sql("benchmark/drop_samples.sql").encode(), key)
        cursor.executemany(
            sql("benchmark/save_sample.sql").encode(),
            [{**key, **{f.name: getattr(sample, f.name) for f in fields(sample)}} for sample in cell.samples],
        )


def load_run(connection: "psycopg.Connection[Any]", run_id: str) -> Run:
    """Read a run with all cells and samples.

    Raises:
        BadInput: no such run.
    """
    wanted = {"run_id": run_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        header = cursor.execute(sql("benchmark/load_run.sql").encode(), wanted).fetchone()
        if header is None:
            raise BadInput(f"there is no benchmark run {run_id!r}", cure="crossover benchmark list")
        samples: defaultdict[tuple[Any, ...], list[Sample]] = defaultdict(list)
        for row in cursor.execute(sql("benchmark/load_samples.sql").encode(), wanted):
            samples[tuple(row.pop(name) for name in _CELL_KEY)].append(Sample(**row))
        cells = tuple(
            Cell(
                evidence=msgspec.convert(row.pop("evidence"), Evidence | None),
                **row,
                samples=tuple(samples[tuple(row[name] for name in _CELL_KEY)]),
            )
            for row in cursor.execute(sql("benchmark/load_cells.sql").encode(), wanted).fetchall()
        )
        figures = tuple(
            Figure(**{**row, "values": tuple(row["values"])})
            for row in cursor.execute(sql("benchmark/load_figures.sql").encode(), wanted)
        )
    stamp = msgspec.convert(header.pop("stamp"), Stamp | None)
    return Run(**header, cells=cells, figures=figures, stamp=stamp)


def save_figures(connection: "psycopg.Connection[Any]", run_id: str, figures: Iterable[Figure]) -> None:
    """Write or overwrite figures of a run; a figure is known by its name and dimensions."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            sql("benchmark/save_figure.sql").encode(),
            [
                {
                    "run_id": run_id,
                    **{f.name: getattr(figure, f.name) for f in fields(figure)},
                    "dimensions": Jsonb(figure.dimensions),
                    "values": list(figure.values),
                }
                for figure in figures
            ],
        )


def save_stamp(connection: "psycopg.Connection[Any]", run_id: str, stamp: Stamp) -> None:
    """Write the run's stamp; a later job of the same run overwrites it."""
    connection.execute(
        sql("benchmark/save_stamp.sql").encode(), {"run_id": run_id, "stamp": Jsonb(msgspec.to_builtins(stamp))}
    )


def list_runs(connection: "psycopg.Connection[Any]") -> list[RunHeader]:
    """All runs, newest first."""
    with connection.cursor(row_factory=class_row(RunHeader)) as cursor:
        return cursor.execute(sql("benchmark/list_runs.sql").encode()).fetchall()


def latest_run_id(connection: "psycopg.Connection[Any]") -> str | None:
    """The newest run that has a cell; None when there is none."""
    return next((header.run_id for header in list_runs(connection) if header.cells), None)


def load_rungs(connection: "psycopg.Connection[Any]", run_id: str) -> list[Rung]:
    """The sizes of the run's ladder that are made, smallest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql("benchmark/load_rungs.sql").encode(), {"run_id": run_id})
        return [Rung(**{**row, "bounds": {int(p): offset for p, offset in row["bounds"].items()}}) for row in rows]
