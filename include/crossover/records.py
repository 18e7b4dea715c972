"""The one definition of what flows: two kinds of record, their columns, their names in every room.

A dataset is a named pair of topics, PostgreSQL tables and lake tables; `main` is the one that exists from the start.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Level = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
LEVELS: tuple[Level, ...] = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")
EventType = Literal["CLICK", "VIEW", "PURCHASE", "LOGIN", "LOGOUT", "SEARCH"]
EVENT_TYPES: tuple[EventType, ...] = ("CLICK", "VIEW", "PURCHASE", "LOGIN", "LOGOUT", "SEARCH")

ColumnType = Literal["text", "timestamp", "json", "double", "int", "long"]


@dataclass(frozen=True)
class Column:
    """One column, the same in Arrow, PostgreSQL and the lake."""

    name: str
    type: ColumnType
    nullable: bool = False


SQL_TYPES: dict[ColumnType, str] = {
    "text": "text",
    "timestamp": "timestamp with time zone",
    "json": "json",
    "double": "double precision",
    "int": "integer",
    "long": "bigint",
}
SPARK_TYPES: dict[ColumnType, str] = {
    "text": "STRING",
    "timestamp": "TIMESTAMP",
    "json": "STRING",
    "double": "DOUBLE",
    "int": "INT",
    "long": "BIGINT",
}

# Where a stored row came from: with these, "every message once" can be checked by counting.
ORIGIN_COLUMNS = (
    Column("kafka_partition", "int"),
    Column("kafka_offset", "long"),
    Column("batch_index", "int"),
)


class Kind(StrEnum):
    """Which of the two record types; the value is the table's name in both stores."""

    LOGS = "logs"
    EVENTS = "events"

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of the record itself, in order, without its origin in Kafka."""
        return _COLUMNS[self]

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """Columns of a stored row: the record's, then its origin."""
        return self.columns + ORIGIN_COLUMNS

    @property
    def topic_root(self) -> str:
        """Name of the topic of dataset `main`."""
        return "logs.raw" if self is Kind.LOGS else "events.activity"


_COLUMNS: dict[Kind, tuple[Column, ...]] = {
    Kind.LOGS: (
        Column("event_id", "text"),
        Column("timestamp", "timestamp"),
        Column("level", "text"),
        Column("service", "text"),
        Column("host", "text"),
        Column("message", "text"),
        Column("metadata", "json", nullable=True),
        Column("request_id", "text", nullable=True),
        Column("response_time_ms", "double", nullable=True),
        Column("status_code", "int", nullable=True),
        Column("endpoint", "text", nullable=True),
        Column("method", "text", nullable=True),
    ),
    Kind.EVENTS: (
        Column("event_id", "text"),
        Column("timestamp", "timestamp"),
        Column("user_id", "text"),
        Column("session_id", "text"),
        Column("event_type", "text"),
        Column("event_data", "json", nullable=True),
        Column("device_type", "text", nullable=True),
        Column("device_os", "text", nullable=True),
        Column("device_browser", "text", nullable=True),
    ),
}

# Keys of a LogRecord's metadata that are columns of their own; the rest of the object stays JSON text.
METADATA_COLUMNS = ("request_id", "response_time_ms", "status_code", "endpoint", "method")


def arrow_schema(columns: tuple[Column, ...]) -> "pa.Schema":
    """The Arrow schema of these columns; timestamps are UTC microseconds, JSON is text."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "json": pa.string(),
        "double": pa.float64(),
        "int": pa.int32(),
        "long": pa.int64(),
    }
    return pa.schema([pa.field(c.name, types[c.type], nullable=c.nullable) for c in columns])


def spark_ddl(columns: tuple[Column, ...]) -> str:
    """The Spark schema string of these columns, for CREATE TABLE and for mapInArrow."""
    return ", ".join(f"`{c.name}` {SPARK_TYPES[c.type]}{'' if c.nullable else ' NOT NULL'}" for c in columns)


def topic(kind: Kind, dataset: str) -> str:
    """`logs.raw` for dataset main, `logs.raw.NAME` for any other."""
    return kind.topic_root if dataset == "main" else f"{kind.topic_root}.{dataset}"


def dead_letter_topic(dataset: str) -> str:
    """`logs.dlq` for dataset main, `logs.dlq.NAME` for any other."""
    return "logs.dlq" if dataset == "main" else f"logs.dlq.{dataset}"


def dataset_of(topic_name: str) -> tuple[Kind, str] | None:
    """The kind and dataset that a topic belongs to; None for a topic that is not one of ours."""
    for kind in Kind:
        if topic_name == kind.topic_root:
            return kind, "main"
        if topic_name.startswith(kind.topic_root + "."):
            return kind, topic_name[len(kind.topic_root) + 1 :]
    return None


def event_id(producer: str, seq: int) -> str:
    """The id that is unique for ever: `PRODUCER:SEQ`."""
    return f"{producer}:{seq}"


def producer_and_seq(identity: str) -> tuple[str, int] | None:
    """Split an event_id into its producer and sequence number; None if another system made it."""
    producer, _, seq = identity.rpartition(":")
    return (producer, int(seq)) if producer and seq.isascii() and seq.isdigit() else None
