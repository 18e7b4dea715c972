"""Role by resource on running parts: each principal tries each thing, and may do what this page says and no more."""

import asyncio
import threading
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AclBindingFilter

from crossover.access.command import apply, as_principal
from crossover.access.kafka import as_admin, users
from crossover.access.postgres import logins
from crossover.connections import connect_postgres, kafka_admin
from crossover.errors import BadSetting, ServiceDown, ServiceError
from crossover.ingest.delivery import Delivery, Outgoing
from crossover.records import Kind, topic
from crossover.settings import Settings
from tests.integration import access_probes as probes
from tests.integration.access_matrix import HDFS_USERS, KAFKA, POSTGRES, expected, expected_in_hdfs, try_hdfs
from tests.integration.secured import Authority, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.secured]


def test_postgres(secured: Settings) -> None:
    names = [principal.name for principal, _ in logins()]
    found = probes.matrix(secured, POSTGRES, names)
    print(probes.table(found, names))
    assert found == expected(POSTGRES)


def test_the_catalog_s_tables_are_there_before_the_first_driver_and_are_the_lake_s(secured: Settings) -> None:
    """Two drivers that both found an empty database both made them, and one died of it."""
    from crossover.access.postgres import as_admin as superuser

    with connect_postgres(superuser(secured, secured.lake.catalog_database), application="test") as connection:
        found = connection.execute("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert dict(found) == dict.fromkeys(("iceberg_tables", "iceberg_namespace_properties"), secured.lake.catalog_user)


def test_kafka(secured: Settings) -> None:
    names = [principal.name for principal in users()]
    found = probes.matrix(secured, KAFKA, names)
    print(probes.table(found, names))
    assert found == expected(KAFKA)


def test_hdfs(secured: Settings) -> None:
    found = try_hdfs(secured)
    print(probes.table(found, HDFS_USERS))
    assert found == expected_in_hdfs()


def test_a_second_apply_changes_nothing_and_a_new_password_takes_effect(
    secured: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    passwords = {**secured.access.passwords, "generator": "new", "ingest": "new"}
    changed = secured.model_copy(
        update={"access": type(secured.access)(**secured.access.model_dump() | {"passwords": passwords})}
    )
    apply(changed, timeout_seconds=120, stop=threading.Event())
    assert "(0 new, 0 dropped)" in caplog.text
    try:
        with pytest.raises(ServiceDown, match="password authentication failed"):
            connect_postgres(as_principal(secured, "generator"), application="test")
        connect_postgres(as_principal(changed, "generator"), application="test").close()
        assert kafka_admin(as_principal(changed, "ingest")).list_topics(timeout=10).topics
        with pytest.raises(KafkaException):
            kafka_admin(as_principal(secured, "ingest"), log_level=0).list_topics(timeout=5)
    finally:
        apply(secured, timeout_seconds=120, stop=threading.Event())


def test_a_rule_that_is_no_longer_declared_is_dropped(secured: Settings) -> None:
    rule = probes.AclBinding(
        probes.ResourceType.TOPIC, "logs.", probes.ResourcePatternType.PREFIXED, "User:maintenance", "*",
        probes.AclOperation.DELETE, probes.AclPermissionType.ALLOW,
    )  # fmt: skip
    probes.ask(as_admin(secured), "create_acls", [rule])
    with connect_postgres(_superuser(secured), application="test") as connection:
        connection.execute("GRANT DELETE ON dataset TO generator; GRANT crossover_owner TO stream")
    apply(secured, timeout_seconds=120, stop=threading.Event())
    dropped = probes.kafka("drop", probes.delete("logs.raw."))
    assert not dropped.probe(secured, "maintenance")
    assert not probes.postgres("forget", "DELETE FROM dataset").probe(secured, "generator")
    assert not probes.postgres("drop", "DROP TABLE main.logs").probe(secured, "stream")


def test_an_administrator_without_rights_is_told_so(secured: Settings) -> None:
    with connect_postgres(_superuser(secured), application="test") as connection:
        connection.execute("CREATE ROLE powerless LOGIN PASSWORD 'powerless'")
        connection.execute("GRANT CONNECT ON DATABASE postgres TO powerless")
    login = {"postgres_admin_user": "powerless", "postgres_admin_password": "powerless"}
    access = type(secured.access)(**secured.access.model_dump() | login)
    with pytest.raises(BadSetting, match="PostgreSQL refused user powerless: permission denied"):
        apply(secured.model_copy(update={"access": access}), timeout_seconds=60, stop=threading.Event())


def test_ingest_that_was_started_before_it_had_rights_delivers_once_it_has(secured: Settings) -> None:
    """On a cluster ingest may start before the set-up: its idempotent producer dies of its first request."""
    own = AclBindingFilter(
        probes.ResourceType.ANY, None, probes.ResourcePatternType.ANY, "User:ingest", None, probes.AclOperation.ANY,
        probes.AclPermissionType.ANY,
    )  # fmt: skip
    probes.ask(as_admin(secured), "delete_acls", [own])
    delivery = Delivery(as_principal(secured, "ingest"))
    message = Outgoing(topic(Kind.LOGS, "main"), b"{}", [])
    try:
        with pytest.raises(ServiceError):
            asyncio.run(delivery.deliver([message]))
        apply(secured, timeout_seconds=120, stop=threading.Event())
        wait_until("ingest delivers", lambda: asyncio.run(delivery.deliver([message])) is None, 30)
        assert asyncio.run(delivery.check()) == 0
    finally:
        delivery.close()
        apply(secured, timeout_seconds=120, stop=threading.Event())


def _superuser(settings: Settings) -> Settings:
    from crossover.access.postgres import as_admin as superuser

    return superuser(settings, settings.postgres.database)


def test_kafka_refuses_a_server_that_our_authority_did_not_sign_and_a_client_without_tls(
    secured: Settings, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    kafka = as_principal(secured, "ingest").kafka
    doubting = secured.model_copy(update={"kafka": kafka.model_copy(update={"ca_file": stranger.file})})
    plain = secured.model_copy(update={"kafka": kafka.model_copy(update={"user": ""})})
    for settings in (doubting, plain):
        with pytest.raises(KafkaException):
            kafka_admin(settings, log_level=0).list_topics(timeout=5)
