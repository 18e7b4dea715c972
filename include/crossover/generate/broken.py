"""Records that ingest has to reject, made out of good ones."""

import json
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]


def _without_timestamp(record: Record) -> None:
    del record["timestamp"]


def _timestamp_in_words(record: Record) -> None:
    record["timestamp"] = "yesterday"


def _timestamp_without_offset(record: Record) -> None:
    record["timestamp"] = "2024-02-29T12:00:00"


def _timestamp_in_seconds(record: Record) -> None:
    record["timestamp"] //= 1_000_000


def _unknown_word(record: Record) -> None:
    record["level" if "level" in record else "event_type"] = "LOUD"


def _number_for_text(record: Record) -> None:
    record["service" if "service" in record else "user_id"] = 17


def _null_for_text(record: Record) -> None:
    record["host" if "host" in record else "session_id"] = None


def _array_for_object(record: Record) -> None:
    record["metadata" if "metadata" in record else "event_data"] = [1, 2, 3]


def _nul_character(record: Record) -> None:
    record["message" if "message" in record else "session_id"] = "before\0after"


WAYS: tuple[Callable[[Record], None], ...] = (
    _without_timestamp,
    _timestamp_in_words,
    _timestamp_without_offset,
    _timestamp_in_seconds,
    _unknown_word,
    _number_for_text,
    _null_for_text,
    _array_for_object,
    _nul_character,
)


def break_line(line: str, how: int, event_id: str) -> str:
    """A line like this one, with this id, broken in way `how` (any number): no JSON, or JSON that breaks a rule."""
    record = json.loads(line)
    record["event_id"] = event_id
    way = how % (len(WAYS) + 1)
    if way == len(WAYS):
        return json.dumps(record, separators=(",", ":"))[: len(line) // 2] + "\n"
    WAYS[way](record)
    return json.dumps(record, separators=(",", ":")) + "\n"
