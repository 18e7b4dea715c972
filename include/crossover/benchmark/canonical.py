"""One form for the answers of all engines: equal answers have equal hashes, and unequal hashes are looked at again.

A hash is all or nothing: of two sums that differ in their last bit, one may be rounded up and the other down. Answers
with unequal hashes are therefore compared row by row, numbers within a relative tolerance; what is still unlike is
shown.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import islice
from typing import Any

from crossover.engines.base import Answer
from crossover.errors import BadInput

# Sums and means of doubles in another order differ by some 1e-16 a step: this allows for millions of steps, and is far
# below any difference that a wrong row could make to a mean.
TOLERANCE = 1e-9
# Rows that no row of the other answer equals are compared with each other, all against all. So many are no rounding.
MOST_UNLIKE = 2000

Exact = str | int | float | Decimal


@dataclass(frozen=True)
class Canonical:
    """An answer as text: numbers rounded, times in UTC, rows sorted unless their order is part of the answer.

    `exact` has the same rows with their numbers as the engine gave them.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ordered: bool
    exact: tuple[tuple[Exact, ...], ...] = field(default=(), compare=False, repr=False)

    @property
    def hash(self) -> str:
        """SHA-256 over columns and rows, in hexadecimal."""
        digest = hashlib.sha256()
        for row in (self.columns, *self.rows):
            digest.update(("\t".join(row) + "\n").encode())
        return digest.hexdigest()


def canonical(answer: Answer, *, ordered: bool, decimals: int) -> Canonical:
    """Bring an answer into the common form. A 12, a 12.0 and a Decimal('12.00') are the same number.

    Raises:
        BadInput: a value has no common form (a time without a zone, a nested value).
    """
    pairs = [(tuple(_text(value, decimals) for value in row), row) for row in answer.rows]
    if not ordered:
        pairs.sort(key=lambda pair: pair[0])
    return Canonical(
        answer.columns,
        tuple(texts for texts, _ in pairs),
        ordered,
        tuple(tuple(map(_exact, texts, row)) for texts, row in pairs),
    )


def _exact(text: str, value: Any) -> Exact:
    return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else text


def _text(value: Any, decimals: int) -> str:
    # Text is quoted and escaped, so no text can look like a number, a NULL, or two cells.
    if value is None:
        return "null"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        return _number(value, decimals)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadInput(f"the answer holds a time without a zone: {value}")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise BadInput(f"the answer holds a {type(value).__name__}; a case must return plain columns")


def _number(value: float | Decimal, decimals: int) -> str:
    number = _decimal(value)
    if not number.is_finite():
        return str(number)
    with localcontext() as context:
        context.prec = max(50, number.adjusted() + decimals + 2)
        rounded = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    text = format(rounded, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _decimal(value: float | Decimal) -> Decimal:
    # repr of a float is its shortest exact name, so 0.1 does not become 0.1000000000000000055.
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def difference(
    left: Canonical, right: Canonical, *, names: tuple[str, str], limit: int = 3, tolerance: float = TOLERANCE
) -> str:
    """The first rows in which two answers differ, one line each; empty when they are equal within the tolerance.

    `tolerance` is relative and for numbers that are computed: two whole numbers of an exact type (a count) must be the
    same. In an ordered answer, rows may change places only where noise below the tolerance decides their order.
    """
    if left == right:
        return ""
    if left.columns != right.columns:
        return f"columns: {names[0]} has {', '.join(left.columns)}; {names[1]} has {', '.join(right.columns)}"
    compare = _ordered if left.ordered else _unordered
    lines = compare(left, right, names, limit, tolerance)
    head = f"rows: {names[0]} has {len(left.rows)}, {names[1]} has {len(right.rows)}"
    return "\n".join([head, *lines]) if lines else ""


def _ordered(left: Canonical, right: Canonical, names: tuple[str, str], limit: int, tolerance: float) -> list[str]:
    unlike = islice(_unlike_places(_entries(left), _entries(right), tolerance), limit)
    return [f"row {n + 1}: {names[0]} {_row(left.rows, n)}; {names[1]} {_row(right.rows, n)}" for n in unlike]


def _unordered(left: Canonical, right: Canonical, names: tuple[str, str], limit: int, tolerance: float) -> list[str]:
    mine, others = _surplus(left, right), _surplus(right, left)
    if max(len(mine), len(others)) <= MOST_UNLIKE:
        mine, others = _unmatched(mine, others, tolerance)
    return [
        f"only {name}: {' | '.join(entry.texts)}"
        for name, entries in zip(names, (mine, others), strict=True)
        for entry in entries[:limit]
    ]


def _row(rows: Sequence[tuple[str, ...]], n: int) -> str:
    return " | ".join(rows[n]) if n < len(rows) else "(no such row)"


@dataclass(frozen=True)
class _Entry:
    """One row in both forms."""

    texts: tuple[str, ...]
    exact: tuple[Exact, ...]

    @property
    def words(self) -> tuple[str | None, ...]:
        """The row without its numbers: what tolerance does not touch."""
        return tuple(value if isinstance(value, str) else None for value in self.exact)


def _entries(answer: Canonical) -> list[_Entry]:
    return list(map(_Entry, answer.rows, answer.exact or answer.rows))


def _equal(left: _Entry, right: _Entry, tolerance: float) -> bool:
    return all(
        a == b or _near(x, y, tolerance)
        for a, b, x, y in zip(left.texts, right.texts, left.exact, right.exact, strict=True)
    )


def _near(left: Exact, right: Exact, tolerance: float) -> bool:
    if isinstance(left, str) or isinstance(right, str) or (_counted(left) and _counted(right)):
        return False
    a, b = _decimal(left), _decimal(right)
    if not (a.is_finite() and b.is_finite()):
        return False
    with localcontext() as context:
        context.prec = 50
        return abs(a - b) <= Decimal(repr(tolerance)) * max(abs(a), abs(b))


def _counted(value: float | Decimal) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, int)


