"""The Spark Connect server: the one warm engine over the lake, for the local stack, Compose and Kubernetes.

    python -m spark_jobs.connect_server

With a `local` master this process becomes the server. On a cluster it stays beside the server until all executors
have registered, so that a server without executors ends with an error instead of keeping every question waiting.
"""

import os
import subprocess
import sys
import threading
from urllib.parse import urlsplit

from crossover.engines.workers import workers
from crossover.errors import BadSetting, CrossoverError, ServiceDown, ServiceError
from crossover.job import log, start_logging, stop_on_signal
from crossover.lake.catalog import require_jars
from crossover.settings import Settings, load_settings
from spark_jobs.cluster import LOOPBACK, driver_environment, driver_properties, write_properties
from spark_jobs.session import POLL_SECONDS, wait_for_executors

MAIN_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - clients are in other pods
STOP_SECONDS = 20


def server_properties(settings: Settings) -> dict[str, str]:
    """The driver's properties and where clients reach it: `connect_url` tells the port, and loopback stays loopback.

    Raises BadSetting.
    """
    url = urlsplit(settings.spark.connect_url)
    if url.scheme != "sc" or url.port is None:
        raise BadSetting(
            f"{settings.spark.connect_url!r} is no sc://HOST:PORT", cure="set CROSSOVER_SPARK__CONNECT_URL"
        )
    if settings.spark.on_cluster and not settings.spark.ui_port:
        raise BadSetting(
            "a Spark Connect server on a cluster shows by its REST API that its executors work",
            cure="set CROSSOVER_SPARK__UI_PORT, 4040 as a rule",
        )
    properties = driver_properties(settings) | {
        "spark.app.name": "crossover connect",
        "spark.connect.grpc.binding.port": str(url.port),
        "spark.connect.grpc.binding.address": LOOPBACK if url.hostname in ("localhost", LOOPBACK) else EVERY_ADDRESS,
        "spark.sql.warehouse.dir": str(settings.home / "data" / "spark-warehouse"),
    }
    if settings.spark.on_cluster:
        # The server opens its port when all executors are there, so that nobody asks before.
        properties |= {
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",
            "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{2 * settings.spark.executor_wait_seconds:g}s",
        }
    else:
        properties["spark.local.dir"] = str(settings.home / "data" / "spark-local")
    return properties


def main() -> int:
    """Run the server; returns the process's exit code."""
    start_logging()
    settings = load_settings()
    try:
        require_jars(settings)
        file = settings.home / "conf" / "spark-connect.properties"
        write_properties(server_properties(settings), file)
        environment = driver_environment(settings)
        program = f"{environment['SPARK_HOME']}/bin/spark-submit"
        command = [program, "--properties-file", str(file), "--class", MAIN_CLASS, "spark-internal"]
        if not settings.spark.on_cluster:
            os.execve(program, command, environment)  # noqa: S606 - the supervisor watches the server, not a parent
        return supervise(command, environment, settings, stop_on_signal())
    except CrossoverError as error:
        log.error("%s", error)
        return error.exit_code


def supervise(command: list[str], environment: dict[str, str], settings: Settings, stop: threading.Event) -> int:
    """Run the server until it ends or `stop` is set; its exit code. Raises ServiceTimeout without executors."""
    server = subprocess.Popen(command, env=environment)
    try:
        url = f"http://{LOOPBACK}:{settings.spark.ui_port}"
        # How long the JVM takes to start is the machine's affair; the executors' time begins when it is up.
        while _registered(server, url) is None and not stop.wait(POLL_SECONDS):
            pass
        wait_for_executors(settings, lambda: _registered(server, url) or 0, stop)
        log.info("all %d executors have registered", settings.spark.executors)
        while server.poll() is None and not stop.wait(POLL_SECONDS):
            pass
        return 0 if stop.is_set() else server.returncode or 1
    except ServiceError:
        if not stop.is_set():
            raise
        return 0
    finally:
        _end(server)


def _registered(server: "subprocess.Popen[bytes]", url: str) -> int | None:
    """Executors of the running server; None while it does not answer. Raises ServiceError when it has ended."""
    if server.poll() is not None:
        raise ServiceError(f"the Spark Connect server ended with exit code {server.returncode}")
    try:
        return sum(worker.alive for worker in workers(url))
    except ServiceDown:
        return None


def _end(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.warning("the server did not stop within %d s: killed", STOP_SECONDS)
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
