"""The run's answer in a sentence, and how far that answer goes."""

import math
from collections import Counter
from collections.abc import Sequence

from crossover.benchmark.results import Cell, Run
from crossover.benchmark.statistics.crossing import Crossover, NoneInRange, Undecided
from crossover.benchmark.statistics.summary import MINIMUM_SAMPLES
from crossover.report import words
from crossover.report.findings import Comparison, Finding, is_void, void_reason

# From this many samples on a bootstrap interval of the median reaches 95 %.
ENOUGH_FOR_95 = 6


def headlines(findings: Sequence[Finding]) -> list[str]:
    """One sentence for each pair of sides, kept layouts first; one that says so when nothing was compared."""
    pairs = list(dict.fromkeys((c.left, c.right, c.kept) for f in findings for c in f.comparisons))
    pairs.sort(key=lambda pair: not pair[2])
    if not pairs:
        return ["Nothing was compared: no question has times from two engines."]
    return [_headline([c for f in findings for c in f.comparisons if (c.left, c.right) == pair[:2]]) for pair in pairs]


def _headline(comparisons: Sequence[Comparison]) -> str:
    left, right = comparisons[0].left, comparisons[0].right
    sizes = [lead.rows for c in comparisons for lead in c.leads]
    always = Counter(c.verdict.faster for c in comparisons if isinstance(c.verdict, NoneInRange))
    parts = [f"{s.name} is faster at every size on {always[s.engine]}" for s in (left, right) if always[s.engine]]
    for side in (left, right):
        crossings = [c.verdict for c in comparisons if isinstance(c.verdict, Crossover)]
        mine = sorted(v.rows for v in crossings if v.to_engine == side.engine)
        if mine:
            first = "first at" if len(mine) > 1 else "at"
            parts.append(f"{side.name} overtakes on {len(mine)}, {first} {words.rows(mine[0])} rows")
    undecided = [c for c in comparisons if isinstance(c.verdict, Undecided)]
    void = sum(all(lead.void for lead in c.leads) for c in undecided)
    parts += [f"{len(undecided) - void} undecided"] * (len(undecided) > void) + [f"{void} void"] * (void > 0)
    asked = words.counted(len(comparisons), "question")
    return f"Of {asked} at {words.span(sizes)}: {'; '.join(parts)}."


def problems(run: Run) -> list[tuple[Cell, str]]:
    """Cells whose times may not be compared, with the reason; cells without a counterpart are not problems."""
    alone = len({c.engine for c in run.cells}) < 2
    return [(c, void_reason(c)) for c in run.cells if (is_void(c) if alone else not c.comparable)]


def limits(run: Run, findings: Sequence[Finding]) -> list[str]:
    """What this run cannot tell, each in a sentence or two that follows from its own data."""
    if not run.cells:
        return ["The run has no cells: nothing was measured yet."]
    return [
        *_sample_limits(run.cells, findings),
        *_size_limits(run),
        *_state_limits(run.cells),
        *_machine_limits(run),
    ]


def _sample_limits(cells: Sequence[Cell], findings: Sequence[Finding]) -> list[str]:
    counts = sorted({len(c.seconds) for c in cells if c.comparable})
    if not counts:
        return ["No cell has times that may be compared."]
    least = counts[0]
    each = str(least) if least == counts[-1] else f"{least} to {counts[-1]}"
    said = [
        f"Each cell was timed {each} {'time' if each == '1' else 'times'} (warm-ups not counted). "
        "Two medians are called different only where their intervals do not overlap"
        + (f", and never with fewer than {MINIMUM_SAMPLES} samples a side." if least < MINIMUM_SAMPLES else ".")
    ]
    if least < ENOUGH_FOR_95:
        reached = f"{100 * (1 - 2.0 ** (1 - least)):.0f} %"
        said.append(
            f"With {words.counted(least, 'sample')} an interval of the median covers {reached} at most, not the usual "
            "95 %. Slow outliers (p95, p99) cannot be seen with so few."
        )
    leads = sum(not lead.void for f in findings for c in f.comparisons for lead in c.leads)
    if MINIMUM_SAMPLES <= least < ENOUGH_FOR_95 and leads:
        by_chance = leads * 2 / math.comb(2 * least, least)
        said.append(
            f"The run makes {words.counted(leads, 'comparison')} of two medians. If no engine were ever faster, about "
            f"{words.significant(by_chance, 2)} of them would still name a winner by chance."
        )
    return said


def _size_limits(run: Run) -> list[str]:
    rows = sorted({c.rows for c in run.cells})
    if len(rows) == 1:
        return [f"Only one size was measured ({words.rows(rows[0])} rows): a crossover cannot be found."]
    said = (
        f"Nothing is said below {words.rows(rows[0])} or above {words.rows(rows[-1])} rows: no curve is extrapolated."
    )
    if len(rows) <= 3:
        said += f" With {len(rows)} sizes a crossing is read off between neighbours that lie far apart."
    return [said]


def _state_limits(cells: Sequence[Cell]) -> list[str]:
    said = []
    if {c.cache_state for c in cells} == {"hot"}:
        said.append("Only warm caches were measured: nothing is said about the first query after a restart.")
    if {c.condition for c in cells} == {"idle"}:
        said.append("Nothing else was asked of the stores meanwhile: queries during ingest or compaction may differ.")
    engines = sorted({c.engine for c in cells})
    if len(engines) == 1:
        said.append(f"Only {words.engine_name(engines[0])} was measured: nothing is compared.")
    unchecked = sum(c.answers_agree is None and c.error is None for c in cells)
    if unchecked and len(engines) > 1:
        said.append(f"The answers of {words.counted(unchecked, 'cell')} were not compared, so these name no winner.")
    return said


def _machine_limits(run: Run) -> list[str]:
    masters = sorted({
        value for c in run.cells if c.engine == "spark" for key, value in c.configuration.items() if "master" in key
    })
    if not masters:
        return []
    if not all(master.startswith("local") for master in masters):
        told = [f"Spark ran on {words.listed(masters)}; the figures hold for that cluster only."]
        told += [
            f"These are not the times of a cluster ({name}: {value.removeprefix('refused: ')})."
            for name, value in run.environment.items()
            if name.startswith("spark workers") and value.startswith("refused")
        ]
        return told
    said = (
        f"Spark ran inside one process ({words.listed(masters)}): no network lies between executors, and its cores are "
        "those of one machine. On a cluster the crossover may lie elsewhere."
    )
    return [said]
