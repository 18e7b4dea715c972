"""One self-contained HTML page from a run: no network, no scripts, light and dark."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from crossover.benchmark.results import Run
from crossover.report import evidence, facts, headline, words
from crossover.report.data import rows_of
from crossover.report.draw import cases, elements
from crossover.report.draw.chart import draw, style_sheet, svg_file
from crossover.report.findings import Finding
from crossover.report.medians import MedianTable, median_table
from crossover.report.report import Report, report_of
from crossover.report.samples import run_json, samples_csv
from crossover.report.sections.base import Panel


@dataclass(frozen=True)
class Download:
    """A file that travels inside the page."""

    name: str
    address: str
    about: str


@dataclass(frozen=True)
class Statement:
    """What one engine was asked."""

    name: str
    text: str
    parameters: tuple[tuple[str, str], ...]


def render(run: Run) -> str:
    """The page's HTML. Text from the data is escaped; nothing is loaded from outside the page."""
    return render_report(report_of(run))


def render_report(report: Report) -> str:
    """The page of a report that is laid out already."""
    run = report.run
    return _environment().get_template("page.html").render(
        report=report,
        run=run,
        started=run.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        problems=headline.problems(run),
        objections=evidence.objections(run),
        limits=headline.limits(run, report.judgement),
        overview=overview(run),
        legend=legend(run),
        medians=medians(report),
        statements=statements,
        asked=[(f.title, f.case, statements(f)) for f in _main(report)],
        evidence=evidence.evidence(run),
        configurations=facts.configurations(run),
        holdings=facts.holdings(run),
        environment=facts.environment(run),
        settings=facts.run_settings(run),
        downloads=downloads(report),
        css=[Markup(style_sheet(name)) for name in ("colours.css", "page.css", "chart.css")],  # noqa: S704
    )  # fmt: skip


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("crossover.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        words=words, draw=draw, strip=cases.strip_svg, style=elements.style, slot=elements.slot,
        marker=elements.marker, files=panel_downloads,
    )  # fmt: skip
    return environment


def _main(report: Report) -> list[Finding]:
    return report.groups[0][1] if report.groups else []


def medians(report: Report) -> list[tuple[str, MedianTable]]:
    """The table of each scenario; the first is the one that the answers are about."""
    return [(name or "hot, idle", median_table(found)) for name, found in report.groups]


def overview(run: Run) -> list[tuple[str, str]]:
    """The figures of the run that a reader wants first, as (name, value)."""
    sizes = sorted({cell.rows for cell in run.cells})
    samples = sum(len(cell.seconds) for cell in run.cells)
    engines = sorted({cell.engine for cell in run.cells}, key=words.engine_rank)
    return [
        ("data set", run.dataset),
        ("engines", ", ".join(words.engine_name(engine) for engine in engines) or "none"),
        ("sizes", f"{len(sizes)}: {words.span(sizes)}" if len(sizes) > 1 else words.span(sizes)),
        ("questions", str(len({cell.case for cell in run.cells}))),
        ("cells", f"{len(run.cells):,}"),
        ("timed executions", f"{samples:,}"),
    ]


def legend(run: Run) -> list[tuple[str, str]]:
    """Engine and layout of each kind of line, once; the raw layout first."""
    sides = {(cell.engine, cell.layout) for cell in run.cells}
    return sorted(
        sides, key=lambda side: (words.engine_rank(side[0]), side[0], side[1] not in words.RAW_LAYOUTS, side[1])
    )


def statements(finding: Finding) -> list[Statement]:
    """What each engine was asked at its largest size, in the kept layout where there is one."""
    last: dict[str, Statement] = {}
    for cell in sorted(finding.cells, key=lambda c: (c.rows, c.layout in words.KEPT_LAYOUTS)):
        name = f"{words.engine_name(cell.engine)} ({cell.layout}, {words.rows(cell.rows)} rows)"
        last[cell.engine] = Statement(name, cell.statement.strip(), tuple(cell.parameters.items()))
    return [last[engine] for engine in sorted(last, key=words.engine_rank)]


def panel_downloads(panel: Panel) -> list[Download]:
    """One chart as a drawing and as data."""
    rows = rows_of(panel.chart)
    return [
        Download(f"{panel.name}.svg", _address("image/svg+xml", svg_file(panel.chart)), "SVG"),
        Download(f"{panel.name}.csv", _address("text/csv", rows.csv()), "CSV"),
        Download(f"{panel.name}.json", _address("application/json", rows.json(panel.caption)), "JSON"),
    ]


def downloads(report: Report) -> list[Download]:
    """Samples as CSV and the whole run as JSON, as data: addresses, so that they work offline."""
    run = report.run
    return [
        Download(f"{run.run_id}-samples.csv", _address("text/csv", samples_csv(run)), "every sample, one line each"),
        Download(
            f"{run.run_id}.json",
            _address("application/json", run_json(run, report.stamp)),
            "the whole run with statements",
        ),
    ]


def _address(media_type: str, text: str) -> str:
    return f"data:{media_type};charset=utf-8;base64,{b64encode(text.encode()).decode()}"
