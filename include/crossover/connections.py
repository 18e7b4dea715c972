"""How to reach each service: one function a service, so that addresses and options are written once."""

from typing import TYPE_CHECKING, Any

from crossover.errors import ServiceDown
from crossover.settings import Settings

if TYPE_CHECKING:
    import psycopg
    from confluent_kafka import Consumer, Producer
    from confluent_kafka.admin import AdminClient
    from pyspark.sql import SparkSession


def connect_postgres(settings: Settings, *, application: str, autocommit: bool = False) -> "psycopg.Connection[Any]":
    """A connection to the row store. Its session speaks UTC. Raises ServiceDown."""
    import psycopg

    store = settings.postgres
    try:
        return psycopg.connect(
            host=store.host,
            port=store.port,
            dbname=store.database,
            user=store.user,
            password=store.password.get_secret_value(),
            application_name=f"crossover-{application}",
            options="-c timezone=UTC",
            connect_timeout=10,
            autocommit=autocommit,
        )
    except psycopg.OperationalError as error:
        raise ServiceDown(
            f"PostgreSQL at {store.host}:{store.port} does not answer: {error}", cure="crossover status"
        ) from error


def connect_spark(settings: Settings) -> "SparkSession":
    """A session of its own on the Spark Connect server. Raises ServiceDown."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    try:
        session: SparkSession = SparkSession.builder.remote(settings.spark.connect_url).create()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        session.conf.set("spark.sql.shuffle.partitions", str(settings.spark.shuffle_partitions))
    except (PySparkException, OSError) as error:
        raise ServiceDown(
            f"Spark Connect at {settings.spark.connect_url} does not answer: {error}", cure="crossover status"
        ) from error
    return session


def kafka_admin(settings: Settings) -> "AdminClient":
    """Topics: create, look at, delete."""
    from confluent_kafka.admin import AdminClient

    return AdminClient({"bootstrap.servers": settings.kafka.bootstrap_servers})


def kafka_producer(settings: Settings, **options: Any) -> "Producer":
    """A producer that is idempotent by name: librdkafka's own default is off."""
    from confluent_kafka import Producer

    return Producer({
        "bootstrap.servers": settings.kafka.bootstrap_servers,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        **options,
    })


def kafka_consumer(settings: Settings, *, group: str, **options: Any) -> "Consumer":
    """A consumer that commits nothing by itself and begins at the oldest message."""
    from confluent_kafka import Consumer

    return Consumer({
        "bootstrap.servers": settings.kafka.bootstrap_servers,
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        **options,
    })
