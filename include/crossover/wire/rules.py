"""The rules that values must keep, checked a column at a time, the same for JSON and for Arrow.

A rule costs a few microseconds a batch when all is well; only a batch with a fault is looked at row by row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from crossover.records import EVENT_TYPES, LEVELS, Column, Kind
from crossover.wire.parsed import LAST_MICROSECOND, Code

MAX_ID_CHARACTERS = 200
EARLIEST = 31_536_000_000_000
"""1971-01-01 in microseconds: what is before it is seconds or milliseconds sent as microseconds."""

_ALLOWED = {"level": pa.array(LEVELS, pa.string()), "event_type": pa.array(EVENT_TYPES, pa.string())}
_NUL = r"\x00"
# In JSON text also its escape: u0000 after an odd number of backslashes. PostgreSQL's jsonb cannot hold it.
_NUL_IN_JSON = r"\x00|(^|[^\\])(\\\\)*\\u0000"


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that breaks a rule."""

    row: int
    code: Code
    reason: str


def faults(kind: Kind, batch: pa.RecordBatch, latest: int) -> dict[int, Fault]:
    """The first fault of each bad row; empty when the batch is good. `latest` is in microseconds."""
    found: dict[int, Fault] = {}
    for column, values in zip(kind.columns, batch.columns, strict=True):
        for fault in _column_faults(column, values, latest):
            found.setdefault(fault.row, fault)
    return found


def duplicate_ids(batch: pa.RecordBatch) -> dict[int, Fault]:
    """Rows whose event_id an earlier row of the batch has."""
    ids = batch.column(0)
    if pc.count_distinct(ids, mode="all").as_py() == len(ids):
        return {}
    seen: dict[str, int] = {}
    found: dict[int, Fault] = {}
    for row, identity in enumerate(ids.to_pylist()):
        if seen.setdefault(identity, row) != row:
            found[row] = Fault(row, "duplicate_event_id", f"event_id {identity!r} occurs before in the same body")
    return found


def _column_faults(column: Column, values: pa.Array, latest: int) -> Iterator[Fault]:
    name = column.name
    if values.null_count and not column.nullable:
        yield from (Fault(row, "missing_field", f"{name} is missing") for row in _rows(pc.is_null(values)))
    if column.type == "timestamp":
        yield from _time_faults(values, latest)
    elif column.type in {"text", "json"}:
        yield from _text_faults(column, values)
    elif column.type == "double" and values.null_count < len(values):
        # JSON cannot say them, Arrow can; no aggregate over them is of use.
        for row in _rows(pc.invert(pc.is_finite(values))):
            yield Fault(row, "invalid_field", f"{name} is not a finite number")


def _text_faults(column: Column, values: pa.Array) -> Iterator[Fault]:
    name = column.name
    if not column.nullable and name != "message":
        lengths = pc.utf8_length(values)
        bounds = pc.min_max(lengths)
        if bounds["min"].as_py() == 0:
            yield from (Fault(row, "invalid_field", f"{name} is empty") for row in _rows(pc.equal(lengths, 0)))
        if name == "event_id" and (bounds["max"].as_py() or 0) > MAX_ID_CHARACTERS:
            reason = f"event_id has more than {MAX_ID_CHARACTERS} characters"
            yield from (Fault(row, "invalid_field", reason) for row in _rows(pc.greater(lengths, MAX_ID_CHARACTERS)))
    if name in _ALLOWED:
        words = " ".join(_ALLOWED[name].to_pylist())
        for row in _rows(pc.invert(pc.is_in(values, value_set=_ALLOWED[name]))):
            yield Fault(row, "invalid_field", f"{name} {_short(values[row].as_py())} is not one of {words}")
    characters = _bytes_of(values)
    if b"\0" in characters or (column.type == "json" and b"\\u0000" in characters):
        for row in _rows(pc.match_substring_regex(values, _NUL_IN_JSON if column.type == "json" else _NUL)):
            yield Fault(row, "nul_character", f"{name} holds a NUL character")


def _time_faults(values: pa.Array, latest: int) -> Iterator[Fault]:
    micros = values.cast(pa.int64())
    bounds = pc.min_max(micros)
    if not micros.null_count < len(micros) or EARLIEST <= bounds["min"].as_py() <= bounds["max"].as_py() <= latest:
        return
    for row, value in enumerate(micros.to_pylist()):
        if value is not None and not EARLIEST <= value <= latest:
            yield Fault(row, "bad_timestamp", _time_reason(value, latest))


def _time_reason(micros: int, latest: int) -> str:
    """Why the time was refused, and which unit the sender may have meant."""
    for unit, factor in (("seconds", 1_000_000), ("milliseconds", 1_000)):
        if EARLIEST <= micros * factor <= latest:
            return f"timestamp {micros} looks like {unit}: send microseconds since 1970 or an RFC 3339 text"
    if micros > LAST_MICROSECOND and EARLIEST <= micros // 1_000 <= latest:
        return f"timestamp {micros} looks like nanoseconds: send microseconds since 1970 or an RFC 3339 text"
    if micros < EARLIEST:
        return f"timestamp {micros} is before 1971"
    return f"timestamp {micros} is too far in the future: the latest accepted is {_instant(latest)}"


def _instant(micros: int) -> str:
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)).isoformat(timespec="seconds")


def _rows(bad: pa.Array) -> list[int]:
    rows: list[int] = pc.indices_nonzero(bad).to_pylist()
    return rows


def _bytes_of(values: pa.Array) -> bytes:
    """All characters of a text column in one piece; may hold a neighbour's too when the column is a slice."""
    data = values.buffers()[2]
    return data.to_pybytes() if data is not None else b""


def _short(text: str | None) -> str:
    return repr(text if text is None or len(text) <= 40 else text[:40] + "...")
