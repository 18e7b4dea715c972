"""The two layouts of the lake at one size, as the stream left it and compacted, without copying the stream's files.

A size is a snapshot of the table: the one that comes nearest to it. `fragmented` reads it by time travel.
`compacted` is a clone: a second table registered on the same metadata, set back to that snapshot, and rewritten; its
new files are its own, the old ones stay the original's, and `gc.enabled=false` keeps Iceberg from deleting either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossover.errors import BadInput
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Snapshot:
    """A state of a lake table."""

    snapshot_id: int
    operation: str
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True)
class Relation:
    """What a query may stand behind FROM, and what it holds."""

    sql: str
    rows: int
    files: int
    bytes: int


def snapshots(spark: "SparkSession", table: str) -> list[Snapshot]:
    """The table's history from its first commit to its present state."""
    rows = spark.sql(sql("lake/snapshots.sql", table=table)).collect()
    return [Snapshot(r["snapshot_id"], r["operation"], r["rows"] or 0, r["files"] or 0, r["bytes"] or 0) for r in rows]


def snapshot_at(spark: "SparkSession", table: str, rows: int) -> Snapshot:
    """The snapshot whose rows come nearest to `rows`. Raises BadInput if the table has never held so many."""
    return nearest(snapshots(spark, table), rows, table)


def nearest(history: Sequence[Snapshot], rows: int, table: str) -> Snapshot:
    """Of these snapshots of `table`, rewrites left out, the one that comes nearest to `rows`. Raises BadInput."""
    written = [snapshot for snapshot in history if snapshot.operation != "replace"]
    most = max((snapshot.rows for snapshot in written), default=0)
    if most < rows:
        raise BadInput(
            f"{table} holds {most:,} rows, not {rows:,}", cure="ask for smaller sizes, or generate more records"
        )
    return min(written, key=lambda snapshot: abs(snapshot.rows - rows))


def bounds(spark: "SparkSession", table: str, snapshot_id: int) -> dict[int, int]:
    """Kafka partition -> last offset of it that the snapshot holds. A partition is stored in order, so this cuts it."""
    relation = f"{table} VERSION AS OF {snapshot_id}"
    return {
        r["kafka_partition"]: r["last_offset"] for r in spark.sql(sql("lake/bounds.sql", relation=relation)).collect()
    }


def at_snapshot(table: str, snapshot: Snapshot) -> Relation:
    """The table as it was at this snapshot; what is named so never changes."""
    return Relation(f"{table} VERSION AS OF {snapshot.snapshot_id}", snapshot.rows, snapshot.files, snapshot.bytes)


def compacted(
    spark: "SparkSession", settings: Settings, table: str, snapshot: Snapshot, run_id: str, size: int
) -> Relation:
    """The same rows in as few files as the target size allows; made once a run and size, found again afterwards."""
    present = snapshots(spark, table)[-1]
    if present.operation == "replace" and present.rows == snapshot.rows:
        return at_snapshot(table, present)
    clone = f"{clone_namespace(settings, run_id)}.{table.rpartition('.')[2]}_{size}"
    if not spark.catalog.tableExists(clone):
        _clone(spark, settings, table, snapshot, clone)
    done = snapshots(spark, clone)[-1]
    return at_snapshot(clone, done)


def _clone(spark: "SparkSession", settings: Settings, table: str, snapshot: Snapshot, clone: str) -> None:
    catalog = settings.lake.catalog
    name = clone.removeprefix(f"{catalog}.")
    namespace = clone.rpartition(".")[0]
    spark.sql(sql("lake/create_namespace.sql", namespace=namespace))
    # Registered under a name that readers never ask for, and renamed when it is whole: a clone that exists is complete.
    draft, draft_name = f"{clone}_draft", f"{name}_draft"
    spark.sql(sql("lake/drop_table.sql", table=draft))
    metadata_file = spark.sql(sql("lake/metadata_file.sql", table=table)).collect()[0]["file"]
    spark.sql(sql("lake/register.sql", catalog=catalog, table=draft_name, metadata_file=metadata_file))
    spark.sql(sql("lake/protect_files.sql", table=draft))
    snapshot_id = str(snapshot.snapshot_id)
    spark.sql(sql("lake/set_snapshot.sql", catalog=catalog, table=draft_name, snapshot_id=snapshot_id))
    spark.sql(sql("lake/rewrite_all.sql", catalog=catalog, table=draft_name)).collect()
    spark.sql(sql("lake/rename_table.sql", table=draft, name=name))


def drop_clones(spark: "SparkSession", settings: Settings, run_id: str) -> int:
    """Forget the clones of a run; their files stay until an orphan clean-up. Returns how many there were."""
    namespace = clone_namespace(settings, run_id)
    if not spark.catalog.databaseExists(namespace):
        return 0
    names = [table.name for table in spark.catalog.listTables(namespace)]
    for name in names:
        spark.sql(sql("lake/drop_table.sql", table=f"{namespace}.{name}"))
    return len(names)


def clone_namespace(settings: Settings, run_id: str) -> str:
    """Where the clones of a run are."""
    safe = "".join(c if c.isalnum() else "_" for c in run_id.lower())
    return f"{settings.lake.catalog}.bench_{safe}"
