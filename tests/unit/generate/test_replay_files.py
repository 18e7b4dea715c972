"""Whole files: every line is accounted for, any bytes are survived, rounds do not overlap."""

import gzip
import json
import os
import random
from pathlib import Path

import pytest

from crossover.errors import BadSetting
from crossover.generate.replay.feed import EARLIEST_US, Reading, ReplaySource
from crossover.generate.replay.reader import FileCounts, read_lines
from crossover.records import Kind
from crossover.settings import checkout
from crossover.wire import Limits, parse_json

NOW_US = 1_790_000_000_000_000  # 2026-09-21
DAY_US = 86_400_000_000
REAL = ("Apache_2k.log", "HDFS_2k.log", "Hadoop_2k.log", "Linux_2k.log", "OpenSSH_2k.log")
MAIN_PARSER = dict(zip(REAL, ("apache", "log4j", "log4j", "syslog", "syslog"), strict=True))


def replay(path, repeat=1, batch=1000, **reading):
    """All records of the file as ingest would read them, and the counts."""
    options = {"parser": "auto", "now_us": NOW_US, **reading}
    source = ReplaySource(
        [path], Reading(**options), "replay-test", repeat=repeat, batch_records=batch, body_bytes=8 << 20
    )
    rows = []
    while found := source.take():
        assert len(found) <= batch
        assert len(found.body) <= 8 << 20
        parsed = parse_json(found.kind, bytes(found.body), "lines", Limits(max_record_bytes=256 * 1024, latest=NOW_US))
        assert parsed.rejected == []
        rows += [json.loads(line) for line in bytes(found.body).splitlines()]
    return rows, source.counts[path]


def lines_of(path, **options):
    counts = FileCounts()
    return list(read_lines(path, counts, **options)), counts


@pytest.fixture
def file(tmp_path):
    def write(content: bytes, name="some.log") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path

    return write


def real_file(name):
    root = checkout()
    path = root.parent / "shared" / "data" / name if root else Path(name)
    if not path.is_file():
        pytest.skip(f"{name} is not beside the checkout")
    return path


@pytest.mark.parametrize("name", REAL)
def test_every_line_of_a_real_file_becomes_one_record_with_its_text(name):
    path = real_file(name)
    rows, counts = replay(path)
    written = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(rows) == len(written) == 2000
    assert counts.lines == counts.blank + counts.unparsed + sum(counts.parsed.values())
    assert (counts.unparsed, counts.restamped, counts.cut, counts.undecodable) == (0, 0, 0, 0)
    assert counts.parsed[MAIN_PARSER[name]] >= 1990
    assert all(line.rstrip().endswith(row["message"].rstrip()) for line, row in zip(written, rows, strict=True))
    assert [row["event_id"] for row in rows] == [f"replay-test:{n}" for n in range(2000)]


def test_a_line_that_fits_no_parser_is_kept_whole_with_the_time_of_the_line_before(file):
    rows, counts = replay(
        file(
            b"Exception before any stamp\n2024-01-01 00:00:00 ERROR boom\n\tat Foo.bar(Foo.java)\n\n   \nwarn me\nplain"
        )
    )
    first = 1_704_067_200_000_000
    assert [(row["timestamp"], row["level"], row["message"]) for row in rows] == [
        (1_700_000_000_000_000, "ERROR", "Exception before any stamp"),
        (first, "ERROR", "boom"),
        (first, "INFO", "\tat Foo.bar(Foo.java)"),
        (first, "WARN", "warn me"),
        (first, "INFO", "plain"),
    ]
    assert (counts.lines, counts.unparsed, counts.blank, counts.parsed) == (7, 4, 2, {"generic": 1})
    assert {(row["service"], row["host"]) for row in rows} == {("some", "unknown")}


