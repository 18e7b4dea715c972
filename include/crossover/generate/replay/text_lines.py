"""Parsers of text lines: Apache, log4j, syslog, and one that knows only a timestamp and a level word.

Which parser a line gets depends on its own first characters, never on the lines before it.
"""

import re
from typing import Any

from crossover.generate.replay import stamps
from crossover.generate.replay.entry import (
    LEVEL_OF_LETTER,
    LEVEL_OF_SEVERITY,
    LEVEL_OF_WORD,
    Entry,
    level_by_keyword,
)
from crossover.generate.replay.stamps import Calendar
from crossover.records import Level

_APACHE = re.compile(r"\[(?P<stamp>[A-Z][a-z]{2} [A-Z][a-z]{2} [^\]]{16,40})\] (?P<rest>\[.*)", re.DOTALL)
_APACHE_FIELD = re.compile(r"\[([^\]]{0,200})\] ?")
_ACCESS = re.compile(
    r"(?P<client>\S{1,200}(?: \S{1,200})?) (?P<ident>\S{1,200}) (?P<user>.{1,200}?) \[(?P<stamp>[^\]]{20,40})\] "
    r'(?P<message>"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d{1,18}|-).*)',
    re.DOTALL,
)
_LOG4J = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3}) (?P<level>[A-Z]{4,8}) +\[(?P<thread>.{0,300}?)\] "
    r"(?P<logger>[\w.$/-]{1,200}): (?P<message>.*)",
    re.DOTALL,
)
_HDFS = re.compile(
    r"(?P<stamp>\d{6} \d{6}) (?P<pid>\d{1,10}) (?P<level>[A-Z]{4,8}) (?P<logger>[\w.$/-]{1,200}): (?P<message>.*)",
    re.DOTALL,
)
_SYSLOG = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30}) (?P<host>\S{1,200}) "
    r"(?P<tag>[^\s:\[]{1,200}(?: \d[\w.]{0,20})?)(?:\[(?P<pid>[^\]]{1,40})\])?: ?(?P<message>.*)",
    re.DOTALL,
)
_PRIORITY = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(
    r"1 (?P<stamp>\S{1,40}) (?P<host>\S{1,255}) (?P<app>\S{1,200}) (?P<pid>\S{1,128}) (?P<msgid>\S{1,32}) "
    r'(?P<data>-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+) ?(?P<message>.*)',
    re.DOTALL,
)
_LEVEL_WORDS = "|".join(sorted(LEVEL_OF_WORD, key=len, reverse=True))
# In capitals, in brackets, or set off from what follows: `Error opening file` is a message and stays whole.
_FIRST_WORD = re.compile(
    rf"(?:({_LEVEL_WORDS.upper()})(?=[\s:|,\[\"]|$)|[\[(<|\"']((?i:{_LEVEL_WORDS}))[\])>|\"']|((?i:{_LEVEL_WORDS}))(?=[:,\"]|\s\s))"
    r"[\s:|,\"-]*"
)
_HEAD_WORD = re.compile(rf"\b({_LEVEL_WORDS.upper()})\b|\b(?:level|severity|lvl)[=:]\"?({_LEVEL_WORDS})\b")
_THREADS_AND_LETTER = re.compile(r"\s*\d+\s+\d+ ([VDIWEF]) ")
_SEPARATORS = " \t\"')]|,:;"


def apache(text: str, calendar: Calendar) -> Entry | None:
    """An Apache error log line, 2.2 or 2.4, or an access log line (common, combined or with a virtual host)."""
    return _apache_error(text, calendar) if text.startswith("[") else _apache_access(text, calendar)


def _apache_error(text: str, calendar: Calendar) -> Entry | None:
    match = _APACHE.match(text)
    stamp = stamps.leading(match["stamp"], calendar) if match else None
    if not match or not stamp:
        return None
    rest, fields = match["rest"], []
    while found := _APACHE_FIELD.match(rest):
        fields.append(found[1])
        rest = rest[found.end() :]
    module, _, word = fields[0].rpartition(":") if fields else ("", "", "")
    level = LEVEL_OF_WORD.get(word.lower()) or ("DEBUG" if word.startswith("trace") else None)
    if level is None:
        return None
    metadata = {key: value for key, _, value in (field.partition(" ") for field in fields[1:]) if value}
    if len(metadata) < len(fields) - 1:
        # Brackets that are no `key value` fields belong to the message.
        metadata, rest = {}, match["rest"].partition("] ")[2]
    if module:
        metadata["module"] = module
    return Entry("apache", rest or text, stamp.us, level, "apache", "", metadata)


