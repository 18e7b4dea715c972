"""What DAGs ask of Kafka, PostgreSQL and the lake, through the providers' hooks and Airflow's connections."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException

from crossover import dataset as datasets
from crossover.records import Kind, topic
from crossover.settings import Settings, load_settings
from crossover.sql import sql
from crossover_airflow.defaults import KAFKA_CONNECTION, LAKE_CONNECTION, POSTGRES_CONNECTION

if TYPE_CHECKING:
    from airflow.providers.apache.kafka.hooks.client import KafkaAdminClientHook
    from airflow.sdk import Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

TIMEOUT_SECONDS = 30
# Over table ledger_parity, which `crossover ledger` fills with one row a kind.
PARITY_CHECKS = {
    "both_stores_hold_the_same_content": {"check_statement": "equal"},
    "both_stores_hold_as_many_rows": {"check_statement": "postgres = lake"},
    "nothing_lost": {"check_statement": "lost = 0"},
    "nothing_twice": {"check_statement": "twice = 0"},
    "both_kinds_were_counted": {"check_statement": "COUNT(DISTINCT kind) = 2"},
}
log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Lag:
    """How many Kafka messages of one partition PostgreSQL has still to read."""

    topic: str
    partition: int
    messages: int


def lags(ends: Mapping[tuple[str, int], int], reached: Mapping[tuple[str, int], int]) -> list[Lag]:
    """The partitions whose end offset has not been reached; a partition that nothing was read from stands at 0."""
    behind = (Lag(name, partition, end - reached.get((name, partition), 0)) for (name, partition), end in ends.items())
    return sorted(lag for lag in behind if lag.messages > 0)


def check_lake() -> None:
    """Raise unless Spark Connect answers and its catalog can be listed: before anything is sent, not after."""
    from airflow.providers.apache.spark.hooks.spark_connect import SparkConnectHook
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(SparkConnectHook(conn_id=LAKE_CONNECTION).get_connection_url()).create()
    try:
        session.catalog.setCurrentCatalog(load_settings().lake.catalog)
        log.info("Spark %s answers; the lake has %d namespaces", session.version, len(session.catalog.listDatabases()))
    finally:
        session.stop()


def create_topics(dataset: str) -> None:
    """Make the dataset's topics with the settings' partitions, replication and retention; what exists stays."""
    from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

    settings = load_settings()
    wanted = datasets.topics_of(dataset, settings)
    hook = _kafka()
    hook.create_topic([(name, partitions, settings.kafka.replication) for name, partitions in wanted.items()])
    # The hook sets no topic configuration.
    retention = ConfigEntry(
        "retention.ms",
        str(settings.kafka.retention_hours * 3_600_000),
        incremental_operation=AlterConfigOpType.SET,
    )
    resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[retention]) for name in wanted]
    for done in hook.get_conn.incremental_alter_configs(resources).values():
        done.result(TIMEOUT_SECONDS)


def delete_topics(dataset: str) -> None:
    """Drop those of the dataset's topics that exist. Dataset main is refused with ValueError."""
    if dataset == "main":
        raise ValueError("the topics of dataset main are not deleted by a DAG")
    hook = _kafka()
    existing = hook.get_conn.list_topics(timeout=TIMEOUT_SECONDS).topics
    doomed = [name for name in datasets.topics_of(dataset, load_settings()) if name in existing]
    if doomed:
        hook.delete_topic(doomed)


def open_dataset(dataset: str) -> str:
    """Check the lake, then make the dataset's topics and PostgreSQL tables; returns its name. Safe to run again."""
    check_lake()
    create_topics(dataset)
    datasets.create_tables(dataset, load_settings())
    return dataset


def seal_dataset(dataset: str) -> None:
    """Say that nothing more will be sent to the dataset."""
    datasets.seal(dataset, load_settings())


def seal_own_dataset(dataset: str, params: Mapping[str, Any]) -> None:
    """Seal the dataset that this run has made; one that was named in `params` is somebody's, and goes on."""
    if not params["dataset"]:
        seal_dataset(dataset)


def close_dataset(dataset: str, params: Mapping[str, Any], ti: "RuntimeTaskInstanceProtocol") -> None:
    """Seal the dataset, so that a stream that was left behind ends; drop its topics unless param keep_topics is set.

    A dataset that was named in param dataset is left as it is. Fails in the end if a task of the run failed.
    """
    if params.get("dataset"):
        return fail_with_the_run(ti)
    if datasets.sealed_offsets(dataset, load_settings()) is None:
        seal_dataset(dataset)
    if not params["keep_topics"]:
        delete_topics(dataset)
    return fail_with_the_run(ti)


def fail_with_the_run(ti: "RuntimeTaskInstanceProtocol") -> None:
    """Fail if another task of this run failed; for the teardown of a DAG with fail_fast and on_failure_fail_dagrun.

    fail_fast skips what was still to come, and Airflow calls a run whose last task was skipped a success.
    """
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    failed = sorted(task_id for task_id, state in states.items() if state == "failed" and task_id != ti.task_id)
    if failed:
        raise AirflowFailException(f"this run failed in {', '.join(failed)}")


class CaughtUpSensor(BaseSensorOperator):
    """Waits until PostgreSQL has read the dataset's log and event topics to their present ends.

    :param dataset: its name (templated)
    """

    template_fields = ("dataset",)

    def __init__(self, *, dataset: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset

    def poke(self, context: "Context") -> bool:  # noqa: ARG002
        """Compare once; log how far each partition is behind. A Kafka that is slow to answer is asked again."""
        try:
            ends = self._ends(load_settings())
        except TimeoutError:
            self.log.warning("Kafka did not tell the end offsets within %d s", TIMEOUT_SECONDS)
            return False
        behind = lags(ends, self._reached())
        for lag in behind:
            self.log.info("%s/%d is %s messages behind", lag.topic, lag.partition, f"{lag.messages:,}")
        return not behind

    def _ends(self, settings: Settings) -> dict[tuple[str, int], int]:
        from confluent_kafka import TopicPartition
        from confluent_kafka.admin import OffsetSpec

        counts = datasets.topics_of(self.dataset, settings)
        latest = {
            TopicPartition(name, partition): OffsetSpec.latest()
            for name in self._topics()
            for partition in range(counts[name])
        }
        # The client must outlive its futures: a collected one never answers them.
        client = _kafka().get_conn
        found = client.list_offsets(latest)
        return {(at.topic, at.partition): done.result(TIMEOUT_SECONDS).offset for at, done in found.items()}

    def _reached(self) -> dict[tuple[str, int], int]:
        from airflow.providers.postgres.hooks.postgres import PostgresHook

        rows = PostgresHook(postgres_conn_id=POSTGRES_CONNECTION).get_records(
            sql("dataset/next_offsets.sql"), parameters={"topics": self._topics()}
        )
        return {(name, partition): offset for name, partition, offset in rows}

    def _topics(self) -> list[str]:
        return [topic(kind, self.dataset) for kind in Kind]


def _kafka() -> "KafkaAdminClientHook":
    from airflow.providers.apache.kafka.hooks.client import KafkaAdminClientHook

    return KafkaAdminClientHook(kafka_config_id=KAFKA_CONNECTION)
