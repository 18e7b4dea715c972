"""What was measured, on what, and how it was set: the tables at the end of the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossover.benchmark.results import Cell, Run
from crossover.report import words


@dataclass(frozen=True)
class Fact:
    """One named value. `varies`: cells of this run have different values, all are listed."""

    name: str
    value: str
    varies: bool = False


@dataclass(frozen=True)
class FactTable:
    """A titled list of facts."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Holding:
    """What one engine held in one layout at one size of the ladder."""

    rows: int
    engine: str
    layout: str
    bytes: int | None
    files: int | None

    @property
    def bytes_per_row(self) -> float | None:
        """Bytes a row, None when the bytes are not recorded."""
        return self.bytes / self.rows if self.bytes and self.rows else None


def configurations(run: Run) -> list[FactTable]:
    """Each engine's configuration as read back from the server."""
    engines = sorted({cell.engine for cell in run.cells}, key=words.engine_rank)
    return [FactTable(words.engine_name(e), _configuration([c for c in run.cells if c.engine == e])) for e in engines]


def _configuration(cells: Sequence[Cell]) -> tuple[Fact, ...]:
    values: dict[str, list[str]] = {}
    for cell in cells:
        for key, value in cell.configuration.items():
            known = values.setdefault(key, [])
            if str(value) not in known:
                known.append(str(value))
    return tuple(Fact(key, ", ".join(found), len(found) > 1) for key, found in sorted(values.items()))


def environment(run: Run) -> FactTable:
    """Machine, versions and revision as the benchmark recorded them."""
    return FactTable("Environment", tuple(Fact(key, str(value)) for key, value in run.environment.items()))


def run_settings(run: Run) -> FactTable:
    """The run's settings, nested names joined by dots."""
    return FactTable("Run settings", tuple(_flat(run.settings)))


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[Fact]:
    facts = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            facts += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            facts.append(Fact(prefix + key, ", ".join(_item(item) for item in value)))
        else:
            facts.append(Fact(prefix + key, value if isinstance(value, str) else json.dumps(value, default=str)))
    return facts


def _item(value: Any) -> str:
    return " ".join(str(part) for part in value.values()) if isinstance(value, Mapping) else str(value)


def holdings(run: Run) -> list[Holding]:
    """Rows, bytes and files of each size, engine and layout, smallest first."""
    found = {(c.rows, c.engine, c.layout): Holding(c.rows, c.engine, c.layout, c.bytes, c.files) for c in run.cells}
    return [found[key] for key in sorted(found, key=lambda key: (key[0], words.engine_rank(key[1]), key))]
