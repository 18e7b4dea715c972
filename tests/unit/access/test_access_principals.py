"""The declaration is about things that exist, and says of each principal no more than one thing."""

import re
from collections import Counter

import pytest
from confluent_kafka.admin import AclOperation

from crossover.access.command import as_principal
from crossover.access.kafka import bindings
from crossover.access.postgres import logins
from crossover.access.principals import OWNER, PRINCIPALS, Database, database_name, matrix
from crossover.errors import BadSetting
from crossover.settings import Settings
from crossover.sql import sql


def test_every_name_is_declared_once() -> None:
    assert set(Counter(principal.name for principal in PRINCIPALS).values()) == {1}
    assert all(re.fullmatch(r"[a-z_]+", principal.name) for principal in PRINCIPALS)


def test_every_table_that_a_rule_names_is_a_table_of_the_platform() -> None:
    tables = set(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", sql("schema/platform.sql")))
    named = {rule.table for _, rights in logins() for rule in rights.tables}
    assert named <= tables
    assert named, "no rule names a table"


def test_each_database_has_one_owner_and_only_two_logins_act_as_the_platforms() -> None:
    owners = Counter(rights.database for _, rights in logins() if rights.owns)
    assert owners == {Database.CATALOG: 1, Database.AIRFLOW: 1}
    assert {p.name for p, rights in logins() if rights.acts_as == OWNER} == {"load", "airflow"}


def test_no_kafka_rule_reaches_beyond_our_topics_and_groups() -> None:
    rules = bindings()
    assert {rule.name for rule in rules} == {"logs.", "events.", "logs.dlq", "crossover-"}
    assert not {rule.operation for rule in rules} & {AclOperation.ALL, AclOperation.ALTER, AclOperation.CLUSTER_ACTION}


def test_only_ingest_and_the_dead_letters_of_the_loader_write_to_kafka() -> None:
    writers = {(rule.principal, rule.name) for rule in bindings() if rule.operation == AclOperation.WRITE}
    assert writers == {("User:ingest", "logs."), ("User:ingest", "events."), ("User:load", "logs.dlq")}


def test_the_matrix_has_a_line_for_each_principal() -> None:
    lines = matrix()
    assert [line.split()[0] for line in lines] == ["principal", *(principal.name for principal in PRINCIPALS)]


def test_databases_are_called_as_the_settings_say() -> None:
    settings = Settings(postgres={"database": "one"}, lake={"catalog_database": "two"})
    assert [database_name(database, settings) for database in Database] == ["one", "two", "airflow"]


def test_a_principal_without_a_password_is_an_error_that_names_it() -> None:
    with pytest.raises(BadSetting, match="no password for 'load'"):
        as_principal(Settings(access={"passwords": {"airflow": "x"}}), "load")


def test_passwords_do_not_show_in_the_settings_text() -> None:
    given = {
        "postgres_admin_password": "canary-1",
        "kafka_admin_password": "canary-2",
        "passwords": {"load": "canary-3"},
    }
    settings = as_principal(Settings(access=given), "load")
    assert "canary" not in repr(settings)
    assert settings.kafka.password.get_secret_value() == settings.postgres.password.get_secret_value() == "canary-3"
