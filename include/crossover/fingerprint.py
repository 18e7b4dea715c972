"""A fingerprint of a relation: how many rows, and the sum of a hash of each, the same in both stores.

Sums do not depend on order and can be compared between dialects; a changed, missing or doubled row changes the sum with
a probability of all but 2**-64. The hash is the first 64 bits of MD5 over the row's canonical text (sql/fingerprint/).
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from crossover.errors import StoresDiffer
from crossover.records import Kind
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Fingerprint:
    """Rows, and the sum of their hashes."""

    rows: int
    hash_sum: int

    def __str__(self) -> str:
        return f"{self.rows:,} rows, hash sum {self.hash_sum:x}"


MODULUS = 2**64
Days = dict[date, Fingerprint]


def days_of_postgres(connection: "psycopg.Connection[Any]", relation: str, kind: Kind) -> Days:
    """Fingerprint of each UTC day of a PostgreSQL relation."""
    rows = connection.execute(sql(f"fingerprint/{kind.value}.postgres.sql", relation=relation).encode()).fetchall()
    return {day: Fingerprint(int(count), int(hash_sum) % MODULUS) for day, count, hash_sum in rows}


def days_of_lake(spark: "SparkSession", relation: str, kind: Kind) -> Days:
    """Fingerprint of each UTC day of a lake relation (a table, perhaps at a version)."""
    rows = spark.sql(sql(f"fingerprint/{kind.value}.spark.sql", relation=relation)).collect()
    return {
        row["day"]: Fingerprint(int(row["rows"]), ((int(row["high"]) << 32) + int(row["low"])) % MODULUS)
        for row in rows
    }


def total(days: Days) -> Fingerprint:
    """The whole of it: counts and sums add up."""
    rows = sum(day.rows for day in days.values())
    return Fingerprint(rows, sum(day.hash_sum for day in days.values()) % MODULUS)


def of_postgres(connection: "psycopg.Connection[Any]", relation: str, kind: Kind) -> Fingerprint:
    """Fingerprint of a whole PostgreSQL relation."""
    return total(days_of_postgres(connection, relation, kind))


def of_lake(spark: "SparkSession", relation: str, kind: Kind) -> Fingerprint:
    """Fingerprint of a whole lake relation."""
    return total(days_of_lake(spark, relation, kind))


def differing_days(first: Days, second: Days) -> list[str]:
    """One line a day on which the two differ, with both sides."""
    nothing = Fingerprint(0, 0)
    return [
        f"{day}: {first.get(day, nothing)} against {second.get(day, nothing)}"
        for day in sorted(first.keys() | second.keys())
        if first.get(day, nothing) != second.get(day, nothing)
    ]


def require_equal(first: Fingerprint, second: Fingerprint, what: str) -> None:
    """Raise StoresDiffer unless both are the same."""
    if first != second:
        raise StoresDiffer(
            f"{what}: PostgreSQL holds {first}, the lake {second}", cure="crossover ledger names the producers"
        )
