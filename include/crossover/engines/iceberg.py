"""Which data files an Iceberg table has at a snapshot, read from its metadata without Spark."""

import importlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crossover.errors import BadInput, BadSetting, ServiceDown
from crossover.settings import Lake

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table


# A NameNode that is gone is told within seconds; the client's own patience is three minutes, and no interrupt ends it.
HDFS_CLIENT = {"dfs.client.failover.sleep.base.millis": "50", "dfs.client.failover.sleep.max.millis": "300"}


@dataclass(frozen=True)
class Reference:
    """A table as Spark SQL names it: `NAMESPACE.TABLE`, at a snapshot or in its present state (None)."""

    table: str
    snapshot_id: int | None


@dataclass(frozen=True)
class DataFile:
    """A Parquet file of a table. Iceberg never changes a file that it has committed."""

    address: str
    bytes: int


def pattern(catalog: str) -> re.Pattern[str]:
    """What names a table of `catalog` in a statement; `reference` reads a match."""
    return re.compile(rf"\b{re.escape(catalog)}\.(?P<table>\w+\.\w+)(?: VERSION AS OF (?P<snapshot>\d+))?", re.ASCII)


def reference(match: re.Match[str]) -> Reference:
    """What a match of `pattern` names."""
    return Reference(match["table"], int(match["snapshot"]) if match["snapshot"] else None)


def name_node(address: str) -> tuple[str, int | None]:
    """Host and port of an hdfs:// address. Raises BadSetting."""
    parts = urlsplit(address)
    if parts.scheme != "hdfs" or not parts.hostname:
        raise BadSetting(
            f"the lake's files are at {address}: DuckDB reads a lake in HDFS", cure="ask engines postgres and spark"
        )
    return parts.hostname, parts.port


def take_hdfs_name(lake: Lake) -> None:
    """Let HDFS know this process by the name in the settings; hdfs_native takes it from the environment alone."""
    if lake.hdfs_user:
        os.environ["HADOOP_USER_NAME"] = lake.hdfs_user


def load_libraries() -> None:
    """Import what a table's first question needs: seconds of a process's start, which are no work of the engine's."""
    for name in ("pyiceberg.catalog.sql", "pyiceberg.io.fsspec", "psycopg", "fsspec", "hdfs_native.fsspec"):
        importlib.import_module(name)


def open_catalog(lake: Lake) -> "Catalog":
    """The catalog that Spark writes, for reading. Raises ServiceDown."""
    import sqlalchemy
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.io import fsspec

    take_hdfs_name(lake)
    # pyiceberg's own way to HDFS needs Hadoop's C library and a JVM.
    fsspec.SCHEME_TO_FS["hdfs"] = lambda _properties: _hdfs(lake.warehouse)
    query: dict[str, str] = {"sslmode": lake.catalog_sslmode}
    if lake.catalog_ca_file:
        query["sslrootcert"] = str(lake.catalog_ca_file)
    address = sqlalchemy.URL.create(
        "postgresql+psycopg",
        lake.catalog_user,
        lake.catalog_password.get_secret_value(),
        lake.catalog_host,
        lake.catalog_port,
        lake.catalog_database,
        query,
    )
    try:
        return SqlCatalog(
            lake.catalog,
            **{
                "uri": address.render_as_string(hide_password=False),
                "init_catalog_tables": "false",
                "py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO",
            },
        )
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise _unreadable(error) from error


def _hdfs(address: str) -> Any:
    from hdfs_native.fsspec import HdfsFileSystem

    host, port = name_node(address)
    return HdfsFileSystem(host, port, skip_instance_cache=True, **HDFS_CLIENT)


def data_files(catalog: "Catalog", wanted: Reference) -> list[DataFile]:
    """The files of a table, by address.

    Raises:
        BadInput: no such table or snapshot, or it holds no file.
        BadSetting: the files alone do not tell the rows: some are deleted, or columns were renamed.
        ServiceDown: the catalog or HDFS gives no answer.
    """
    import sqlalchemy
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return files_of(catalog.load_table(wanted.table), wanted)
    except NoSuchTableError as error:
        raise BadInput(f"the lake has no table {wanted.table}", cure="crossover dataset; then the stream") from error
    except (sqlalchemy.exc.SQLAlchemyError, OSError, RuntimeError) as error:
        raise _unreadable(error) from error


def files_of(table: "Table", wanted: Reference) -> list[DataFile]:
    """The files of a loaded table; see data_files."""
    if wanted.snapshot_id is not None and table.snapshot_by_id(wanted.snapshot_id) is None:
        raise BadInput(f"{wanted.table} has no snapshot {wanted.snapshot_id}", cure="it may have been expired")
    if len(table.schemas()) > 1:
        raise BadSetting(f"the columns of {wanted.table} were changed: DuckDB here reads files by their own columns")
    files = []
    for task in table.scan(snapshot_id=wanted.snapshot_id).plan_files():
        if task.delete_files:
            raise BadSetting(
                f"{wanted.table} has delete files, which DuckDB here would not obey",
                cure="compact the table, or leave engine duckdb out",
            )
        files.append(DataFile(task.file.file_path, task.file.file_size_in_bytes))
    if not files:
        raise BadInput(f"{wanted.table} holds no file", cure="crossover generate, then the stream")
    return sorted(files, key=lambda file: file.address)


def _unreadable(error: Exception) -> ServiceDown:
    return ServiceDown(f"the lake's metadata cannot be read: {str(error).splitlines()[0]}", cure="crossover status")
