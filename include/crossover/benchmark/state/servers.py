"""The engines' servers as processes of this machine, where they are."""

from urllib.parse import urlsplit

import psutil

from crossover.errors import BadSetting
from crossover.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Engine -> the part of the local stack that is its server. DuckDB has none: it works inside this process.
PARTS = {"postgres": "postgres", "spark": "spark-connect"}


def elsewhere(settings: Settings) -> str:
    """Which of the servers is not on this machine; empty when all are."""
    hosts = {
        "PostgreSQL": settings.postgres.host,
        "Spark Connect": urlsplit(settings.spark.connect_url).hostname or "",
        "HDFS": urlsplit(settings.lake.warehouse).hostname or "",
    }
    away = [f"{name} at {host}" for name, host in hosts.items() if host not in LOOPBACK]
    return ", ".join(away)


def processes(engine: str, settings: Settings) -> list[psutil.Process]:
    """The processes that answer an engine's questions, the oldest first.

    Raises BadSetting when they are not to be seen from here.
    """
    if engine not in PARTS:
        return [psutil.Process()]
    if away := elsewhere(settings):
        raise BadSetting(f"not on this machine: {away}")
    port = settings.postgres.port if engine == "postgres" else urlsplit(settings.spark.connect_url).port
    listening = [
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr.port == port
        and connection.pid
    ]
    if not listening:
        raise BadSetting(
            f"no process that this user may see listens on port {port} ({engine})", cure="crossover status"
        )
    return family(min(map(psutil.Process, set(listening)), key=psutil.Process.create_time))


def family(server: psutil.Process) -> list[psutil.Process]:
    """A process and all that it has started, itself first."""
    return [server, *server.children(recursive=True)]
