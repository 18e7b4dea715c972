"""Compaction: merge the small files of closed day partitions, prove that nothing changed, and say what it cost.

The proof compares the rewrite's snapshot with its own parent, day by day, by count and by content hash, so that rows
which the stream adds meanwhile do not disturb it. A rewrite that fails the proof is rolled back.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from crossover.errors import CorruptData
from crossover.fingerprint import days_of_lake, differing_days
from crossover.lake.catalog import table_name
from crossover.lake.gain import Forecast, Outlook, spans
from crossover.lake.layouts import snapshots
from crossover.records import Kind
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DayPartition:
    """One day of a table and its live data files."""

    day: date
    files: int
    bytes: int
    rows: int


@dataclass(frozen=True)
class Plan:
    """Which days are worth a rewrite, and why the others are left; `forecasts`: of each day for which one was made."""

    chosen: list[DayPartition]
    left: dict[str, str] = field(default_factory=dict)
    forecasts: dict[date, Forecast] = field(default_factory=dict)

    @property
    def gain_seconds(self) -> float | None:
        """What the chosen days' rewrite is predicted to gain, None without a forecast."""
        return sum(self.forecasts[p.day].gain_seconds for p in self.chosen) if self.forecasts else None

    @property
    def cost_seconds(self) -> float | None:
        """What it is predicted to cost, None without a forecast."""
        return sum(self.forecasts[p.day].cost_seconds for p in self.chosen) if self.forecasts else None


@dataclass(frozen=True)
class Compaction:
    """What was done to one table. Bytes and files are those of the chosen days; predictions only if asked for."""

    table: str
    days: int
    rows: int
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    rewrite_seconds: float
    verify_seconds: float
    predicted_gain_seconds: float | None = None
    predicted_cost_seconds: float | None = None


def first_open_day(now: datetime, lateness_hours: int) -> date:
    """The first UTC day that may still get rows; every day before it is closed."""
    return (now - timedelta(hours=lateness_hours)).astimezone(UTC).date()


def day_partitions(spark: "SparkSession", table: str) -> list[DayPartition]:
    """Every day of the table, oldest first."""
    rows = spark.sql(sql("lake/partitions.sql", table=table)).collect()
    return [DayPartition(row["day"], int(row["files"]), int(row["bytes"]), int(row["rows"])) for row in rows]


def plan(partitions: list[DayPartition], open_from: date, min_files: int, outlook: Outlook | None = None) -> Plan:
    """Closed days with at least `min_files` files; with an outlook only those whose predicted gain exceeds the cost."""
    planned = Plan([])
    for partition in partitions:
        if partition.day >= open_from:
            planned.left[str(partition.day)] = f"still open (days before {open_from} are closed)"
        elif partition.files < min_files:
            planned.left[str(partition.day)] = f"{partition.files} files, fewer than {min_files}"
        elif outlook is None:
            planned.chosen.append(partition)
        else:
            forecast = planned.forecasts[partition.day] = outlook.forecast(partition.files, partition.bytes)
            if forecast.pays:
                planned.chosen.append(partition)
            else:
                planned.left[str(partition.day)] = outlook.words(forecast)
    return planned


def compact_table(
    spark: "SparkSession",
    settings: Settings,
    dataset: str,
    kind: Kind,
    *,
    now: datetime,
    min_files: int,
    outlook: Outlook | None = None,
) -> Compaction | None:
    """Rewrite the chosen days of one table and verify it. None = nothing worth it.

    One commit; with an outlook one for each span of days that pay.

    Raises CorruptData, after rolling back, when the rewrite changed what is stored.
    """
    table = table_name(settings, dataset, kind)
    open_from = first_open_day(now, settings.lake.lateness_hours)
    partitions = day_partitions(spark, table)
    planned = plan(partitions, open_from, min_files, outlook)
    _tell(table, planned, outlook)
    if not planned.chosen:
        return None
    before = snapshots(spark, table)[-1].snapshot_id
    log.info("%s: rewriting %d days, %d files", table, len(planned.chosen), sum(p.files for p in planned.chosen))
    started = time.monotonic()
    for statement in _rewrites(settings.lake.catalog, table, planned, partitions, open_from, min_files):
        spark.sql(statement).collect()
    rewritten = time.monotonic()
    verify(spark, settings, dataset, kind, since=before)
    verified = time.monotonic()
    after = {partition.day: partition for partition in day_partitions(spark, table)}
    done = [after[partition.day] for partition in planned.chosen]
    return Compaction(
        table=table,
        days=len(planned.chosen),
        rows=sum(p.rows for p in done),
        files_before=sum(p.files for p in planned.chosen),
        files_after=sum(p.files for p in done),
        bytes_before=sum(p.bytes for p in planned.chosen),
        bytes_after=sum(p.bytes for p in done),
        rewrite_seconds=rewritten - started,
        verify_seconds=verified - rewritten,
        predicted_gain_seconds=planned.gain_seconds,
        predicted_cost_seconds=planned.cost_seconds,
    )


def _tell(table: str, planned: Plan, outlook: Outlook | None) -> None:
    for day, reason in planned.left.items():
        log.info("%s %s left as it is: %s", table, day, reason)
    if outlook is not None:
        for partition in planned.chosen:
            log.info("%s %s: %s", table, partition.day, outlook.words(planned.forecasts[partition.day]))


def _rewrites(
    catalog: str, table: str, planned: Plan, partitions: list[DayPartition], open_from: date, min_files: int
) -> list[str]:
    names = {"catalog": catalog, "table": table.removeprefix(f"{catalog}."), "min_files": str(min_files)}
    if not planned.forecasts:
        return [sql("lake/rewrite_closed.sql", before=str(open_from), **names)]
    chosen = [partition.day for partition in planned.chosen]
    left = [partition.day for partition in partitions if partition.day not in chosen]
    return [
        sql("lake/rewrite_range.sql", first=str(first), next=str(following), **names)
        for first, following in spans(chosen, left)
    ]


def verify(spark: "SparkSession", settings: Settings, dataset: str, kind: Kind, *, since: int) -> None:
    """Prove every rewrite committed after snapshot `since` against its parent; undo the first that fails."""
    table = table_name(settings, dataset, kind)
    for row in spark.sql(sql("lake/replacements.sql", table=table, snapshot_id=str(since))).collect():
        old, new = (f"{table} VERSION AS OF {row[name]}" for name in ("parent_id", "snapshot_id"))
        wrong = differing_days(days_of_lake(spark, old, kind), days_of_lake(spark, new, kind))
        if row["added_records"] != row["deleted_records"]:
            wrong.append(f"{row['added_records']} records added, {row['deleted_records']} deleted")
        if wrong:
            catalog, parent = settings.lake.catalog, str(row["parent_id"])
            name = table.removeprefix(f"{catalog}.")
            spark.sql(sql("lake/rollback.sql", catalog=catalog, table=name, snapshot_id=parent)).collect()
            raise CorruptData(
                f"the rewrite of {table} (snapshot {row['snapshot_id']}) changed what is stored: {'; '.join(wrong)}",
                cure=f"it was rolled back to snapshot {parent}; keep the log and report it",
            )
        log.info("%s: snapshot %s holds what its parent held, day by day", table, row["snapshot_id"])
