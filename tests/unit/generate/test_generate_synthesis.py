"""What synthetic records are like: deterministic, of the right shape, skewed, rhythmic, and as troubled as asked."""

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from crossover.errors import BadSetting
from crossover.generate import ndjson
from crossover.generate.batch import BROKEN, DUPLICATE, FRESH
from crossover.generate.synthesise import BLOCK, LiveSource, MixedSource, SyntheticSource, blocks, records
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.records import EVENT_TYPES, LEVELS, METADATA_COLUMNS, Kind, arrow_schema, producer_and_seq

START = 19_999 * DAY_US  # a Thursday
BOTH = pytest.mark.parametrize("kind", list(Kind))


def world(seed=7, days=7, shard=0, **knobs):
    return make_world(seed, start_us=START, days=days, knobs=Knobs(**knobs), shard=shard)


def batch_of(kind, count=BLOCK, seed=7, **knobs):
    plan = world(seed, **knobs)
    timestamps = plan.timestamps(np.random.default_rng(0), 0, count, count)
    return records(kind, plan, "gen-test", block=0, first_seq=0, timestamps=timestamps)


def stream(kind, total, batch_records=1000, **more):
    source = SyntheticSource(kind, world(**more), "gen-test", total, batch_records=batch_records, body_bytes=1 << 23)
    taken = []
    while batch := source.take():
        taken.append(batch)
    return taken


def parsed(batches):
    return [json.loads(line) for batch in batches for line in bytes(batch.body).splitlines()]


def body_of(batches):
    return b"".join(bytes(batch.body) for batch in batches)


def flat(kind, record):
    """One wire record as the row that ingest makes of it."""
    row = {**record, "timestamp": record["timestamp"]}
    if kind is Kind.LOGS:
        rest = dict(row.pop("metadata"))
        row |= {name: rest.pop(name, None) for name in METADATA_COLUMNS}
        row["metadata"] = json.dumps(rest, separators=(",", ":"), ensure_ascii=False) if rest else None
    else:
        device = row.pop("device")
        row |= {
            "device_type": device.get("type"),
            "device_os": device.get("os"),
            "device_browser": device.get("browser"),
        }
        row["event_data"] = json.dumps(row["event_data"], separators=(",", ":")) if "event_data" in row else None
    return row


@BOTH
def test_batches_have_exactly_the_schema_of_the_records(kind):
    batch = batch_of(kind)
    batch.validate(full=True)
    assert batch.schema == arrow_schema(kind.columns)
    assert not any(batch[column.name].null_count for column in kind.columns if not column.nullable)


@BOTH
def test_ndjson_parses_back_to_the_same_table(kind):
    batch = batch_of(kind, 2000)
    rows = [flat(kind, json.loads(line)) for line in bytes(ndjson.body(ndjson.lines(kind, batch))).splitlines()]
    assert pa.RecordBatch.from_pylist(rows, schema=batch.schema).to_pylist() == batch.to_pylist()


def test_ndjson_escapes_hostile_text_and_leaves_nulls_out():
    hostile = 'quote " backslash \\ tab \t newline \n bell \x07 é 日本 \U0001f600 "metadata":{, {,'
    row = {
        "event_id": "p:0", "timestamp": 1, "level": "INFO", "service": hostile, "host": "h", "message": hostile,
        "endpoint": hostile,
    }  # fmt: skip
    rows = [row, {**row, "message": "", "metadata": '{"k":"a\\"b"}', "request_id": "r", "response_time_ms": 1.5}]
    batch = pa.RecordBatch.from_pylist(rows, schema=arrow_schema(Kind.LOGS.columns))
    first, second = (json.loads(line) for line in ndjson.lines(Kind.LOGS, batch).to_pylist())
    assert first["message"] == first["service"] == hostile
    assert first["metadata"] == {"endpoint": hostile}
    assert second["metadata"] == {"request_id": "r", "response_time_ms": 1.5, "endpoint": hostile, "k": 'a"b'}
    assert second["message"] == ""


def test_ndjson_of_an_event_without_data_or_device_is_an_object_without_them():
    row = {"event_id": "p:0", "timestamp": 1, "user_id": "u", "session_id": "s", "event_type": "VIEW"}
    batch = pa.RecordBatch.from_pylist([row], schema=arrow_schema(Kind.EVENTS.columns))
    assert json.loads(ndjson.lines(Kind.EVENTS, batch)[0].as_py()) == {**row, "device": {}}


@BOTH
def test_same_seed_gives_the_same_bytes_whatever_the_batch_size(kind):
    troubles = {"late_rate": 0.02, "duplicate_rate": 0.02, "broken_rate": 0.02}
    whole = body_of(stream(kind, 15_000, **troubles))
    assert body_of(stream(kind, 15_000, batch_records=777, **troubles)) == whole
    assert body_of(stream(kind, 15_000, seed=8, **troubles)) != whole


