"""What compaction and indexes change, as panels."""

from collections.abc import Sequence

from crossover.benchmark.results import Run
from crossover.benchmark.verdict import Judgement
from crossover.report.findings import Finding
from crossover.report.layouts import change_charts
from crossover.report.sections.base import Panel, Section, file_name


def section(_run: Run, findings: Sequence[Finding], judge: Judgement) -> Section | None:
    """None when no engine was measured in two layouts."""
    charts = change_charts(findings, judge)
    if not charts:
        return None
    panels = tuple(
        Panel(
            file_name("layouts", chart.engine, chart.after_layout),
            chart.title,
            chart,
            small=chart.held,
            note=f"Without two valid cells: {', '.join(chart.missing)}." if chart.missing else "",
        )
        for chart in charts
    )
    return Section(
        key="layouts",
        title="Fragmented against compacted, without and with indexes",
        about="The same question over the same records before (hollow) and after (filled). Whiskers are the intervals "
        "of the medians; a thin dashed line means that no difference shows.",
        panels=panels,
    )
