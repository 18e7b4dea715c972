"""The loader's pure parts: origin, days, and the bytes of COPY."""

import json
import struct
from datetime import date

import pyarrow as pa
import pytest

from crossover.load.rows import Flush, Gap, Place, by_day, copy_bytes, partition_name, with_origin
from crossover.records import Kind, arrow_schema
from crossover.wire import Limits, Parsed, parse_json

DAY = 86_400_000_000
MIDNIGHT = 1_763_856_000_000_000  # 2025-11-23T00:00:00Z


def parsed_logs(*timestamps: int) -> Parsed:
    record = {"level": "INFO", "service": "s", "host": "h", "message": ""}
    body = json.dumps([{**record, "event_id": f"a:{n}", "timestamp": t} for n, t in enumerate(timestamps)]).encode()
    return parse_json(Kind.LOGS, body, "array", Limits())


def stored(*timestamps: int) -> pa.RecordBatch:
    return with_origin(Kind.LOGS, Place("logs.raw", 2, 7), parsed_logs(*timestamps))


def test_a_stored_row_tells_where_it_came_from() -> None:
    body = b'{}\n{"event_id":"a","timestamp":%d,"level":"INFO","service":"s","host":"h","message":"m"}' % MIDNIGHT
    batch = with_origin(Kind.LOGS, Place("logs.raw", 2, 7), parse_json(Kind.LOGS, body, "lines", Limits()))
    assert batch.schema == arrow_schema(Kind.LOGS.stored_columns)
    (row,) = batch.to_pylist()
    assert (row["kafka_partition"], row["kafka_offset"], row["batch_index"]) == (2, 7, 1)


def test_rows_of_one_day_stay_together_unchanged() -> None:
    batch = stored(MIDNIGHT, MIDNIGHT + DAY - 1)
    assert by_day([batch]) == {date(2025, 11, 23): [batch]}


def test_midnight_belongs_to_the_day_that_begins() -> None:
    days = by_day([stored(MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + DAY - 1, MIDNIGHT + DAY)])
    counts = {day: [batch.column("event_id").to_pylist() for batch in batches] for day, batches in days.items()}
    assert counts == {
        date(2025, 11, 22): [["a:0"]],
        date(2025, 11, 23): [["a:1", "a:2"]],
        date(2025, 11, 24): [["a:3"]],
    }


@pytest.mark.parametrize(
    ("micros", "day"), [(31_536_000_000_000, date(1971, 1, 1)), (253_402_300_799_999_999, date(9999, 12, 31))]
)
def test_the_first_and_the_last_day_that_the_wire_lets_in_have_a_name(micros: int, day: date) -> None:
    assert list(by_day([stored(micros)])) == [day]
    assert partition_name(Kind.LOGS, day) == f"logs_p{day:%Y%m%d}"


def fields_of(stream: bytes) -> list[list[bytes | None]]:
    """Read PostgreSQL's binary COPY format, as its manual describes it."""
    assert stream[:11] == b"PGCOPY\n\xff\r\n\0"
    position, rows = 19, []
    while (count := struct.unpack_from("!h", stream, position)[0]) >= 0:
        position += 2
        row: list[bytes | None] = []
        for _ in range(count):
            (length,) = struct.unpack_from("!i", stream, position)
            position += 4
            row.append(None if length < 0 else stream[position : position + length])
            position += max(length, 0)
        rows.append(row)
    assert position + 2 == len(stream)
    return rows


def test_the_copy_stream_holds_every_value_as_postgresql_reads_it() -> None:
    body = json.dumps({
        "event_id": "ä:1", "timestamp": MIDNIGHT + 1, "level": "INFO", "service": "s", "host": "h", "message": "",
        "metadata": {"pid": 7, "status_code": -1, "response_time_ms": 0.5},
    }).encode()  # fmt: skip
    batch = with_origin(Kind.LOGS, Place("logs.raw", 2, 2**40), parse_json(Kind.LOGS, body, "object", Limits()))
    (row,) = fields_of(b"".join(copy_bytes([batch])))
    values = dict(zip(batch.schema.names, row, strict=True))
    since_2000 = MIDNIGHT + 1 - 946_684_800_000_000
    assert values == {
        "event_id": "ä:1".encode(),
        "timestamp": struct.pack("!q", since_2000),
        "level": b"INFO",
        "service": b"s",
        "host": b"h",
        "message": b"",
        "metadata": b'{"pid":7}',
        "request_id": None,
        "response_time_ms": struct.pack("!d", 0.5),
        "status_code": struct.pack("!i", -1),
        "endpoint": None,
        "method": None,
        "kafka_partition": struct.pack("!i", 2),
        "kafka_offset": struct.pack("!q", 2**40),
        "batch_index": struct.pack("!i", 0),
    }


def test_several_batches_are_one_copy_stream() -> None:
    parts = [stored(MIDNIGHT, MIDNIGHT + 1), stored(MIDNIGHT).slice(0, 0), stored(MIDNIGHT + 2)]
    assert len(fields_of(b"".join(copy_bytes(parts)))) == 3


def test_a_flush_counts_rows_and_poison_for_each_partition() -> None:
    flush = Flush()
    bad = parse_json(Kind.LOGS, b"garbage", "object", Limits())
    flush.add("main", Kind.LOGS, Place("logs.raw", 0, 5), parsed_logs(MIDNIGHT, MIDNIGHT), 5)
    flush.add("main", Kind.LOGS, Place("logs.raw", 0, 6), bad, 5)
    flush.add("main", Kind.LOGS, Place("logs.raw", 1, 0), bad, None)
    told = {key: (a.expected, a.next_offset, a.rows, a.poison) for key, a in flush.advances.items()}
    assert told == {("logs.raw", 0): (5, 7, 2, 1), ("logs.raw", 1): (None, 1, 0, 1)}
    assert (flush.rows, len(flush.dead)) == (2, 2)


@pytest.mark.parametrize(("expected", "offsets"), [(5, [6]), (5, [4]), (5, [5, 7]), (None, [3, 5]), (0, [1])])
def test_a_gap_in_the_offsets_is_never_passed_over(expected: int | None, offsets: list[int]) -> None:
    flush = Flush()
    for offset in offsets[:-1]:
        flush.add("main", Kind.LOGS, Place("logs.raw", 0, offset), parsed_logs(MIDNIGHT), expected)
    with pytest.raises(Gap, match=f"Kafka's next is {offsets[-1]}"):
        flush.add("main", Kind.LOGS, Place("logs.raw", 0, offsets[-1]), parsed_logs(MIDNIGHT), expected)
    assert flush.rows == len(offsets) - 1


def test_a_partition_without_an_offset_begins_where_kafka_begins() -> None:
    flush = Flush()
    flush.add("main", Kind.LOGS, Place("logs.raw", 0, 41), parsed_logs(MIDNIGHT), None)
    assert flush.advances["logs.raw", 0].next_offset == 42
