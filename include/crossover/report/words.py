"""How the report writes numbers and names. Every figure on the page and in the plots goes through here."""

import math
import re
from collections.abc import Iterable
from typing import Protocol

ENGINE_NAMES = {"postgres": "PostgreSQL", "spark": "Spark", "duckdb": "DuckDB", "datafusion": "DataFusion"}
STORE_NAMES = {**ENGINE_NAMES, "lake": "Lake", "kafka": "Kafka"}

# The two states in which a store is measured: as the stream left it, and as a careful operator keeps it.
KEPT_LAYOUTS = ("indexed", "compacted")
RAW_LAYOUTS = ("heap", "fragmented")


def engine_name(engine: str) -> str:
    """`postgres` -> `PostgreSQL`; an engine without a known name keeps its own."""
    return ENGINE_NAMES.get(engine, engine)


def store_name(store: str) -> str:
    """`lake` -> `Lake`, `postgres` -> `PostgreSQL`."""
    return STORE_NAMES.get(store, store)


def engine_rank(engine: str) -> int:
    """The place of an engine in lists: known ones in the order of ENGINE_NAMES, others after them."""
    known = list(ENGINE_NAMES)
    return known.index(engine) if engine in known else len(known)


class NamedSide(Protocol):
    """An engine in a layout."""

    @property
    def engine(self) -> str:
        """As stored."""

    @property
    def layout(self) -> str:
        """As stored."""


def side_name(side: NamedSide) -> str:
    """`PostgreSQL (indexed)`."""
    return f"{engine_name(side.engine)} ({side.layout})"


def _digits(value: float, digits: int) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.{digits - 1}e}")
    return f"{rounded:.{max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)}f}"


def significant(value: float, digits: int = 3) -> str:
    """`value` with that many significant digits, without exponent and without trailing zeros after the point."""
    text = _digits(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unit(value: float) -> tuple[float, str]:
    """Milliseconds below one second."""
    return (1000, " ms") if value < 0.9995 else (1, " s")


def seconds(value: float) -> str:
    """A measured duration (seconds) with three digits: `4.10 ms`, `410 ms` or `12.3 s`."""
    scale, unit = _unit(value)
    return _digits(value * scale, 3) + unit


def interval(low: float, high: float) -> str:
    """Two durations (seconds) in one unit: `4.02 to 4.31 ms`."""
    scale, unit = _unit(high)
    return f"{_digits(low * scale, 3)} to {_digits(high * scale, 3)}{unit}"


def tick_seconds(value: float) -> str:
    """A duration at an axis: `20 ms`, `500 ms`, `10 s`."""
    scale, unit = _unit(value)
    return significant(value * scale, 1) + unit


def rows(count: float) -> str:
    """A number of rows as `950`, `200 k`, `1.2 M` or `3.4 G`."""
    for unit, size in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if count >= size * 0.9995:
            return significant(count / size) + unit
    return significant(count)


def rows_between(low: float, high: float) -> str:
    """An interval of rows, the unit once where both have the same: `2.7 to 3.6 M`, `900 k to 1.2 M`."""
    return _between(rows(low), rows(high))


def size_between(low: int, high: int) -> str:
    """An interval of bytes: `515 to 536 MB`."""
    return _between(size(low), size(high))


def _between(first: str, last: str) -> str:
    number, _, unit = first.partition(" ")
    return f"{number} to {last}" if unit and last.endswith(f" {unit}") else f"{first} to {last}"


def span(counts: Iterable[int]) -> str:
    """The sizes from the smallest to the largest: `200 k to 2 M rows`; `no size` when there is none."""
    known = sorted(set(counts))
    if not known:
        return "no size"
    return f"{rows(known[0])} rows" if len(known) == 1 else f"{rows(known[0])} to {rows(known[-1])} rows"


def size(count: int | None) -> str:
    """A number of bytes as `512 B`, `3.4 MB` or `1.2 GB` (powers of ten); `not recorded` for None."""
    if count is None:
        return "not recorded"
    for unit, power in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= power:
            return f"{significant(count / power)} {unit}"
    return f"{count} B"


def ratio(value: float) -> str:
    """A ratio of two durations: `1.04`, `1.3`, `27`, `310`."""
    return significant(value, 3 if 1 <= value < 1.995 else 2)


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 size`, `3 sizes`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def counted_number(value: float, noun: str) -> str:
    """`1 core`, `0.5 cores`."""
    return f"{significant(value)} {noun if value == 1 else noun + 's'}"


def listed(items: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def unbroken(text: str) -> str:
    """`text` with no-break spaces between a number and its unit, for text that is set in lines."""
    return re.sub(
        r"(?<=\d) (?=(?:k|M|G|ms|s|%|times|rows)\b|%)", "\u00a0", re.sub(r"(?<=\d [kMG]) rows\b", "\u00a0rows", text)
    )
