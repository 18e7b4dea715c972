"""The lake's folders in HDFS: who owns them, who may enter."""

import logging
import os
import subprocess
import sys
from urllib.parse import urlsplit

from crossover.access.principals import HDFS_GROUP, HDFS_MODE, HDFS_OWNER
from crossover.errors import ServiceDown
from crossover.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0


def lake_folders(settings: Settings) -> list[str]:
    """The folders that lie in HDFS, as URIs; none when the lake is kept elsewhere."""
    return [uri for uri in (settings.lake.warehouse, settings.lake.checkpoints) if uri.startswith("hdfs://")]


def make_folders(settings: Settings) -> None:
    """Make the lake's folders and give them to their owner and group. Raises ServiceDown.

    A process of its own does it: HDFS believes the name in a process's environment, and hdfs_native waits without end,
    deaf to signals, for a NameNode that takes a connection and says nothing.
    """
    environment = os.environ | {"HADOOP_USER_NAME": settings.access.hdfs_admin}
    for uri in lake_folders(settings):
        try:
            subprocess.run(
                [sys.executable, "-m", "crossover.access.hdfs", uri],
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise ServiceDown(f"HDFS did not make {uri}: no answer in {TIMEOUT_SECONDS:.0f} s") from error
        except subprocess.CalledProcessError as error:
            why = error.stderr.strip().rpartition("\n")[2]
            raise ServiceDown(f"HDFS did not make {uri}: {why}") from error
        log.info("HDFS: %s belongs to %s:%s, mode %o", uri, HDFS_OWNER, HDFS_GROUP, HDFS_MODE)


def _make_folder(uri: str) -> None:
    import hdfs_native

    address = urlsplit(uri)
    client = hdfs_native.Client(f"hdfs://{address.netloc}")
    client.mkdirs(address.path, HDFS_MODE, True)
    client.set_owner(address.path, HDFS_OWNER, HDFS_GROUP)
    client.set_permission(address.path, HDFS_MODE)


if __name__ == "__main__":
    _make_folder(sys.argv[1])
