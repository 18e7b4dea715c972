"""Spark over the lake as an engine, through Spark Connect."""

import itertools
import logging
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crossover.connections import connect_spark
from crossover.engines.base import Answer
from crossover.engines.workers import Worker, workers
from crossover.errors import BadInput, BadSetting, CrossoverError, ServiceDown, ServiceError, ServiceTimeout
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

# A server that is gone is told within about a second; the client's own patience is ten minutes.
_RETRIES = 3
_CONFIGURATION = (
    "spark.master",
    "spark.driver.memory",
    "spark.executor.instances",
    "spark.executor.cores",
    "spark.executor.memory",
    "spark.sql.shuffle.partitions",
    "spark.sql.adaptive.enabled",
    "spark.sql.adaptive.coalescePartitions.enabled",
    "spark.sql.ansi.enabled",
    "spark.sql.session.timeZone",
    "spark.memory.offHeap.enabled",
    "spark.serializer",
)


class SparkEngine:
    """One session on the Spark Connect server, used by one thread."""

    name = "spark"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = self._connect()
        self._tags = (f"crossover-{uuid.uuid4().hex}-{n}" for n in itertools.count())

    def _connect(self) -> "SparkSession":
        from pyspark.sql.connect.client.retries import DefaultPolicy

        # The client writes each refused statement to standard error with the JVM's stack; query() raises it.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        session = connect_spark(self._settings)
        session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
        # Iceberg's own default, which the stack's server turns off: without it each question reads the table's
        # metadata again. Only questions pass through this session, so no commit of its own can be hidden.
        session.conf.set(f"spark.sql.catalog.{self._settings.lake.catalog}.cache-enabled", "true")
        return session

    def query(self, statement: str, parameters: Mapping[str, Any], *, timeout_seconds: float) -> Answer:
        """See Engine.query."""
        from pyspark.errors import PySparkException

        late = threading.Event()
        try:
            with self._limit(timeout_seconds, late):
                # collect() asks the server twice (analyse, run); toArrow() would ask a third time, for the schema.
                frame = self._session.sql(statement, args=dict(parameters))
                rows = frame.collect()
                columns = tuple(rows[0].__fields__ if rows else frame.columns)
        except (PySparkException, OSError) as error:
            raise _translated(error, timeout_seconds, late=late.is_set()) from error
        return Answer(columns, [tuple(map(_with_zone, row)) for row in rows])

    @contextmanager
    def _limit(self, seconds: float, late: threading.Event) -> Iterator[None]:
        tag = next(self._tags)

        def interrupt() -> None:
            late.set()
            self._session.interruptTag(tag)

        timer = threading.Timer(seconds, interrupt)
        timer.daemon = True
        self._session.addTag(tag)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._session.removeTag(tag)

    def renew(self) -> None:
        """See Engine.renew. What the server's JVM has compiled stays: it is the server's, not the session's."""
        self.close()
        self._session = self._connect()

    def configuration(self) -> dict[str, str]:
        """Versions, master, budget and planner settings, as the server tells them."""
        found = {"version": str(self._session.version)}
        for name in (*_CONFIGURATION, f"spark.sql.catalog.{self._settings.lake.catalog}.cache-enabled"):
            value = self._session.conf.get(name, None)
            if value is not None:
                found[name.removeprefix("spark.")] = str(value)
        statement = sql("benchmark/spark_configuration.sql", catalog=self._settings.lake.catalog)
        answer = self.query(statement, {}, timeout_seconds=60)
        return found | {name: str(value) for name, value in zip(answer.columns, answer.rows[0], strict=True)}

    def workers(self) -> list[Worker] | None:
        """What each executor has done since it started; None when Spark computes inside one process.

        Raises BadSetting without the address of the driver's REST API, ServiceDown when it does not answer.
        """
        if str(self._session.conf.get("spark.master")).startswith("local"):
            return None
        if not self._settings.spark.ui_url:
            raise BadSetting(
                "Spark runs on a cluster, and nothing tells whether its executors work",
                cure="set CROSSOVER_SPARK__UI_URL to the REST API of the Spark Connect server's driver",
            )
        return workers(self._settings.spark.ui_url, self._session.conf.get("spark.app.id"))

    def close(self) -> None:
        """End the session; what the server holds for it is given back."""
        from pyspark.errors import PySparkException

        try:
            self._session.stop()
        except (PySparkException, OSError) as error:
            log.warning("the Spark session could not be closed: %s", error)


def _with_zone(value: Any) -> Any:
    # collect() turns instants into local times without a zone, but keeps `fold`, so that the way back is exact.
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _translated(error: Exception, timeout_seconds: float, *, late: bool) -> CrossoverError:
    from pyspark.errors import AnalysisException, IllegalArgumentException, ParseException

    text = str(error).strip().split("\n\nJVM stacktrace", maxsplit=1)[0]
    if late:
        return ServiceTimeout(f"Spark gave no answer within {timeout_seconds:g} s")
    if isinstance(error, AnalysisException | IllegalArgumentException | ParseException):
        return BadInput(f"Spark refuses the statement: {text}")
    if "UNAVAILABLE" in text or "RETRIES_EXCEEDED" in text or isinstance(error, OSError):
        return ServiceDown(f"Spark is gone: {text}", cure="crossover status")
    return ServiceError(f"Spark failed: {text}")
