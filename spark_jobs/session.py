"""The one place where a job's Spark session is built."""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from crossover.errors import ServiceError, ServiceTimeout
from crossover.job import log
from crossover.lake.catalog import require_jars
from crossover.settings import Settings
from spark_jobs.cluster import driver_environment, driver_properties, write_properties

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POLL_SECONDS, TELL_SECONDS = 0.5, 10.0


def build_session(settings: Settings, name: str, stop: threading.Event) -> "SparkSession":
    """A driver of its own, with the lake's catalog, the connectors and all of its executors; ends with the job.

    Raises ServiceTimeout when the executors do not come, ServiceError when `stop` is set meanwhile.
    """
    require_jars(settings)
    properties = driver_properties(settings) | {"spark.app.name": name}
    environment = driver_environment(settings)
    with tempfile.TemporaryDirectory(prefix="crossover-") as folder:
        file = Path(folder) / "driver.properties"
        write_properties(properties, file)
        environment["PYSPARK_SUBMIT_ARGS"] = f"--properties-file {file} pyspark-shell"
        # pyspark starts the JVM with this process's environment and takes no other.
        os.environ.update(environment)
        for inherited in os.environ.keys() - environment.keys():
            del os.environ[inherited]
        session = _start()
    session.sparkContext.setLogLevel("WARN")
    if settings.spark.on_cluster:
        context = session.sparkContext._jsc.sc()
        try:
            wait_for_executors(settings, lambda: int(context.getExecutorMemoryStatus().size()) - 1, stop)
        except ServiceError:
            session.stop()
            raise
    return session


def _start() -> "SparkSession":
    from py4j.protocol import Py4JError
    from pyspark import SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    try:
        # A stop signal for the process group is for us alone: the JVM must live until the queries have been stopped.
        # Should we die, it sees the end of its standard input and goes, too.
        SparkContext(gateway=launch_gateway(popen_kwargs={"start_new_session": True}))
        session: SparkSession = SparkSession.builder.getOrCreate()
    except (Py4JError, PySparkException) as error:
        raise ServiceError(f"the Spark driver did not start: {error}", cure="see its lines above") from error
    return session


def wait_for_executors(settings: Settings, registered: Callable[[], int], stop: threading.Event) -> None:
    """Return when as many executors as wanted have registered with the driver.

    Spark itself would ask for executors once a second for ever, and every task would wait for them.
    """
    spark, started = settings.spark, time.monotonic()
    told = started
    while (count := registered()) < spark.executors:
        now = time.monotonic()
        if now - started > spark.executor_wait_seconds:
            raise ServiceTimeout(
                f"{count} of {spark.executors} executors have registered with the driver after "
                f"{spark.executor_wait_seconds:g} s on {spark.master}",
                cure=_where_to_look(settings),
            )
        if now - told >= TELL_SECONDS:
            told = now
            log.info("%d of %d executors have registered after %.0f s", count, spark.executors, now - started)
        if stop.wait(POLL_SECONDS):
            raise ServiceError("stopped while the executors were starting")


def _where_to_look(settings: Settings) -> str:
    if not settings.spark.master.startswith("k8s://"):
        return "look at the workers that the master knows, their free cores and memory, and the way back to this host"
    namespace = settings.pod.namespace or settings.jobs.namespace
    component = "app.kubernetes.io/component=spark-executor"
    return (
        f"kubectl -n {namespace} describe pods -l {component} (no pod: the driver's log names what the API refused); "
        "then CROSSOVER_SPARK__EXECUTORS, __EXECUTOR_CPU_REQUEST, __EXECUTOR_MEMORY"
    )
