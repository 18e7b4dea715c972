"""Bytes on disk of one record in each store and layout, and in Kafka's log where that can be reached."""

import contextlib
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossover.benchmark.results import Figure
from crossover.benchmark.rungs import copy_rows, schema_of, set_indexes
from crossover.benchmark.write.stopping import check
from crossover.connections import connect_postgres, connect_spark
from crossover.dataset import offsets
from crossover.errors import BadInput
from crossover.job import bench_line
from crossover.lake import layouts
from crossover.lake.catalog import hdfs_client_properties, table_name
from crossover.records import Kind, topic
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """What one store needs for so many records in one layout."""

    store: str
    layout: str
    bytes: int
    rows: int
    note: str


def measure(run_id: str, dataset: str, settings: Settings, stop: threading.Event) -> list[Figure]:
    """The figures `bytes_per_record` of the dataset's log records. What is made for them is dropped again.

    Raises BadInput when the lake holds none, Stopped.
    """
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect_postgres(settings, application="benchmark", autocommit=True))
        spark = connect_spark(settings)
        stack.callback(spark.stop)
        table = table_name(settings, dataset, Kind.LOGS)
        if not spark.catalog.tableExists(table):
            raise BadInput(f"the lake has no table {table}", cure="first the part rate, or another --dataset")
        found = _lake(spark, settings, table, run_id)
        check(stop)
        last = layouts.bounds(spark, table, _written(spark, table).snapshot_id)
        found += _postgres(connection, settings, dataset, f"{schema_of(run_id)}_bytes", last)
        check(stop)
        found += _kafka(connection, settings, dataset)
    return [figure(stored) for stored in found]


def figure(stored: Stored) -> Figure:
    """Bytes a record. Raises BadInput without records."""
    if stored.rows <= 0:
        raise BadInput(f"{stored.store} holds no records", cure="first the part rate, or another --dataset")
    each = stored.bytes / stored.rows
    dimensions = {"store": stored.store, "layout": stored.layout}
    bench_line({"figure": "bytes_per_record", **dimensions, "bytes": round(each, 2), "rows": stored.rows})
    return Figure("bytes_per_record", dimensions, "bytes", (each,), f"{stored.rows:,} records; {stored.note}")


def _written(spark: "SparkSession", table: str) -> layouts.Snapshot:
    return [snapshot for snapshot in layouts.snapshots(spark, table) if snapshot.operation != "replace"][-1]


def _lake(spark: "SparkSession", settings: Settings, table: str, run_id: str) -> list[Stored]:
    written = _written(spark, table)
    copies = f"data files once; HDFS keeps {hdfs_client_properties()['dfs.replication']} copies of each block"
    # A clone of our own name: those of the run's read cells are not ours to drop.
    own = f"{run_id}_bytes"
    try:
        merged = layouts.compacted(spark, settings, table, written, own, written.rows)
    finally:
        layouts.drop_clones(spark, settings, own)
    return [
        Stored("lake", "fragmented", written.bytes, written.rows, f"{written.files:,} files; {copies}"),
        Stored("lake", "compacted", merged.bytes, merged.rows, f"{merged.files:,} files; {copies}"),
    ]


def _postgres(
    connection: "psycopg.Connection[Any]", settings: Settings, dataset: str, schema: str, last: dict[int, int]
) -> list[Stored]:
    table = f"{schema}.{Kind.LOGS}"
    can = connection.execute(sql("benchmark/rung_has_trigrams.sql").encode()).fetchone()
    trigrams = settings.benchmark.postgres_trigrams and bool(can and can[0])
    try:
        copy_rows(connection, f"{dataset}.{Kind.LOGS}", table, last)
        rows = _number(connection, sql("benchmark/rung_count.sql", table=table), {})
        heap = _number(connection, sql("benchmark/rung_size.sql"), {"table": table})
        set_indexes(connection, table, indexed=True, trigrams=trigrams)
        indexed = _number(connection, sql("benchmark/rung_size.sql"), {"table": table})
    finally:
        connection.execute(sql("benchmark/rung_drop.sql", schema=schema).encode())
    words = "the indexes of the read cases" + (", that on trigrams of the message with them" if trigrams else "")
    return [
        Stored("postgres", "heap", heap, rows, "day partitions without an index"),
        Stored("postgres", "indexed", indexed, rows, f"day partitions with {words}"),
    ]


def _kafka(connection: "psycopg.Connection[Any]", settings: Settings, dataset: str) -> list[Stored]:
    """Kafka's log of the dataset's log records; empty where its folder or all of its messages cannot be seen."""
    name = topic(Kind.LOGS, dataset)
    files = list((settings.home / "data" / "kafka").glob(f"{name}-[0-9]*/*.log"))
    if not files:
        log.warning("Kafka's log of %s cannot be seen from here: no figure of it", name)
        return []
    read = connection.execute(sql("benchmark_write/loaded.sql").encode(), {"topic": name}).fetchone()
    messages, rows = read or (0, 0)
    begins, ends = (sum(offsets(dataset, settings, end=end)[name].values()) for end in (False, True))
    if begins or messages != ends:
        log.warning("%s has lost messages to retention, or the loader has not read all: no figure of Kafka", name)
        return []
    size = sum(file.stat().st_size for file in files)
    return [Stored("kafka", "log", size, rows, f"{messages:,} messages, as the ingest compressed them; one replica")]


def _number(connection: "psycopg.Connection[Any]", query: str, values: dict[str, Any]) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    return int(row[0]) if row else 0
