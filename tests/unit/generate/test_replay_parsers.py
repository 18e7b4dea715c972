"""Each parser on literal lines of the kind that it is for, and the fall-back on kinds that nobody named."""

import calendar
from datetime import UTC, datetime

import pytest

from crossover.generate.replay.feed import PARSERS, any_line
from crossover.generate.replay.stamps import Calendar

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def us(*parts, micro=0):
    return calendar.timegm((*parts, 0, 0, 0)[:6]) * 1_000_000 + micro


NOW_US = us(2026, 11, 23, 12)


def read(line, year=None):
    return any_line(line, Calendar(NOW_US, year))


def facts(line):
    entry = read(line)
    return entry.parser, entry.timestamp, entry.level, entry.service, entry.host, entry.message, entry.metadata


LITERAL = {
    "[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6": (
        "apache", us(2005, 12, 4, 4, 47, 44), "ERROR", "apache", "", "mod_jk child workerEnv in error state 6", {},
    ),
    "[Fri Sep 09 10:42:29.902022 2011] [core:warn] [pid 35:tid 43] [client 72.15.99.187] File does not exist": (
        "apache", us(2011, 9, 9, 10, 42, 29, micro=902022), "WARN", "apache", "", "File does not exist",
        {"pid": "35:tid 43", "client": "72.15.99.187", "module": "core"},
    ),
    '10.0.0.9 - frank [10/Oct/2000:13:55:36 -0700] "GET /x.gif?a=b HTTP/1.0" 503 2326 "-" "curl"': (
        "apache", us(2000, 10, 10, 20, 55, 36), "ERROR", "", "", '"GET /x.gif?a=b HTTP/1.0" 503 2326 "-" "curl"',
        {"status_code": 503, "client": "10.0.0.9", "method": "GET", "endpoint": "/x.gif?a=b", "user": "frank",
         "bytes": 2326},
    ),
    '2001:db8::1 - - [10/Oct/2023:13:55:36 +0000] "-" 408 -': (
        "apache", us(2023, 10, 10, 13, 55, 36), "WARN", "", "", '"-" 408 -',
        {"status_code": 408, "client": "2001:db8::1"},
    ),
    "2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.MRAppMaster: Created": (
        "log4j", us(2015, 10, 18, 18, 1, 47, micro=978000), "INFO", "org.apache.hadoop.MRAppMaster", "", "Created",
        {"thread": "main"},
    ),
    "081109 203615 148 WARN dfs.DataNode$PacketResponder: PacketResponder 1 terminating": (
        "log4j", us(2008, 11, 9, 20, 36, 15), "WARN", "dfs.DataNode$PacketResponder", "",
        "PacketResponder 1 terminating", {"pid": "148"},
    ),
    "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; uid=0": (
        "syslog", us(2026, 6, 14, 15, 16, 1), "ERROR", "sshd(pam_unix)", "combo", "authentication failure; uid=0",
        {"pid": "19939"},
    ),
    "<34>Oct 11 22:14:15 mymachine su: 'su root' failed": (
        "syslog", us(2026, 10, 11, 22, 14, 15), "FATAL", "su", "mymachine", "'su root' failed", {},
    ),
    '<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - [ex@1 a="b\\]c"][x@1 y="z"] It is time': (
        "syslog", us(2003, 8, 24, 12, 14, 15, micro=3), "INFO", "myproc", "192.0.2.1", "It is time",
        {"pid": "8710", "data": '[ex@1 a="b\\]c"][x@1 y="z"]'},
    ),
    "2023-01-02T10:11:12.123456+00:00 host1 app[123]: modern rsyslog": (
        "syslog", us(2023, 1, 2, 10, 11, 12, micro=123456), "INFO", "app", "host1", "modern rsyslog", {"pid": "123"},
    ),
    '{"ts":1700000000.125,"lvl":"warn","msg":"zap","logger":"a.b","hostname":"h","caller":"x.go:1"}': (
        "jsonl", 1_700_000_000_125_000, "WARN", "a.b", "h", "zap", {"caller": "x.go:1"},
    ),
    '{"log":"hello\\n","stream":"stderr","time":"2023-05-01T10:11:12.123456789Z"}': (
        "jsonl", us(2023, 5, 1, 10, 11, 12, micro=123456), "INFO", "", "", "hello", {"stream": "stderr"},
    ),
    '{"level":50,"time":1531171074631,"msg":"pino","service":{"name":"svc"}}': (
        "jsonl", 1_531_171_074_631_000, "ERROR", "svc", "", "pino", {"service": {"name": "svc"}},
    ),
    '{"__REALTIME_TIMESTAMP":"1682935872123456","MESSAGE":"m","PRIORITY":"4","_HOSTNAME":"h"}': (
        "jsonl", 1_682_935_872_123_456, "WARN", "", "h", "m", {},
    ),
    '{"timestamp":1700000000000000,"level":"INFO","service":"s","host":"h","message":"m","metadata":{"a":2}}': (
        "jsonl", 1_700_000_000_000_000, "INFO", "s", "h", "m", {"a": 2},
    ),
    '{"a":1}': ("jsonl", None, "INFO", "", "", '{"a":1}', {}),
}  # fmt: skip


