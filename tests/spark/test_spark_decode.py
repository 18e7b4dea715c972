"""Kafka messages to stored rows, in Spark itself, on a handful of messages."""

import json
from typing import Any

import pytest

from crossover.records import Kind, arrow_schema
from crossover.wire import CONTENT_TYPE_ARROW, CONTENT_TYPE_NDJSON, Limits, encode_batch, parse_json
from spark_jobs.decode import stored_rows

pytestmark = pytest.mark.spark

MESSAGES_SCHEMA = "value BINARY, headers ARRAY<STRUCT<key: STRING, value: BINARY>>, partition INT, offset BIGINT"


def line(seq: int, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": f"t:{seq}", "timestamp": 1_700_000_000_000_000 + seq, "level": "INFO", "service": "checkout",
        "host": "h1", "message": f"order {seq} ✓", "metadata": {"status_code": 200, "pid": seq}, **changes,
    }  # fmt: skip


def ndjson(*records: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def header(content_type: str | None) -> list[tuple[str, bytes]] | None:
    return None if content_type is None else [("content-type", content_type.encode())]


def decoded(spark: Any, messages: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    frame = stored_rows(spark.createDataFrame(messages, MESSAGES_SCHEMA), Kind.LOGS)
    assert [field.name for field in frame.schema.fields] == [column.name for column in Kind.LOGS.stored_columns]
    return [row.asDict() for row in frame.orderBy("kafka_offset", "batch_index").collect()]


def test_an_arrow_message_becomes_one_row_a_record_with_its_origin(spark: Any) -> None:
    batch = parse_json(Kind.LOGS, ndjson(line(1), line(2)), "lines", Limits(), None).batch
    rows = decoded(spark, [(encode_batch(batch), header(CONTENT_TYPE_ARROW), 3, 77)])
    assert [(row["event_id"], row["kafka_partition"], row["kafka_offset"], row["batch_index"]) for row in rows] == [
        ("t:1", 3, 77, 0),
        ("t:2", 3, 77, 1),
    ]
    assert rows[0]["message"] == "order 1 ✓"
    assert rows[0]["status_code"] == 200
    assert json.loads(rows[0]["metadata"]) == {"pid": 1}


def test_the_three_forms_of_a_message_give_the_same_row(spark: Any) -> None:
    record = line(5)
    batch = parse_json(Kind.LOGS, ndjson(record), "lines", Limits(), None).batch
    rows = decoded(
        spark,
        [
            (encode_batch(batch), header(CONTENT_TYPE_ARROW), 0, 1),
            (ndjson(record), header(CONTENT_TYPE_NDJSON), 0, 2),
            (json.dumps(record).encode(), header(None), 0, 3),
        ],
    )
    assert [row.pop("kafka_offset") for row in rows] == [1, 2, 3]
    assert rows[0] == rows[1] == rows[2]


def test_a_poison_message_gives_no_row_and_stops_nothing(spark: Any) -> None:
    rows = decoded(
        spark,
        [
            (b"\x00\xff not arrow", header(CONTENT_TYPE_ARROW), 0, 1),
            (None, header(CONTENT_TYPE_ARROW), 0, 2),
            (ndjson(line(1), {"level": "INFO"}, line(2)), header(CONTENT_TYPE_NDJSON), 0, 3),
        ],
    )
    assert [(row["event_id"], row["batch_index"]) for row in rows] == [("t:1", 0), ("t:2", 2)]


def test_the_spark_schema_is_the_arrow_schema(spark: Any) -> None:
    from pyspark.sql.pandas.types import from_arrow_schema

    for kind in Kind:
        frame = stored_rows(spark.createDataFrame([], MESSAGES_SCHEMA), kind)
        assert from_arrow_schema(arrow_schema(kind.stored_columns)).simpleString() == frame.schema.simpleString()
