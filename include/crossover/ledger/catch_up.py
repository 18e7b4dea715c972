"""Waiting until both sinks have read everything that Kafka holds of a dataset."""

import logging
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

from crossover.connections import connect_postgres, spark_home
from crossover.dataset import offsets, sealed_offsets
from crossover.errors import MissingPrerequisite, ServiceError, ServiceTimeout
from crossover.settings import Settings, checkout
from crossover.sql import sql

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5


def behind(sink: str, ends: dict[str, dict[int, int]], settings: Settings) -> int:
    """Messages that `sink` (sink_offset or lake_offset) has not reached yet."""
    with connect_postgres(settings, application="ledger") as connection:
        rows = connection.execute(sql("ledger/places.sql", sink=sink).encode(), {"topics": list(ends)}).fetchall()
    reached = {(topic, partition): place for topic, partition, place in rows}
    return sum(
        max(end - reached.get((topic, partition), 0), 0)
        for topic, partitions in ends.items()
        for partition, end in partitions.items()
    )


def end_offsets(dataset: str, settings: Settings) -> dict[str, dict[int, int]]:
    """Where the dataset ends: where it was sealed, else where Kafka ends now."""
    return sealed_offsets(dataset, settings) or offsets(dataset, settings, end=True)


def catch_up(
    dataset: str, settings: Settings, *, timeout_seconds: float, start_stream: bool, stop: threading.Event
) -> None:
    """Wait until both stores hold what Kafka held at the call, if need be by a bounded stream of our own."""
    ends = end_offsets(dataset, settings)
    if start_stream and behind("lake_offset", ends, settings) and not stream_is_running(dataset, settings):
        require_spark(dataset)
        run_stream(dataset)
    deadline, told = time.monotonic() + timeout_seconds, 0.0
    while True:
        left = {
            name: behind(sink, ends, settings)
            for name, sink in (("PostgreSQL", "sink_offset"), ("the lake", "lake_offset"))
        }
        if not any(left.values()):
            return
        words = ", ".join(f"{name} is {count:,} messages behind" for name, count in left.items() if count)
        if time.monotonic() > deadline:
            raise ServiceTimeout(
                f"dataset {dataset}: {words} after {timeout_seconds:.0f} s",
                cure="crossover status; is a stream running?",
            )
        if time.monotonic() - told >= 3:
            told = time.monotonic()
            log.info("%s: %s", dataset, words)
        if stop.wait(POLL_SECONDS):
            raise ServiceError(f"stopped while {words}")


def stream_is_running(dataset: str, settings: Settings) -> bool:
    """True if somebody holds the dataset's stream lock."""
    with connect_postgres(settings, application="ledger") as connection:
        row = connection.execute(sql("ledger/lock_stream.sql").encode(), {"dataset": dataset}).fetchone()
    return not (row and row[0])


def require_spark(dataset: str) -> None:
    """Raise ServiceError where no stream can be run: in an image with Spark's client only, or without the job."""
    try:
        spark_home()
        missing = checkout() is None and find_spec("spark_jobs") is None
    except MissingPrerequisite:
        missing = True
    if missing:
        raise ServiceError(
            f"the lake is behind, no stream runs on {dataset}, and no Spark is installed here to run one",
            cure=f"trigger DAG stream_to_lake with dataset {dataset}, then compare again",
        )


def run_stream(dataset: str) -> None:
    """Bring the lake up to date by one bounded streaming job, in a process of its own."""
    log.info("the lake is behind and no stream runs on %s: running one bounded stream", dataset)
    command = [sys.executable, "-m", "spark_jobs.stream_logs", "--dataset", dataset, "--mode", "available-now"]
    done = subprocess.run(command, cwd=checkout(), check=False)
    if done.returncode != 0:
        raise ServiceError(
            f"the stream of {dataset} ended with exit code {done.returncode}", cure="see its lines above"
        )
