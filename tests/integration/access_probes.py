"""Attempts of one principal at one thing. Each answers True (allowed) or False (denied), and leaves nothing behind.

They need only settings and passwords, so they run against any installation: private services here, or a cluster.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from crossover.access.command import as_principal
from crossover.access.kafka import as_admin
from crossover.connections import connect_postgres, kafka_admin, kafka_consumer, kafka_producer
from crossover.errors import ServiceDown
from crossover.settings import Settings

SECONDS = 60.0
DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
QUIET = {"log_level": 0}
Probe = Callable[[Settings, str], bool]


@dataclass(frozen=True)
class Attempt:
    """One resource of the matrix and how it is tried."""

    resource: str
    probe: Probe


def matrix(settings: Settings, attempts: Iterable[Attempt], principals: Iterable[str]) -> dict[str, set[str]]:
    """Resource -> the principals that are allowed."""
    names = list(principals)
    return {a.resource: {name for name in names if a.probe(settings, name)} for a in attempts}


def table(found: dict[str, set[str]], principals: Iterable[str]) -> str:
    """The matrix for a person to read."""
    names, width = list(principals), max(map(len, found))
    head = " " * width + "".join(f"  {name}" for name in names)
    rows = [
        resource.ljust(width) + "".join("  " + ("yes" if name in allowed else "-").center(len(name)) for name in names)
        for resource, allowed in found.items()
    ]
    return "\n".join(["", head, *(row.rstrip() for row in rows)])


def postgres(resource: str, statement: str, values: dict[str, object] | None = None) -> Attempt:
    """A statement in the platform's database, rolled back."""

    def probe(settings: Settings, principal: str) -> bool:
        try:
            with connect_postgres(as_principal(settings, principal, kafka=False), application="probe") as connection:
                try:
                    connection.execute(statement.encode(), values)
                except psycopg.errors.InsufficientPrivilege:
                    return False
                finally:
                    connection.rollback()
        except ServiceDown as error:
            return _not_let_in(error)
        return True

    return Attempt(resource, probe)


def database(resource: str, name: str) -> Attempt:
    """Entering a database."""

    def probe(settings: Settings, principal: str) -> bool:
        own = as_principal(settings, principal, kafka=False)
        other = own.model_copy(update={"postgres": own.postgres.model_copy(update={"database": name})})
        try:
            connect_postgres(other, application="probe").close()
        except ServiceDown as error:
            return _not_let_in(error)
        return True

    return Attempt(resource, probe)


def _not_let_in(error: ServiceDown) -> bool:
    text = str(error)
    assert "permission denied for database" in text or "password authentication failed" in text, text
    return False


def kafka(resource: str, attempt: Callable[[Settings, str], None]) -> Attempt:
    """An attempt that raises KafkaException when it is denied; a principal that Kafka does not know is denied."""

    def probe(settings: Settings, principal: str) -> bool:
        try:
            attempt(as_principal(settings, principal, postgres=False), principal)
        except KafkaException as error:
            code = error.args[0].code()
            if code in DENIED:
                return False
            raise AssertionError(f"{resource} as {principal}: {error}") from error
        return True

    return Attempt(resource, probe)


def produce(topic: str) -> Callable[[Settings, str], None]:
    """Write one message."""

    def attempt(settings: Settings, _principal: str) -> None:
        failures: list[KafkaError] = []
        # An idempotent producer that may write nowhere dies already of its first request, not of the message.
        options = {"delivery.timeout.ms": int(SECONDS * 1000), "enable.idempotence": False, **QUIET}
        producer = kafka_producer(settings, **options)
        producer.produce(
            topic, b"{}", partition=0, on_delivery=lambda error, _: failures.append(error) if error else None
        )
        assert producer.flush(SECONDS) == 0, "no answer from Kafka"
        if failures:
            raise KafkaException(failures[0])

    return attempt


def consume(topic: str) -> Callable[[Settings, str], None]:
    """Read the first message, by assignment: the group plays no part."""

    def attempt(settings: Settings, _principal: str) -> None:
        consumer = kafka_consumer(settings, group="crossover-probe", **QUIET)
        # Of a topic that may not even be seen the consumer never tells anything; its metadata does.
        unseen = consumer.list_topics(topic, timeout=SECONDS).topics[topic].error
        if unseen:
            raise KafkaException(unseen)
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = consumer.poll(SECONDS)
        consumer.close()
        assert message is not None, "no answer from Kafka"
        if message.error():
            raise KafkaException(message.error())

    return attempt


