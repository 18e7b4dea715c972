"""What JSON bodies become: one case a way in which a body or a record can be wrong."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from crossover.records import Kind, arrow_schema
from crossover.wire import Limits, Parsed, TooManyRecords, parse_json

NOW = 1_763_900_000_000_000
LIMITS = Limits(max_records=100, max_record_bytes=4096, latest=NOW + 86_400_000_000)


def log_record(**changes: Any) -> dict[str, Any]:
    record = {
        "event_id": "gen-1a2b3c4d:17",
        "timestamp": NOW,
        "level": "INFO",
        "service": "checkout",
        "host": "web-017",
        "message": "order placed",
    }
    return {name: value for name, value in {**record, **changes}.items() if value is not ...}


def event_record(**changes: Any) -> dict[str, Any]:
    record = {
        "event_id": "gen-1a2b3c4d:18",
        "timestamp": NOW,
        "user_id": "u1",
        "session_id": "s1",
        "event_type": "CLICK",
        "event_data": {"page": "/p", "price": 12.25},
        "device": {"type": "mobile", "os": "iOS", "browser": "Safari"},
    }
    return {name: value for name, value in {**record, **changes}.items() if value is not ...}


def one(record: dict[str, Any] | bytes, kind: Kind = Kind.LOGS, **limits: Any) -> Parsed:
    body = record if isinstance(record, bytes) else json.dumps(record).encode()
    return parse_json(kind, body, "object", LIMITS)


def row(parsed: Parsed) -> dict[str, Any]:
    assert parsed.rejected == []
    rows = parsed.batch.to_pylist()
    assert len(rows) == 1
    return dict(rows[0])


BAD_LOGS: list[tuple[str, dict[str, Any] | bytes, str, str]] = [
    ("no service", log_record(service=...), "missing_field", "service"),
    ("no host", log_record(host=...), "missing_field", "host"),
    ("no level", log_record(level=...), "missing_field", "level"),
    ("no message", log_record(message=...), "missing_field", "message"),
    ("no timestamp", log_record(timestamp=...), "missing_field", "timestamp"),
    ("no event_id", log_record(event_id=...), "missing_field", "event_id"),
    ("null event_id", log_record(event_id=None), "missing_field", "event_id"),
    ("empty service", log_record(service=""), "invalid_field", "service is empty"),
    ("empty host", log_record(host=""), "invalid_field", "host is empty"),
    ("empty event_id", log_record(event_id=""), "invalid_field", "event_id is empty"),
    ("long event_id", log_record(event_id="x" * 201), "invalid_field", "200 characters"),
    ("number as event_id", log_record(event_id=7), "invalid_field", "$.event_id"),
    ("lower-case level", log_record(level="info"), "invalid_field", "level 'info' is not one of DEBUG"),
    ("unknown level", log_record(level="LOUD"), "invalid_field", "LOUD"),
    ("number as level", log_record(level=3), "invalid_field", "$.level"),
    ("null message", log_record(message=None), "invalid_field", "$.message"),
    ("object as message", log_record(message={}), "invalid_field", "$.message"),
    ("list as metadata", log_record(metadata=[]), "invalid_field", "$.metadata"),
    ("text as metadata", log_record(metadata="x"), "invalid_field", "$.metadata"),
    ("text as status_code", log_record(metadata={"status_code": "200"}), "invalid_field", "status_code"),
    ("status_code beyond int32", log_record(metadata={"status_code": 2**31}), "invalid_field", "status_code"),
    ("fraction as status_code", log_record(metadata={"status_code": 200.5}), "invalid_field", "status_code"),
    ("text as response_time_ms", log_record(metadata={"response_time_ms": "5"}), "invalid_field", "response_time_ms"),
    ("bad column beside an extra", log_record(metadata={"pid": 1, "method": 5}), "invalid_field", "method"),
    ("seconds", log_record(timestamp=NOW // 1_000_000), "bad_timestamp", "looks like seconds"),
    ("milliseconds", log_record(timestamp=NOW // 1_000), "bad_timestamp", "looks like milliseconds"),
    ("nanoseconds", log_record(timestamp=NOW * 1_000), "bad_timestamp", "looks like nanoseconds"),
    ("zero", log_record(timestamp=0), "bad_timestamp", "before 1971"),
    ("negative", log_record(timestamp=-NOW), "bad_timestamp", "before 1971"),
    ("year 1", log_record(timestamp="0001-01-01T00:00:00Z"), "bad_timestamp", "before 1971"),
    ("year 1 with an offset", log_record(timestamp="0001-01-01T00:00:00+23:00"), "bad_timestamp", "before 1971"),
    ("year 9999", log_record(timestamp="9999-01-01T00:00:00Z"), "bad_timestamp", "too far in the future"),
    ("two days ahead", log_record(timestamp=NOW + 172_800_000_000), "bad_timestamp", "too far in the future"),
    ("beyond int64", log_record(timestamp=2**63), "invalid_field", "timestamp"),
    ("no offset", log_record(timestamp="2025-11-23T13:00:00"), "invalid_field", "timezone"),
    ("date only", log_record(timestamp="2025-11-23"), "invalid_field", "RFC3339"),
    ("fraction as timestamp", log_record(timestamp=1.5), "invalid_field", "timestamp"),
    ("boolean timestamp", log_record(timestamp=True), "invalid_field", "timestamp"),
    ("NUL in message", log_record(message="a\0b"), "nul_character", "message"),
    ("NUL in event_id", log_record(event_id="a\0b"), "nul_character", "event_id"),
    ("NUL in a metadata column", log_record(metadata={"endpoint": "\0"}), "nul_character", "endpoint"),
    ("NUL in other metadata", log_record(metadata={"note": "\0"}), "nul_character", "metadata"),
    ("NUL in a metadata key", log_record(metadata={"a\0": 1}), "nul_character", "metadata"),
    ("lone surrogate", rb'{"event_id":"a","message":"\ud800"}', "unreadable", ""),
    ("lone low surrogate", rb'{"event_id":"a","message":"\udc00 "}', "unreadable", "surrogate"),
    ("not UTF-8", json.dumps(log_record(message="?")).encode().replace(b"?", b"\xff"), "unreadable", "utf-8"),
    ("NaN", json.dumps(log_record(metadata={"x": float("nan")})).encode(), "unreadable", "invalid character"),
    ("Infinity", b'{"timestamp":Infinity}', "unreadable", "invalid character"),
    ("number out of range", b'{"event_id":"a","metadata":{"response_time_ms":1e999}}', "invalid_field", "range"),
    ("nested too deeply", b'{"zz":' + b"[" * 3000, "unreadable", "nested too deeply"),
    ("cut off", b'{"event_id":"a","timestamp":17', "unreadable", ""),
    ("two values", b" ".join([json.dumps(log_record()).encode()] * 2), "unreadable", "trailing"),
    ("a list", b"[]", "invalid_field", "object"),
    ("a number", b"17", "invalid_field", "object"),
    ("null", b"null", "invalid_field", "object"),
    ("byte order mark", b"\xef\xbb\xbf{}", "unreadable", "byte 0"),
    ("too large", log_record(message="x" * 5000), "too_large", "4096"),
]


@pytest.mark.parametrize(("record", "code", "reason"), [case[1:] for case in BAD_LOGS], ids=[c[0] for c in BAD_LOGS])
def test_a_bad_log_record_is_refused_by_name(record: dict[str, Any] | bytes, code: str, reason: str) -> None:
    parsed = one(record)
    assert parsed.batch.num_rows == 0
    (bad,) = parsed.rejected
    assert (bad.index, bad.code) == (0, code)
    assert reason in bad.reason
    assert bad.raw == (record if isinstance(record, bytes) else json.dumps(record).encode())


@pytest.mark.parametrize(("record", "code", "reason"), [case[1:] for case in BAD_LOGS], ids=[c[0] for c in BAD_LOGS])
def test_a_bad_line_does_not_harm_the_good_ones_beside_it(
    record: dict[str, Any] | bytes, code: str, reason: str
) -> None:
    line = record if isinstance(record, bytes) else json.dumps(record).encode()
    good = [json.dumps(log_record(event_id=f"g:{n}")).encode() for n in range(2)]
    parsed = parse_json(Kind.LOGS, b"\n".join([good[0], line, good[1]]), "lines", LIMITS)
    assert parsed.batch.column("event_id").to_pylist() == ["g:0", "g:1"]
    assert parsed.indexes.to_pylist() == [0, 2]
    assert [(bad.index, bad.code, bad.raw) for bad in parsed.rejected] == [(1, code, line)]


BAD_EVENTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("no user_id", event_record(user_id=...), "missing_field", "user_id"),
    ("empty user_id", event_record(user_id=""), "invalid_field", "user_id is empty"),
    ("no session_id", event_record(session_id=...), "missing_field", "session_id"),
    ("unknown event_type", event_record(event_type="HOVER"), "invalid_field", "CLICK VIEW"),
    ("list as event_data", event_record(event_data=[1]), "invalid_field", "$.event_data"),
    ("NUL in event_data", event_record(event_data={"a": "\0"}), "nul_character", "event_data"),
    ("text as device", event_record(device="phone"), "invalid_field", "$.device"),
    ("number as device os", event_record(device={"os": 7}), "invalid_field", "$.device.os"),
]


@pytest.mark.parametrize(
    ("record", "code", "reason"), [case[1:] for case in BAD_EVENTS], ids=[c[0] for c in BAD_EVENTS]
)
def test_a_bad_event_is_refused_by_name(record: dict[str, Any], code: str, reason: str) -> None:
    parsed = one(record, Kind.EVENTS)
    (bad,) = parsed.rejected
    assert (bad.code, parsed.batch.num_rows) == (code, 0)
    assert reason in bad.reason


@pytest.mark.parametrize("kind", list(Kind))
def test_a_batch_has_exactly_the_columns_of_its_kind(kind: Kind) -> None:
    parsed = one(log_record() if kind is Kind.LOGS else event_record(), kind)
    assert parsed.batch.schema == arrow_schema(kind.columns)


def test_metadata_keys_become_columns_and_the_rest_stays_compact_json() -> None:
    metadata = {
        "request_id": "r1", "response_time_ms": 12, "status_code": 503, "endpoint": "/api/x", "method": "GET",
        "pid": 7, "tags": ["a", "é"],
    }  # fmt: skip
    stored = row(one(log_record(metadata=metadata)))
    assert stored["metadata"] == '{"pid":7,"tags":["a","é"]}'
    assert [stored[name] for name in list(metadata)[:5]] == ["r1", 12.0, 503, "/api/x", "GET"]


@pytest.mark.parametrize("metadata", [{}, None, {"method": "GET"}, {"method": None}, ...])
def test_metadata_with_nothing_left_is_null(metadata: Any) -> None:
    assert row(one(log_record(metadata=metadata)))["metadata"] is None


def test_records_with_and_without_other_metadata_keep_their_own() -> None:
    records = [log_record(event_id=f"a:{n}", metadata={"n": n} if n % 2 else {}) for n in range(4)]
    parsed = parse_json(Kind.LOGS, json.dumps(records).encode(), "array", LIMITS)
    assert parsed.batch.column("metadata").to_pylist() == [None, '{"n":1}', None, '{"n":3}']


def test_an_escaped_backslash_before_u0000_is_not_a_nul() -> None:
    assert json.loads(row(one(log_record(metadata={"path": "C:\\u0000"})))["metadata"]) == {"path": "C:\\u0000"}


def test_a_surrogate_pair_is_one_character() -> None:
    assert row(one(log_record(message="\U0001f600")))["message"] == "\U0001f600"


@pytest.mark.parametrize(("sent", "stored"), [("WARNING", "WARN"), ("CRITICAL", "FATAL"), ("WARN", "WARN")])
def test_common_synonyms_of_levels_are_understood(sent: str, stored: str) -> None:
    assert row(one(log_record(level=sent)))["level"] == stored


@pytest.mark.parametrize(
    ("sent", "micros"),
    [
        (NOW, 0),
        ("2025-11-23T12:13:20Z", 0),
        ("2025-11-23T13:13:20.000001+01:00", 1),
        ("2025-11-23T12:13:20.123456Z", 123_456),
    ],
)
def test_a_timestamp_is_the_same_instant_in_each_form(sent: int | str, micros: int) -> None:
    instant = datetime(2025, 11, 23, 12, 13, 20, tzinfo=UTC) + timedelta(microseconds=micros)
    assert row(one(log_record(timestamp=sent)))["timestamp"] == instant


def test_both_forms_of_timestamp_may_stand_in_one_body() -> None:
    records = [log_record(event_id="a"), log_record(event_id="b", timestamp="2025-11-23T12:13:20Z")]
    parsed = parse_json(Kind.LOGS, json.dumps(records).encode(), "array", LIMITS)
    assert parsed.batch.column("timestamp").cast(pa.int64()).to_pylist() == [NOW, NOW]


def test_unknown_fields_are_ignored() -> None:
    assert row(one(log_record(trace={"id": 1})))["message"] == "order placed"


def test_an_empty_message_is_a_message() -> None:
    assert row(one(log_record(message="")))["message"] == ""


def test_an_event_keeps_its_data_as_compact_json_and_its_device_flat() -> None:
    stored = row(one(event_record(), Kind.EVENTS))
    assert stored["event_data"] == '{"page":"/p","price":12.25}'
    assert (stored["device_type"], stored["device_os"], stored["device_browser"]) == ("mobile", "iOS", "Safari")


def test_an_event_needs_neither_data_nor_device() -> None:
    stored = row(one(event_record(event_data=..., device=...), Kind.EVENTS))
    assert (stored["event_data"], stored["device_type"]) == (None, None)


def test_a_missing_event_id_is_assigned_when_that_is_asked_for() -> None:
    ids = (f"ingest-00c0ffee:{n}" for n in itertools.count())
    body = json.dumps([log_record(event_id=...), log_record(), log_record(event_id=None)]).encode()
    parsed = parse_json(Kind.LOGS, body, "array", LIMITS, lambda: next(ids))
    assert parsed.batch.column("event_id").to_pylist() == ["ingest-00c0ffee:0", "gen-1a2b3c4d:17", "ingest-00c0ffee:1"]


def test_the_second_record_with_an_event_id_is_refused() -> None:
    body = json.dumps([log_record(event_id=i) for i in ("a", "b", "a", "a")]).encode()
    parsed = parse_json(Kind.LOGS, body, "array", LIMITS)
    assert parsed.indexes.to_pylist() == [0, 1]
    assert [(bad.index, bad.event_id, bad.code) for bad in parsed.rejected] == [
        (2, "a", "duplicate_event_id"),
        (3, "a", "duplicate_event_id"),
    ]


def test_a_refused_record_does_not_make_its_twin_a_duplicate() -> None:
    body = json.dumps([log_record(level="?"), log_record(), log_record()]).encode()
    parsed = parse_json(Kind.LOGS, body, "array", LIMITS)
    assert parsed.indexes.to_pylist() == [1]
    assert [bad.code for bad in parsed.rejected] == ["invalid_field", "duplicate_event_id"]


def test_a_refused_record_is_named_by_its_event_id_when_that_can_be_read() -> None:
    assert one(log_record(level=7)).rejected[0].event_id == "gen-1a2b3c4d:17"
    assert one(b"{").rejected[0].event_id is None


def test_blank_lines_are_not_records() -> None:
    line = json.dumps(log_record()).encode()
    parsed = parse_json(Kind.LOGS, b"\n\r\n" + line + b"\r\n\n", "lines", LIMITS)
    assert (parsed.indexes.to_pylist(), parsed.rejected) == ([0], [])


def test_a_record_spread_over_two_lines_is_two_bad_lines() -> None:
    line = json.dumps(log_record()).encode()
    broken = line.replace(b",", b",\n", 1)
    parsed = parse_json(Kind.LOGS, broken + b"\n" + line, "lines", LIMITS)
    assert parsed.indexes.to_pylist() == [2]
    assert [bad.index for bad in parsed.rejected] == [0, 1]


def test_a_single_record_may_be_spread_over_lines() -> None:
    assert row(one(json.dumps(log_record(), indent=2).encode()))["host"] == "web-017"


@pytest.mark.parametrize("body", [b"", b" \n\t"])
@pytest.mark.parametrize("form", ["object", "array", "lines"])
def test_an_empty_body_cannot_be_read(body: bytes, form: Any) -> None:
    parsed = parse_json(Kind.LOGS, body, form, LIMITS)
    assert [(bad.index, bad.code) for bad in parsed.rejected] == [(0, "unreadable")]


def test_an_empty_array_holds_nothing_bad() -> None:
    parsed = parse_json(Kind.LOGS, b"[]", "array", LIMITS)
    assert (parsed.batch.num_rows, parsed.rejected) == (0, [])


@pytest.mark.parametrize("body", [b"[{}", b"[{},]", b"[{}}", b"{}"])
def test_an_array_that_is_none_is_one_unreadable_body(body: bytes) -> None:
    parsed = parse_json(Kind.LOGS, body, "array", LIMITS)
    assert [(bad.code, bad.raw) for bad in parsed.rejected] == [("unreadable", body)]


@pytest.mark.parametrize(("form", "join"), [("array", b"[%s]"), ("lines", b"%s")])
def test_more_records_than_the_limit_are_an_error(form: Any, join: bytes) -> None:
    records = [json.dumps(log_record(event_id=str(n))).encode() for n in range(101)]
    body = join % (b"," if form == "array" else b"\n").join(records)
    with pytest.raises(TooManyRecords, match="101 records"):
        parse_json(Kind.LOGS, body, form, LIMITS)


def test_one_record_too_large_is_refused_alone() -> None:
    records = [log_record(event_id="a"), log_record(event_id="b", message="x" * 5000), log_record(event_id="c")]
    parsed = parse_json(Kind.LOGS, json.dumps(records).encode(), "array", LIMITS)
    assert parsed.indexes.to_pylist() == [0, 2]
    assert [bad.code for bad in parsed.rejected] == ["too_large"]


def test_a_repeated_metadata_key_does_not_break_the_reader() -> None:
    body = json.dumps(log_record()).encode()[:-1] + b',"metadata":{"x":1},"metadata":null}'
    assert row(one(body))["metadata"] is None
