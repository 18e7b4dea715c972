"""Pure parts: decoded messages to rows with their origin, rows to days, days to the bytes of a binary COPY."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pgpq import ArrowToPostgresBinaryEncoder

from crossover.errors import DataError
from crossover.records import Kind, arrow_schema
from crossover.wire import Parsed, Rejected

_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_SCHEMAS: dict[Kind, pa.Schema] = {kind: arrow_schema(kind.stored_columns) for kind in Kind}


class Gap(DataError):
    """Kafka no longer has, or never had, messages between the last one loaded and the next."""


@dataclass(frozen=True, slots=True)
class Place:
    """A message's place in Kafka."""

    topic: str
    partition: int
    offset: int


@dataclass(slots=True)
class Advance:
    """How far one partition goes in this flush; `expected` is None when PostgreSQL has no offset for it yet."""

    topic: str
    partition: int
    expected: int | None
    next_offset: int
    rows: int = 0
    poison: int = 0


@dataclass(slots=True)
class Flush:
    """What one transaction writes."""

    batches: dict[tuple[str, Kind], list[pa.RecordBatch]] = field(default_factory=dict)
    advances: dict[tuple[str, int], Advance] = field(default_factory=dict)
    dead: list[tuple[str, Kind, Place, Rejected]] = field(default_factory=list)
    rows: int = 0

    def add(self, dataset: str, kind: Kind, place: Place, parsed: Parsed, expected: int | None) -> None:
        """Take one decoded message. `expected` is the partition's offset in PostgreSQL before this flush.

        Raises Gap when the message is not the next one. With no offset in PostgreSQL any first message is the next.
        """
        advance = self.advances.get((place.topic, place.partition)) or Advance(
            place.topic, place.partition, expected, place.offset if expected is None else expected
        )
        if place.offset != advance.next_offset:
            raise Gap(f"offset {advance.next_offset} is missing: Kafka's next is {place.offset}")
        if parsed.batch.num_rows:
            self.batches.setdefault((dataset, kind), []).append(with_origin(kind, place, parsed))
        self.dead += [(dataset, kind, place, bad) for bad in parsed.rejected]
        self.advances[place.topic, place.partition] = advance
        advance.next_offset = place.offset + 1
        advance.rows += parsed.batch.num_rows
        advance.poison += len(parsed.rejected)
        self.rows += parsed.batch.num_rows


def with_origin(kind: Kind, place: Place, parsed: Parsed) -> pa.RecordBatch:
    """The record's columns and where they came from."""
    count = parsed.batch.num_rows
    origin = [
        pa.repeat(pa.scalar(place.partition, pa.int32()), count),
        pa.repeat(pa.scalar(place.offset, pa.int64()), count),
        parsed.indexes,
    ]
    return pa.RecordBatch.from_arrays([*parsed.batch.columns, *origin], schema=_SCHEMAS[kind])


def by_day(batches: list[pa.RecordBatch]) -> dict[date, list[pa.RecordBatch]]:
    """The rows of each UTC day of the record's own time; most often there is one day."""
    days: dict[date, list[pa.RecordBatch]] = {}
    for batch in batches:
        micros = batch.column("timestamp").cast(pa.int64())
        bounds = pc.min_max(micros)
        first, last = bounds["min"].as_py() // _DAY, bounds["max"].as_py() // _DAY
        if first == last:
            days.setdefault(_EPOCH + timedelta(days=first), []).append(batch)
            continue
        numbers = pc.divide(micros, _DAY)  # truncation is floor here: the wire refuses times before 1971
        for number in sorted(pc.unique(numbers).to_pylist()):
            part = batch.filter(pc.equal(numbers, number))
            days.setdefault(_EPOCH + timedelta(days=number), []).append(part)
    return days


def copy_bytes(batches: list[pa.RecordBatch]) -> Iterator[bytes]:
    """PostgreSQL's binary COPY stream of these batches, in pieces."""
    encoder = ArrowToPostgresBinaryEncoder(batches[0].schema)
    yield encoder.write_header()
    for batch in batches:
        yield encoder.write_batch(batch)
    yield encoder.finish()


def partition_name(kind: Kind, day: date) -> str:
    """`logs_p20251123`: the table of one day."""
    return f"{kind}_p{day:%Y%m%d}"
