"""The lake's folders in HDFS: who owns them, who may enter."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from crossover.access.principals import HDFS_GROUP, HDFS_MODE, HDFS_OWNER
from crossover.errors import ServiceDown
from crossover.settings import Settings

log = logging.getLogger(__name__)


def lake_folders(settings: Settings) -> list[str]:
    """The folders that lie in HDFS, as URIs; none when the lake is kept elsewhere."""
    return [uri for uri in (settings.lake.warehouse, settings.lake.checkpoints) if uri.startswith("hdfs://")]


def make_folders(settings: Settings) -> None:
    """Make the lake's folders and give them to their owner and group. Raises ServiceDown."""
    import hdfs_native

    for uri in lake_folders(settings):
        address = urlsplit(uri)
        try:
            with _hdfs_user(settings.access.hdfs_admin):
                client = hdfs_native.Client(f"hdfs://{address.netloc}")
                client.mkdirs(address.path, HDFS_MODE, True)
                client.set_owner(address.path, HDFS_OWNER, HDFS_GROUP)
                client.set_permission(address.path, HDFS_MODE)
        except Exception as error:
            raise ServiceDown(f"HDFS did not make {uri}: {error}") from error
        log.info("HDFS: %s belongs to %s:%s, mode %o", uri, HDFS_OWNER, HDFS_GROUP, HDFS_MODE)


@contextmanager
def _hdfs_user(name: str) -> Iterator[None]:
    """Be this user to HDFS, which believes the name; the client has no other way to tell it."""
    before = os.environ.get("HADOOP_USER_NAME")
    os.environ["HADOOP_USER_NAME"] = name
    try:
        yield
    finally:
        del os.environ["HADOOP_USER_NAME"]
        if before is not None:
            os.environ["HADOOP_USER_NAME"] = before
