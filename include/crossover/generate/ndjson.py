"""Record batches to the NDJSON that ingest reads, column by column: no Python object is made for a record.

The lines of a batch are one Arrow string column whose data buffer is the request's body as it stands.
"""

from functools import partial
from typing import TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossover.generate.draw import join
from crossover.records import Kind

_quoted = msgspec.json.Encoder().encode


def lines(kind: Kind, batch: pa.RecordBatch) -> pa.StringArray:
    """One JSON object a record, in the wire form of `kind`, each with its line feed. Null columns are left out."""
    members = _log_members(batch) if kind is Kind.LOGS else _event_members(batch)
    return join(*members, "}\n")


def body(of: pa.StringArray) -> memoryview:
    """The bytes of these lines, without a copy."""
    _, ends, data = of.buffers()
    if not len(of) or data is None:
        return memoryview(b"")
    offsets = np.frombuffer(ends, dtype=np.int32)[of.offset : of.offset + len(of) + 1]
    return memoryview(data)[offsets[0] : offsets[-1]]


Part: TypeAlias = "pa.Array | str"


def _log_members(batch: pa.RecordBatch) -> list[Part]:
    text, number, raw = partial(_text, batch), partial(_number, batch), partial(_object_members, batch)
    metadata = [
        *text("request_id", comma=""), *number("response_time_ms"), *number("status_code"), *text("endpoint"),
        *text("method"), *raw("metadata"),
    ]  # fmt: skip
    head = [
        *text("event_id", comma="{"), *_time(batch), *text("level"), *text("service"), *text("host"), *text("message"),
    ]  # fmt: skip
    return [*head, *_nested("metadata", metadata, first_is_there=not batch["request_id"].null_count), "}"]


def _event_members(batch: pa.RecordBatch) -> list[Part]:
    text = partial(_text, batch)
    device = [
        *text("device_type", key="type", comma=""), *text("device_os", key="os"),
        *text("device_browser", key="browser"),
    ]  # fmt: skip
    head = [
        *text("event_id", comma="{"), *_time(batch), *text("user_id"), *text("session_id"), *text("event_type"),
        *_optional(',"event_data":', batch["event_data"], ""),
    ]  # fmt: skip
    return [*head, *_nested("device", device, first_is_there=not batch["device_type"].null_count), "}"]


def _nested(name: str, members: list[Part], *, first_is_there: bool) -> list[Part]:
    opening = f',"{name}":{{'
    if first_is_there:
        return [opening, *members]
    # A quote inside a JSON string is escaped, so this text can only stand where the first members are missing.
    return [pc.replace_substring(join(opening, *members), f'"{name}":{{,', f'"{name}":{{', max_replacements=1)]


def _optional(before: str, column: pa.Array, after: str) -> list[Part]:
    """The column between two constants; an empty text where it is null."""
    if not column.null_count:
        return [before, column, after] if after else [before, column]
    return [pc.fill_null(join(before, column, after), "")]


def _text(batch: pa.RecordBatch, name: str, *, key: str = "", comma: str = ",") -> list[Part]:
    return _optional(f'{comma}"{key or name}":"', _escaped(batch[name]), '"')


def _number(batch: pa.RecordBatch, name: str) -> list[Part]:
    return _optional(f',"{name}":', pc.cast(batch[name], pa.string()), "")


def _time(batch: pa.RecordBatch) -> list[Part]:
    return _optional(',"timestamp":', pc.cast(batch["timestamp"].cast(pa.int64()), pa.string()), "")


def _object_members(batch: pa.RecordBatch, name: str) -> list[Part]:
    """The members of a column of JSON objects, to stand among those of another object."""
    column = batch[name]
    if column.null_count == len(column):
        return []
    return _optional(",", pc.utf8_slice_codeunits(column, 1, -1), "")


def _escaped(column: pa.StringArray) -> pa.StringArray:
    """The column fit to stand between JSON quotes; untouched when nothing has to be escaped."""
    data = np.frombuffer(body(column.fill_null("")), dtype=np.uint8)
    if not ((data < 0x20) | (data == 0x22) | (data == 0x5C)).any():
        return column
    return pa.array(
        [None if text is None else _quoted(text)[1:-1].decode() for text in column.to_pylist()], pa.string()
    )