@pytest.mark.parametrize("line", LITERAL)
def test_a_line_of_a_known_kind_is_taken_apart(line):
    assert facts(line) == LITERAL[line]


FALL_BACK = {
    "2023/01/02 15:04:05 [error] 12#0: *1 open() failed": (us(2023, 1, 2, 15, 4, 5), "ERROR", "12#0: *1 open() failed"),
    "2015-07-29 17:41:44,747 - INFO  [QuorumPeer] - out": (
        us(2015, 7, 29, 17, 41, 44, micro=747000), "INFO", "[QuorumPeer] - out"),
    "2016-09-28 04:30:30, Info                  CBS    Loaded": (us(2016, 9, 28, 4, 30, 30), "INFO", "CBS    Loaded"),
    "03-17 16:13:38.811  1702  2395 W WindowManager: x": (
        us(2026, 3, 17, 16, 13, 38, micro=811000), "WARN", "1702  2395 W WindowManager: x"),
    "E0611 12:34:56.789012       1 main.go:12] broke": (
        us(2026, 6, 11, 12, 34, 56, micro=789012), "ERROR", "1 main.go:12] broke"),
    "17/06/09 20:10:40 WARN executor.Backend: y": (us(2017, 6, 9, 20, 10, 40), "WARN", "executor.Backend: y"),
    "2023-01-02T12:13:14.123+01:00  INFO 12 --- [main] c.e.App : Up": (
        us(2023, 1, 2, 11, 13, 14, micro=123000), "INFO", "12 --- [main] c.e.App : Up"),
    "20171223-22:15:29:606|Step_LSC|300|x": (us(2017, 12, 23, 22, 15, 29, micro=606000), "INFO", "Step_LSC|300|x"),
    "- 1117838570 2005.06.03 R02 RAS KERNEL FATAL y": (
        1_117_838_570_000_000, "FATAL", "2005.06.03 R02 RAS KERNEL FATAL y"),
    "1286536309.586    921 192.168.0.68 TCP_MISS/200": (
        1_286_536_309_586_000, "INFO", "921 192.168.0.68 TCP_MISS/200"),
    "02-Jan-2023 10:11:12.123 SEVERE [main] x": (us(2023, 1, 2, 10, 11, 12, micro=123000), "ERROR", "[main] x"),
    "Mon, 02 Jan 2023 10:11:12 GMT x": (us(2023, 1, 2, 10, 11, 12), "INFO", "x"),
    "2023-01-02 10:11:12.123 UTC [1] LOG:  ready": (
        us(2023, 1, 2, 10, 11, 12, micro=123000), "INFO", "[1] LOG:  ready"),
    "2023-01-02 10:11:12,123 - mod - WARNING - careful": (
        us(2023, 1, 2, 10, 11, 12, micro=123000), "WARN", "mod - WARNING - careful"),
    "[2023-05-01 10:11:12,123] DEBUG [x] kafka": (us(2023, 5, 1, 10, 11, 12, micro=123000), "DEBUG", "[x] kafka"),
    "2024-01-01 00:00:00 Error opening file": (us(2024, 1, 1), "ERROR", "Error opening file"),
    "2024-01-01 00:00 INFO minutes only": (us(2024, 1, 1), "INFO", "minutes only"),
    # The stamp stands further in: the whole line is kept.
    "nova.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25 ERROR nova x": (
        us(2017, 5, 16, micro=8000), "ERROR", "nova.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25 ERROR nova x"),
    'time="2023-05-01T10:11:12Z" level=warning msg="old"': (
        us(2023, 5, 1, 10, 11, 12), "WARN", 'time="2023-05-01T10:11:12Z" level=warning msg="old"'),
    "1,2023-01-02 10:11:12,ERROR,thing": (us(2023, 1, 2, 10, 11, 12), "ERROR", "1,2023-01-02 10:11:12,ERROR,thing"),
}  # fmt: skip


