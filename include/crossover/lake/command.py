"""`crossover compact`: merge the small files of closed day partitions, verify, and report what it cost and gained."""

import argparse
import logging
from dataclasses import asdict
from datetime import UTC, datetime

from crossover.connections import connect_spark
from crossover.errors import BadSetting
from crossover.job import NOTHING_TO_DO, group, write_result
from crossover.lake.compaction import Compaction, compact_table
from crossover.lake.gain import Outlook, measured_rates
from crossover.lake.tables import table_exists
from crossover.records import Kind
from crossover.settings import Settings, checked_dataset

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which dataset, and what is worth it."""
    parser.add_argument("--dataset", default=None, help="default: CROSSOVER_DATASET, else main")
    parser.add_argument("--min-files", type=int, default=5, help="a day with fewer files is left as it is")
    parser.add_argument(
        "--queries",
        type=_queries,
        default=None,
        help="rewrite only the days whose predicted gain over so many coming queries exceeds the predicted cost; "
        "none: every day with enough files",
    )
    parser.add_argument(
        "--now",
        default=None,
        help="the time that decides which days are closed, ISO 8601 with offset; default: the clock",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Compact both tables of the dataset; exit 99 when no day is worth it."""
    dataset = checked_dataset(arguments.dataset or settings.dataset)
    now = _moment(arguments.now)
    outlook = _outlook(arguments.queries, settings)
    spark = connect_spark(settings)
    done: list[Compaction] = []
    for kind in Kind:
        if not table_exists(spark, settings, dataset, kind):
            log.info("%s.%s: the lake has no such table yet", dataset, kind.value)
            continue
        with group(f"compact {dataset}.{kind.value}"):
            compaction = compact_table(
                spark, settings, dataset, kind, now=now, min_files=arguments.min_files, outlook=outlook
            )
            if compaction is not None:
                done.append(compaction)
    spark.stop()
    if not done:
        but = "" if outlook is None else f" and would pay for its rewrite within {outlook.queries:,} queries"
        log.info("nothing to compact: no closed day of %s has %d files or more%s", dataset, arguments.min_files, but)
        return NOTHING_TO_DO
    for line in table(done):
        log.info("%s", line)
    write_result({"dataset": dataset, "tables": [asdict(compaction) for compaction in done]})
    return 0


def _queries(text: str) -> int | None:
    if text == "none":
        return None
    queries = int(text)
    if queries < 1:
        raise argparse.ArgumentTypeError(f"{text}: 1 or more, or none")
    return queries


def _outlook(queries: int | None, settings: Settings) -> Outlook | None:
    if queries is None:
        return None
    rates = measured_rates(settings)
    log.info(
        "predicting for %s queries with %.2f ms a file and query, %.1f MiB/s and %.1f s a day, known from %s",
        f"{queries:,}", 1000 * rates.per_file_seconds, rates.mib_per_second, rates.day_seconds, rates.source,
    )  # fmt: skip
    return Outlook(queries, rates)


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSetting(f"--now {text!r} is not an ISO 8601 time") from error
    if moment.tzinfo is None:
        raise BadSetting(f"--now {text!r} has no offset", cure="write it as 2026-11-23T00:00:00+00:00")
    return moment


def table(done: list[Compaction]) -> list[str]:
    """What was done, as lines that a person reads."""
    head = f"{'table':<40}{'days':>5}{'rows':>13}{'files':>14}{'MiB':>16}{'rewrite':>10}{'verify':>9}{'MiB/s':>8}"
    mib = 2**20
    rows = [
        f"{c.table:<40}{c.days:>5}{c.rows:>13,}{f'{c.files_before} -> {c.files_after}':>14}"
        f"{f'{c.bytes_before / mib:.1f} -> {c.bytes_after / mib:.1f}':>16}{c.rewrite_seconds:>8.1f} s"
        f"{c.verify_seconds:>7.1f} s{c.bytes_before / mib / c.rewrite_seconds:>8.1f}"
        for c in done
    ]
    predictions = [
        f"{c.table}: predicted gain {c.predicted_gain_seconds:.1f} s and cost {c.predicted_cost_seconds:.1f} s; "
        f"the rewrite took {c.rewrite_seconds:.1f} s"
        for c in done
        if c.predicted_gain_seconds is not None and c.predicted_cost_seconds is not None
    ]
    return [head, *rows, *predictions]
