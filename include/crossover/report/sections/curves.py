"""Seconds against rows: one chart a case; those under other conditions or cache states are folded."""

from collections.abc import Sequence

from crossover.benchmark.results import Run
from crossover.report import words
from crossover.report.findings import Finding
from crossover.report.sections.base import Panel, Section


def section(_run: Run, findings: Sequence[Finding]) -> Section | None:
    """None for a run without cells."""
    if not findings:
        return None
    scenarios = list(dict.fromkeys(finding.scenario for finding in findings))
    groups = [(name, tuple(_panel(f) for f in findings if f.scenario == name)) for name in scenarios]
    modelled = any(finding.chart.fits for finding in findings)
    model = (
        " The thin dotted line is the model a + b·n^c; the strip under the chart shows how far the medians lie from it."
    )
    return Section(
        key="curves",
        title="Seconds against rows",
        about="Medians with their intervals, both axes logarithmic. A ring marks a crossover, the shaded upright band "
        "its interval. Each chart has its own time axis." + (model if modelled else ""),
        panels=groups[0][1],
        folded=tuple((name or "hot, idle", panels) for name, panels in groups[1:]),
        legend=True,
    )


def _panel(finding: Finding) -> Panel:
    models = tuple(f"{words.side_name(fit)}: {fit.words}" for fit in finding.chart.fits)
    return Panel(finding.name, finding.title, finding.chart, folded=models)
