"""One run as one JSON file: written whole, read back strictly, the same run afterwards.

`run.schema.json` beside this module is the published form of the file; tests hold it and the classes here equal. A
field that is added gets a default here and is not required there, so older files stay readable. A field whose meaning
changes takes a new version.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from crossover.benchmark import results
from crossover.benchmark.results import Evidence, Run, Rung
from crossover.errors import BadInput

FORMAT = "crossover-benchmark-run"
VERSION = 1
# A sweep of ten cases, three engines and a hundred samples a cell takes about a tenth of it.
MAXIMUM_BYTES = 64 * 1024 * 1024
# The fact in an imported run's environment that says under which id it was made. save_run.sql knows it, too.
IMPORTED = "imported from run"
_MAXIMUM_DEPTH = 32
_BIGGEST, _SMALLEST = 2**63 - 1, -(2**63)

Text = Annotated[str, Meta(max_length=1_000_000)]
Name = Annotated[str, Meta(min_length=1, max_length=1_000)]
Words = Annotated[tuple[Text, ...], Meta(max_length=10_000)]
Facts = Annotated[dict[Text, Text], Meta(max_length=10_000)]
Count = Annotated[int, Meta(ge=0, le=_BIGGEST)]
Small = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Natural = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Big = Annotated[int, Meta(ge=_SMALLEST, le=_BIGGEST)]
Seconds = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0)]
Moment = Annotated[datetime, Meta(tz=True)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Sample(_Strict, frozen=True):
    repetition: Small
    seconds: Seconds | None
    answer_rows: Natural | None
    answer_hash: Text | None
    error: Text | None
    arm: Literal["a", "b"]
    block: Natural

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.error is None):
            raise ValueError("a sample has either a time or an error")


class _Evidence(_Strict, frozen=True):
    started_at: Moment
    seconds: Seconds
    steal: Share | None
    foreign: Share | None
    clock_jump_seconds: float
    other_runs: Words
    configuration_changed: Words
    stale_statistics: Words
    idle_workers: Words
    steady: bool
    asked_samples: Natural
    cache_made: Text
    cores: Share | None
    memory_bytes: Count | None
    condition_made: Text
    condition_failed: Words


class _Cell(_Strict, frozen=True):
    case: Name
    engine: Name
    size_rows: Count
    layout: Name
    rows: Count
    bytes: Count | None
    files: Count | None
    cache_state: Name
    condition: Name
    configuration: Facts
    parameters: Facts
    statement: Text
    answer_hash: Text | None
    answers_agree: bool | None
    error: Text | None
    samples: Annotated[tuple[_Sample, ...], Meta(max_length=100_000)]
    evidence: _Evidence | None


class _Figure(_Strict, frozen=True):
    name: Name
    dimensions: Facts
    unit: Text
    values: Annotated[tuple[float, ...], Meta(max_length=1_000_000)]
    note: Text


class _Stamp(_Strict, frozen=True):
    valid: bool
    reasons: Words


class _Run(_Strict, frozen=True):
    run_id: Name
    dataset: Name
    started_at: Moment
    environment: Facts
    settings: Annotated[dict[Text, Any], Meta(max_length=10_000)]
    cells: Annotated[tuple[_Cell, ...], Meta(max_length=100_000)]
    figures: Annotated[tuple[_Figure, ...], Meta(max_length=100_000)]
    stamp: _Stamp | None


class _Rung(_Strict, frozen=True):
    size_rows: Count
    kind: Name
    rows: Count
    snapshot_id: Big
    bounds: Annotated[dict[Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")], Big], Meta(max_length=100_000)]
    postgres_table: Name
    fingerprint: Name
    proofs: Facts


class _File(_Strict, frozen=True):
    format: Literal["crossover-benchmark-run"]
    version: Literal[1]
    run: _Run
    rungs: Annotated[tuple[_Rung, ...], Meta(max_length=10_000)]


@dataclass(frozen=True)
class Exchanged:
    """What a file holds: the run, and the sizes of its ladder (smallest first, empty when they were not known)."""

    run: Run
    rungs: tuple[Rung, ...] = ()


def dump(run: Run, rungs: Sequence[Rung] = ()) -> bytes:
    """The run as one JSON file (UTF-8, indented, times in UTC); the same run gives the same bytes.

    Raises:
        BadInput: the run holds what the file cannot (a figure that is no number, a time without a zone, two cells
            with one key, more than 64 MiB).
    """
    plain = msgspec.to_builtins({"format": FORMAT, "version": VERSION, "run": _in_utc(run), "rungs": list(rungs)})
    for rung in plain["rungs"]:
        rung["bounds"] = {str(partition): offset for partition, offset in rung["bounds"].items()}
    checked = _checked(plain, f"run {run.run_id} cannot be written")
    written: bytes = msgspec.json.format(msgspec.json.encode(checked, order="deterministic"), indent=1) + b"\n"
    if len(written) > MAXIMUM_BYTES:
        raise BadInput(f"run {run.run_id} takes {len(written):,} bytes: at most {MAXIMUM_BYTES:,} could be read back")
    return written


def parse(data: bytes) -> Run:
    """The run that a file holds. Raises BadInput: see `parse_all`."""
    return parse_all(data).run


def parse_all(data: bytes) -> Exchanged:
    """The run that a file holds, with its ladder.

    Raises:
        BadInput: not such a file, of a newer version, too large, or wrong at a place that the message names.
    """
    if len(data) > MAXIMUM_BYTES:
        raise BadInput(f"a run of {len(data):,} bytes: at most {MAXIMUM_BYTES:,} are read")
    try:
        plain = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the file is no JSON: {error}", cure="write it with crossover benchmark export") from error
    except RecursionError as error:
        raise BadInput("the file is nested too deeply to be a run") from error
    _require_version(plain)
    file = _checked(plain, "the file is no whole run")
    return Exchanged(_run_of(file.run), tuple(_rung_of(rung) for rung in file.rungs))


def _require_version(plain: Any) -> None:
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise BadInput(
            f"the file is no benchmark run: $.format is not {FORMAT!r}", cure="write it with crossover benchmark export"
        )
    version = plain.get("version")
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise BadInput(
            f"the file has version {version}; this crossover reads versions up to {VERSION}",
            cure="read it with the crossover that wrote it, or a newer one",
        )


def _checked(plain: Any, what: str) -> _File:
    """The file, checked by type, then for what types cannot say. Raises BadInput with the place."""
    for place, wrong in _unwritable(plain, "$", 0):
        raise BadInput(f"{what}: {wrong} - at `{place}`")
    try:
        file = msgspec.convert(plain, _File)
    except msgspec.ValidationError as error:
        raise BadInput(f"{what}: {error}", cure="crossover/benchmark/run.schema.json has the form") from error
    for place, twice in _repeated(file):
        raise BadInput(f"{what}: {twice} stands there twice - at `{place}`")
    return file


def _unwritable(value: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:
    """What neither a JSON file nor PostgreSQL can keep: (place, what is wrong)."""
    if depth > _MAXIMUM_DEPTH:
        yield place, f"nested more than {_MAXIMUM_DEPTH} deep"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unwritable(key, f"{place}.{key!s:.80}", depth + 1)
            yield from _unwritable(inner, f"{place}.{key!s:.80}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unwritable(inner, f"{place}[{index}]", depth + 1)
    else:
        wrong = _wrong_value(value)
        if wrong:
            yield place, wrong


def _wrong_value(value: Any) -> str:
    if isinstance(value, str) and re.search("[\x00\ud800-\udfff]", value):
        return "a text with a null character or half a surrogate pair"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is no number that JSON can hold"
    if isinstance(value, int) and not _SMALLEST <= value <= _BIGGEST:
        return "a whole number of more than 64 bits"
    return ""


def _repeated(file: _File) -> Iterator[tuple[str, str]]:
    """(place, name) of what the tables keep once and the file has twice."""
    run = file.run
    keys = [(c.case, c.engine, c.size_rows, c.layout, c.cache_state, c.condition) for c in run.cells]
    yield from (("$.run.cells", f"cell {key}") for key in _twice(keys))
    for index, cell in enumerate(run.cells):
        repetitions = _twice(sample.repetition for sample in cell.samples)
        yield from ((f"$.run.cells[{index}].samples", f"repetition {number}") for number in repetitions)
    figures = [(figure.name, tuple(sorted(figure.dimensions.items()))) for figure in run.figures]
    yield from (("$.run.figures", f"figure {figure}") for figure in _twice(figures))
    yield from (("$.rungs", f"size {rung}") for rung in _twice((r.size_rows, r.kind) for r in file.rungs))


def _twice(keys: Iterable[Any]) -> list[Any]:
    return [key for key, count in Counter(keys).items() if count > 1]


def _run_of(run: _Run) -> Run:
    """The same content as the classes of `results`, which hold no rule of the file's."""
    return msgspec.convert(run, Run, from_attributes=True)


def _rung_of(rung: _Rung) -> Rung:
    plain = msgspec.structs.asdict(rung)
    return Rung(**{**plain, "bounds": {int(partition): offset for partition, offset in rung.bounds.items()}})


def _in_utc(run: Run) -> Run:
    return replace(run, started_at=_utc(run.started_at), cells=tuple(_cell_in_utc(cell) for cell in run.cells))


def _cell_in_utc(cell: results.Cell) -> results.Cell:
    evidence: Evidence | None = cell.evidence
    return replace(cell, evidence=evidence and replace(evidence, started_at=_utc(evidence.started_at)))


def _utc(moment: datetime) -> datetime:
    """A time without a zone is left as it is, for the check to find: to guess its zone would change it."""
    return moment.astimezone(UTC) if moment.tzinfo else moment
