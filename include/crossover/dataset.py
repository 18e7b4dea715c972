"""A dataset: a named pair of topics with the tables that they flow into. `main` exists from the start.

Tests, the quickstart and benchmarks each take a dataset of their own, so that nothing has to be cleaned first.
"""

import json
import logging
import time

from crossover.connections import connect_postgres, kafka_admin
from crossover.errors import BadInput, ServiceDown
from crossover.records import Kind, dead_letter_topic, topic
from crossover.settings import Settings, checked_dataset
from crossover.sql import sql

log = logging.getLogger(__name__)


def topics_of(dataset: str, settings: Settings) -> dict[str, int]:
    """The dataset's topics and how many partitions each has."""
    return {
        topic(Kind.LOGS, dataset): settings.kafka.log_partitions,
        topic(Kind.EVENTS, dataset): settings.kafka.event_partitions,
        dead_letter_topic(dataset): 1,
    }


def create_dataset(dataset: str, settings: Settings) -> None:
    """Make topics and PostgreSQL tables; what is there already stays. The stream makes the lake's tables."""
    checked_dataset(dataset)
    create_tables(dataset, settings)
    create_topics(topics_of(dataset, settings), settings)
    log.info("dataset %s is ready", dataset)


def create_tables(dataset: str, settings: Settings) -> None:
    """Make the platform's tables and the dataset's two."""
    with connect_postgres(settings, application="dataset") as connection:
        # Two starters at once would race in CREATE ... IF NOT EXISTS; the lock makes the second one wait.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('crossover schema'))")
        connection.execute(sql("schema/platform.sql").encode())
        connection.execute(sql("schema/dataset.sql", schema=dataset).encode())
        connection.execute("INSERT INTO dataset (name) VALUES (%s) ON CONFLICT DO NOTHING", (dataset,))


def require_tables(dataset: str, settings: Settings) -> None:
    """Raise BadInput unless the platform's tables and the dataset's two are there. Needs no right to make any."""
    names = [f"{dataset}.{kind.value}" for kind in Kind] + ["public.benchmark_run", "public.sink_offset"]
    with connect_postgres(settings, application="dataset") as connection:
        missing = connection.execute(sql("dataset/missing_tables.sql").encode(), {"names": names}).fetchall()
    if missing:
        words = ", ".join(name for (name,) in missing)
        raise BadInput(f"PostgreSQL has no {words}", cure=f"crossover dataset create {dataset}")


def create_topics(partitions: dict[str, int], settings: Settings, *, timeout_seconds: float = 30) -> None:
    """Make the topics with stated partitions, replication and retention, and wait until each has its leaders."""
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import NewTopic

    admin = kafka_admin(settings)
    retention = str(settings.kafka.retention_hours * 3_600_000)
    wanted = [
        NewTopic(name, count, settings.kafka.replication, config={"retention.ms": retention})
        for name, count in partitions.items()
    ]
    for name, done in admin.create_topics(wanted, operation_timeout=timeout_seconds).items():
        try:
            done.result(timeout_seconds)
        except (KafkaException, TimeoutError) as error:
            if isinstance(error, TimeoutError) or error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise ServiceDown(f"Kafka did not make topic {name}: {error}", cure="crossover status") from error
    deadline = time.monotonic() + timeout_seconds
    while not _all_led(admin.list_topics(timeout=timeout_seconds).topics, partitions):
        if time.monotonic() > deadline:
            raise ServiceDown(f"topics {sorted(partitions)} have no leader after {timeout_seconds:.0f} s")
        time.sleep(0.1)


def _all_led(topics: "dict[str, object]", partitions: dict[str, int]) -> bool:
    for name, count in partitions.items():
        described = topics.get(name)
        found = getattr(described, "partitions", {})
        if len(found) < count or any(partition.leader < 0 for partition in found.values()):
            return False
    return True


def delete_topics(dataset: str, settings: Settings) -> None:
    """Drop the dataset's topics; the stores keep their rows. Dataset main is refused."""
    if dataset == "main":
        raise ValueError("the topics of dataset main are not deleted by a program")
    admin = kafka_admin(settings)  # kept until its answers are in: a client that is collected takes them with it
    for done in admin.delete_topics(list(topics_of(dataset, settings))).values():
        done.result(30)


def offsets(dataset: str, settings: Settings, *, end: bool) -> dict[str, dict[int, int]]:
    """First (or, with `end`, next-to-come) offset of each partition of the dataset's two record topics."""
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import OffsetSpec

    spec = OffsetSpec.latest() if end else OffsetSpec.earliest()
    admin, found = kafka_admin(settings), {}
    for kind in Kind:
        name = topic(kind, dataset)
        described = admin.list_topics(name, timeout=10).topics[name]
        if described.error is not None:
            raise BadInput(f"dataset {dataset} has no topic {name}", cure=f"crossover dataset create {dataset}")
        asked = {TopicPartition(name, number): spec for number in described.partitions}
        answers = admin.list_offsets(asked, request_timeout=10)
        found[name] = {partition.partition: done.result(10).offset for partition, done in answers.items()}
    return found


def seal(dataset: str, settings: Settings) -> dict[str, dict[int, int]]:
    """Say that nothing more will come: the stream may end, and the ledger may count, at these end offsets."""
    ends = offsets(dataset, settings, end=True)
    with connect_postgres(settings, application="seal") as connection:
        row = connection.execute("UPDATE dataset SET sealed_offsets = %s WHERE name = %s", (json.dumps(ends), dataset))
        if row.rowcount != 1:
            raise BadInput(f"there is no dataset {dataset}", cure=f"crossover dataset create {dataset}")
    return ends


def sealed_offsets(dataset: str, settings: Settings) -> dict[str, dict[int, int]] | None:
    """The end offsets at which the dataset was sealed; None while it is open."""
    with connect_postgres(settings, application="seal") as connection:
        row = connection.execute("SELECT sealed_offsets FROM dataset WHERE name = %s", (dataset,)).fetchone()
    if row is None:
        raise BadInput(f"there is no dataset {dataset}", cure=f"crossover dataset create {dataset}")
    if row[0] is None:
        return None
    return {name: {int(number): end for number, end in ends.items()} for name, ends in row[0].items()}
