"""Parsed records to Kafka messages."""

from collections.abc import Iterator

import pyarrow as pa

from crossover.ingest.delivery import Outgoing
from crossover.records import Kind, dead_letter_topic, topic
from crossover.wire import CONTENT_TYPE_ARROW, Parsed, Rejected, dead_letter, encode_batch

# Below the broker's default message.max.bytes of 1 MiB, with room for headers and a dead letter's limit.
MAX_MESSAGE_BYTES = 900_000


def messages_of(kind: Kind, dataset: str, parsed: Parsed) -> list[Outgoing]:
    """The good records as batches, most often one; each bad record as a dead letter."""
    headers = [("content-type", CONTENT_TYPE_ARROW.encode())]
    batches = [Outgoing(topic(kind, dataset), value, headers) for value in encoded_parts(parsed.batch)]
    return batches + [_dead_letter(kind, dataset, bad) for bad in parsed.rejected]


def encoded_parts(batch: pa.RecordBatch) -> Iterator[bytes]:
    """The batch encoded, halved until each part fits into a message."""
    if not batch.num_rows:
        return
    value = encode_batch(batch)
    if len(value) <= MAX_MESSAGE_BYTES or batch.num_rows == 1:
        yield value
        return
    half = batch.num_rows // 2
    yield from encoded_parts(batch.slice(0, half))
    yield from encoded_parts(batch.slice(half))


def _dead_letter(kind: Kind, dataset: str, bad: Rejected) -> Outgoing:
    value, headers = dead_letter(kind, "ingest", bad)
    return Outgoing(dead_letter_topic(dataset), value, headers, spread=False)
