"""Synthetic records as a source of batches: blocks of 10,000 records, woven with duplicates and broken records.

Same seed, shard, producer, counts, span and knobs: same bytes on one version of numpy, whatever the batch size.
A block's random numbers depend on nothing before it; a batch never crosses a block's end, so that a record and its
duplicate never meet in one request, where ingest would refuse the second.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from crossover.generate import ndjson
from crossover.generate.batch import BROKEN, DUPLICATE, FRESH, Batch, fresh_batch
from crossover.generate.broken import break_line
from crossover.generate.events import event_records
from crossover.generate.logs import log_records
from crossover.generate.world import Integers, World
from crossover.records import Kind

BLOCK = 10_000


def records(
    kind: Kind, world: World, producer: str, *, block: int, first_seq: int, timestamps: Integers
) -> pa.RecordBatch:
    """Good records of `kind`, one for each timestamp (microseconds since epoch)."""
    make = log_records if kind is Kind.LOGS else event_records
    return make(world, producer, block=block, first_seq=first_seq, timestamps=timestamps)


def blocks(kind: Kind, world: World, producer: str, total: int) -> Iterator[Batch]:
    """All lines of a run of `total` good records in blocks; the seqs of good records are 0 .. total - 1.

    Duplicates of a block's records stand in the next block; those of the last one stand in a block of their own.
    Broken records have ids of their own (`PRODUCER:broken-BLOCK-N`) and take no seq.
    """
    before = pa.array([], pa.string())
    for block, first in enumerate(range(0, total, BLOCK)):
        rng = np.random.default_rng([world.seed, world.shard, list(Kind).index(kind), block, 1])
        count = min(BLOCK, total - first)
        timestamps = world.timestamps(rng, first, count, total)
        good = records(kind, world, producer, block=block, first_seq=first, timestamps=timestamps)
        lines = ndjson.lines(kind, good)
        yield _weave(kind, world, rng, lines, before, f"{producer}:broken-{block}")
        before = lines
    rng = np.random.default_rng([world.seed, world.shard, list(Kind).index(kind), 2])
    tail = _again(world, rng, before)
    if len(tail):
        yield Batch(kind, tail, np.full(len(tail), DUPLICATE, dtype=np.uint8))


def _again(world: World, rng: np.random.Generator, lines: pa.StringArray) -> pa.StringArray:
    return lines.filter(pa.array(rng.random(len(lines)) < world.knobs.duplicate_rate))


def _weave(
    kind: Kind, world: World, rng: np.random.Generator, lines: pa.StringArray, before: pa.StringArray, broken_id: str
) -> Batch:
    """The lines in their order, with duplicates of the lines before and broken copies mixed in among them."""
    if not (world.knobs.duplicate_rate or world.knobs.broken_rate):
        return fresh_batch(kind, lines)
    again = _again(world, rng, before)
    victims = lines.filter(pa.array(rng.random(len(lines)) < world.knobs.broken_rate)).to_pylist()
    ways = rng.integers(0, 2**31, len(victims)).tolist()
    bad = [break_line(line, ways[n], f"{broken_id}-{n}") for n, line in enumerate(victims)]
    broken = pa.array(bad, pa.string())
    places = np.concatenate((np.arange(len(lines)), rng.random(len(again) + len(broken)) * len(lines)))
    order = np.argsort(places, kind="stable")
    marks = np.repeat(np.array([FRESH, DUPLICATE, BROKEN], dtype=np.uint8), [len(lines), len(again), len(broken)])
    return Batch(kind, pa.concat_arrays([lines, again, broken]).take(pa.array(order)), marks[order])


class SyntheticSource:
    """Batches of one kind, at most `batch_records` lines and `body_bytes` bytes each."""

    def __init__(
        self, kind: Kind, world: World, producer: str, total: int, *, batch_records: int, body_bytes: int
    ) -> None:
        self.kind, self.total, self.left, self.batch_records = kind, total, total, batch_records
        self.forgone = 0
        self._batches = (
            batch for block in blocks(kind, world, producer, total) for batch in block.split(batch_records, body_bytes)
        )

    def take(self) -> Batch | None:
        """The next batch; None at the end, which comes sooner by what was forgone."""
        batch = next(self._batches, None) if self.left or not self.forgone else None
        if batch is not None:
            batch = batch if batch.fresh <= self.left else batch.up_to_fresh(self.left)
            self.left -= batch.fresh
        return batch

    def forgo(self) -> tuple[Kind, int] | None:
        """Give up one batch's worth of new records at the end: the seqs that are sent stay dense."""
        given_up = min(self.batch_records, self.left)
        self.left -= given_up
        self.forgone += given_up
        return (self.kind, given_up) if given_up else None


class LiveSource:
    """Batches whose event time is now: `total` records, or without end. Sessions of events lie within a batch."""

    def __init__(
        self,
        kind: Kind,
        world: World,
        producer: str,
        total: int | None,
        *,
        batch_records: int,
        first_block: int,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.kind, self.batch_records = kind, batch_records
        self.total = self.left = sys.maxsize if total is None else total
        self._world, self._producer, self._now_us = world, producer, now_us
        self._block, self._seq = first_block, 0
        self._told_until = now_us()

    def take(self) -> Batch | None:
        """The next batch, its timestamps spread between the last batch and now; None when the total is reached."""
        count = min(self.batch_records, self.left)
        if not count:
            return None
        now = max(self._now_us(), self._told_until)
        timestamps = np.linspace(self._told_until, now, count).astype(np.int64)
        batch = records(
            self.kind, self._world, self._producer, block=self._block, first_seq=self._seq, timestamps=timestamps
        )
        self._told_until, self._block, self._seq = now, self._block + 1, self._seq + count
        self.left -= count
        return fresh_batch(self.kind, ndjson.lines(self.kind, batch))

    def forgo(self) -> tuple[Kind, int] | None:
        """Give up one batch."""
        given_up = min(self.batch_records, self.left)
        self.left -= given_up
        return (self.kind, given_up) if given_up else None


class MixedSource:
    """Several sources side by side, each drawn from in proportion to its size."""

    def __init__(self, sources: "Sequence[SyntheticSource | LiveSource]") -> None:
        self.sources = list(sources)

    def _furthest_behind(self) -> "SyntheticSource | LiveSource | None":
        return max(self.sources, key=lambda source: source.left / max(source.total, 1), default=None)

    def take(self) -> Batch | None:
        """The next batch of the source that is furthest behind; None when all have ended."""
        while source := self._furthest_behind():
            batch = source.take()
            if batch is not None:
                return batch
            self.sources.remove(source)
        return None

    def forgo(self) -> tuple[Kind, int] | None:
        """Give up one send of the source that is furthest behind."""
        source = self._furthest_behind()
        return source.forgo() if source else None
