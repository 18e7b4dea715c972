"""What is posted at once: lines of NDJSON, each marked as new, sent again on purpose, or broken on purpose."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crossover.generate import ndjson
from crossover.records import Kind

FRESH, DUPLICATE, BROKEN = range(3)


@dataclass(frozen=True)
class Batch:
    """Lines of one kind, each with its line feed, and one mark a line."""

    kind: Kind
    lines: pa.StringArray
    marks: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def body(self) -> memoryview:
        """The bytes to post."""
        return ndjson.body(self.lines)

    @property
    def fresh(self) -> int:
        """How many records are sent for the first time."""
        return int((self.marks == FRESH).sum())

    @property
    def broken(self) -> int:
        """How many records ingest has to reject."""
        return int((self.marks == BROKEN).sum())

    def part(self, begin: int, end: int) -> "Batch":
        """Lines begin .. end, without a copy."""
        return Batch(self.kind, self.lines[begin:end], self.marks[begin:end])

    def up_to_fresh(self, count: int) -> "Batch":
        """The first lines, as many as hold `count` new records."""
        return self.part(0, int(np.searchsorted(np.cumsum(self.marks == FRESH), count)) + 1 if count else 0)

    def split(self, records: int, body_bytes: int) -> Iterator["Batch"]:
        """Nearly equal parts of at most `records` lines and `body_bytes` bytes; one line alone may be bigger."""
        parts = -(-len(self) // records)
        edges = [len(self) * part // parts for part in range(parts + 1)] if parts else []
        for begin, end in pairwise(edges):
            part = self.part(begin, end)
            if len(part) > 1 and len(part.body) > body_bytes:
                yield from part.split((len(part) + 1) // 2, body_bytes)
            else:
                yield part


def fresh_batch(kind: Kind, lines: pa.StringArray) -> Batch:
    """A batch of new records only."""
    return Batch(kind, lines, np.full(len(lines), FRESH, dtype=np.uint8))


class Source(Protocol):
    """Where senders take batches from; called by one thread at a time."""

    def take(self) -> Batch | None:
        """The next batch; None at the end."""

    def forgo(self) -> tuple[Kind, int] | None:
        """Give up one send of this kind: that many fewer new records come at the end. None at the end."""
