"""JSON, JSON arrays and newline-delimited JSON to a record batch.

The hot path decodes the whole body at once into typed Structs and takes the columns from them. When that fails, each
record is decoded alone, so that a bad one is named and the good ones are kept.

What is accepted: unknown fields are ignored, as OTLP does. `timestamp` is an integer (microseconds since 1970) or an
RFC 3339 text with its offset. Levels are upper case; WARNING is WARN and CRITICAL is FATAL. Of `metadata` the keys in
records.METADATA_COLUMNS become columns; the others stay one compact JSON text.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
import pyarrow as pa
from msgspec import Meta, Raw, Struct

from crossover.records import METADATA_COLUMNS, Kind
from crossover.wire.parsed import SCHEMAS, Code, Limits, Parsed, Rejected, TooManyRecords, nothing_parsed, unreadable
from crossover.wire.rules import Fault, duplicate_ids, faults

Form: TypeAlias = Literal["object", "array", "lines"]

# UnicodeDecodeError is a ValueError; nesting beyond the interpreter's limit is a RecursionError.
_BAD_JSON = (ValueError, RecursionError)
_Int32 = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
_Time = Annotated[datetime, Meta(tz=True)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_SYNONYMS = {"WARNING": "WARN", "CRITICAL": "FATAL"}


class _Metadata(Struct, gc=False):
    request_id: str | None = None
    response_time_ms: float | None = None
    status_code: _Int32 | None = None
    endpoint: str | None = None
    method: str | None = None


class _KnownMetadata(_Metadata, gc=False, forbid_unknown_fields=True):
    """Metadata without a key that would have to be kept as JSON text."""


class _Log(Struct, gc=False):
    timestamp: _Time
    level: str
    service: str
    host: str
    message: str
    event_id: str | None = None
    metadata: _Metadata | None = None


class _PlainLog(_Log, gc=False):
    metadata: _KnownMetadata | None = None


class _OnlyMetadata(Struct, gc=False):
    metadata: dict[str, Any] | None = None


class _Device(Struct, gc=False):
    type: str | None = None
    os: str | None = None
    browser: str | None = None


class _Event(Struct, gc=False):
    timestamp: _Time
    user_id: str
    session_id: str
    event_type: str
    event_id: str | None = None
    event_data: dict[str, Any] | None = None
    device: _Device | None = None


class _OnlyId(Struct, gc=False):
    event_id: Any = None


_Record: TypeAlias = _Log | _Event
# A decoder of one record (or of lines of them), and one of an array.
_Decoders: TypeAlias = tuple[Any, Any]
_PLAIN_LOGS: _Decoders = (msgspec.json.Decoder(_PlainLog), msgspec.json.Decoder(list[_PlainLog]))
_LOGS: _Decoders = (msgspec.json.Decoder(_Log), msgspec.json.Decoder(list[_Log]))
_METADATA: _Decoders = (msgspec.json.Decoder(_OnlyMetadata), msgspec.json.Decoder(list[_OnlyMetadata]))
_EVENTS: _Decoders = (msgspec.json.Decoder(_Event), msgspec.json.Decoder(list[_Event]))
_ONLY_ID = msgspec.json.Decoder(_OnlyId)
_PIECES = msgspec.json.Decoder(list[Raw])
_encode = msgspec.json.Encoder().encode
_EMPTY_METADATA, _EMPTY_DEVICE = _Metadata(), _Device()


def parse_json(
    kind: Kind, body: bytes, form: Form, limits: Limits, assign_id: Callable[[], str] | None = None
) -> Parsed:
    """Read a body of one record (`object`), of an array or of lines. Bad records are in `rejected`, never raised.

    `assign_id` gives an event_id to a record without one; without it such a record is rejected.
    Raises TooManyRecords.
    """
    if not body or body.isspace():
        return unreadable(kind, body, "the body is empty")
    try:
        pieces = _pieces(body, form)
    except _BAD_JSON as error:
        return unreadable(kind, body, f"not a JSON array: {error}")
    if len(pieces) > limits.max_records:
        raise TooManyRecords(f"{len(pieces)} records in one body; the limit is {limits.max_records}")
    records, rests, indexes, rejected = _decode(kind, body, form, pieces, limits)
    if not records:
        return nothing_parsed(kind, rejected)
    if assign_id:
        for record in records:
            if record.event_id is None:
                record.event_id = assign_id()
    batch = _log_batch(records, rests) if kind is Kind.LOGS else _event_batch(records)
    parsed = Parsed(batch, pa.array(indexes, pa.int32()), rejected)
    return keep_good(kind, parsed, limits.latest, lambda row: pieces[indexes[row]])


def keep_good(kind: Kind, parsed: Parsed, latest: int, raw_of: Callable[[int], bytes | Raw]) -> Parsed:
    """Move the rows that break a rule from the batch to `rejected`; `raw_of` gives a row's bytes as they came."""
    bad = faults(kind, parsed.batch, latest)
    if not bad and not (bad := duplicate_ids(parsed.batch)):
        return parsed
    good = [row for row in range(parsed.batch.num_rows) if row not in bad]
    later = duplicate_ids(parsed.batch.take(pa.array(good, pa.int64())))
    bad |= {good[row]: fault for row, fault in later.items()}
    keep = pa.array([row for row in good if row not in bad], pa.int64())
    refuse = partial(_refuse, parsed, raw_of)
    rejected = sorted(parsed.rejected + [refuse(row, fault) for row, fault in bad.items()], key=lambda r: r.index)
    return Parsed(parsed.batch.take(keep), parsed.indexes.take(keep), rejected)


