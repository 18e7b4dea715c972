"""The run's answer in a sentence, and how far that answer goes."""

from collections import Counter
from collections.abc import Sequence

from crossover.benchmark.results import Cell, Run, Stamp
from crossover.benchmark.statistics.crossing import Crossover, NoneInRange, Undecided
from crossover.benchmark.statistics.curves import MINIMUM_SIZES
from crossover.benchmark.statistics.summary import MINIMUM_FOR_WINNER
from crossover.benchmark.verdict import Judgement
from crossover.report import words
from crossover.report.findings import Comparison, Finding, is_void, void_reason

# From this many samples on a bootstrap interval of the median reaches 95 %.
ENOUGH_FOR_95 = 6


def headlines(findings: Sequence[Finding], stamp: Stamp) -> list[str]:
    """One sentence for each pair of sides, kept layouts first. An invalid run has one sentence, and no winner in it."""
    if not stamp.valid:
        return ["This run is invalid: no winner is named."]
    asked = [f for f in findings if f.scenario == findings[0].scenario] if findings else []
    pairs = list(dict.fromkeys((c.left, c.right, c.kept) for f in asked for c in f.comparisons))
    pairs.sort(key=lambda pair: not pair[2])
    if not findings:
        return ["Nothing was compared: this run timed no question."]
    if not pairs:
        return ["Nothing was compared: no question has times from two engines."]
    said = [_headline([c for f in asked for c in f.comparisons if (c.left, c.right) == pair[:2]]) for pair in pairs]
    sizes = words.span(cell.rows for finding in asked for cell in finding.cells)
    return [f"{said[0]} Measured: {sizes}.", *said[1:]]


def _headline(comparisons: Sequence[Comparison]) -> str:
    """`Spark (compacted) overtakes PostgreSQL (indexed) on 6 of 10 questions, first at 425 k rows; ...`."""
    left, right = comparisons[0].left, comparisons[0].right
    whole = f" of {words.counted(len(comparisons), 'question')}"
    parts = []
    for side, other in ((right, left), (left, right)):
        crossings = [c.verdict for c in comparisons if isinstance(c.verdict, Crossover)]
        mine = sorted(v.rows for v in crossings if v.to_engine == side.engine)
        if mine:
            names = words.side_name(side), words.side_name(other)
            first = "first at" if len(mine) > 1 else "at"
            parts.append(f"{names[0]} overtakes {names[1]} on {len(mine)}{whole}, {first} {words.rows(mine[0])} rows")
            whole = ""
    always = Counter(c.verdict.faster for c in comparisons if isinstance(c.verdict, NoneInRange))
    for side in (left, right):
        if always[side.engine]:
            name = words.engine_name(side.engine) if parts else words.side_name(side)
            than = "" if parts else f" than {words.side_name(right if side == left else left)}"
            parts.append(f"{name} is faster{than} at every size on {always[side.engine]}{whole}")
            whole = ""
    undecided = [c for c in comparisons if isinstance(c.verdict, Undecided)]
    void = sum(all(lead.void for lead in c.leads) for c in undecided)
    if undecided and not parts:
        parts.append(f"{words.side_name(left)} against {words.side_name(right)}{whole.replace(' of ', ', ')}")
    parts += [f"{len(undecided) - void} undecided"] * (len(undecided) > void) + [f"{void} void"] * (void > 0)
    return f"{'; '.join(parts)}."


def problems(run: Run) -> list[tuple[Cell, str]]:
    """Cells whose times may not be compared, with the reason; cells without a counterpart are not problems."""
    alone = len({c.engine for c in run.cells}) < 2
    return [(c, void_reason(c)) for c in run.cells if (is_void(c) if alone else not c.comparable)]


def limits(run: Run, judge: Judgement) -> list[str]:
    """What this run cannot tell, each in a sentence or two that follows from its own data."""
    if not run.cells:
        nothing = "" if run.figures else " and no figures: nothing was measured yet"
        return [f"The run has no cells{nothing}."]
    return [
        *_sample_limits(run.cells, judge),
        *_size_limits(run),
        *_state_limits(run.cells),
        *_machine_limits(run),
    ]


def _sample_limits(cells: Sequence[Cell], judge: Judgement) -> list[str]:
    counts = sorted({len(c.seconds) for c in cells if c.comparable})
    if not counts:
        return ["No cell has times that may be compared."]
    least = counts[0]
    each = str(least) if least == counts[-1] else f"{least} to {counts[-1]}"
    said = [f"Each cell was timed {each} {'time' if each == '1' else 'times'}, warm-ups not counted."]
    if judge.stamp.valid:
        said[0] += (
            f" Two medians are called different only beyond the noise floor of both engines, with at least "
            f"{MINIMUM_FOR_WINNER} samples a side, and at a level of 5 % that is corrected for the "
            f"{words.counted(judge.family, 'comparison')} of this run."
        )
    if least < ENOUGH_FOR_95:
        reached = f"{100 * (1 - 2.0 ** (1 - least)):.0f} %"
        said.append(
            f"With {words.counted(least, 'sample')} an interval of the median covers {reached} at most, not the usual "
            "95 %. Slow outliers (p95, p99) cannot be seen with so few."
        )
    return said


def _size_limits(run: Run) -> list[str]:
    rows = sorted({c.rows for c in run.cells})
    if len(rows) == 1:
        return [f"Only one size was measured ({words.rows(rows[0])} rows): a crossover cannot be found."]
    said = (
        f"Nothing was measured below {words.rows(rows[0])} or above {words.rows(rows[-1])} rows: what is said about "
        "other sizes is marked as extrapolated."
    )
    if len(rows) < MINIMUM_SIZES:
        said += f" With {len(rows)} sizes a crossing is read off between neighbours that lie far apart."
    return [said]


def _state_limits(cells: Sequence[Cell]) -> list[str]:
    said = []
    if {c.cache_state for c in cells} == {"hot"}:
        said.append("Only hot caches were measured: nothing is said about the first query after a restart.")
    if {c.condition for c in cells} == {"idle"}:
        said.append("Nothing else was asked of the stores meanwhile: queries during ingest or compaction may differ.")
    engines = sorted({c.engine for c in cells})
    if len(engines) == 1:
        said.append(f"Only {words.engine_name(engines[0])} was measured: nothing is compared.")
    unchecked = sum(c.answers_agree is None and c.error is None for c in cells)
    if unchecked and len(engines) > 1:
        said.append(
            f"The answers of {words.counted(unchecked, 'cell')} were not compared, so these are set against nothing."
        )
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