def _surplus(left: Canonical, right: Canonical) -> list[_Entry]:
    """Rows of `left` beyond those that `right` has with the same text."""
    there = Counter(right.rows)
    surplus = []
    for entry in _entries(left):
        if there[entry.texts]:
            there[entry.texts] -= 1
        else:
            surplus.append(entry)
    return surplus


def _unmatched(left: list[_Entry], right: list[_Entry], tolerance: float) -> tuple[list[_Entry], list[_Entry]]:
    """What is left of both when rows that are equal within the tolerance have been taken away in pairs."""
    waiting: defaultdict[tuple[str | None, ...], list[_Entry]] = defaultdict(list)
    for entry in right:
        waiting[entry.words].append(entry)
    alone = []
    for entry in left:
        same = waiting[entry.words]
        partner = next((n for n, other in enumerate(same) if _equal(entry, other, tolerance)), None)
        if partner is None:
            alone.append(entry)
        else:
            del same[partner]
    return alone, sorted((entry for entries in waiting.values() for entry in entries), key=lambda entry: entry.texts)


def _unlike_places(left: list[_Entry], right: list[_Entry], tolerance: float) -> Iterator[int]:
    """Places (from 0) at which two ordered answers differ."""
    shared, place = min(len(left), len(right)), 0
    keys = [n for n in range(len(left[0].exact)) if _in_order(left, n) and _in_order(right, n)] if shared else []
    while place < shared:
        if _equal(left[place], right[place], tolerance):
            place += 1
        elif moved := _moved_by_noise(left[place:], right[place:], keys, tolerance):
            place += moved
        else:
            yield place
            place += 1
    yield from range(shared, max(len(left), len(right)))


def _in_order(entries: list[_Entry], column: int) -> bool:
    values = [entry.exact[column] for entry in entries]
    numbers = [_decimal(value) for value in values if not isinstance(value, str)]
    if len(numbers) < len(values) or not all(number.is_finite() for number in numbers):
        return False
    return numbers in (sorted(numbers), sorted(numbers, reverse=True))


def _moved_by_noise(left: list[_Entry], right: list[_Entry], keys: list[int], tolerance: float) -> int:
    """How many rows from the first on are the same ones in another order, for no more reason than noise; 0 = none.

    That is so if a number by which the answer may be ordered is equal in all of them, but only within the tolerance:
    had it been exactly equal, the next column of the order would have decided, in both engines alike.
    """
    for count in range(2, min(len(left), len(right)) + 1):
        rows = [*left[:count], *right[:count]]
        keys = [n for n in keys if all(_same(rows[0].exact[n], row.exact[n], tolerance) for row in rows)]
        if not keys:
            return 0
        noisy = any(row.exact[n] != rows[0].exact[n] for n in keys for row in rows)
        if noisy and _unmatched(left[:count], right[:count], tolerance) == ([], []):
            return count
    return 0


def _same(left: Exact, right: Exact, tolerance: float) -> bool:
    return left == right or _near(left, right, tolerance)
