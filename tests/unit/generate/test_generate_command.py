"""`crossover generate` and `crossover replay` from their arguments on, without a network."""

import argparse
import json
import threading

import pytest

from crossover.errors import BadInput, BadSetting
from crossover.generate import command, replay_command
from crossover.generate.command import share_of
from crossover.generate.replay.feed import Reading, ReplaySource, now_us
from crossover.generate.schedule import Schedule
from crossover.generate.send import Delivery, Target
from crossover.generate.sending import deliver
from crossover.job import Progress
from crossover.records import Kind
from crossover.settings import Settings
from crossover.tally import Tally


def call(module, *argv):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.run(parser.parse_args([str(word) for word in argv]), Settings())


def generate(path, *argv):
    assert call(command, "--end", "2024-03-01", "--producer", "gen-test", "--dry-run", path, *argv) == 0
    return path.read_bytes()


def test_the_same_arguments_write_the_same_file(tmp_path):
    options = ("--logs", 3000, "--events", 2000, "--duplicate-rate", 0.01, "--broken-rate", 0.01, "--seed", 5)
    first = generate(tmp_path / "a", *options)
    assert generate(tmp_path / "b", *options) == first
    assert first.count(b"\n") > 5000


def test_event_time_ends_where_the_end_day_begins(tmp_path):
    lines = generate(tmp_path / "a", "--logs", 1000, "--span-days", 2).splitlines()
    stamps = [json.loads(line)["timestamp"] for line in lines]
    assert min(stamps) >= 1_709_078_400_000_000  # 2024-02-28
    assert max(stamps) < 1_709_251_200_000_000  # 2024-03-01


def test_shards_divide_the_records_and_have_names_of_their_own(tmp_path):
    ids = set()
    for shard in range(3):
        lines = generate(tmp_path / str(shard), "--logs", 1000, "--shard", shard, "--shards", 3).splitlines()
        assert len(lines) == share_of(1000, shard, 3)
        ids |= {json.loads(line)["event_id"] for line in lines}
    assert len(ids) == 1000


def test_shares_add_up_to_the_total():
    assert [share_of(10, shard, 4) for shard in range(4)] == [2, 3, 2, 3]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--logs", -1), ("--span-days", 0), ("--seed", -1), ("--rate", -1), ("--rate", "nan"), ("--rate", "inf"),
        ("--batch", 0), ("--batch", 10_001), ("--connections", 0), ("--shard", 1), ("--shards", 0),
        ("--error-rate", 2), ("--producer", "a:b"), ("--producer", "a b"), ("--dataset", "No Such"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_refused_by_name_before_anything_is_sent(option, value, tmp_path):
    with pytest.raises(BadSetting, match=option.removeprefix("--")):
        call(command, option, value, "--dry-run", tmp_path / "x")


def test_replay_of_a_generated_file_gives_the_same_records_under_new_ids(tmp_path):
    generate(tmp_path / "in.ndjson", "--logs", 500, "--events", 500)
    out = tmp_path / "out.ndjson"
    assert call(replay_command, tmp_path / "in.ndjson", "--producer", "replay-test", "--dry-run", out) == 0
    before, after = (
        [json.loads(line) for line in path.read_bytes().splitlines()] for path in (tmp_path / "in.ndjson", out)
    )
    ids = {record["event_id"] for record in after}
    assert ids == {f"replay-test:{n}" for n in range(500)}
    strip = lambda record: json.dumps({k: v for k, v in record.items() if k != "event_id"}, sort_keys=True)  # noqa: E731
    for record in after:
        record.get("metadata", {}).pop("event_id", None)
    assert sorted(map(strip, after)) == sorted(map(strip, before))


def outcome(monkeypatch, tmp_path, ingest, source, stop=None, **target):
    monkeypatch.setenv("XCOM_DIR", str(tmp_path))
    tallies = {kind: Tally("main", kind, "p") for kind in Kind}
    stop = stop or threading.Event()
    delivery = Delivery(
        source,
        Schedule(0, wait=stop.wait),
        Target(ingest.url, "main", **target),
        tallies,
        stop=stop,
        save=lambda _: None,
    )
    code = deliver(delivery, Progress("p", None), "p", lambda: {"files": source.counted()})
    return code, json.loads((tmp_path / "return.json").read_text())


def replay_source(tmp_path, lines):
    (tmp_path / "x.log").write_text("2024-01-01 00:00:00 INFO hello\n" * lines)
    reading = Reading("auto", now_us())
    return ReplaySource([tmp_path / "x.log"], reading, "p", repeat=1, batch_records=10, body_bytes=8 << 20)


def test_the_result_holds_the_counts_of_the_end_of_the_run(monkeypatch, tmp_path, ingest):
    code, result = outcome(monkeypatch, tmp_path, ingest, replay_source(tmp_path, 25))
    assert code == 0
    assert result["producer"] == "p"
    assert result["logs"] == {"sent": 25, "acked": 25, "rejected": 0, "unknown": 0, "duplicates": 0, "missed": 0}
    assert result["files"][str(tmp_path / "x.log")]["parsed"] == {"generic": 25}
    assert result["records_per_second"] > 0


def test_exit_code_is_3_when_records_are_unknown_and_4_when_good_ones_are_rejected(monkeypatch, tmp_path, ingest):
    ingest.faults = lambda n: None if b'"p:0"' in ingest.bodies[n] else "serve"
    code, result = outcome(monkeypatch, tmp_path, ingest, replay_source(tmp_path, 25), deadline_seconds=0.2)
    assert (code, result["logs"]["unknown"], result["logs"]["acked"]) == (3, 10, 15)
    ingest.faults = lambda n: (200, {}, b'{"accepted":9,"rejected":1,"errors":[{"index":0,"reason":"no"}]}')
    code, result = outcome(monkeypatch, tmp_path, ingest, replay_source(tmp_path, 10))
    assert (code, result["logs"]["rejected"]) == (4, 1)


def test_exit_code_is_143_when_a_stop_came_before_the_last_record(monkeypatch, tmp_path, ingest):
    stop = threading.Event()
    ingest.faults = lambda n: stop.set() or "serve"
    code, result = outcome(monkeypatch, tmp_path, ingest, replay_source(tmp_path, 1000), stop=stop)
    assert code == 143
    assert 0 < result["logs"]["acked"] < 1000


@pytest.mark.parametrize("files", [("no.log",), (".",), ("x.log", "x.log"), ("x.log", "no.log")])
def test_a_file_that_is_missing_no_file_or_named_twice_is_refused_before_anything_is_sent(tmp_path, files):
    (tmp_path / "x.log").write_text("line\n")
    with pytest.raises(BadInput):
        call(replay_command, *(tmp_path / name for name in files), "--dry-run", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_gzip_file_is_sent_up_to_the_damage_and_then_reported(tmp_path):
    import gzip

    (tmp_path / "x.log.gz").write_bytes(gzip.compress(b"2024-01-01 00:00:00 INFO hello\n" * 100_000)[:-100])
    out = tmp_path / "out"
    with pytest.raises(BadInput, match="damaged"):
        call(replay_command, tmp_path / "x.log.gz", "--dry-run", out)
    assert out.read_bytes().count(b"\n") > 1000
