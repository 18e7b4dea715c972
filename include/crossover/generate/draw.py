"""Vectorised draws of text: indices are drawn, strings are only looked up."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crossover.generate.world import Floats, Integers

SLOTS = 8192


def slots(weights: Floats) -> NDArray[np.intp]:
    """A table of SLOTS choices in which choice i fills a part equal to its weight: one draw is one look-up."""
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(edges, (np.arange(SLOTS) + 0.5) / SLOTS), len(weights) - 1)


def choose(table: NDArray[np.intp], uniform: Floats) -> NDArray[np.intp]:
    """Look uniform draws (0..1) up in a table made by `slots`."""
    return table[(uniform * SLOTS).astype(np.intp)]


def take(values: pa.StringArray, indices: NDArray[np.intp]) -> pa.StringArray:
    """The strings at these indices."""
    return values.take(pa.array(indices))


def join(*parts: "pa.Array | str") -> pa.StringArray:
    """Concatenate columns and constants row by row; a null anywhere makes the row null."""
    return pc.binary_join_element_wise(*parts, "")


def digits(numbers: "Integers | NDArray[np.intp] | Floats") -> pa.StringArray:
    """Decimal text of numbers."""
    return pc.cast(pa.array(numbers), pa.string())


def hex_words(rng: np.random.Generator, count: int, width: int) -> pa.StringArray:
    """Random lower-case hexadecimal words of `width` (even) characters."""
    text = rng.bytes(count * width // 2).hex().encode()
    offsets = np.arange(0, count * width + 1, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def event_ids(producer: str, first: int, count: int) -> pa.StringArray:
    """`PRODUCER:SEQ` for consecutive seqs, as `records.event_id` makes them."""
    return join(f"{producer}:", digits(np.arange(first, first + count)))


def timestamps(microseconds: Integers) -> pa.TimestampArray:
    """UTC timestamps from microseconds since epoch."""
    return pa.array(microseconds).cast(pa.timestamp("us", tz="UTC"))
