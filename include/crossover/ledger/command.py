"""`crossover ledger`: sent = Kafka = PostgreSQL = lake, for one dataset."""

import argparse
import logging
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from crossover.connections import connect_postgres, connect_spark
from crossover.errors import StoresDiffer
from crossover.fingerprint import Days, days_of_lake, days_of_postgres
from crossover.job import group, stop_on_signal, write_result
from crossover.ledger.catch_up import catch_up
from crossover.ledger.reconcile import Finding, Held, Sent, reconcile
from crossover.records import Kind
from crossover.settings import Settings, checked_dataset
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which dataset, and how long to wait for the sinks."""
    parser.add_argument("--dataset", default=None, help="default: CROSSOVER_DATASET, else main")
    parser.add_argument("--timeout", type=float, default=600, help="seconds to wait until both stores have caught up")
    parser.add_argument("--no-stream", action="store_true", help="do not run a bounded stream when the lake is behind")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Wait for the sinks, compare, print the table; exit 4 if the stores do not hold what was sent."""
    stop = stop_on_signal()
    dataset = checked_dataset(arguments.dataset or settings.dataset)
    with group(f"both stores catch up with Kafka ({dataset})"):
        catch_up(dataset, settings, timeout_seconds=arguments.timeout, start_stream=not arguments.no_stream, stop=stop)
    started = time.monotonic()
    findings = compare(dataset, settings)
    log.info("compared in %.1f s", time.monotonic() - started)
    for line in table(findings):
        log.info("%s", line)
    for finding in findings:
        for note in finding.notes:
            log.info("note: %s", note)
    write_result({
        "dataset": dataset,
        "equal": all(f.equal for f in findings),
        **{f.kind.value: _row(f) for f in findings},
    })
    complaints = [f"{f.kind.value}: {complaint}" for f in findings for complaint in f.complaints]
    if complaints:
        raise StoresDiffer("the ledger is not clean:\n    " + "\n    ".join(complaints))
    return 0


def compare(dataset: str, settings: Settings) -> list[Finding]:
    """Read both stores and the tallies, reconcile each kind and keep the findings in ledger_parity."""
    spark = connect_spark(settings)
    with connect_postgres(settings, application="ledger") as connection:
        findings = [_compare_kind(connection, spark, settings, dataset, kind) for kind in Kind]
        for finding in findings:
            connection.execute(sql("ledger/save_parity.sql").encode(), _row(finding))
    spark.stop()
    return findings


def _compare_kind(
    connection: "psycopg.Connection[Any]", spark: "SparkSession", settings: Settings, dataset: str, kind: Kind
) -> Finding:
    values = {"dataset": dataset, "kind": kind.value}
    sent = [Sent(*row) for row in connection.execute(sql("ledger/tallies.sql").encode(), values).fetchall()]
    relation, lake_table = f"{dataset}.{kind.value}", f"{settings.lake.catalog}.{dataset}.{kind.value}"
    # The stream makes the table with its first look at the topic; before that the lake holds nothing.
    exists = spark.catalog.tableExists(lake_table)
    lake_days: Days = days_of_lake(spark, lake_table, kind) if exists else {}
    rows = spark.sql(sql("ledger/producers.spark.sql", relation=lake_table)).collect() if exists else []
    lake = {row["producer"]: Held(row["rows"], row["distinct_ids"]) for row in rows}
    postgres_days = days_of_postgres(connection, relation, kind)
    postgres = lake  # the same content has the same producers; counting it in both would only cost time
    if lake_days != postgres_days:
        counted = connection.execute(sql("ledger/producers.postgres.sql", relation=relation).encode()).fetchall()
        postgres = {producer: Held(count, ids) for producer, count, ids in counted}
    return reconcile(dataset, kind, sent, postgres, lake, postgres_days, lake_days)


def _row(finding: Finding) -> dict[str, Any]:
    values = asdict(finding) | {"kind": finding.kind.value, "equal": finding.equal}
    return {key: value for key, value in values.items() if key not in ("complaints", "notes")}


def table(findings: list[Finding]) -> list[str]:
    """The finding as lines that a person reads."""
    head = (
        f"{'kind':<8}{'acked':>12}{'unknown':>9}{'dup.':>9}{'PostgreSQL':>13}{'lake':>13}{'lost':>7}{'twice':>7}  equal"
    )
    rows = [
        f"{f.kind.value:<8}{f.acked:>12,}{f.unknown:>9,}{f.duplicates:>9,}{f.postgres:>13,}{f.lake:>13,}{f.lost:>7,}{f.twice:>7,}"
        f"  {'yes' if f.equal else 'NO'}"
        for f in findings
    ]
    return [head, *rows]