def look_at_group(group: str) -> Callable[[Settings, str], None]:
    """Ask Kafka about a group, which nobody is a member of."""

    def attempt(settings: Settings, _principal: str) -> None:
        try:
            ask(settings, "describe_consumer_groups", [group])
        except KafkaException as error:
            if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise

    return attempt


def ends(topic: str) -> Callable[[Settings, str], None]:
    """Ask where the topic ends."""

    def attempt(settings: Settings, _principal: str) -> None:
        ask(settings, "list_offsets", {TopicPartition(topic, 0): OffsetSpec.latest()})

    return attempt


def create(prefix: str) -> Callable[[Settings, str], None]:
    """Make a topic; it is dropped by the administrator."""

    def attempt(settings: Settings, _principal: str) -> None:
        name = f"{prefix}{secrets.token_hex(4)}"
        ask(settings, "create_topics", [NewTopic(name, 1, 1)])
        ask(as_admin(settings), "delete_topics", [name])

    return attempt


def delete(prefix: str) -> Callable[[Settings, str], None]:
    """Drop a topic that the administrator has made."""

    def attempt(settings: Settings, _principal: str) -> None:
        name, admin = f"{prefix}{secrets.token_hex(4)}", as_admin(settings)
        ask(admin, "create_topics", [NewTopic(name, 1, 1)])
        try:
            ask(settings, "delete_topics", [name])
        except KafkaException:
            ask(admin, "delete_topics", [name])
            raise

    return attempt


def configure(topic: str) -> Callable[[Settings, str], None]:
    """Set a topic's retention."""

    def attempt(settings: Settings, _principal: str) -> None:
        entry = ConfigEntry("retention.ms", "604800000", incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        ask(settings, "incremental_alter_configs", [resource])

    return attempt


def grant_oneself(settings: Settings, principal: str) -> None:
    """Make a rule for oneself."""
    rule = AclBinding(
        ResourceType.TOPIC, "*", ResourcePatternType.LITERAL, f"User:{principal}", "*", AclOperation.ALL,
        AclPermissionType.ALLOW,
    )  # fmt: skip
    ask(settings, "create_acls", [rule])


def make_user(settings: Settings, _principal: str) -> None:
    """Make a user."""
    change = UserScramCredentialUpsertion(
        "intruder", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), b"x" * 12
    )
    ask(settings, "alter_user_scram_credentials", [change])


def ask(settings: Settings, verb: str, *what: Any) -> None:
    """One request of Kafka's administration, to its end."""
    admin = kafka_admin(settings, **QUIET)  # it must outlive its futures: a collected client never answers them
    for future in getattr(admin, verb)(*what, request_timeout=SECONDS).values():
        future.result(SECONDS)


_HDFS = """
import json, sys, hdfs_native
client, found = hdfs_native.Client(sys.argv[1]), {}
def attempt(name, work):
    try:
        work()
        found[name] = True
    except Exception as error:
        if "AccessControlException" not in repr(error) and "Permission" not in repr(error):
            raise
        found[name] = False
for folder in sys.argv[3:]:
    attempt(f"list {folder}", lambda: list(client.list_status(folder)))
    attempt(f"write {folder}", lambda: client.mkdirs(f"{folder}/{sys.argv[2]}", 0o770, True))
    attempt(f"remove from {folder}", lambda: client.delete(f"{folder}/{sys.argv[2]}", True))
    attempt(f"open {folder} to all", lambda: client.set_permission(folder, 0o770))
print(json.dumps(found))
"""


def hdfs(name_node: str, user: str, folders: Iterable[str]) -> dict[str, bool]:
    """What a user of HDFS may do with these folders; in a process of its own, as the name is the process's."""
    command = [sys.executable, "-c", _HDFS, name_node, f"probe-{secrets.token_hex(4)}", *folders]
    done = subprocess.run(
        command, env={"HADOOP_USER_NAME": user, "PATH": "/usr/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
