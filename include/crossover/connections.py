"""How to reach each service: one function a service, so that addresses and options are written once."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossover.errors import MissingPrerequisite, ServiceDown
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
            sslmode=store.sslmode,
            sslrootcert=str(store.ca_file) if store.ca_file else None,
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

    _take_finaliser_from_sessions()
    try:
        session: SparkSession = SparkSession.builder.remote(settings.spark.connect_url).create()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        session.conf.set("spark.sql.shuffle.partitions", str(settings.spark.shuffle_partitions))
    except (PySparkException, OSError) as error:
        raise ServiceDown(
            f"Spark Connect at {settings.spark.connect_url} does not answer: {error}", cure="crossover status"
        ) from error
    return session


def _take_finaliser_from_sessions() -> None:
    """Sessions end by stop() only.

    A session's finaliser waits for the thread pool that all sessions share. When the garbage collector runs it in the
    midst of another session's submit, it waits for a lock that its own thread holds, for ever and deaf to signals
    (SPARK-55362), in a test or an Airflow task alike.
    """
    from pyspark.sql.connect.session import SparkSession as RemoteSession

    if "__del__" in vars(RemoteSession):
        del RemoteSession.__del__


def spark_home() -> Path:
    """Where Spark itself is installed, not only its client. Raises MissingPrerequisite."""
    spec = find_spec("pyspark")
    home = Path(spec.origin).parent if spec is not None and spec.origin is not None else None
    if home is None or not (home / "jars").is_dir():
        raise MissingPrerequisite(
            "pyspark with its jars is not installed here", cure="make setup; in a cluster: the image crossover-spark"
        )
    return home


def kafka_client(settings: Settings) -> dict[str, Any]:
    """What every librdkafka client is given: address and, with a user, TLS and SCRAM."""
    kafka = settings.kafka
    options: dict[str, Any] = {"bootstrap.servers": kafka.bootstrap_servers}
    if kafka.user:
        options |= {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": kafka.user,
            "sasl.password": kafka.password.get_secret_value(),
        }
        if kafka.ca_file:
            options["ssl.ca.location"] = str(kafka.ca_file)
    return options


def kafka_source(settings: Settings) -> dict[str, str]:
    """The same for Spark's Kafka source. The authority goes along as text, so executors need no file.

    Raises MissingPrerequisite if the authority's file cannot be read.
    """
    kafka = settings.kafka
    options = {"kafka.bootstrap.servers": kafka.bootstrap_servers}
    if kafka.user:
        module = "org.apache.kafka.common.security.scram.ScramLoginModule"
        user, password = (_jaas_quoted(text) for text in (kafka.user, kafka.password.get_secret_value()))
        options |= {
            "kafka.security.protocol": "SASL_SSL",
            "kafka.sasl.mechanism": "SCRAM-SHA-512",
            "kafka.sasl.jaas.config": f"{module} required username={user} password={password};",
        }
        if kafka.ca_file:
            options |= {
                "kafka.ssl.truststore.type": "PEM",
                "kafka.ssl.truststore.certificates": _read_authority(kafka.ca_file),
            }
    return options


def _jaas_quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read_authority(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise MissingPrerequisite(
            f"the certificate authority {file} cannot be read: {error.strerror}", cure="set CROSSOVER_KAFKA__CA_FILE"
        ) from error


def kafka_admin(settings: Settings, **options: Any) -> "AdminClient":
    """Topics: create, look at, delete."""
    from confluent_kafka.admin import AdminClient

    return AdminClient({**kafka_client(settings), **options})


def kafka_producer(settings: Settings, **options: Any) -> "Producer":
    """A producer that is idempotent by name: librdkafka's own default is off."""
    from confluent_kafka import Producer

    return Producer({
        **kafka_client(settings),
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        **options,
    })


def kafka_consumer(settings: Settings, *, group: str, **options: Any) -> "Consumer":
    """A consumer that commits nothing by itself and begins at the oldest message."""
    from confluent_kafka import Consumer

    return Consumer({
        **kafka_client(settings),
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        **options,
    })
