"""DuckDB inside this process, over the same Iceberg data files in HDFS that Spark reads.

A statement names tables as Spark's does (`lake.DATASET.logs VERSION AS OF 123`). The first statement of a session that
names a table has it planned from the catalog, within its time, as Spark reads a table's metadata at the first question;
the plan is kept, as Spark keeps its own.
"""

import hashlib
import importlib.metadata
import re
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossover.engines.base import Answer
from crossover.engines.iceberg import (
    DataFile,
    Reference,
    data_files,
    load_libraries,
    open_catalog,
    pattern,
    reference,
    take_hdfs_name,
)
from crossover.errors import BadInput, BadSetting, CrossoverError, ServiceDown, ServiceError, ServiceTimeout
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import duckdb

# An interrupt that meets DuckDB between two statements is forgotten, so it is sent again until the statement ends.
_INTERRUPT_EVERY_SECONDS = 0.05


class DuckDBEngine:
    """One database in memory that holds no rows, used by one thread."""

    name = "duckdb"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spill = Path(tempfile.gettempdir()) / f"crossover-duckdb-{uuid.uuid4().hex}"
        self._connection = self._connect()

    def _connect(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        load_libraries()
        budget = self._settings.benchmark
        options: dict[str, Any] = {
            "threads": budget.cores,
            "memory_limit": budget.duckdb_memory,
            "temp_directory": str(self._spill),
            # All that is needed is in the package; nothing is fetched while a query is timed.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Iceberg's files never change: what is in memory of them is good.
            "validate_external_file_cache": "NO_VALIDATION",
        }
        try:
            connection = duckdb.connect(":memory:", config=options)
            connection.execute("SET parquet_metadata_cache = true")
            connection.execute("SET TimeZone = 'UTC'")
        except duckdb.Error as error:
            raise BadSetting(
                f"DuckDB does not start with {budget.cores} threads and memory {budget.duckdb_memory!r}: {error}",
                cure="CROSSOVER_BENCHMARK__DUCKDB_MEMORY takes a size as in 2GB",
            ) from error
        self._views: dict[str, str] = {}
        self._files: Any = None
        return connection

    def query(self, statement: str, parameters: Mapping[str, Any], *, timeout_seconds: float) -> Answer:
        """See Engine.query. Raises BadSetting too, for a table that its data files alone do not tell."""
        import duckdb

        late = threading.Event()
        try:
            with self._limit(timeout_seconds, late):
                own = self._with_views(statement)
                if late.is_set():
                    raise ServiceTimeout(f"the lake's metadata took longer than {timeout_seconds:g} s")
                found = self._connection.execute(own, dict(parameters) or None)
                columns = tuple(column[0] for column in found.description or ())
                return Answer(columns, found.fetchall())
        except duckdb.Error as error:
            raise _translated(error, timeout_seconds, late=late.is_set()) from error

    @contextmanager
    def _limit(self, seconds: float, late: threading.Event) -> Iterator[None]:
        done, connection = threading.Event(), self._connection

        def watch() -> None:
            if done.wait(seconds):
                return
            late.set()
            while not done.wait(_INTERRUPT_EVERY_SECONDS):
                connection.interrupt()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _with_views(self, statement: str) -> str:
        """The statement with each table of the lake replaced by a view of this session, which is made when new."""
        return pattern(self._settings.lake.catalog).sub(self._view_of, statement)

    def _view_of(self, named: re.Match[str]) -> str:
        text = named.group()
        if text not in self._views:
            self._views[text] = self._make_view(text, reference(named))
        return self._views[text]

    def _make_view(self, text: str, wanted: Reference) -> str:
        catalog = open_catalog(self._settings.lake)
        try:
            files = data_files(catalog, wanted)
        finally:
            catalog.close()
        self._reach(files)
        view = f"{re.sub(r'[^a-z0-9]+', '_', text.lower())[:100]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        self._connection.execute(sql("benchmark/duckdb_view.sql", view=view, files=_listed(files)))
        return view

    def _reach(self, files: list[DataFile]) -> None:
        remote = [file for file in files if not file.address.startswith(("file:", "/"))]
        if not remote:
            return
        if self._files is None:
            from crossover.engines.hdfs_files import LakeFiles

            take_hdfs_name(self._settings.lake)
            self._files = LakeFiles(self._settings.lake.warehouse)
            self._connection.register_filesystem(self._files)
        self._files.add(remote)

    def renew(self) -> None:
        """See Engine.renew: a new database, with nothing in memory and no plan of any table."""
        self.close()
        self._connection = self._connect()

    def configuration(self) -> dict[str, str]:
        """Version, threads, memory limit and what is kept in memory, as the session itself sees them."""
        answer = self.query(sql("benchmark/duckdb_configuration.sql"), {}, timeout_seconds=30)
        found = {str(name): str(value) for name, value in answer.rows}
        versions = {name: importlib.metadata.version(name) for name in ("pyiceberg", "hdfs-native")}
        return {"version": importlib.metadata.version("duckdb"), "cores": found["threads"], **found, **versions}

    def close(self) -> None:
        """Forget the database; what it wrote to disk for want of memory goes with it."""
        self._connection.close()


def _listed(files: list[DataFile]) -> str:
    quoted = ("'" + file.address.replace("'", "''") + "'" for file in files)
    return f"[{', '.join(quoted)}]"


def _translated(error: "duckdb.Error", timeout_seconds: float, *, late: bool) -> CrossoverError:
    import duckdb

    text = str(error).strip()
    if late and isinstance(error, duckdb.InterruptException):
        return ServiceTimeout(f"DuckDB gave no answer within {timeout_seconds:g} s")
    if isinstance(error, duckdb.ProgrammingError | duckdb.DataError):
        return BadInput(f"DuckDB refuses the statement: {text}")
    if type(error) is duckdb.Error:
        # An exception of Python's own, raised where DuckDB asked for a file; the last line of its stack says why.
        why = text.partition("\n\nLINE ")[0].rstrip().rpartition("\n")[2]
        return ServiceDown(f"DuckDB cannot read the lake's files: {why}", cure="crossover status")
    return ServiceError(f"DuckDB failed: {text}")
