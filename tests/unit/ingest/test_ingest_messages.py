"""Requests to Kafka messages."""

import json

import pytest

from crossover.ingest.messages import MAX_MESSAGE_BYTES, messages_of
from crossover.records import Kind
from crossover.wire import CONTENT_TYPE_ARROW, Limits, Parsed, decode_message, parse_json


def parsed_logs(count: int, message_bytes: int) -> Parsed:
    record = {"timestamp": 1_763_900_000_000_000, "level": "INFO", "service": "s", "host": "h"}
    body = b"\n".join(
        json.dumps({**record, "event_id": f"a:{n}", "message": "x" * message_bytes}).encode() for n in range(count)
    )
    return parse_json(Kind.LOGS, body, "lines", Limits())


@pytest.mark.parametrize(("count", "message_bytes"), [(1000, 3000), (9, 250_000), (7, 200_000)])
def test_a_large_batch_is_split_into_messages_that_fit(count: int, message_bytes: int) -> None:
    messages = messages_of(Kind.LOGS, "main", parsed_logs(count, message_bytes))
    assert len(messages) > 1
    assert all(len(message.value) <= MAX_MESSAGE_BYTES for message in messages)
    ids = [
        identity
        for message in messages
        for identity in decode_message(Kind.LOGS, CONTENT_TYPE_ARROW, message.value).batch.column(0).to_pylist()
    ]
    assert ids == [f"a:{n}" for n in range(count)]


def test_a_usual_request_is_one_message() -> None:
    (message,) = messages_of(Kind.LOGS, "main", parsed_logs(1000, 60))
    assert message.spread
    assert dict(message.headers) == {"content-type": CONTENT_TYPE_ARROW.encode()}
