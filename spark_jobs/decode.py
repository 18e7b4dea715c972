"""From Kafka's messages to the rows of the lake: the pure part of the stream."""

import zipimport
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from crossover.records import Kind, arrow_schema, spark_ddl
from crossover.wire import decode_message

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Decoder = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def message_decoder(kind: Kind) -> Decoder:
    """A function for mapInArrow: messages (value, content_type, partition, offset) in, stored rows out.

    A message that cannot be read gives no rows; the loader, which reads the same messages by the same rule, puts it
    into the dead-letter topic.
    """
    schema = arrow_schema(kind.stored_columns)

    def decode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # Before each task Spark has a Python worker forget what it knows of the archives on its path, and so read the
        # directory of pyspark.zip again: a third of a small batch's time. They do not change while a worker lives.
        zipimport.zipimporter.invalidate_caches = lambda _archive: None  # type: ignore[method-assign, assignment]
        for messages in batches:
            for value, content_type, partition, offset in zip(
                messages.column("value"),
                messages.column("content_type").to_pylist(),
                messages.column("partition").to_pylist(),
                messages.column("offset").to_pylist(),
                strict=True,
            ):
                parsed = decode_message(kind, content_type, value.as_py())
                count = parsed.batch.num_rows
                if count:
                    origin = [
                        pa.array([partition] * count, pa.int32()),
                        pa.array([offset] * count, pa.int64()),
                        parsed.indexes.cast(pa.int32()),
                    ]
                    yield pa.RecordBatch.from_arrays([*parsed.batch.columns, *origin], schema=schema)

    return decode


def stored_rows(messages: "DataFrame", kind: Kind) -> "DataFrame":
    """Rows of the lake from a DataFrame of Kafka messages with their headers."""
    from pyspark.sql import functions as f

    header = f.element_at(f.filter("headers", lambda h: h["key"] == "content-type"), -1)["value"]
    narrow = messages.select("value", header.cast("string").alias("content_type"), "partition", "offset")
    return narrow.mapInArrow(message_decoder(kind), spark_ddl(kind.stored_columns))
