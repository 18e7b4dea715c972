"""One self-contained HTML page from a run: no network, no scripts, light and dark."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from crossover.benchmark.cases import load_cases
from crossover.benchmark.results import Run
from crossover.report import facts, headline, svg, words
from crossover.report.charts import ChangeChart
from crossover.report.findings import CaseText, Finding, find
from crossover.report.layouts import change_charts
from crossover.report.medians import median_table
from crossover.report.samples import run_json, samples_csv


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


def case_texts() -> dict[str, CaseText]:
    """Title and reason of each case that this version knows; an older run may have others."""
    return {case.name: CaseText(case.title, case.why) for case in load_cases()}


def findings_of(run: Run) -> tuple[Finding, ...]:
    """The run's findings with the cases' own titles."""
    return find(run, case_texts())


def render(run: Run) -> str:
    """The page's HTML. Text from the data is escaped; nothing is loaded from outside the page."""
    environment = Environment(
        loader=PackageLoader("crossover.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, svg=svg)
    findings = findings_of(run)
    return environment.get_template("page.html").render(
        run=run,
        started=run.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        headlines=headline.headlines(findings),
        problems=headline.problems(run),
        limits=headline.limits(run, findings),
        overview=overview(run),
        findings=findings,
        legend=legend(run),
        changes=change_charts(findings),
        change_svg=_change_figure,
        medians=median_table(findings),
        statements=statements,
        configurations=facts.configurations(run),
        holdings=facts.holdings(run),
        environment=facts.environment(run),
        settings=facts.run_settings(run),
        downloads=downloads(run),
        css=Markup(environment.loader.get_source(environment, "page.css")[0]) if environment.loader else "",  # noqa: S704
    )


def _change_figure(chart: ChangeChart) -> Markup:
    return svg.change_svg(chart, f"change-{svg.slot(chart.engine)}-{chart.after_layout}")


def overview(run: Run) -> list[tuple[str, str]]:
    """The figures of the run that a reader wants first, as (name, value)."""
    sizes = sorted({cell.rows for cell in run.cells})
    samples = sum(len(cell.seconds) for cell in run.cells)
    return [
        ("data set", run.dataset),
        ("sizes", ", ".join(words.rows(size) for size in sizes) + " rows" if sizes else "none"),
        ("questions", str(len({cell.case for cell in run.cells}))),
        ("cells", f"{len(run.cells):,}"),
        ("timed executions", f"{samples:,}"),
    ]


def legend(run: Run) -> list[tuple[str, str]]:
    """Engine and layout of each kind of line, once; the raw layout first."""
    sides = {(cell.engine, cell.layout) for cell in run.cells}
    return sorted(sides, key=lambda side: (side[0], side[1] not in words.RAW_LAYOUTS, side[1]))


def statements(finding: Finding) -> list[Statement]:
    """What each engine was asked at its largest size, in the kept layout where there is one."""
    last: dict[str, Statement] = {}
    for cell in sorted(finding.cells, key=lambda c: (c.rows, c.layout in words.KEPT_LAYOUTS)):
        name = f"{words.engine_name(cell.engine)} ({cell.layout}, {words.rows(cell.rows)} rows)"
        last[cell.engine] = Statement(name, cell.statement.strip(), tuple(cell.parameters.items()))
    return [last[engine] for engine in sorted(last)]


def downloads(run: Run) -> list[Download]:
    """Samples as CSV and the whole run as JSON, as data: addresses, so that they work offline."""
    return [
        Download(f"{run.run_id}-samples.csv", _address("text/csv", samples_csv(run)), "every sample, one line each"),
        Download(f"{run.run_id}.json", _address("application/json", run_json(run)), "the whole run with statements"),
    ]


def _address(media_type: str, text: str) -> str:
    return f"data:{media_type};charset=utf-8;base64,{b64encode(text.encode()).decode()}"
