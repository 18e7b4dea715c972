"""Record batches to and from Arrow IPC streams: the form in which ingest hands a request's records to Kafka."""

from typing import Any

import msgspec
import pyarrow as pa

from crossover.records import Kind
from crossover.wire.json_form import keep_good
from crossover.wire.parsed import LAST_MICROSECOND, SCHEMAS, Parsed, nothing_parsed, unreadable

_JSON_OBJECT = msgspec.json.Decoder(dict[str, Any])


def encode_batch(batch: pa.RecordBatch) -> bytes:
    """An Arrow IPC stream of one batch, without compression: Kafka compresses the message."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def parse_arrow(kind: Kind, value: bytes) -> Parsed:
    """Read an IPC stream of the kind's schema; anybody may have written it, so its values are checked too."""
    try:
        table = pa.ipc.open_stream(value).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        return unreadable(kind, value, f"not an Arrow stream: {error}")
    if not table.schema.equals(SCHEMAS[kind]):
        return unreadable(kind, value, f"the Arrow schema is not that of {kind}: {table.schema.names}")
    batches = table.combine_chunks().to_batches()
    if not batches:
        return nothing_parsed(kind, [])
    batch = batches[0]
    fault = _json_fault(kind, batch)
    if fault:
        return unreadable(kind, value, fault)
    everything = Parsed(batch, pa.array(range(batch.num_rows), pa.int32()), [])
    return keep_good(kind, everything, LAST_MICROSECOND, lambda row: _as_json(batch.slice(row, 1)))


def _json_fault(kind: Kind, batch: pa.RecordBatch) -> str:
    """Why a JSON column holds something that is not a JSON object; empty when all is well."""
    for column, values in zip(kind.columns, batch.columns, strict=True):
        if column.type != "json" or values.null_count == len(values):
            continue
        for row, text in enumerate(values.to_pylist()):
            try:
                if text is not None:
                    _JSON_OBJECT.decode(text)
            except (ValueError, RecursionError) as error:
                return f"row {row}: {column.name} is not a JSON object: {error}"
    return ""


def _as_json(row: pa.RecordBatch) -> bytes:
    """One row for the dead-letter topic; times beyond Python's calendar, as a damaged byte makes them, as numbers."""
    try:
        return msgspec.json.encode(row.to_pylist()[0])
    except OverflowError:
        plain = [column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in row.columns]
        return msgspec.json.encode(pa.record_batch(plain, names=row.schema.names).to_pylist()[0])
