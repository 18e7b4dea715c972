"""One form for the answers of all engines, so that equal answers have equal hashes."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from crossover.engines.base import Answer
from crossover.errors import BadInput


@dataclass(frozen=True)
class Canonical:
    """An answer as text: numbers rounded, times in UTC, rows sorted unless their order is part of the answer."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ordered: bool

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
    rows = [tuple(_text(value, decimals) for value in row) for row in answer.rows]
    return Canonical(answer.columns, tuple(rows if ordered else sorted(rows)), ordered)


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
    # repr of a float is its shortest exact name, so 0.1 does not become 0.1000000000000000055.
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        return str(number)
    with localcontext() as context:
        context.prec = max(50, number.adjusted() + decimals + 2)
        rounded = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    text = format(rounded, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def difference(left: Canonical, right: Canonical, *, names: tuple[str, str], limit: int = 3) -> str:
    """The first rows in which two answers differ, one line each; empty when they are equal."""
    if left == right:
        return ""
    if left.columns != right.columns:
        return f"columns: {names[0]} has {', '.join(left.columns)}; {names[1]} has {', '.join(right.columns)}"
    lines = [f"rows: {names[0]} has {len(left.rows)}, {names[1]} has {len(right.rows)}"]
    if left.ordered:
        pairs = [(n, _row(left.rows, n), _row(right.rows, n)) for n in range(max(len(left.rows), len(right.rows)))]
        unlike = [pair for pair in pairs if pair[1] != pair[2]]
        lines += [f"row {n + 1}: {names[0]} {one}; {names[1]} {other}" for n, one, other in unlike[:limit]]
    else:
        for name, mine, others in ((names[0], left, right), (names[1], right, left)):
            only = sorted((Counter(mine.rows) - Counter(others.rows)).elements())
            lines += [f"only {name}: {' | '.join(row)}" for row in only[:limit]]
    return "\n".join(lines)


def _row(rows: Sequence[tuple[str, ...]], n: int) -> str:
    return " | ".join(rows[n]) if n < len(rows) else "(no such row)"
