"""Kafka messages: what one side encodes, the other decodes; what nobody can decode is named."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crossover.records import Kind, arrow_schema
from crossover.wire import (
    CONTENT_TYPE_ARROW,
    CONTENT_TYPE_JSON,
    CONTENT_TYPE_NDJSON,
    Limits,
    dead_letter,
    decode_message,
    encode_batch,
    parse_json,
)

NOW = 1_763_900_000_000_000
SCHEMA = arrow_schema(Kind.LOGS.columns)


def log_record(**changes: Any) -> dict[str, Any]:
    record = {"event_id": "a:1", "timestamp": NOW, "level": "INFO", "service": "s", "host": "h", "message": "m"}
    return {**record, **changes}


def log_batch(**changes: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([log_record(event_id=f"a:{n}") | changes for n in range(3)], schema=SCHEMA)


def test_an_encoded_batch_comes_back_as_it_was() -> None:
    body = b"\n".join(json.dumps(log_record(event_id=f"a:{n}", metadata={"n": n})).encode() for n in range(50))
    sent = parse_json(Kind.LOGS, body, "lines", Limits())
    received = decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, encode_batch(sent.batch))
    assert received.batch.equals(sent.batch)
    assert received.indexes.to_pylist() == list(range(50))
    assert received.rejected == []


@pytest.mark.parametrize("content_type", [None, CONTENT_TYPE_JSON, CONTENT_TYPE_NDJSON])
def test_one_json_record_is_read_with_and_without_a_header(content_type: str | None) -> None:
    parsed = decode_message(Kind.LOGS, content_type, json.dumps(log_record()).encode())
    assert parsed.batch.column("event_id").to_pylist() == ["a:1"]


def test_lines_are_read_by_their_content_type() -> None:
    body = b"\n".join(json.dumps(log_record(event_id=f"a:{n}")).encode() for n in range(3))
    assert decode_message(Kind.LOGS, CONTENT_TYPE_NDJSON, body).batch.num_rows == 3


@pytest.mark.parametrize(
    "content_type", [None, CONTENT_TYPE_JSON, CONTENT_TYPE_NDJSON, CONTENT_TYPE_ARROW, "image/png"]
)
@pytest.mark.parametrize("value", [b"\xff\xff\xff\xff", b"garbage", b"\0", b"ARROW1\0\0", b"[" * 5000, b"", None])
def test_bytes_that_nobody_can_read_are_one_rejected_record(content_type: str | None, value: bytes | None) -> None:
    parsed = decode_message(Kind.LOGS, content_type, value)
    assert parsed.batch.schema == SCHEMA
    assert (parsed.batch.num_rows, len(parsed.rejected), parsed.rejected[0].index) == (0, 1, 0)
    assert parsed.rejected[0].raw == (value or b"")


@pytest.mark.parametrize("length", [8, 40, 200, 900])
def test_a_stream_that_was_cut_off_is_one_rejected_record(length: int) -> None:
    parsed = decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, encode_batch(log_batch())[:length])
    assert [bad.code for bad in parsed.rejected] == ["unreadable"]


def test_a_batch_of_another_kind_is_one_rejected_record() -> None:
    parsed = decode_message(Kind.EVENTS, CONTENT_TYPE_ARROW, encode_batch(log_batch()))
    assert "schema" in parsed.rejected[0].reason


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"level": "LOUD"}, "invalid_field"),
        ({"service": ""}, "invalid_field"),
        ({"host": None}, "missing_field"),
        ({"message": "a\0b"}, "nul_character"),
        ({"metadata": '{"a":"\\u0000"}'}, "nul_character"),
        ({"timestamp": 5}, "bad_timestamp"),
        ({"timestamp": None}, "missing_field"),
        ({"response_time_ms": float("nan")}, "invalid_field"),
    ],
    ids=str,
)
def test_arrow_values_keep_the_same_rules_as_json(changes: dict[str, Any], code: str) -> None:
    rows = [log_record(event_id="a"), log_record(event_id="b") | changes, log_record(event_id="c")]
    value = encode_batch(pa.RecordBatch.from_pylist(rows, schema=SCHEMA))
    parsed = decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, value)
    assert parsed.indexes.to_pylist() == [0, 2]
    assert [(bad.index, bad.event_id, bad.code) for bad in parsed.rejected] == [(1, "b", code)]


@pytest.mark.parametrize("metadata", ["{", "[1]", "1", '{"a":1},{"b":2}', ""])
def test_a_json_column_must_hold_a_json_object(metadata: str) -> None:
    parsed = decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, encode_batch(log_batch(metadata=metadata)))
    assert "metadata is not a JSON object" in parsed.rejected[0].reason


def test_text_that_is_not_utf8_is_one_rejected_record() -> None:
    batch = log_batch(message="qqqq")
    value = encode_batch(batch).replace(b"qqqq", b"\xff\xfe\xff\xfe")
    assert [bad.code for bad in decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, value).rejected] == ["unreadable"]


def test_the_clock_does_not_decide_what_a_consumer_keeps() -> None:
    far = 253_402_300_799_999_999
    assert decode_message(Kind.LOGS, None, json.dumps(log_record(timestamp=far)).encode()).batch.num_rows == 1
    assert decode_message(Kind.LOGS, None, json.dumps(log_record(timestamp=far + 1)).encode()).batch.num_rows == 0


def test_a_batch_without_rows_is_neither_good_nor_bad() -> None:
    parsed = decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, encode_batch(log_batch().slice(0, 0)))
    assert (parsed.batch.num_rows, parsed.rejected) == (0, [])


def test_a_slice_of_a_batch_is_encoded_alone() -> None:
    parsed = decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, encode_batch(log_batch().slice(1, 1)))
    assert parsed.batch.column("event_id").to_pylist() == ["a:1"]


def test_a_dead_letter_keeps_the_bytes_and_tells_why() -> None:
    (bad,) = decode_message(Kind.LOGS, None, b"garbage").rejected
    value, headers = dead_letter(Kind.LOGS, "load", bad, topic="logs.raw", partition=2, offset=7)
    assert value == b"garbage"
    told = dict(headers)
    assert (told["code"], told["kind"], told["source"], told["offset"]) == (b"unreadable", b"logs", b"load", b"7")


@settings(max_examples=200, deadline=None)
@given(value=st.binary(max_size=400), content_type=st.sampled_from([None, CONTENT_TYPE_NDJSON, CONTENT_TYPE_ARROW]))
def test_no_bytes_raise(value: bytes, content_type: str | None) -> None:
    parsed = decode_message(Kind.LOGS, content_type, value)
    assert parsed.batch.num_rows + len(parsed.rejected) > 0


@settings(max_examples=200, deadline=None)
@example(position=856, byte=0)  # a time beyond the year 9999
@given(position=st.integers(0, 2000), byte=st.integers(0, 255))
def test_a_damaged_arrow_stream_never_raises(position: int, byte: int) -> None:
    value = bytearray(encode_batch(log_batch(metadata='{"a":1}')))
    value[position % len(value)] = byte
    parsed = decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, bytes(value))
    assert parsed.batch.schema == SCHEMA
