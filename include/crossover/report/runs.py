"""The list of runs as a board shows it: a line a run, read without loading any run wholly."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from crossover.report import words
from crossover.report.samples import HEADLINE
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg

# A list that nobody scrolls to the end of.
MOST_RUNS = 200


@dataclass(frozen=True)
class RunLine:
    """One run. `valid` is None while it has no stamp; `smallest` and `largest` are rows, 0 without cells."""

    run_id: str
    dataset: str
    started_at: datetime
    valid: bool | None
    first_reason: str
    reasons: int
    cells: int
    errors: int
    disagreements: int
    cases: int
    sizes: int
    smallest: int
    largest: int
    engines: tuple[str, ...]
    figures: int
    headline: str

    @property
    def stamp(self) -> str:
        """`valid`, `invalid`, or `not stamped` while the run goes on."""
        return {True: "valid", False: "invalid", None: "not stamped"}[self.valid]

    @property
    def verdict(self) -> str:
        """The report's first sentence; of an invalid run why it is that, of one without a stamp nothing."""
        if self.valid is None:
            return "It is not finished, or was not judged yet: no winner is named."
        if self.valid:
            return self.headline or "Its report was not drawn yet; open the run."
        more = f" (and {words.counted(self.reasons - 1, 'reason')} more)" if self.reasons > 1 else ""
        return f"No winner is named. {self.first_reason}{more}"

    @property
    def measured(self) -> str:
        """`10 questions, 5 sizes: 200 k to 12 M rows; 20 figures`."""
        parts = []
        if self.cells:
            sizes = words.span((self.smallest, self.largest))
            counted = f"{words.counted(self.sizes, 'size')}: {sizes}" if self.sizes > 1 else sizes
            parts.append(f"{words.counted(self.cases, 'question')}, {counted}")
        if self.figures:
            parts.append(words.counted(self.figures, "other figure"))
        return "; ".join(parts) or "nothing yet"

    @property
    def engine_names(self) -> str:
        """The engines that were asked."""
        return ", ".join(words.engine_name(engine) for engine in sorted(self.engines, key=words.engine_rank))


def run_lines(connection: "psycopg.Connection[Any]", most: int = MOST_RUNS) -> list[RunLine]:
    """The newest runs, newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql("report/list_runs.sql").encode(), {"most": most, "headline": HEADLINE}).fetchall()
    return [RunLine(**{**row, "engines": tuple(row["engines"])}) for row in rows]
