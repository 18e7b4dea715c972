"""The one place where a job's Spark session is built."""

import os
import sys
from typing import TYPE_CHECKING

from crossover.lake.catalog import require_jars, spark_properties
from crossover.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def build_session(settings: Settings, name: str) -> "SparkSession":
    """A driver of its own, with the lake's catalog and the connectors; ends with the job."""
    import pyspark
    from pyspark.sql import SparkSession

    require_jars(settings)
    os.environ["SPARK_HOME"] = next(iter(pyspark.__path__))
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # A parent that has spoken to Spark Connect leaves these behind, and they would make this a Connect client as well.
    for inherited in ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "SPARK_API_MODE", "SPARK_LOCAL_REMOTE"):
        os.environ.pop(inherited, None)
    builder = SparkSession.builder.appName(name).master(settings.spark.master)
    for key, value in spark_properties(settings).items():
        builder = builder.config(key, value)
    session = builder.config("spark.driver.memory", settings.spark.driver_memory).getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session
