"""Kafka to Iceberg, exactly once: both tables of one dataset, each by a query with a checkpoint of its own.

    python -m spark_jobs.stream_logs --dataset main --mode available-now|until-sealed|continuous

`available-now` takes what is there and ends; `until-sealed` follows the dataset until `crossover dataset seal`;
`continuous` follows until it is stopped (SIGTERM) or `--max-minutes` have passed.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crossover.connections import connect_postgres, kafka_source
from crossover.dataset import sealed_offsets
from crossover.errors import BadSetting, CrossoverError, ServiceError
from crossover.job import STOPPED, log, start_logging, stop_on_signal, write_result
from crossover.lake.catalog import checkpoint
from crossover.lake.tables import create_table
from crossover.records import Kind, topic
from crossover.settings import Settings, load_settings
from crossover.sql import sql
from spark_jobs.decode import stored_rows
from spark_jobs.session import build_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

MODES = ("available-now", "until-sealed", "continuous")
POLL_SECONDS = 0.5


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The job's options."""
    parser = argparse.ArgumentParser(prog="stream_logs", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--dataset", default=None, help="default: CROSSOVER_DATASET, else main")
    parser.add_argument("--mode", choices=MODES, default="available-now")
    parser.add_argument("--max-minutes", type=float, default=None, help="end cleanly after this long")
    return parser.parse_args(argv)


@contextmanager
def only_stream(dataset: str, settings: Settings) -> Iterator[None]:
    """Hold the dataset's stream lock: two streams on one checkpoint would fight over every batch."""
    with connect_postgres(settings, application="stream", autocommit=True) as connection:
        row = connection.execute(sql("ledger/lock_stream.sql").encode(), {"dataset": dataset}).fetchone()
        if not row or not row[0]:
            raise BadSetting(f"another stream runs on dataset {dataset}", cure="wait for its end, or stop it")
        yield


def start_query(spark: "SparkSession", settings: Settings, dataset: str, kind: Kind, mode: str) -> "StreamingQuery":
    """Start the query of one table."""
    messages = (
        spark.readStream
        .format("kafka")
        .options(**kafka_source(settings))
        .option("subscribe", topic(kind, dataset))
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "true")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", settings.stream.max_offsets_per_trigger)
        .load()
    )
    writer = (
        stored_rows(messages, kind)
        .writeStream.format("iceberg")
        .queryName(f"{dataset}-{kind.value}")
        .outputMode("append")
        .option("fanout-enabled", "true")
        .option("checkpointLocation", checkpoint(settings, dataset, kind))
    )
    if mode == "available-now":
        writer = writer.trigger(availableNow=True)
    else:
        writer = writer.trigger(processingTime=f"{settings.stream.trigger_seconds} seconds")
    return writer.toTable(create_table(spark, settings, dataset, kind))


class Streams:
    """The running queries of one dataset, by kind."""

    # Spark 4.1.1 (SPARK-55271): the first batch after a restart that repeats a planned batch is committed, then the
    # progress report of the Kafka source dies of a null. The batch is in; a second start goes on behind it.
    RECOVERY_BUG = "KafkaMicroBatchStream$.metrics"

    def __init__(self, spark: "SparkSession", settings: Settings, dataset: str, mode: str) -> None:
        self.spark, self.settings, self.dataset, self.mode = spark, settings, dataset, mode
        self.queries = {kind: start_query(spark, settings, dataset, kind, mode) for kind in Kind}
        self._restarted: set[Kind] = set()

    def mend(self) -> None:
        """Raise what a query died of, unless it is the known bug and has not been met in this query before."""
        for kind, query in self.queries.items():
            failure = query.exception()
            if failure is None:
                continue
            if self.RECOVERY_BUG in _java_trace(failure) and kind not in self._restarted:
                self._restarted.add(kind)
                log.warning("the stream of %s recovered a batch and met SPARK-55271: started again", query.name)
                self.queries[kind] = start_query(self.spark, self.settings, self.dataset, kind, self.mode)
            else:
                raise ServiceError(f"the stream of {self.dataset}.{kind.value} died: {failure}")

    def any_active(self) -> bool:
        """True while a query runs."""
        return any(query.isActive for query in self.queries.values())

    def stop(self) -> None:
        """Stop every query between two batches."""
        for query in self.queries.values():
            query.stop()