@pytest.mark.parametrize("line", FALL_BACK)
def test_a_stamp_and_a_level_word_are_found_in_lines_of_any_kind(line):
    entry = read(line)
    assert (entry.parser, entry.timestamp, entry.level, entry.message) == ("generic", *FALL_BACK[line])


@pytest.mark.parametrize(
    "line",
    [
        "\tat com.example.Foo.bar(Foo.java:12)",
        "2023-02-30 00:00:00 INFO no such day",
        "2023-01-01 25:00:00 INFO no such hour",
        "0123456789 items",
        "9999999999 items",
        "[    0.000000] Linux version 5.4",
        "[1,2,3]",
        '{"message":"cut',
        "<13>no stamp",
        "<999>Oct 11 22:14:15 h su: too high a priority",
        "id,timestamp,level,message",
    ],
)
def test_a_line_without_a_credible_stamp_fits_no_parser(line):
    assert read(line) is None


def test_a_forced_kind_tries_no_other_parser():
    line = "2015-10-18 18:01:47,978 INFO [main] org.apache.Foo: Created"
    assert PARSERS["log4j"](line, Calendar(NOW_US))
    assert PARSERS["syslog"](line, Calendar(NOW_US)) is None
    assert PARSERS["apache"](line, Calendar(NOW_US)) is None
    assert PARSERS["jsonl"](line, Calendar(NOW_US)) is None


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("Nov 23 11:59:59", us(2026, 11, 23, 11, 59, 59)),
        ("Nov 23 12:00:01", us(2025, 11, 23, 12, 0, 1)),
        ("Dec 31 00:00:00", us(2025, 12, 31)),
        ("Feb 29 00:00:00", us(2024, 2, 29)),
    ],
)
def test_a_stamp_without_a_year_takes_the_latest_that_is_not_to_come(stamp, expected):
    assert read(f"{stamp} h p: m").timestamp == expected


def test_a_given_year_grows_when_december_turns_to_january():
    given = Calendar(NOW_US, 2019)
    stamps = [any_line(f"{day} 00:00:00 h p: m", given).timestamp for day in ("Nov 30", "Dec 31", "Jan  1", "Feb  1")]
    assert stamps == [us(2019, 11, 30), us(2019, 12, 31), us(2020, 1, 1), us(2020, 2, 1)]


def test_an_activity_event_in_our_wire_form_becomes_an_event():
    entry = read(
        '{"event_id":"p:1","timestamp":1700000000000000,"user_id":"u","session_id":"s","event_type":"VIEW",'
        '"event_data":{"page":"/x"},"device":{"type":"mobile","os":null}}'
    )
    assert (entry.kind, entry.user_id, entry.timestamp) == ("events", "u", 1_700_000_000_000_000)
    assert (entry.event_data, entry.device) == ({"page": "/x"}, ("mobile", None, None))


@pytest.mark.parametrize("change", ['"event_type":"DANCE"', '"user_id":5', '"session_id":""', '"event_data":[1]'])
def test_an_event_that_breaks_a_rule_is_kept_as_a_log_line(change):
    entry = read('{"user_id":"u","session_id":"s","event_type":"VIEW","message":"m",' + change + "}")
    assert (entry.kind, entry.message) == ("logs", "m")


@pytest.mark.parametrize("depth", [40, 100_000])
def test_json_that_is_nested_too_deep_is_kept_as_text(depth):
    assert read('{"a":' * depth + "1" + "}" * depth) is None


def test_nul_and_lone_surrogates_in_json_become_visible_replacements():
    entry = read('{"message":"a\\u0000b \\ud800","k\\u0000":["\\ud83d\\ude00","\\udc00"]}')
    assert entry.message == "a\u2400b \ufffd"
    assert entry.metadata == {"k\u2400": ["\U0001f600", "\ufffd"]}
