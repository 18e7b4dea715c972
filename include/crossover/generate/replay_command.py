"""`crossover replay`: send the lines of real log files."""

import argparse
import logging
from dataclasses import asdict
from pathlib import Path

from crossover.errors import BadInput, BadSetting
from crossover.generate.replay.feed import PARSERS, Reading, ReplaySource, now_us
from crossover.generate.replay.reader import LINE_LIMIT, FileCounts
from crossover.generate.schedule import Schedule
from crossover.generate.sending import (
    add_sending_arguments,
    at_least,
    begin_delivery,
    checked_sending,
    deliver,
    write_file,
)
from crossover.job import Progress, stop_on_signal
from crossover.settings import Settings

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `crossover replay`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="log files, plain or .gz")
    parser.add_argument("--repeat", type=int, default=1, help="rounds; each is moved in time by the file's span")
    parser.add_argument("--kind", choices=sorted(PARSERS), default="auto", help="the only parser to try")
    parser.add_argument("--year", type=int, help="year of stamps without one (default: the latest that is not to come)")
    add_sending_arguments(parser)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Send the lines; exit code as for `generate`, 2 when a file is damaged (what could be read of it is sent)."""
    sending = checked_sending(arguments, settings, "replay")
    at_least(arguments, "repeat", 1)
    if arguments.year is not None and not 1971 <= arguments.year <= 9998:
        raise BadSetting(f"--year {arguments.year}: must be from 1971 to 9998")
    source = ReplaySource(
        _readable(arguments.files),
        Reading(arguments.kind, now_us(), arguments.year, min(LINE_LIMIT, settings.ingest.max_record_bytes // 4)),
        sending.producer,
        repeat=arguments.repeat,
        batch_records=sending.batch,
        body_bytes=settings.ingest.max_body_bytes,
    )
    if sending.dry_run:
        code = write_file(source, sending.dry_run)
    else:
        stop = stop_on_signal()
        # The lines of a file are sent late rather than not at all.
        schedule = Schedule(sending.rate, wait=stop.wait, patience_seconds=None)
        delivery = begin_delivery(source, schedule, sending, settings, stop)
        code = deliver(
            delivery,
            Progress(f"replay {sending.producer}", None),
            sending.producer,
            lambda: {"files": source.counted()},
        )
    for path, counts in source.counts.items():
        log.info("%s", told(path, counts))
    damaged = [f"{path} ({counts.damage})" for path, counts in source.counts.items() if counts.damage]
    if damaged:
        raise BadInput(f"damaged, sent up to the damage: {', '.join(damaged)}")
    return code


def _readable(paths: list[Path]) -> list[Path]:
    """The same paths, if each is a file that can be read and named once. Raises BadInput."""
    for path in paths:
        if paths.count(path) > 1:
            raise BadInput(f"{path} is named twice", cure="use --repeat")
        try:
            with path.open("rb"):
                if not path.is_file():
                    raise BadInput(f"{path} is no regular file")
        except OSError as error:
            raise BadInput(f"cannot read {path}: {error.strerror}") from error
    return paths


def told(path: Path, counts: FileCounts) -> str:
    """One line on what became of the file's lines in a round."""
    parsed = ", ".join(f"{number:,} {parser}" for parser, number in sorted(counts.parsed.items()))
    rest = {
        name: value for name, value in asdict(counts).items() if isinstance(value, int) and value and name != "lines"
    }
    parts = [part for part in (parsed, *(f"{value:,} {name}" for name, value in rest.items())) if part]
    return f"{path}: {counts.lines:,} lines: {', '.join(parts) or 'nothing'}"