def _refuse(parsed: Parsed, raw_of: Callable[[int], bytes | Raw], row: int, fault: Fault) -> Rejected:
    identity = parsed.batch.column(0)[row].as_py()
    return Rejected(parsed.indexes[row].as_py(), identity, fault.code, fault.reason, bytes(raw_of(row)))


def _pieces(body: bytes, form: Form) -> Sequence[bytes | Raw]:
    if form == "array":
        pieces: list[Raw] = _PIECES.decode(body)
        return pieces
    if form == "lines":
        return [line for line in body.split(b"\n") if line and not line.isspace()]
    return [body]


_Decoded: TypeAlias = tuple[list[Any], list[bytes | None] | None, Sequence[int], list[Rejected]]


def _decode(kind: Kind, body: bytes, form: Form, pieces: Sequence[bytes | Raw], limits: Limits) -> _Decoded:
    """Records, their remaining metadata as JSON text, their places in the body, and what could not be read."""
    if len(body) <= limits.max_record_bytes or max(_sizes(pieces)) <= limits.max_record_bytes:
        try:
            records, rests = _decode_all(kind, body, form)
        except _BAD_JSON:
            return _decode_each(kind, pieces, limits)
        # decode_lines does not insist on one record a line; then the places in the body would not be line numbers.
        if len(records) == len(pieces):
            return records, rests, range(len(records)), []
    return _decode_each(kind, pieces, limits)


def _decode_all(kind: Kind, body: bytes, form: Form) -> tuple[list[Any], list[bytes | None] | None]:
    try:
        return _all_of(_EVENTS if kind is Kind.EVENTS else _PLAIN_LOGS, body, form), None
    except msgspec.ValidationError:
        if kind is Kind.EVENTS:
            raise
    # Perhaps there is only a metadata key that is no column; if it is something else, this raises too.
    logs = _all_of(_LOGS, body, form)
    return logs, [_rest(only.metadata) for only in _all_of(_METADATA, body, form)]


def _all_of(decoders: _Decoders, body: bytes, form: Form) -> list[Any]:
    one, array = decoders
    records: list[Any] = array.decode(body) if form == "array" else one.decode_lines(body)
    return records


