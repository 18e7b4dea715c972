"""`crossover generate`: send synthetic records, or write them to a file."""

import argparse
from datetime import UTC, date, datetime, timedelta

from crossover.errors import BadSetting
from crossover.generate.schedule import Schedule
from crossover.generate.sending import (
    add_sending_arguments,
    at_least,
    begin_delivery,
    checked_sending,
    deliver,
    write_file,
)
from crossover.generate.synthesise import BLOCK, MixedSource, SyntheticSource
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.job import Progress, stop_on_signal
from crossover.records import Kind
from crossover.settings import Settings

EPOCH = date(1970, 1, 1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `crossover generate`."""
    parser.add_argument("--logs", type=int, default=100_000, help="good log records in all")
    parser.add_argument("--events", type=int, default=0, help="good activity events in all")
    parser.add_argument("--seed", type=int, default=1, help="same seed and options, same records")
    parser.add_argument("--span-days", type=int, default=7, help="days of event time that the records cover")
    parser.add_argument(
        "--end", type=date.fromisoformat, help="UTC day at whose start event time ends (default: today)"
    )
    parser.add_argument("--error-rate", type=float, default=0.05, help="share of ERROR and FATAL records")
    parser.add_argument("--late-rate", type=float, default=0.0, help="share of records 1 to 12 hours out of order")
    parser.add_argument("--duplicate-rate", type=float, default=0.0, help="share of records sent a second time")
    parser.add_argument("--broken-rate", type=float, default=0.0, help="broken records sent, as a share of good ones")
    parser.add_argument("--shard", type=int, default=0, help="which share of the run this process takes, from 0")
    parser.add_argument("--shards", type=int, default=1, help="into how many shares records and rate are divided")
    add_sending_arguments(parser)


def synthetic_source(arguments: argparse.Namespace, settings: Settings, producer: str) -> MixedSource:
    """The records that these arguments ask for. Raises BadSetting."""
    for name, least in (("logs", 0), ("events", 0), ("seed", 0), ("span_days", 1), ("shards", 1), ("shard", 0)):
        at_least(arguments, name, least)
    if arguments.shard >= arguments.shards:
        raise BadSetting(f"--shard {arguments.shard}: must be below --shards {arguments.shards}")
    end = arguments.end or datetime.now(UTC).date()
    start = end - timedelta(days=arguments.span_days)
    knobs = Knobs(arguments.error_rate, arguments.late_rate, arguments.duplicate_rate, arguments.broken_rate)
    world = make_world(
        arguments.seed,
        start_us=(start - EPOCH).days * DAY_US,
        days=arguments.span_days,
        knobs=knobs,
        shard=arguments.shard,
    )
    totals = {Kind.LOGS: arguments.logs, Kind.EVENTS: arguments.events}
    return MixedSource([
        SyntheticSource(
            kind,
            world,
            producer,
            share_of(total, arguments.shard, arguments.shards),
            batch_records=min(arguments.batch, BLOCK),
            body_bytes=settings.ingest.max_body_bytes,
        )
        for kind, total in totals.items()
    ])


def share_of(total: int, shard: int, shards: int) -> int:
    """How many of `total` records this shard makes; the shards' shares add up to the total."""
    return total * (shard + 1) // shards - total * shard // shards


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Send the records; 0 when all were acknowledged as meant, 3 when the fate of some is unknown, 4 otherwise."""
    if arguments.producer and arguments.shards > 1:
        # Pods share their arguments, but two senders must never share a name.
        arguments.producer += f"-{arguments.shard}"
    sending = checked_sending(arguments, settings, "gen")
    source = synthetic_source(arguments, settings, sending.producer)
    if sending.dry_run:
        return write_file(source, sending.dry_run)
    stop = stop_on_signal()
    schedule = Schedule(sending.rate / arguments.shards, wait=stop.wait)
    delivery = begin_delivery(source, schedule, sending, settings, stop)
    progress = Progress(f"generate {sending.producer}", sum(part.total for part in source.sources))
    return deliver(delivery, progress, sending.producer)
