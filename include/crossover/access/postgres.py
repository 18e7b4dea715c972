"""Roles, databases and grants of PostgreSQL as declared."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crossover.access.principals import OWNER, PRINCIPALS, READER, Database, PostgresRights, Principal, database_name
from crossover.connections import connect_postgres
from crossover.errors import BadSetting, ServiceDown
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)


def logins() -> list[tuple[Principal, PostgresRights]]:
    """The principals that PostgreSQL knows."""
    return [(principal, principal.postgres) for principal in PRINCIPALS if principal.postgres is not None]


def as_admin(settings: Settings, database: str) -> Settings:
    """Settings of the superuser in this database."""
    access = settings.access
    admin = {"user": access.postgres_admin_user, "password": access.postgres_admin_password, "database": database}
    return settings.model_copy(update={"postgres": settings.postgres.model_copy(update=admin)})


def make_roles(settings: Settings) -> None:
    """Roles with their passwords, databases with their owners. Raises ServiceDown, BadSetting."""
    with _superuser(settings, "postgres", autocommit=True) as connection:
        known = _names(connection, "access/roles.sql")
        for group in (OWNER, READER):
            _make_role(connection, known, group)
            _run(connection, "access/group.sql", role=group)
        for principal, _ in logins():
            _make_role(connection, known, principal.name)
            verifier = _verifier(connection, principal.name, settings.access.password_of(principal.name))
            _run(connection, "access/login.sql", role=principal.name, verifier=verifier)
        owners = {Database.PLATFORM: OWNER} | {rights.database: p.name for p, rights in logins() if rights.owns}
        databases = _names(connection, "access/databases.sql")
        for database, owner in owners.items():
            name = database_name(database, settings)
            if name not in databases:
                _run(connection, "access/create_database.sql", database=name, owner=owner)
            _run(connection, "access/close_database.sql", database=name, owner=owner)
        _run(connection, "access/close_database.sql", database="postgres", owner=settings.access.postgres_admin_user)
    with _superuser(settings, settings.lake.catalog_database) as connection:
        _run(connection, "access/become.sql", role=owners[Database.CATALOG])
        _run(connection, "schema/lake_catalog.sql")
    with _superuser(settings, settings.postgres.database) as connection:
        _run(connection, "access/reader.sql", owner=OWNER, reader=READER)
        for principal, rights in logins():
            if rights.database is Database.PLATFORM:
                _join(connection, principal.name, rights)
        if connection.execute(sql("benchmark/rung_has_trigrams.sql").encode()).fetchone() == (True,):
            _run(connection, "access/trigrams.sql")
    log.info("PostgreSQL: %d logins, %d databases", len(logins()), len(owners))


def grant_tables(settings: Settings) -> None:
    """Rights on the platform's tables, which exist by now; in one transaction, so that no job meets a gap."""
    database = settings.postgres.database
    with _superuser(settings, settings.postgres.database) as connection:
        for (schema,) in connection.execute(sql("access/owned_schemas.sql").encode(), {"owner": OWNER}).fetchall():
            _run(connection, "access/read_schema.sql", schema=schema, reader=READER)
        for principal, rights in logins():
            if rights.database is not Database.PLATFORM:
                continue
            _run(connection, "access/reset_login.sql", role=principal.name, database=database)
            if rights.makes_schemas:
                _run(connection, "access/make_schemas.sql", role=principal.name, database=database)
            for rule in rights.tables:
                verbs = ", ".join(rule.verbs)
                _run(connection, "access/table.sql", verbs=verbs, table=rule.table, role=principal.name)
    log.info("PostgreSQL: rights on the tables are as declared")


def _join(connection: "psycopg.Connection[Any]", login: str, rights: PostgresRights) -> None:
    wanted = {rights.acts_as} if rights.acts_as else {READER} if rights.reads_all else set()
    for (group,) in connection.execute(sql("access/memberships.sql").encode(), {"role": login}).fetchall():
        if group not in wanted:
            _run(connection, "access/leave.sql", group=group, role=login)
    if rights.acts_as:
        _run(connection, "access/act_as.sql", owner=rights.acts_as, role=login)
    else:
        _run(connection, "access/act_as_itself.sql", role=login)
    if rights.reads_all:
        _run(connection, "access/join_readers.sql", reader=READER, role=login)


@contextmanager
def _superuser(settings: Settings, database: str, *, autocommit: bool = False) -> "Iterator[psycopg.Connection[Any]]":
    """The administrator's connection; a statement that PostgreSQL refuses is a ServiceDown or a BadSetting."""
    import psycopg

    try:
        with connect_postgres(as_admin(settings, database), application="access", autocommit=autocommit) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise ServiceDown(f"PostgreSQL went away: {error}") from error
    except psycopg.Error as error:
        raise BadSetting(
            f"PostgreSQL refused user {settings.access.postgres_admin_user}: {error}",
            cure="CROSSOVER_ACCESS__POSTGRES_ADMIN_USER must be a superuser; or leave its password empty and make roles"
            " and rights by hand, as `crossover access show` prints them",
        ) from error


def _make_role(connection: "psycopg.Connection[Any]", known: set[str], role: str) -> None:
    if role not in known:
        _run(connection, "access/create_role.sql", role=role)


def _verifier(connection: "psycopg.Connection[Any]", role: str, password: str) -> str:
    return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


def _names(connection: "psycopg.Connection[Any]", name: str) -> set[str]:
    return {row[0] for row in connection.execute(sql(name).encode()).fetchall()}


def _run(connection: "psycopg.Connection[Any]", name: str, **names: str) -> None:
    connection.execute(sql(name, **names).encode())