def _rest(metadata: dict[str, Any] | None) -> bytes | None:
    """The metadata that are no columns, as compact JSON text."""
    rest = {key: value for key, value in metadata.items() if key not in METADATA_COLUMNS} if metadata else None
    return _encode(rest) if rest else None


def _sizes(pieces: Sequence[bytes | Raw]) -> list[int]:
    return [memoryview(piece).nbytes for piece in pieces]  # Raw has no length of its own


def _decode_each(kind: Kind, pieces: Sequence[bytes | Raw], limits: Limits) -> _Decoded:
    records: list[_Record] = []
    rests: list[bytes | None] = []
    indexes: list[int] = []
    rejected: list[Rejected] = []
    for index, (piece, size) in enumerate(zip(pieces, _sizes(pieces), strict=True)):
        if size > limits.max_record_bytes:
            reason = f"the record has {size} bytes; the limit is {limits.max_record_bytes}"
            rejected.append(Rejected(index, None, "too_large", reason, bytes(piece)))
            continue
        try:
            record, rest = _decode_one(kind, piece)
        except _BAD_JSON as error:
            code, reason = _explain(error)
            rejected.append(Rejected(index, _identity(piece), code, reason, bytes(piece)))
            continue
        records.append(record)
        rests.append(rest)
        indexes.append(index)
    return records, rests, indexes, rejected


def _decode_one(kind: Kind, piece: bytes | Raw) -> tuple[_Record, bytes | None]:
    record: _Record = (_EVENTS if kind is Kind.EVENTS else _LOGS)[0].decode(piece)
    return record, None if kind is Kind.EVENTS else _rest(_METADATA[0].decode(piece).metadata)


def _explain(error: Exception) -> tuple[Code, str]:
    if isinstance(error, msgspec.ValidationError):
        text = str(error)
        return ("missing_field" if text.startswith("Object missing required field") else "invalid_field"), text
    if isinstance(error, RecursionError):
        return "unreadable", "the record is nested too deeply"
    return "unreadable", str(error)


def _identity(piece: bytes | Raw) -> str | None:
    try:
        identity = _ONLY_ID.decode(piece).event_id
    except _BAD_JSON:
        return None
    return identity if isinstance(identity, str) else None


def _log_batch(records: list[_Log], rests: list[bytes | None] | None) -> pa.RecordBatch:
    text = pa.string()
    metadata = [record.metadata or _EMPTY_METADATA for record in records]
    columns = [
        pa.array([record.event_id for record in records], text),
        _times(records),
        pa.array([_SYNONYMS.get(record.level, record.level) for record in records], text),
        pa.array([record.service for record in records], text),
        pa.array([record.host for record in records], text),
        pa.array([record.message for record in records], text),
        pa.nulls(len(records), text) if rests is None else pa.array(rests, text),
        pa.array([m.request_id for m in metadata], text),
        pa.array([m.response_time_ms for m in metadata], pa.float64()),
        pa.array([m.status_code for m in metadata], pa.int32()),
        pa.array([m.endpoint for m in metadata], text),
        pa.array([m.method for m in metadata], text),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMAS[Kind.LOGS])


def _event_batch(records: list[_Event]) -> pa.RecordBatch:
    text = pa.string()
    devices = [record.device or _EMPTY_DEVICE for record in records]
    columns = [
        pa.array([record.event_id for record in records], text),
        _times(records),
        pa.array([record.user_id for record in records], text),
        pa.array([record.session_id for record in records], text),
        pa.array([record.event_type for record in records], text),
        pa.array([None if r.event_data is None else _encode(r.event_data) for r in records], text),
        pa.array([device.type for device in devices], text),
        pa.array([device.os for device in devices], text),
        pa.array([device.browser for device in devices], text),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMAS[Kind.EVENTS])


def _times(records: Sequence[_Record]) -> pa.Array:
    return pa.array([record.timestamp for record in records], pa.timestamp("us", tz="UTC"))
