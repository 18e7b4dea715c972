"""HDFS as DuckDB sees it: the files of Iceberg tables, read only, through Python's file system interface."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from fsspec import AbstractFileSystem

from crossover.engines.iceberg import HDFS_CLIENT, DataFile, name_node

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class LakeFiles(AbstractFileSystem):  # type: ignore[misc]
    """Files whose sizes the tables' metadata have told, so that the NameNode is asked for blocks alone, and once.

    DuckDB asks for size and time of each file each time that it opens it, several times a query. Nothing of a committed
    file changes, so both are answered here, and a file that DuckDB has in memory is not opened at all.
    """

    protocol = "hdfs"
    cachable = False

    def __init__(self, warehouse: str) -> None:
        super().__init__()
        from hdfs_native import Client

        host, port = name_node(warehouse)
        self._client = Client(f"hdfs://{host}:{port}" if port else f"hdfs://{host}", HDFS_CLIENT)
        self._sizes: dict[str, int] = {}

    def add(self, files: Iterable[DataFile]) -> None:
        """Make these files known."""
        self._sizes |= {file.address: file.bytes for file in files}

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        """Name, size in bytes and type. Raises FileNotFoundError for a file of no known table."""
        if path not in self._sizes:
            raise FileNotFoundError(path)
        return {"name": path, "size": self._sizes[path], "type": "file"}

    def ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        """The file itself: there are no folders."""
        return [self.info(path) if detail else path]

    def modified(self, path: str) -> datetime:  # noqa: ARG002
        """The same time always: what does not change has no other."""
        return _LONG_AGO

    def _open(self, path: str, mode: str = "rb", **_options: Any) -> "_Reader":
        if mode != "rb":
            raise PermissionError(f"{path}: DuckDB does not write into the lake")
        return _Reader(self._client, path.partition("://")[2].partition("/")[2], self._sizes[path])


class _Reader:
    """A file that is opened at the first byte that is wanted of it."""

    def __init__(self, client: Any, path: str, size: int) -> None:
        self._client, self._path, self._size = client, f"/{path}", size
        self._file: Any = None
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + {0: 0, 1: self._at, 2: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = max(0, min(size if size >= 0 else self._size, self._size - self._at))
        if self._file is None:
            self._file = self._client.read(self._path)
        data: bytes = self._file.read_range(self._at, wanted)
        self._at += len(data)
        return data

    def close(self) -> None:
        self._file = None
