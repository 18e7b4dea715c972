"""The whole report of a run before anything is drawn; page, plots, command line and XCom are all made from it."""

from dataclasses import dataclass

from crossover.benchmark.cases import load_cases
from crossover.benchmark.results import Run, Stamp
from crossover.benchmark.verdict import Judgement, judgement_of
from crossover.report import headline
from crossover.report.findings import CaseText, Finding, find
from crossover.report.sections import bars, compaction, cost, curves, freshness, interference, layouts
from crossover.report.sections.base import Panel, Section


@dataclass(frozen=True)
class Report:
    """What the run says. `sections` has only those for which it has data."""

    run: Run
    judgement: Judgement
    findings: tuple[Finding, ...]
    headlines: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def stamp(self) -> Stamp:
        """Valid or not, and why."""
        return self.judgement.stamp

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every chart that the page shows unfolded: these are kept as files too."""
        return tuple(panel for section in self.sections for panel in section.panels)

    @property
    def groups(self) -> list[tuple[str, list[Finding]]]:
        """The findings by scenario, hot and idle (or what is there instead) first."""
        names = list(dict.fromkeys(finding.scenario for finding in self.findings))
        return [(name, [f for f in self.findings if f.scenario == name]) for name in names]


def case_texts() -> dict[str, CaseText]:
    """Title and reason of each case that this version knows; an older run may have others."""
    return {case.name: CaseText(case.title, case.why) for case in load_cases()}


def report_of(run: Run) -> Report:
    """Judge the run and lay out its report."""
    judge = judgement_of(run)
    texts = case_texts()
    findings = find(run, texts, judge)
    titles = {name: text.title for name, text in texts.items()}
    wanted = (
        curves.section(run, findings),
        layouts.section(run, findings, judge),
        interference.section(run, findings),
        compaction.section(run, titles),
        bars.writing(run),
        freshness.section(run),
        bars.space(run),
        cost.section(run, titles, valid=judge.stamp.valid),
        bars.noise(run, judge.floors),
    )
    return Report(
        run,
        judge,
        findings,
        tuple(headline.headlines(findings, judge.stamp)),
        tuple(section for section in wanted if section is not None),
    )
