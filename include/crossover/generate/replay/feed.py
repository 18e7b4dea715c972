"""Log files as a source of batches: each line becomes one record, in order, with a new seq."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from crossover.errors import BadSetting
from crossover.generate import draw, ndjson
from crossover.generate.batch import Batch, fresh_batch
from crossover.generate.replay.entry import Activity, Entry
from crossover.generate.replay.json_lines import json_line
from crossover.generate.replay.reader import LINE_LIMIT, FileCounts, read_lines
from crossover.generate.replay.stamps import Calendar
from crossover.generate.replay.text_lines import apache, level_of_text, log4j, syslog, text_line
from crossover.records import METADATA_COLUMNS, Kind, arrow_schema

Parser = Callable[[str, Calendar], "Entry | Activity | None"]
NO_HOST = "unknown"
# Ingest refuses what is older than 1971; a stamp after now is no less wrong.
EARLIEST_US = 31_536_000 * 1_000_000
SECOND_US = 1_000_000
INT32 = 2**31


def any_line(text: str, calendar: Calendar) -> Entry | Activity | None:
    """Choose the parser by the line itself; None when none fits."""
    return (json_line(text, calendar) if text[0] == "{" else None) or text_line(text, calendar)


PARSERS: dict[str, Parser] = {"auto": any_line, "jsonl": json_line, "apache": apache, "log4j": log4j, "syslog": syslog}


@dataclass(frozen=True)
class Reading:
    """How files are read: the parser (a key of PARSERS), the year for stamps without one, and what counts as now."""

    parser: str
    now_us: int
    year: int | None = None
    line_limit: int = LINE_LIMIT


def entries(path: Path, reading: Reading, counts: FileCounts) -> Iterator[Entry | Activity]:
    """One entry for each line that is not blank, each with a timestamp that ingest takes.

    A line without one takes that of the line before, the first lines that of the file; so does a line whose own is
    before 1971 or in the future, which is counted as restamped and kept in the metadata.
    """
    parse, calendar = PARSERS[reading.parser], Calendar(reading.now_us, reading.year)
    previous = min(max(path.stat().st_mtime_ns // 1000, EARLIEST_US), reading.now_us)
    for text in read_lines(path, counts, limit=reading.line_limit):
        entry = parse(text.lstrip(" \t"), calendar) or Entry("", text, level=level_of_text(text))
        if entry.parser:
            counts.parsed[entry.parser] = counts.parsed.get(entry.parser, 0) + 1
        else:
            counts.unparsed += 1
        if entry.timestamp is not None and not EARLIEST_US <= entry.timestamp <= reading.now_us:
            counts.restamped += 1
            if isinstance(entry, Entry):
                entry.metadata["original_timestamp_us"] = entry.timestamp
            entry.timestamp = None
        entry.timestamp = previous = previous if entry.timestamp is None else entry.timestamp
        yield entry


class ReplaySource:
    """Batches of the files' lines, the whole list `repeat` times, each round moved in time by the file's span."""

    def __init__(
        self, paths: list[Path], reading: Reading, producer: str, *, repeat: int, batch_records: int, body_bytes: int
    ) -> None:
        self.counts = {path: FileCounts() for path in paths}
        self._reading, self._producer = reading, producer
        self._batch_records, self._body_bytes = batch_records, body_bytes
        self._next_seq = dict.fromkeys(Kind, 0)
        self._batches = self._rounds(paths, repeat)

    def take(self) -> Batch | None:
        """The next batch; None at the end."""
        return next(self._batches, None)

    def forgo(self) -> None:
        """Lines of a file are never given up."""

    def counted(self) -> dict[str, dict[str, Any]]:
        """The counts of each file, for the result."""
        return {str(path): asdict(counts) for path, counts in self.counts.items()}

    def _rounds(self, paths: list[Path], repeat: int) -> Iterator[Batch]:
        shifts = {path: round_shifts(path, self._reading, repeat) for path in paths} if repeat > 1 else {}
        for turn in range(repeat):
            for path in paths:
                # The counts are those of one round: the lines are the same in all.
                counts = self.counts[path] if turn == 0 else FileCounts()
                yield from self._file(path, counts, shifts[path][turn] if shifts else 0)

    def _file(self, path: Path, counts: FileCounts, shift_us: int) -> Iterator[Batch]:
        stem = path.name.removesuffix(".gz").partition(".")[0].strip() or "file"
        found = entries(path, self._reading, counts)
        while some := list(islice(found, self._batch_records)):
            for kind in Kind:
                own = [entry for entry in some if entry.kind is kind]
                for entry in own:
                    entry.timestamp = (entry.timestamp or 0) + shift_us
                if own:
                    lines = ndjson.lines(kind, _columns(kind, own, self._producer, self._next_seq[kind], stem))
                    self._next_seq[kind] += len(own)
                    yield from fresh_batch(kind, lines).split(self._batch_records, self._body_bytes)


def round_shifts(path: Path, reading: Reading, repeat: int) -> list[int]:
    """By how many microseconds each round of the file is moved, so that no two rounds overlap in time.

    Forward while all rounds end before now, else backward. Raises BadSetting if there is no room either way.
    """
    stamps = [entry.timestamp or 0 for entry in entries(path, reading, FileCounts())]
    if not stamps:
        return [0] * repeat
    first, last = min(stamps), max(stamps)
    span = last - first + SECOND_US
    if last + (repeat - 1) * span <= reading.now_us:
        return [turn * span for turn in range(repeat)]
    if first - (repeat - 1) * span >= EARLIEST_US:
        return [(turn - repeat + 1) * span for turn in range(repeat)]
    days = span / 86_400 / SECOND_US
    raise BadSetting(f"{path}: {repeat} rounds of {days:.1f} days do not fit between 1971 and now", cure="fewer rounds")


def _columns(kind: Kind, own: "list[Any]", producer: str, first_seq: int, service: str) -> pa.RecordBatch:
    head = [
        draw.event_ids(producer, first_seq, len(own)),
        pa.array([entry.timestamp for entry in own], pa.timestamp("us", tz="UTC")),
    ]
    rest = _log_columns(own, service) if kind is Kind.LOGS else _activity_columns(own)
    schema = arrow_schema(kind.columns)
    return pa.RecordBatch.from_arrays(
        [*head, *(pa.array(values, field.type) for values, field in zip(rest, list(schema)[2:], strict=True))],
        schema=schema,
    )


def _log_columns(own: list[Entry], service: str) -> list[list[Any]]:
    typed = [_typed(entry.metadata) for entry in own]
    return [
        [entry.level for entry in own],
        [entry.service.strip() or service for entry in own],
        [entry.host.strip() or NO_HOST for entry in own],
        [entry.message for entry in own],
        [_json(entry.metadata) if entry.metadata else None for entry in own],
        *([values.get(name) for values in typed] for name in METADATA_COLUMNS),
    ]


def _activity_columns(own: list[Activity]) -> list[list[Any]]:
    return [
        [entry.user_id for entry in own],
        [entry.session_id for entry in own],
        [entry.event_type for entry in own],
        [None if entry.event_data is None else _json(entry.event_data) for entry in own],
        *([entry.device[part] for entry in own] for part in range(3)),
    ]


def _typed(metadata: dict[str, Any]) -> dict[str, Any]:
    """Take the keys that are columns of their own out of `metadata`; one of another type stays, as `KEY_raw`."""
    typed = {}
    for name in METADATA_COLUMNS:
        value = metadata.pop(name, None)
        fit = None if value is None else _fit(name, value)
        if fit is not None:
            typed[name] = fit
        elif value is not None:
            metadata[f"{name}_raw"] = value
    return typed


def _fit(name: str, value: Any) -> Any:
    if name not in ("status_code", "response_time_ms"):
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if name == "response_time_ms":
        return float(value) if abs(value) < 1e15 else None
    return value if isinstance(value, int) and abs(value) < INT32 else None


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def now_us() -> int:
    """The wall clock in microseconds since epoch."""
    return time.time_ns() // 1000