@BOTH
def test_seqs_are_dense_and_no_batch_is_longer_than_asked(kind):
    batches = stream(kind, 12_345, batch_records=1000, broken_rate=0.01)
    fresh = [json.loads(line) for b in batches for line in b.lines.filter(pa.array(b.marks == FRESH)).to_pylist()]
    assert [producer_and_seq(record["event_id"]) for record in fresh] == [("gen-test", n) for n in range(12_345)]
    assert max(map(len, batches)) <= 1000


def test_shards_have_different_records_over_the_same_span_and_incidents():
    first, second = world(shard=0), world(shard=1)
    assert (first.incidents == second.incidents).all()
    one, two = (next(blocks(Kind.LOGS, plan, "p", 100)).lines.to_pylist() for plan in (first, second))
    assert set(one).isdisjoint(two)


def test_event_time_is_in_order_within_the_span_and_follows_a_daily_rhythm():
    stamps = np.array([record["timestamp"] for record in parsed(stream(Kind.LOGS, 50_000))])
    assert (np.diff(stamps) >= 0).all()
    assert START <= stamps[0] < START + DAY_US
    assert START + 6 * DAY_US < stamps[-1] < START + 7 * DAY_US
    by_hour = np.bincount((stamps % DAY_US) // (DAY_US // 24), minlength=24)
    assert by_hour[14:16].sum() > 4 * by_hour[2:4].sum()
    by_day = np.bincount((stamps - START) // DAY_US)
    assert by_day[2:4].max() < 0.8 * by_day[[0, 1, 4, 5, 6]].min()


def test_services_hosts_and_endpoints_are_skewed_and_messages_many():
    logs = batch_of(Kind.LOGS)
    services = Counter(logs["service"].to_pylist()).most_common()
    assert len(services) == 24
    assert services[0][1] > 10 * services[-1][1]
    assert 110 <= pc.count_distinct(logs["endpoint"]).as_py() <= 120
    assert 100 < pc.count_distinct(logs["host"]).as_py() <= 200
    assert pc.count_distinct(logs["message"]).as_py() > 4000
    assert logs["metadata"].null_count == pytest.approx(0.94 * BLOCK, rel=0.02)


def test_response_times_are_skewed_and_have_at_most_one_decimal():
    times = batch_of(Kind.LOGS)["response_time_ms"].to_numpy()
    assert (np.round(times, 1) == times).all()
    assert np.mean(times) > 1.2 * np.median(times) > 0


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.4, 1.0])
def test_error_rate_is_the_share_of_error_and_fatal(rate):
    levels = Counter(record["level"] for record in parsed(stream(Kind.LOGS, 60_000, error_rate=rate)))
    assert set(levels) <= set(LEVELS)
    assert (levels["ERROR"] + levels["FATAL"]) / 60_000 == pytest.approx(rate, abs=0.004)
    assert levels["FATAL"] / 60_000 == pytest.approx(0.04 * rate, abs=0.002)


def test_a_service_that_goes_bad_fails_more_often_and_answers_slowly():
    plan = world()
    rows = parsed(stream(Kind.LOGS, 100_000))
    names = sorted({row["service"] for row in rows})
    service = np.array([names.index(row["service"]) for row in rows])
    stamps = np.array([row["timestamp"] for row in rows])
    from crossover.generate.catalogue import SERVICES

    order = np.array([SERVICES.index(name) for name in names])
    bad = plan.in_incident(order[service], stamps)
    failed = np.array([row["level"] in ("ERROR", "FATAL") for row in rows])
    slow = np.array([row["metadata"]["response_time_ms"] for row in rows])
    assert 200 < bad.sum() < 5000
    assert failed[bad].mean() > 5 * failed[~bad].mean()
    assert np.median(slow[bad]) > 3 * np.median(slow[~bad])


