"""The declaration: every principal, what it is for, and what it may do in each store. Nobody else may do anything.

A principal is one login of PostgreSQL, one SCRAM user of Kafka or one user of HDFS, by the same name everywhere.
Superusers (PostgreSQL's `postgres`, Kafka's `admin`, HDFS's `hadoop`) work in `crossover access apply` only.
"""

from dataclasses import dataclass
from enum import StrEnum

from crossover.settings import Settings

OWNER = "crossover_owner"
READER = "crossover_reader"
# Folders of the lake belong to the user that fills them; the group's members may do all there, others nothing.
HDFS_OWNER, HDFS_GROUP, HDFS_MODE = "stream", "lake", 0o770


class Database(StrEnum):
    """Databases of the one PostgreSQL."""

    PLATFORM = "crossover"
    CATALOG = "lake_catalog"
    AIRFLOW = "airflow"


class Resource(StrEnum):
    """What a Kafka rule is about; both by the beginning of the name."""

    TOPIC = "TOPIC"
    GROUP = "GROUP"


@dataclass(frozen=True)
class TableRule:
    """Verbs on one table of the platform."""

    table: str
    verbs: tuple[str, ...]


@dataclass(frozen=True)
class PostgresRights:
    """What a login may do in its one database.

    `acts_as`: what it makes belongs to this role, whose rights it has. `reads_all`: every table, present and future.
    `makes_schemas`: schemas of its own beside the platform's. `owns`: the database is its own.
    """

    database: Database
    acts_as: str | None = None
    reads_all: bool = False
    makes_schemas: bool = False
    owns: bool = False
    tables: tuple[TableRule, ...] = ()


@dataclass(frozen=True)
class KafkaRule:
    """Operations on all topics or groups whose name begins with `prefix`."""

    resource: Resource
    prefix: str
    operations: tuple[str, ...]


@dataclass(frozen=True)
class Principal:
    """One name, and what it may do."""

    name: str
    about: str
    postgres: PostgresRights | None = None
    kafka: tuple[KafkaRule, ...] = ()
    lake_folders: bool = False


_READ = ("SELECT",)
# INSERT ... ON CONFLICT DO UPDATE reads, too.
_UPSERT = ("SELECT", "INSERT", "UPDATE")
_REPLACE = ("SELECT", "INSERT", "UPDATE", "DELETE")
_GROUPS = KafkaRule(Resource.GROUP, "crossover-", ("READ",))


def _topics(*operations: str) -> tuple[KafkaRule, ...]:
    return tuple(KafkaRule(Resource.TOPIC, prefix, operations) for prefix in ("logs.", "events."))


PRINCIPALS: tuple[Principal, ...] = (
    Principal("ingest", "writes what clients send", kafka=_topics("DESCRIBE", "WRITE")),
    Principal(
        "load",
        "copies Kafka into PostgreSQL, makes day partitions, sets bad records aside",
        postgres=PostgresRights(Database.PLATFORM, acts_as=OWNER),
        kafka=(
            *_topics("DESCRIBE", "READ"),
            KafkaRule(Resource.TOPIC, "logs.dlq", ("CREATE", "WRITE")),
            _GROUPS,
        ),
    ),
    Principal(
        "stream",
        "copies Kafka into the lake, tells its place",
        postgres=PostgresRights(
            Database.PLATFORM, tables=(TableRule("dataset", _READ), TableRule("lake_offset", _UPSERT))
        ),
        kafka=(*_topics("DESCRIBE", "READ"), _GROUPS),
        lake_folders=True,
    ),
    Principal("connect", "the Spark Connect server: answers questions, compacts", lake_folders=True),
    Principal(
        "generator",
        "says what it sent",
        postgres=PostgresRights(Database.PLATFORM, tables=(TableRule("ledger_producer", _UPSERT),)),
    ),
    Principal(
        "maintenance",
        "compares the stores, compacts",
        postgres=PostgresRights(Database.PLATFORM, reads_all=True, tables=(TableRule("ledger_parity", _UPSERT),)),
        kafka=_topics("DESCRIBE"),
    ),
    Principal(
        "benchmark",
        "copies rows into schemas of its own, times questions and writes, keeps results",
        postgres=PostgresRights(
            Database.PLATFORM,
            reads_all=True,
            makes_schemas=True,
            tables=(
                TableRule("benchmark_run", _UPSERT),
                TableRule("benchmark_rung", _UPSERT),
                TableRule("benchmark_cell", _UPSERT),
                TableRule("benchmark_sample", _REPLACE),
                TableRule("benchmark_figure", _UPSERT),
            ),
        ),
        # How far the stores are behind a dataset's end; records go through ingest like anybody's.
        kafka=_topics("DESCRIBE"),
    ),
    Principal(
        "airflow",
        "makes, seals and drops datasets for the DAGs, watches the loader",
        postgres=PostgresRights(Database.PLATFORM, acts_as=OWNER),
        kafka=_topics("CREATE", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"),
    ),
    Principal("lake", "Iceberg's catalog", postgres=PostgresRights(Database.CATALOG, owns=True)),
    Principal("airflow_meta", "Airflow's own tables", postgres=PostgresRights(Database.AIRFLOW, owns=True)),
)


def database_name(database: Database, settings: Settings) -> str:
    """What the database is called here."""
    if database is Database.PLATFORM:
        return settings.postgres.database
    return settings.lake.catalog_database if database is Database.CATALOG else database.value


def matrix() -> list[str]:
    """The declaration as a table for people."""
    rows = [("principal", "PostgreSQL", "Kafka", "HDFS", "what for")]
    rows += [(p.name, _postgres_words(p), _kafka_words(p), _hdfs_words(p), p.about) for p in PRINCIPALS]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _postgres_words(principal: Principal) -> str:
    rights = principal.postgres
    if rights is None:
        return "-"
    words = ["owner"] * rights.owns + [f"as {rights.acts_as}"] * (rights.acts_as is not None)
    words += ["reads all"] * rights.reads_all + ["own schemas"] * rights.makes_schemas
    words += [f"{rule.table} {''.join(verb[0] for verb in rule.verbs)}" for rule in rights.tables]
    return f"{rights.database}: {', '.join(words)}"


def _kafka_words(principal: Principal) -> str:
    return "; ".join(f"{rule.prefix}* {'+'.join(rule.operations)}" for rule in principal.kafka) or "-"


def _hdfs_words(principal: Principal) -> str:
    return "lake folders" if principal.lake_folders else "-"