def _apache_access(text: str, calendar: Calendar) -> Entry | None:
    match = _ACCESS.match(text)
    stamp = stamps.leading(match["stamp"], calendar) if match else None
    if not match or not stamp:
        return None
    status = int(match["status"])
    metadata: dict[str, Any] = {"status_code": status, "client": match["client"]}
    method, _, target = match["request"].partition(" ")
    if target and method.isascii() and method.isupper() and len(method) <= 20:
        metadata |= {"method": method, "endpoint": target.rpartition(" HTTP/")[0] or target}
    if match["user"] != "-":
        metadata["user"] = match["user"]
    if match["bytes"] != "-":
        metadata["bytes"] = int(match["bytes"])
    level: Level = "ERROR" if status >= 500 else "WARN" if status >= 400 else "INFO"
    return Entry("apache", match["message"], stamp.us, level, "", "", metadata)


def log4j(text: str, calendar: Calendar) -> Entry | None:
    """`2015-10-18 18:01:47,978 INFO [main] class: msg` or `081109 203615 148 INFO class: msg`."""
    match = _LOG4J.match(text) or _HDFS.match(text)
    level = LEVEL_OF_WORD.get(match["level"].lower()) if match else None
    if not match or not level:
        return None
    written = match["stamp"]
    if match.re is _HDFS:
        written = f"20{written[:2]}-{written[2:4]}-{written[4:6]} {written[7:9]}:{written[9:11]}:{written[11:]}"
    stamp = stamps.leading(written, calendar)
    extra = {"pid": match["pid"]} if match.re is _HDFS else {"thread": match["thread"]}
    return Entry("log4j", match["message"] or text, stamp.us, level, match["logger"], "", extra) if stamp else None


def syslog(text: str, calendar: Calendar) -> Entry | None:
    """RFC 5424, or RFC 3164 with or without its `<PRI>`."""
    priority = _PRIORITY.match(text)
    if priority and int(priority[1]) <= 191:
        level = LEVEL_OF_SEVERITY[int(priority[1]) & 7]
        rest = text[priority.end() :]
        return _rfc5424(rest, level, calendar) or _rfc3164(rest, level, calendar)
    return _rfc3164(text, None, calendar)


def _rfc3164(text: str, level: Level | None, calendar: Calendar) -> Entry | None:
    match = _SYSLOG.match(text)
    stamp = stamps.leading(match["stamp"], calendar) if match else None
    if not match or not stamp or match["host"].lower() in LEVEL_OF_WORD:
        return None
    extra = {"pid": match["pid"]} if match["pid"] else {}
    message = match["message"]
    return Entry(
        "syslog", message or text, stamp.us, level or level_by_keyword(message), match["tag"], match["host"], extra
    )


def _rfc5424(text: str, level: Level, calendar: Calendar) -> Entry | None:
    match = _RFC5424.match(text)
    stamp = stamps.leading(match["stamp"], calendar) if match else None
    if not match or not (stamp or match["stamp"] == "-"):
        return None
    extra = {key: match[key] for key in ("pid", "msgid", "data") if match[key] != "-"}
    service, host = ("" if match[key] == "-" else match[key] for key in ("app", "host"))
    message = match["message"].removeprefix("\ufeff")
    return Entry("syslog", message or text, stamp.us if stamp else None, level, service, host, extra)


def text_line(text: str, calendar: Calendar) -> Entry | None:
    """The entry of a line in any of these forms; None if it has no timestamp."""
    first = text[0]
    if first == "<":
        found = syslog(text, calendar)
    elif first == "[":
        found = _apache_error(text, calendar)
    else:
        found = log4j(text, calendar) if first.isdigit() else None
        found = found or syslog(text, calendar) or (_apache_access(text, calendar) if '] "' in text else None)
    return found or generic(text, calendar)


def generic(text: str, calendar: Calendar) -> Entry | None:
    """Any line with a timestamp at its beginning, or an ISO 8601 one near it.

    The message is what follows a leading stamp and level word; if the stamp stands further in, the whole line.
    """
    stamp = stamps.leading(text, calendar)
    if not stamp:
        stamp = stamps.inside(text, calendar)
        return Entry("generic", text, stamp.us, level_of_text(text)) if stamp else None
    rest = text[stamp.end :].lstrip(_SEPARATORS).removeprefix("- ").lstrip()
    word = _FIRST_WORD.match(rest)
    if word:
        return Entry("generic", rest[word.end() :] or text, stamp.us, LEVEL_OF_WORD[word[word.lastindex or 0].lower()])
    letter = text[stamp.begin] if text[stamp.begin + 1 : stamp.begin + 5].isdigit() else ""
    return Entry("generic", rest or text, stamp.us, LEVEL_OF_LETTER.get(letter) or level_of_text(rest))


def level_of_text(text: str) -> Level:
    """A level word in capitals or behind `level=` in the head of the text, or Android's letter; else by keyword."""
    letter = _THREADS_AND_LETTER.match(text)
    if letter:
        return LEVEL_OF_LETTER[letter[1]]
    word = _HEAD_WORD.search(text, 0, stamps.HEAD)
    return LEVEL_OF_WORD[(word[1] or word[2]).lower()] if word else level_by_keyword(text)