def _java_trace(failure: Exception) -> str:
    cause = getattr(failure, "_cause", None)
    return f"{failure}\n{getattr(cause, '_stackTrace', '')}"


class Follower:
    """Reads each query's progress, tells it to people and to table lake_offset, and knows when the stream may end."""

    def __init__(self, streams: Streams) -> None:
        self.dataset, self.settings, self.streams = streams.dataset, streams.settings, streams
        self.messages = dict.fromkeys(Kind, 0)
        self._commits = dict.fromkeys(Kind, 0)
        self._batch: dict[Kind, int] = {}
        self._place: dict[str, dict[int, int]] = {}
        self._told = time.monotonic()

    def look(self) -> None:
        """Save and tell what the queries have committed since the last look."""
        for kind, query in self.streams.queries.items():
            for reported in query.recentProgress:
                progress = json.loads(reported.json)
                number = int(progress["batchId"])
                if number > self._batch.get(kind, -1):
                    self._batch[kind] = number
                    self._commits[kind] += 1
                    self.messages[kind] += int(progress["numInputRows"])
                    self._keep(progress["sources"][0]["endOffset"])
        if time.monotonic() - self._told >= 3:
            self._told = time.monotonic()
            log.info("%s", self.words())

    def _keep(self, ends: dict[str, dict[str, int]] | None) -> None:
        with connect_postgres(self.settings, application="stream") as connection:
            for name, partitions in (ends or {}).items():
                for number, place in partitions.items():
                    self._place.setdefault(name, {})[int(number)] = int(place)
                    values = {"topic": name, "partition": int(number), "next_offset": int(place)}
                    connection.execute(sql("ledger/save_lake_offset.sql").encode(), values)

    def words(self) -> str:
        """Commits and messages so far, for the log."""
        parts = (f"{kind.value} {self._commits[kind]} commits, {self.messages[kind]:,} messages" for kind in Kind)
        return f"stream of {self.dataset}: " + "; ".join(parts)

    def reached(self, ends: dict[str, dict[int, int]]) -> bool:
        """True if every partition has been committed up to these end offsets."""
        return all(
            end == 0 or self._place.get(name, {}).get(number, 0) >= end
            for name, partitions in ends.items()
            for number, end in partitions.items()
        )


def follow(follower: Follower, mode: str, stop: threading.Event, max_seconds: float | None) -> bool:
    """Watch the queries until the mode's end, then stop them between two batches; False if `stop` came before it."""
    deadline = time.monotonic() + max_seconds if max_seconds else None
    finished = True
    while not stop.wait(POLL_SECONDS):
        active = follower.streams.any_active()
        follower.look()
        follower.streams.mend()
        if not active and not follower.streams.any_active():
            return True
        if deadline is not None and time.monotonic() > deadline:
            log.info("the time of this stream is over")
            break
        if mode == "until-sealed":
            ends = sealed_offsets(follower.dataset, follower.settings)
            if ends is not None and follower.reached(ends):
                break
    else:
        finished = mode == "continuous"
    follower.streams.stop()
    follower.look()
    return finished


def main(argv: list[str] | None = None) -> int:
    """Run the stream; returns the process's exit code."""
    start_logging()
    options = arguments(argv)
    stop = stop_on_signal()
    settings = load_settings()
    dataset = options.dataset or settings.dataset
    try:
        with only_stream(dataset, settings):
            started = time.monotonic()
            spark = build_session(settings, f"stream {dataset}", stop)
            log.info("Spark is ready after %.1f s", time.monotonic() - started)
            follower = Follower(Streams(spark, settings, dataset, options.mode))
            finished = follow(follower, options.mode, stop, options.max_minutes * 60 if options.max_minutes else None)
            log.info("%s, %.1f s", follower.words(), time.monotonic() - started)
            write_result({"dataset": dataset, **{f"{kind.value}_messages": follower.messages[kind] for kind in Kind}})
            spark.stop()
    except CrossoverError as error:
        log.error("%s", error)
        return error.exit_code
    return 0 if finished else STOPPED


if __name__ == "__main__":
    sys.exit(main())
