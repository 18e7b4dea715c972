"""COST (configuration that outperforms a single thread): how many cores of the lake's engine match one PostgreSQL."""

from crossover.benchmark.results import Figure, Run
from crossover.report import words
from crossover.report.sections.base import Section, Table
from crossover.report.shapes import middle


def section(run: Run, titles: dict[str, str], *, valid: bool) -> Section | None:
    """None when COST was not measured. Who matches whom is a winner, so an invalid run shows no table."""
    figures = [figure for figure in run.figures if figure.name == "cost_cores"]
    if not figures:
        return None
    if not valid:
        return Section("cost", "Cores to match one PostgreSQL", "Not shown, because the run is invalid.")
    ordered = sorted(figures, key=lambda f: (f.dimensions.get("case", ""), _size(f)))
    return Section(
        key="cost",
        title="Cores to match one PostgreSQL",
        about="COST: the fewest cores of the engine over the lake whose median is not above PostgreSQL's on one core.",
        table=Table(("question", "engine", "rows", "cores", ""), tuple(_row(f, titles) for f in ordered), texts=2),
    )


def _size(figure: Figure) -> float:
    text = figure.dimensions.get("size_rows", "")
    return float(text) if text.isdigit() else 0.0


def _row(figure: Figure, titles: dict[str, str]) -> tuple[str, ...]:
    case = figure.dimensions.get("case", "")
    size = _size(figure)
    return (
        titles.get(case, case),
        words.engine_name(figure.dimensions.get("engine", "spark")),
        words.rows(size) if size else "–",
        words.significant(middle(figure.values)) if figure.values else "more than were tried",
        figure.note,
    )