@pytest.mark.parametrize("stamp", ["1970-01-01 00:00:00", "2099-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_a_stamp_that_ingest_would_refuse_is_replaced_counted_and_kept_in_the_metadata(file, stamp):
    rows, counts = replay(file(f"2024-01-01 00:00:00 ok\n{stamp} odd\n".encode()))
    assert rows[1]["timestamp"] == rows[0]["timestamp"]
    assert "original_timestamp_us" in rows[1]["metadata"]
    assert (counts.restamped, counts.parsed["generic"]) == (1, 2)


def test_bad_utf8_nul_and_crlf_are_made_visible(file):
    lines, counts = lines_of(file(b"ok\r\nbad \xff\xfe byte\r\nnul \x00 here\n\r\nno end"))
    assert lines == ["ok", "bad \ufffd\ufffd byte", "nul \u2400 here", "no end"]
    assert (counts.lines, counts.undecodable, counts.blank) == (5, 1, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_recognised(file, encoding):
    lines, counts = lines_of(file("eins\r\nzwei é 日\n".encode(encoding)))
    assert lines == ["eins", "zwei é 日"]
    assert counts.undecodable == 0


def test_a_lone_surrogate_in_utf16_is_counted_as_undecodable(file):
    lines, counts = lines_of(file("a\nb".encode("utf-16") + b"\x00\xd8" + "c\n".encode("utf-16-le")))
    assert lines == ["a", "b\ufffdc"]
    assert counts.undecodable == 1


def test_a_line_over_the_limit_is_cut_between_characters_and_says_how_much_is_missing(file):
    lines, counts = lines_of(file(b"x" * 10_000_000 + b"\nshort\n" + "é".encode() * 10), limit=9)
    assert lines == ["x" * 9 + "…[cut, 9999991 bytes]", "short", "éééé…[cut, 12 bytes]"]
    assert (counts.lines, counts.cut, counts.undecodable) == (3, 2, 0)


@pytest.mark.parametrize("byte", [b"\x01", b"\xff", b'"', b"\\", b"\x00", b"{", b"[", b"<", b" "])
def test_a_long_line_of_any_one_byte_is_taken_by_ingest(file, byte):
    rows, counts = replay(file(byte * 300_000 + b"\n"))
    assert len(rows) + counts.blank == counts.lines == 1
    assert counts.cut == (byte != b" " or counts.cut)


def test_random_bytes_lose_no_line(file):
    content = random.Random(5).randbytes(400_000)
    rows, counts = replay(file(content))
    assert counts.lines == content.count(b"\n") + 1
    assert len(rows) == counts.lines - counts.blank == counts.unparsed + sum(counts.parsed.values())


def test_lines_that_chunks_cut_in_two_are_put_together(file):
    written = [f"{n} " + "é" * (n % 4000) for n in range(1000)]
    lines, _ = lines_of(file("\n".join(written).encode()))
    assert lines == written


def test_gzip_is_read_by_content_not_by_name(file):
    assert lines_of(file(gzip.compress(b"a\nb\n"), "odd.name"))[0] == ["a", "b"]


def test_an_empty_file_has_no_lines(file):
    assert lines_of(file(b"")) == ([], FileCounts())


def test_repeat_sends_the_file_again_later_with_new_seqs(file):
    path = file(b"2024-01-01 00:00:00 a\n2024-01-02 00:00:00 b\nno stamp\n")
    rows, counts = replay(path, repeat=4)
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps)
    assert len({row["event_id"] for row in rows}) == len(rows) == 12
    assert stamps[0::3] == [stamps[0] + turn * (DAY_US + 1_000_000) for turn in range(4)]
    assert counts.lines == 3


def test_rounds_that_would_lie_in_the_future_go_back_in_time(file):
    rows, _ = replay(file(b"2026-09-01 00:00:00 a\n2026-09-20 00:00:00 b\n"), repeat=3)
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps)
    assert stamps[-1] == 1_789_862_400_000_000
    assert min(stamps) > EARLIEST_US


def test_more_rounds_than_there_is_time_for_are_refused(file):
    with pytest.raises(BadSetting, match="rounds"):
        replay(file(b"1990-01-01 00:00:00 a\n2026-01-01 00:00:00 b\n"), repeat=3)


def test_typed_metadata_keys_of_another_type_stay_in_the_metadata_under_another_name(file):
    record = {
        "message": "m",
        "status_code": "404",
        "response_time_ms": 1.5,
        "request_id": 7,
        "method": None,
        "n": 10**30,
    }
    rows, _ = replay(file(json.dumps(record).encode()))
    assert rows[0]["metadata"] == {"response_time_ms": 1.5, "status_code_raw": "404", "request_id_raw": 7, "n": 10**30}


def test_logs_and_events_of_one_file_go_to_their_own_streams(file):
    event = '{"user_id":"u","session_id":"s","event_type":"VIEW","timestamp":1700000000000000}'
    source = ReplaySource(
        [file(f"{event}\nplain\n{event}\n".encode())], Reading("auto", NOW_US), "p", repeat=1, batch_records=10,
        body_bytes=1000,
    )  # fmt: skip
    kinds = {batch.kind: len(batch) for batch in iter(source.take, None)}
    assert kinds == {Kind.LOGS: 1, Kind.EVENTS: 2}


def test_a_forced_kind_keeps_other_lines_as_unparsed(file):
    rows, counts = replay(
        file(b"2015-10-18 18:01:47,978 INFO [main] a.B: x\nJun 14 15:16:01 h p: y\n"), parser="syslog"
    )
    assert len(rows) == 2
    assert (counts.unparsed, counts.parsed) == (1, {"syslog": 1})
