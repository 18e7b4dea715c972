"""Where Spark runs: the properties that follow from the master, and from nothing else.

`local[N]` computes inside the driver. The other masters give the driver executors: as pods that the driver starts
itself (`k8s://`), or from the workers of a standalone cluster (`spark://`) or of YARN. Their number is fixed for the
life of the driver, so that a measurement knows its budget.
"""

import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from crossover.connections import spark_home
from crossover.errors import BadSetting
from crossover.lake.catalog import spark_properties
from crossover.settings import Settings

LOOPBACK = "127.0.0.1"
# Fixed, so that a network policy can name them; every driver has an address of its own.
DRIVER_PORT, BLOCK_PORT = 7078, 7079
# What a parent that has spoken to Spark Connect leaves behind; it would make its child a Connect client as well.
_INHERITED = ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "SPARK_API_MODE", "SPARK_LOCAL_REMOTE")


def driver_properties(settings: Settings) -> dict[str, str]:
    """Every property of a driver: the lake's, then those of its master. Raises BadSetting."""
    spark = settings.spark
    properties = spark_properties(settings) | {
        "spark.master": spark.master,
        "spark.driver.memory": spark.driver_memory,
        "spark.ui.enabled": str(spark.ui_port > 0).lower(),
        "spark.ui.killEnabled": "false",
    }
    if spark.ui_port:
        properties["spark.ui.port"] = str(spark.ui_port)
    if not spark.on_cluster:
        return properties | {"spark.driver.host": LOOPBACK, "spark.driver.bindAddress": LOOPBACK}
    return properties | _executors(settings) | _of_master(settings)


def _executors(settings: Settings) -> dict[str, str]:
    spark = settings.spark
    properties = {
        "spark.submit.deployMode": "client",
        "spark.dynamicAllocation.enabled": "false",
        "spark.executor.instances": str(spark.executors),
        "spark.executor.cores": str(spark.executor_cores),
        "spark.executor.memory": spark.executor_memory,
        # Spark would wait for executors inside the start of the driver, where no signal reaches it, and then go on
        # without them; session.py waits instead.
        "spark.scheduler.minRegisteredResourcesRatio": "0",
        "spark.driver.bindAddress": "0.0.0.0",  # noqa: S104 - executors call the driver from other machines
        "spark.pyspark.python": sys.executable,
    }
    if settings.lake.hdfs_user:
        properties["spark.executorEnv.HADOOP_USER_NAME"] = settings.lake.hdfs_user
    return properties


def _of_master(settings: Settings) -> dict[str, str]:
    master = settings.spark.master
    if master.startswith("k8s://"):
        return _kubernetes(settings)
    if master.startswith("spark://"):
        spark = settings.spark
        host = urlsplit(master.partition(",")[0]).hostname or ""
        return {
            "spark.driver.host": settings.pod.ip or own_address(host),
            "spark.cores.max": str(spark.executors * spark.executor_cores),
        }
    # On YARN the driver's host name is Spark's own finding: the cluster's machines know each other by name.
    return {"spark.driver.host": settings.pod.ip} if settings.pod.ip else {}


def _kubernetes(settings: Settings) -> dict[str, str]:
    spark, pod = settings.spark, settings.pod
    label = "spark.kubernetes.executor.label.app.kubernetes.io"
    properties = {
        "spark.driver.host": pod.ip or own_address(urlsplit(spark.master.removeprefix("k8s://")).hostname or ""),
        "spark.driver.port": str(DRIVER_PORT),
        "spark.driver.blockManager.port": str(BLOCK_PORT),
        "spark.blockManager.port": str(BLOCK_PORT),
        "spark.kubernetes.namespace": pod.namespace or settings.jobs.namespace,
        "spark.kubernetes.container.image": settings.jobs.image_spark,
        "spark.kubernetes.executor.request.cores": spark.executor_cpu_request or str(spark.executor_cores),
        "spark.kubernetes.executor.limit.cores": str(spark.executor_cores),
        # With these the driver's role needs the verbs on pods and nothing else.
        "spark.kubernetes.executor.disableConfigMap": "true",
        "spark.kubernetes.driver.service.deleteOnTermination": "false",
        "spark.kubernetes.driver.ownPersistentVolumeClaim": "false",
        "spark.kubernetes.driver.reusePersistentVolumeClaim": "false",
        "spark.kubernetes.executor.terminationGracePeriodSeconds": "5s",
        f"{label}/name": "crossover",
        f"{label}/part-of": "crossover",
        f"{label}/component": "spark-executor",
    }
    if pod.name:
        properties |= {
            # The driver's pod owns its executors: they go when it goes, however it ends.
            "spark.kubernetes.driver.pod.name": pod.name,
            "spark.kubernetes.executor.podNamePrefix": pod.name,
        }
    if spark.executor_template:
        properties["spark.kubernetes.executor.podTemplateFile"] = str(spark.executor_template)
    return properties


def own_address(host: str) -> str:
    """The address of this machine on the way to `host`; nothing is sent. Raises BadSetting."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError as error:
        raise BadSetting(
            f"no way to the Spark master's host {host!r}: {error}", cure="set CROSSOVER_POD__IP"
        ) from error


def driver_environment(settings: Settings) -> dict[str, str]:
    """The environment that a driver's JVM must be started in: our own, with Spark, its Python and the HDFS user.

    Raises MissingPrerequisite where only Spark's client is installed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    environment |= {
        "SPARK_HOME": str(spark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }
    if settings.lake.hdfs_user:
        environment["HADOOP_USER_NAME"] = settings.lake.hdfs_user
    return environment


def write_properties(properties: dict[str, str], file: Path) -> None:
    """Write a properties file that only its owner can read: on a command line everybody would read the passwords."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(f"{key} {_escaped(value)}\n" for key, value in properties.items()), encoding="utf-8")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
