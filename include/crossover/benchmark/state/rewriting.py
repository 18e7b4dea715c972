"""What condition `compacting` does: small files are merged, set back, and merged again."""

import logging
import threading
import time

from crossover.connections import connect_spark
from crossover.lake import clones, layouts
from crossover.lake.catalog import table_name
from crossover.records import Kind
from crossover.settings import Settings

log = logging.getLogger(__name__)


def rewrite_again(
    settings: Settings, dataset: str, *, rows: int, tasks: int, stop: threading.Event, seconds: float
) -> int:
    """Merge the files of a scratch copy again and again until `stop` or for `seconds`; how many rewrites that were.

    Each is told by a line `rewrite N took S s`, by which others count them.
    """
    spark = connect_spark(settings)
    try:
        table = table_name(settings, dataset, Kind.LOGS)
        history = layouts.snapshots(spark, table)
        source = layouts.nearest(history, min(rows, max((s.rows for s in history), default=0)), table)
        scratch, count, deadline = clones.Scratch(spark, settings, f"again_{dataset}"), 0, time.monotonic() + seconds
        try:
            small = scratch.make(layouts.at_snapshot(table, source).sql, tasks)
            log.info("%s: %s rows in %d files", scratch.table, f"{small.rows:,}", small.files)
            while not stop.is_set() and time.monotonic() < deadline:
                started = time.monotonic()
                merged = scratch.rewrite()
                count += 1
                log.info(
                    "rewrite %d took %.2f s: %d -> %d files",
                    count,
                    time.monotonic() - started,
                    small.files,
                    merged.files,
                )
                scratch.set_back(small, merged)
        finally:
            scratch.drop()
    finally:
        spark.stop()
    return count
