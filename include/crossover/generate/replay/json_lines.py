"""Parser of JSON lines: ours, or anybody's, whose fields are found by their usual names."""

import json
import re
from typing import Any

import msgspec

from crossover.generate.replay import stamps
from crossover.generate.replay.entry import (
    LEVEL_OF_SEVERITY,
    LEVEL_OF_WORD,
    Activity,
    Entry,
    level_by_keyword,
)
from crossover.generate.replay.stamps import Calendar
from crossover.records import EVENT_TYPES, Level

# First name found wins; case does not matter.
TIME_NAMES = ("timestamp", "@timestamp", "time", "ts", "datetime", "date", "@t", "__realtime_timestamp", "asctime", "t")
MESSAGE_NAMES = ("message", "msg", "@m", "log", "text", "textpayload", "body", "short_message", "@mt", "event")
LEVEL_NAMES = ("level", "severity", "lvl", "loglevel", "log.level", "levelname", "@l", "severity_text", "priority")
HOST_NAMES = ("host", "hostname", "host.name", "_hostname", "computer", "node")
SERVICE_NAMES = (
    "service", "service.name", "app", "application", "logger", "logger_name", "log.logger", "syslog_identifier",
    "program", "component", "container_name", "name",
)  # fmt: skip
MAX_DEPTH = 32

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_decode = msgspec.json.Decoder().decode
_LEVEL_OF_TEN: tuple[Level, ...] = ("DEBUG", "DEBUG", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


def json_line(text: str, calendar: Calendar) -> Entry | Activity | None:
    """The entry of a line that is one JSON object; None for any other."""
    record = _object(text)
    if record is None:
        return None
    return _activity(record, calendar) or _log(text, record, calendar)


def _object(text: str) -> dict[str, Any] | None:
    record: Any
    try:
        record = _decode(text)
    except (msgspec.MsgspecError, RecursionError):
        if not _SURROGATE.search(text):
            return None
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            return None
    if not isinstance(record, dict) or (text.count("{") + text.count("[") > MAX_DEPTH and _depth(record) > MAX_DEPTH):
        return None
    cleaned: dict[str, Any] = _clean(record) if "\\u0000" in text or _SURROGATE.search(text) else record
    return cleaned


def _depth(value: Any) -> int:
    """Levels of nesting, counted no further than one beyond the limit."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        containers = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in containers for child in (item.values() if isinstance(item, dict) else item)]
        depth += bool(containers)
    return depth


def _clean(value: Any) -> Any:
    """The same value without what no store can hold: NUL becomes U+2400, a lone surrogate U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\u2400")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _activity(record: dict[str, Any], calendar: Calendar) -> Activity | None:
    """An ActivityEvent, if the object has all that one needs."""
    user, session, event_type = (record.get(name) for name in ("user_id", "session_id", "event_type"))
    data, device = record.get("event_data"), record.get("device") or {}
    if event_type not in EVENT_TYPES or not (isinstance(user, str) and isinstance(session, str) and user and session):
        return None
    if not isinstance(data, dict | None) or not isinstance(device, dict):
        return None
    parts = tuple(device.get(name) for name in ("type", "os", "browser"))
    if not all(isinstance(part, str | None) for part in parts):
        return None
    return Activity(user, session, event_type, _moment(record.get("timestamp"), calendar), data, parts)  # type: ignore[arg-type]


def _log(text: str, record: dict[str, Any], calendar: Calendar) -> Entry:
    """Named fields go to the entry's own, the rest to its metadata; without a message the whole line is the message."""
    names = {name.lower(): name for name in reversed(record)}
    timestamp = level = None
    for name in TIME_NAMES:
        timestamp = _moment(record.get(names.get(name, "")), calendar)
        if timestamp is not None:
            del record[names[name]]
            break
    for name in LEVEL_NAMES:
        level = _level(name, record.get(names.get(name, "")))
        if level is not None:
            del record[names[name]]
            break
    service, host = _text(record, names, SERVICE_NAMES), _text(record, names, HOST_NAMES)
    message = _text(record, names, MESSAGE_NAMES)
    own = record.pop("metadata", None) if isinstance(record.get("metadata"), dict) else None
    metadata = {**record, **(own or {})} if message else {}
    message = message.rstrip("\r\n") or text
    return Entry("jsonl", message, timestamp, level or level_by_keyword(message), service, host, metadata)


def _text(record: dict[str, Any], names: dict[str, str], wanted: tuple[str, ...]) -> str:
    """Take the first field of these names that is a non-empty text; `{"name": ...}` counts, but stays in its place."""
    for name in wanted:
        value = record.get(names.get(name, ""))
        if isinstance(value, str) and value.strip():
            del record[names[name]]
            return value
        if isinstance(value, dict) and isinstance(value.get("name"), str) and value["name"].strip():
            return str(value["name"])
    return ""


def _moment(value: Any, calendar: Calendar) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return stamps.from_epoch(value) if abs(value) < 1e19 else None
    stamp = stamps.leading(value, calendar) if isinstance(value, str) else None
    return stamp.us if stamp else None


def _level(name: str, value: Any) -> Level | None:
    """A level word, syslog's 0..7 in a field `priority`, or the 10..60 of pino and bunyan."""
    if isinstance(value, str) and not value.isdigit():
        return LEVEL_OF_WORD.get(value.strip().lower())
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if name == "priority" and 0 <= number <= 7:
        return LEVEL_OF_SEVERITY[number]
    return _LEVEL_OF_TEN[number // 10] if 10 <= number <= 69 else None
