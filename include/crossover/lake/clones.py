"""Second tables over the same rows: clones rewritten to a number of files, and a scratch copy to be rewritten for ever.

A clone shares the files of the table that it was made of and must never delete them. A scratch copy has files of its
own, so that each rewrite's can be deleted again.
"""

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossover.lake.layouts import Relation, Snapshot, at_snapshot, clone_namespace, snapshots
from crossover.records import Kind, spark_ddl
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Rewritten:
    """A clone after its rewrite, what the rewrite read (files, bytes), and how long it took."""

    table: str
    relation: Relation
    files_before: int
    bytes_before: int
    seconds: float


def file_bytes(snapshot: Snapshot, files: int) -> int:
    """The size of a file that makes so many of the snapshot; at least 1 KiB, below which Parquet is all footer."""
    return max(1024, math.ceil(snapshot.bytes / max(1, files)))


def rewritten(
    spark: "SparkSession", settings: Settings, table: str, snapshot: Snapshot, run_id: str, size: int, files: int
) -> Rewritten:
    """The rows of the snapshot in about `files` files, made anew; the relation tells how many there really are.

    A day of the table cannot have less than one file. The clone stays until `forget` or `layouts.drop_clones`.
    """
    catalog, namespace = settings.lake.catalog, clone_namespace(settings, run_id)
    clone = f"{namespace}.{table.rpartition('.')[2]}_{size}_in_{files}"
    name = clone.removeprefix(f"{catalog}.")
    spark.sql(sql("lake/create_namespace.sql", namespace=namespace))
    spark.sql(sql("lake/drop_table.sql", table=clone))
    metadata_file = spark.sql(sql("lake/metadata_file.sql", table=table)).collect()[0]["file"]
    spark.sql(sql("lake/register.sql", catalog=catalog, table=name, metadata_file=metadata_file))
    spark.sql(sql("lake/protect_files.sql", table=clone))
    spark.sql(sql("lake/set_snapshot.sql", catalog=catalog, table=name, snapshot_id=str(snapshot.snapshot_id)))
    rewrite = sql("lake/rewrite_to_size.sql", catalog=catalog, table=name, bytes=str(file_bytes(snapshot, files)))
    started = time.monotonic()
    spark.sql(rewrite).collect()
    seconds = time.monotonic() - started
    return Rewritten(clone, at_snapshot(clone, snapshots(spark, clone)[-1]), snapshot.files, snapshot.bytes, seconds)


def forget(spark: "SparkSession", clone: Rewritten) -> None:
    """Drop the clone's name; its files stay until an orphan clean-up."""
    spark.sql(sql("lake/drop_table.sql", table=clone.table)).collect()


@dataclass(frozen=True)
class Scratch:
    """A copy of log records in small files. `settings` say the catalog, `name` tells the copy from others."""

    spark: "SparkSession"
    settings: Settings
    name: str

    @property
    def table(self) -> str:
        """Its name in SQL."""
        return f"{clone_namespace(self.settings, self.name)}.{Kind.LOGS.value}"

    def make(self, relation: str, tasks: int) -> Snapshot:
        """Fill it with the rows of `relation`, each of `tasks` tasks with a file a day; the state to come back to."""
        self.drop()
        self.spark.sql(sql("lake/create_namespace.sql", namespace=self.table.rpartition(".")[0]))
        columns = spark_ddl(Kind.LOGS.stored_columns)
        self.spark.sql(sql("lake/create_table.sql", table=self.table, columns=columns))
        self.spark.sql(sql("lake/fill_scratch.sql", table=self.table, relation=relation, tasks=str(tasks))).collect()
        return snapshots(self.spark, self.table)[-1]

    def rewrite(self) -> Snapshot:
        """Merge its files as far as they go; the new state."""
        self._call("lake/rewrite_all.sql")
        return snapshots(self.spark, self.table)[-1]

    def set_back(self, small: Snapshot, merged: Snapshot) -> None:
        """Let it stand at `small` again and delete the files of `merged`."""
        self._call("lake/set_snapshot.sql", snapshot_id=str(small.snapshot_id))
        self._call("lake/expire_snapshot.sql", snapshot_id=str(merged.snapshot_id))

    def drop(self) -> None:
        """Delete it with its files, or what a killed process has left of it."""
        self.spark.sql(sql("lake/purge_table.sql", table=self.table)).collect()
        self.spark.sql(sql("lake/drop_namespace.sql", namespace=self.table.rpartition(".")[0])).collect()

    def _call(self, procedure: str, **names: str) -> None:
        catalog = self.settings.lake.catalog
        self.spark.sql(sql(procedure, catalog=catalog, table=self.table.removeprefix(f"{catalog}."), **names)).collect()
