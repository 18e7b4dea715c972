"""What a part of the report is: a title, a few sentences, panels with one chart each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crossover.benchmark.results import Figure, Run
from crossover.report.charts import CaseChart, ChangeChart
from crossover.report.shapes import BarChart, HeatMap, ShareChart, SmallChart

Chart = CaseChart | ChangeChart | BarChart | ShareChart | HeatMap | SmallChart


@dataclass(frozen=True)
class Panel:
    """One chart under its caption; `name` is unique in the report and fit for a file; `folded` are its models."""

    name: str
    caption: str
    chart: Chart
    small: str = ""
    note: str = ""
    folded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; the columns after the first `texts` are numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1


@dataclass(frozen=True)
class Section:
    """One part. `key` is its anchor; `facts` are sentences of its own; `folded` panels are opened by the reader."""

    key: str
    title: str
    about: str
    panels: tuple[Panel, ...] = ()
    facts: tuple[str, ...] = ()
    table: Table | None = None
    folded: tuple[tuple[str, tuple[Panel, ...]], ...] = ()
    legend: bool = False


def file_name(*parts: str) -> str:
    """The parts as one word that is fit for a file."""
    return re.sub(r"\W+", "_", " ".join(parts)).strip("_")


def named(run: Run, name: str) -> list[Figure]:
    """The run's figures of one name that hold a value."""
    return [figure for figure in run.figures if figure.name == name and figure.values]


def words_of(figure: Figure, known: Iterable[str] = ()) -> str:
    """The figure's dimensions that `known` does not tell, as text."""
    rest = [f"{key} {value}" for key, value in figure.dimensions.items() if key not in set(known)]
    return ", ".join(rest)


def lowest_highest(values: Sequence[float]) -> tuple[float, float]:
    """The spread of a few repetitions."""
    return min(values), max(values)