def test_late_rate_moves_timestamps_hours_back():
    usual, late = (
        np.array([record["timestamp"] for record in parsed(stream(Kind.LOGS, 20_000, late_rate=rate))])
        for rate in (0.0, 0.1)
    )
    moved = usual - late
    assert (moved > 0).mean() == pytest.approx(0.1, abs=0.01)
    assert set(np.unique(moved[moved > 0] // (DAY_US // 24))) == set(range(1, 13))


@BOTH
def test_duplicates_are_identical_counted_and_never_in_one_batch_with_their_original(kind):
    batches = stream(kind, 25_000, duplicate_rate=0.1)
    originals = {line for b in batches for line in b.lines.filter(pa.array(b.marks == FRESH)).to_pylist()}
    again = [line for b in batches for line in b.lines.filter(pa.array(b.marks == DUPLICATE)).to_pylist()]
    assert len(again) / 25_000 == pytest.approx(0.1, abs=0.01)
    assert set(again) <= originals
    assert all(len(set(batch.lines.to_pylist())) == len(batch) for batch in batches)


@BOTH
def test_broken_records_are_broken_in_ten_ways_and_have_no_seq(kind):
    batches = stream(kind, 20_000, broken_rate=0.05)
    broken = [line for b in batches for line in b.lines.filter(pa.array(b.marks == BROKEN)).to_pylist()]
    assert len(broken) / 20_000 == pytest.approx(0.05, abs=0.01)
    assert all(line.count("\n") == 1 for line in broken)
    assert all(not _well_formed(kind, line) for line in broken)
    readable = [json.loads(line) for line in broken if line.rstrip().endswith("}}")]
    assert not any(producer_and_seq(record["event_id"]) for record in readable)
    unreadable = len(broken) - sum(_is_json(line) for line in broken)
    assert unreadable / len(broken) == pytest.approx(0.1, abs=0.04)


def _is_json(line):
    try:
        return bool(json.loads(line))
    except ValueError:
        return False


def _well_formed(kind, line):
    """An independent reading of the wire rules, for the records of this file only."""
    if not _is_json(line):
        return False
    record = json.loads(line)
    texts = ("level", "service", "host", "message") if kind is Kind.LOGS else ("user_id", "session_id", "event_type")
    words = LEVELS if kind is Kind.LOGS else EVENT_TYPES
    return (
        isinstance(record.get("timestamp"), int)
        and record["timestamp"] > 31_536_000_000_000
        and all(isinstance(record.get(name), str) and "\0" not in record[name] for name in texts)
        and record["level" if kind is Kind.LOGS else "event_type"] in words
        and isinstance(record["metadata" if kind is Kind.LOGS else "event_data"], dict)
    )


@BOTH
def test_good_records_are_well_formed(kind):
    lines = body_of(stream(kind, 3000, late_rate=0.1, duplicate_rate=0.1)).decode().splitlines()
    assert all(_well_formed(kind, line) for line in lines)


def test_a_session_begins_with_login_stays_with_its_user_and_ends_with_logout_if_it_does():
    sessions: dict[str, list[dict]] = {}
    for record in parsed(stream(Kind.EVENTS, 10_000)):
        sessions.setdefault(record["session_id"], []).append(record)
    assert len(sessions) > 500
    logged_out = 0
    for events in sessions.values():
        types = [event["event_type"] for event in events]
        assert types[0] == "LOGIN"
        assert "LOGIN" not in types[1:]
        assert "LOGOUT" not in types[:-1]
        assert all(a["timestamp"] <= b["timestamp"] for a, b in pairwise(events))
        assert len({(event["user_id"], *event["device"].values()) for event in events}) == 1
        logged_out += types[-1] == "LOGOUT"
    assert 0.4 < logged_out / len(sessions) < 0.7


def test_sessions_last_minutes_and_run_side_by_side():
    begins, ends = {}, {}
    for record in parsed(stream(Kind.EVENTS, 10_000, days=1)):
        begins.setdefault(record["session_id"], record["timestamp"])
        ends[record["session_id"]] = record["timestamp"]
    seconds = np.array([ends[session] - begins[session] for session in begins]) / 1e6
    assert 30 < np.median(seconds) < 600
    moment = START + DAY_US // 2
    assert sum(begins[session] < moment < ends[session] for session in begins) >= 2


def test_forgone_sends_shorten_the_run_at_its_end():
    source = SyntheticSource(Kind.LOGS, world(), "gen-test", 5000, batch_records=700, body_bytes=1 << 23)
    source.take()
    assert source.forgo() == (Kind.LOGS, 700)
    rest = []
    while batch := source.take():
        rest.append(batch)
    assert parsed(rest)[-1]["event_id"] == "gen-test:4299"
    assert source.forgo() is None


def test_a_mixed_source_draws_from_both_kinds_in_proportion():
    sources = [
        SyntheticSource(kind, world(), "gen-test", total, batch_records=100, body_bytes=1 << 23)
        for kind, total in ((Kind.LOGS, 3000), (Kind.EVENTS, 1000))
    ]
    source = MixedSource(sources)
    first = [source.take().kind for _ in range(20)]
    assert Counter(first) == {Kind.LOGS: 15, Kind.EVENTS: 5}
    assert sum(1 for _ in iter(source.take, None)) == 20


def test_live_records_carry_the_time_at_which_they_are_taken():
    clock = iter([START, START + 1_000_000, START + 3_000_000])
    source = LiveSource(
        Kind.LOGS, world(), "gen-test", None, batch_records=5, first_block=3, now_us=lambda: next(clock)
    )
    first, second = parsed([source.take()]), parsed([source.take()])
    assert [record["timestamp"] - START for record in first] == [0, 250_000, 500_000, 750_000, 1_000_000]
    assert second[-1]["timestamp"] == START + 3_000_000
    assert [record["event_id"] for record in second] == [f"gen-test:{n}" for n in range(5, 10)]


def test_a_batch_of_too_many_bytes_is_split():
    (batch,) = blocks(Kind.LOGS, world(), "gen-test", 1000)
    parts = list(batch.split(1000, 50_000))
    assert max(len(part.body) for part in parts) <= 50_000
    assert body_of(parts) == bytes(batch.body)


@pytest.mark.parametrize("knob", ["error_rate", "late_rate", "duplicate_rate", "broken_rate"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_rate_outside_0_to_1_is_refused_by_name(knob, value):
    with pytest.raises(BadSetting, match=knob.replace("_", "-")):
        Knobs(**{knob: value})
