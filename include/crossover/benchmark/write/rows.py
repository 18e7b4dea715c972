"""The rows that every write method is given: the generator's own log records, with a place in Kafka."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from crossover.generate.synthesise import BLOCK, records
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.load.rows import Place, with_origin
from crossover.records import Kind
from crossover.wire import Parsed

# A fixed day: the same seed gives the same rows whenever the benchmark runs.
FIRST_DAY_US = 20_454 * DAY_US
DAYS = 4
MESSAGE_RECORDS = 1000


@dataclass(frozen=True)
class Rows:
    """The same rows as Arrow batches, for binary COPY, and as Python tuples, for everything else."""

    batches: tuple[pa.RecordBatch, ...]

    def __len__(self) -> int:
        return sum(batch.num_rows for batch in self.batches)

    @cached_property
    def tuples(self) -> list[tuple[Any, ...]]:
        """One tuple a row, in the order of the stored columns."""
        columns = pa.Table.from_batches(self.batches).to_pydict().values()
        return list(zip(*columns, strict=True))

    def first(self, count: int) -> "Rows":
        """The first `count` rows."""
        return Rows(tuple(pa.Table.from_batches(self.batches).slice(0, count).to_batches()))

    def groups(self, rows: int) -> Iterator[list[pa.RecordBatch]]:
        """The batches in groups of so many rows, the last one smaller."""
        table = pa.Table.from_batches(self.batches)
        for begin in range(0, table.num_rows, rows):
            yield table.slice(begin, rows).to_batches()


def make_rows(count: int, seed: int) -> Rows:
    """`count` log records over four days, ascending in time. The same for the same arguments."""
    world = make_world(seed, start_us=FIRST_DAY_US, days=DAYS, knobs=Knobs())
    made = []
    for block, first in enumerate(range(0, count, BLOCK)):
        size = min(BLOCK, count - first)
        times = world.timestamps(np.random.default_rng([seed, block]), first, size, count)
        batch = records(Kind.LOGS, world, "write", block=block, first_seq=first, timestamps=times)
        for begin in range(0, size, MESSAGE_RECORDS):
            part = batch.slice(begin, MESSAGE_RECORDS)
            indexes = pa.array(np.arange(part.num_rows, dtype=np.int32))
            place = Place("write", 0, (first + begin) // MESSAGE_RECORDS)
            made.append(with_origin(Kind.LOGS, place, Parsed(part, indexes, [])))
    return Rows(tuple(made))
