"""What the commands that send have in common: their options, the run, its summary and exit code."""

import argparse
import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from crossover.errors import BadSetting, DataError
from crossover.generate.batch import Source
from crossover.generate.schedule import Schedule
from crossover.generate.send import Delivery, Target
from crossover.job import STOPPED, Progress, write_result
from crossover.records import Kind
from crossover.settings import Settings, checked_dataset
from crossover.tally import Tally, save_tally

log = logging.getLogger(__name__)

UNANSWERED = 3
OTHERWISE_THAN_MEANT = DataError.exit_code


def add_sending_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that generate and replay share."""
    parser.add_argument(
        "--rate", type=float, default=0.0, help="records a second; 0 = as fast as they are acknowledged"
    )
    parser.add_argument("--batch", type=int, default=1000, help="records in one request")
    parser.add_argument("--connections", type=int, default=4, help="requests under way at once")
    parser.add_argument(
        "--deadline", type=float, default=120.0, help="seconds for which an unanswered batch is retried"
    )
    parser.add_argument("--producer", help="name of this sender, unique for ever (default: random)")
    parser.add_argument("--dataset", help="dataset to send to (default: the setting)")
    parser.add_argument("--dry-run", type=Path, metavar="FILE", help="write the NDJSON lines to FILE, send nothing")


@dataclass(frozen=True)
class Sending:
    """The options that generate and replay share, checked."""

    rate: float
    batch: int
    target: Target
    producer: str
    dry_run: Path | None


def checked_sending(arguments: argparse.Namespace, settings: Settings, prefix: str) -> Sending:
    """Check the shared options. Raises BadSetting."""
    at_least(arguments, "batch", 1)
    at_least(arguments, "connections", 1)
    at_least(arguments, "rate", 0)
    at_least(arguments, "deadline", 0)
    if arguments.batch > settings.ingest.max_records:
        raise BadSetting(f"--batch {arguments.batch}: ingest takes {settings.ingest.max_records} records a request")
    producer = arguments.producer or f"{prefix}-{secrets.token_hex(4)}"
    if not producer.isascii() or not producer.replace("-", "").replace("_", "").isalnum() or len(producer) > 100:
        raise BadSetting(f"--producer {producer!r}: use 1-100 of letters, digits, - and _")
    try:
        dataset = checked_dataset(arguments.dataset or settings.dataset)
    except ValueError as error:
        raise BadSetting(f"--dataset: {error}") from error
    target = Target(settings.ingest.url, dataset, arguments.connections, arguments.deadline)
    return Sending(arguments.rate, arguments.batch, target, producer, arguments.dry_run)


def at_least(arguments: argparse.Namespace, name: str, least: int) -> None:
    """Raise BadSetting if the option is below `least`, or not a number."""
    value = getattr(arguments, name)
    if not least <= value < math.inf:
        raise BadSetting(f"--{name.replace('_', '-')} {value}: must be at least {least}, and finite")


def begin_delivery(
    source: Source, schedule: Schedule, sending: Sending, settings: Settings, stop: threading.Event
) -> Delivery:
    """A delivery whose tallies go to the ledger."""
    tallies = {kind: Tally(sending.target.dataset, kind, sending.producer) for kind in Kind}
    return Delivery(source, schedule, sending.target, tallies, stop=stop, save=partial(save_tally, settings=settings))


def deliver(delivery: Delivery, progress: Progress, producer: str, details: Callable[[], dict[str, Any]] = dict) -> int:
    """Run the delivery to its end, log and leave the summary (`details` of the end in it), and return the exit code."""
    started = time.monotonic()
    try:
        delivery.run(progress)
    finally:
        seconds = time.monotonic() - started
        acked = delivery.total("acked")
        counts = {str(kind): _counts(tally) for kind, tally in delivery.tallies.items()}
        log.info(
            "%s: %s acked of %s sent in %.1f s (%s/s), %s rejected, %s unknown, %s missed",
            producer, f"{acked:,}", f"{delivery.total('sent'):,}", seconds, f"{acked / max(seconds, 1e-9):,.0f}",
            f"{delivery.total('rejected'):,}", f"{delivery.total('unknown'):,}", f"{delivery.total('missed'):,}",
        )  # fmt: skip
        write_result({
            "producer": producer,
            **counts,
            "seconds": round(seconds, 3),
            "records_per_second": round(acked / max(seconds, 1e-9), 1),
            "missed": delivery.total("missed"),
            **details(),
        })
    return _exit_code(delivery)


def _counts(tally: Tally) -> dict[str, int]:
    return {name: value for name, value in asdict(tally).items() if type(value) is int}


def _exit_code(delivery: Delivery) -> int:
    unexpected = delivery.unexpected
    if unexpected.rejected:
        log.error("ingest rejected %d good records, the first because: %s", unexpected.rejected, unexpected.example)
    if unexpected.accepted:
        log.error("ingest accepted %d records that were broken on purpose", unexpected.accepted)
    if delivery.total("unknown"):
        log.error("%d records were never answered: they may or may not be stored", delivery.total("unknown"))
        return UNANSWERED
    if unexpected.rejected or unexpected.accepted:
        return OTHERWISE_THAN_MEANT
    return STOPPED if delivery.cut_short else 0


def write_file(source: Source, path: Path) -> int:
    """Write a source's lines to a file instead of sending them; returns the exit code."""
    lines = size = 0
    with path.open("wb") as file:
        while batch := source.take():
            size += file.write(batch.body)
            lines += len(batch)
    log.info("%s: %s lines, %s bytes", path, f"{lines:,}", f"{size:,}")
    return 0
