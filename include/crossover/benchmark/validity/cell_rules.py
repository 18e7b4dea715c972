"""What can be wrong with one cell, told from what is stored of it. Every rule gives findings, or none."""

import re
from collections.abc import Callable, Iterator

from crossover.benchmark.cases import DIALECTS, check_parameters
from crossover.benchmark.results import Cell, Evidence
from crossover.benchmark.statistics.summary import MINIMUM_FOR_WINNER
from crossover.benchmark.validity.finding import Finding, place
from crossover.errors import BadSetting

# Engines are compared within blocks of seconds, in random order, so stolen time hits both; but beyond this it comes in
# gushes that are longer than a block.
MOST_STEAL = 0.05
# A desktop's or a node's own housekeeping takes a few per cent of two cores; a job beside the benchmark takes more.
MOST_FOREIGN = 0.10
# A clock that is slewed moves by 0.05 % at most, which is less than this over a quarter of an hour; a step is more.
MOST_CLOCK_JUMP_SECONDS = 0.5
CACHE_STATES = ("hot", "warm", "cold")

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
Rule = Callable[[Cell], Iterator[Finding]]


def failed_samples(cell: Cell) -> Iterator[Finding]:
    """The executions that survive a time-out are the quick ones, and an error can be very quick."""
    failed = [sample.error for sample in cell.samples if sample.error]
    error = failed[0] if failed else cell.error if cell.answers_agree is not False else None
    if error:
        count = f"{len(failed)} of {len(cell.samples)} executions" if failed else "the cell"
        what = f"{count} ended with an error or a time-out ({error.splitlines()[0]})"
        yield Finding("failed samples", place(cell), what, "mend the error, or allow more time, and measure again")


def unequal_answers(cell: Cell) -> Iterator[Finding]:
    """Times of different work say nothing."""
    cure = "compare the statements of the case; both engines must be asked the same over the same rows"
    if cell.answers_agree is False:
        lines = [line for line in (cell.error or "").splitlines() if line.startswith(("row ", "only ", "columns: "))]
        rows = "; ".join(lines[:2])
        what = f"the answers differ ({rows})" if rows else "the answers differ"
        yield Finding("unequal answers", place(cell), what, cure)
    elif len({sample.answer_rows for sample in cell.samples if sample.error is None}) > 1:
        yield Finding("unequal answers", place(cell), "its answers have different numbers of rows", cure)
    elif cell.answers_agree is None and cell.error is None:
        what = "its answer was compared with no other engine's"
        yield Finding("answer not compared", place(cell), what, "measure the case with two engines or more that answer")


def ignored_parameters(cell: Cell) -> Iterator[Finding]:
    """A filter that never reaches the statement makes two questions the same."""
    if cell.engine not in DIALECTS:
        what = f"nothing tells whether its parameters are used: {cell.engine} is no known dialect"
        yield Finding(
            "unknown dialect", place(cell), what, "add the engine's placeholders to the dialects of the cases"
        )
        return
    try:
        check_parameters("the statement", cell.statement, cell.engine, set(cell.parameters))
    except BadSetting as error:
        what = f"a parameter is ignored or unknown ({error.message})"
        yield Finding("ignored parameters", place(cell), what, "make the statement and case.yaml agree")


def several_statements(cell: Cell) -> Iterator[Finding]:
    """A second statement is timed and its answer compared with nothing."""
    if ";" in _QUOTED.sub("''", cell.statement).rstrip().rstrip(";"):
        what = "it is asked more than one statement, so it does other work than its answer shows"
        yield Finding("several statements", place(cell), what, "keep one statement in the case's file")


def too_few_samples(cell: Cell) -> Iterator[Finding]:
    """Fewer than the house's minimum, or than were asked for."""
    count, asked = len(cell.seconds), cell.evidence.asked_samples if cell.evidence else 0
    if count < MINIMUM_FOR_WINNER:
        what = f"it has {count} of the {MINIMUM_FOR_WINNER} samples that a winner needs"
        yield Finding("too few samples", place(cell), what, f"measure with --repetitions {MINIMUM_FOR_WINNER} or more")
    elif count < asked:
        what = f"it has {count} of the {asked} samples that were asked for"
        yield Finding("fewer samples than asked", place(cell), what, "let the run end by itself, or ask for fewer")


def unwatched(cell: Cell) -> Iterator[Finding]:
    """Without evidence nothing is known of the machine or of the caches."""
    if cell.evidence is None:
        what = "nobody watched machine, caches and settings while it was measured"
        yield Finding("unwatched", place(cell), what, "measure it again with crossover benchmark")


def unknown_caches(cell: Cell) -> Iterator[Finding]:
    """A cache state that nothing brought about is a word."""
    cure = "measure the state that is wanted, where it can be made"
    if cell.cache_state not in CACHE_STATES:
        what = f"its cache state is unknown: {cell.cache_state!r} is not one of {', '.join(CACHE_STATES)}"
        yield Finding("unknown cache state", place(cell), what, cure)
    elif cell.evidence is not None and not cell.evidence.cache_made:
        what = f"its cache state is unknown: nothing made it {cell.cache_state}"
        yield Finding("cache state not made", place(cell), what, cure)


def of_evidence(check: Callable[[Evidence], Iterator[tuple[str, str, str]]]) -> Rule:
    """A rule over the evidence alone; `check` gives cause, what and cure."""

    def rule(cell: Cell) -> Iterator[Finding]:
        if cell.evidence is not None:
            for cause, what, cure in check(cell.evidence):
                yield Finding(cause, place(cell), what, cure)

    rule.__name__ = check.__name__
    rule.__doc__ = check.__doc__
    return rule


@of_evidence
def not_steady(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """Times that still fall are times of warming up."""
    if not seen.steady:
        yield "not steady", "its times were still changing when the warm-ups were spent", "allow more --warmups"


@of_evidence
def stolen_time(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """Other virtual machines on the host."""
    if seen.steal is not None and seen.steal > MOST_STEAL:
        what = f"other virtual machines took {seen.steal:.1%} of the CPU time ({MOST_STEAL:.0%} is allowed)"
        yield "stolen time", what, "use a quieter host, or another hour"


@of_evidence
def foreign_load(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """Other programs on the machine."""
    if seen.foreign is not None and seen.foreign > MOST_FOREIGN:
        what = f"other programs used {seen.foreign:.1%} of the CPU time ({MOST_FOREIGN:.0%} is allowed)"
        yield "foreign load", what, "end them and measure again"


@of_evidence
def another_run(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """Two benchmarks measure each other."""
    if seen.other_runs:
        what = f"another benchmark ran at the same time ({', '.join(seen.other_runs)})"
        yield "another run", what, "run one benchmark at a time"


@of_evidence
def clock_jump(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """The machine slept, was moved, or its clock was set."""
    if abs(seen.clock_jump_seconds) > MOST_CLOCK_JUMP_SECONDS:
        what = f"the wall clock jumped by {seen.clock_jump_seconds:+.1f} s against the steady clock"
        yield "clock jump", what, "keep the machine awake and its clock slewed, not set"


@of_evidence
def idle_workers(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """A cluster whose executors idle is one process with a long name."""
    if seen.idle_workers:
        what = f"executors did no work while others did ({', '.join(seen.idle_workers)}): this was no cluster"
        yield "idle workers", what, "give Spark fewer executors, or the question more data"


@of_evidence
def changed_configuration(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """Settings that moved under the run."""
    if seen.configuration_changed:
        what = f"the engine's settings changed in mid-run ({', '.join(seen.configuration_changed)})"
        yield "changed configuration", what, "leave servers and settings alone while a benchmark runs"


@of_evidence
def stale_statistics(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """A planner that knows old data chooses bad plans."""
    if seen.stale_statistics:
        what = f"the planner's statistics are not those of the data ({'; '.join(seen.stale_statistics)})"
        yield "stale statistics", what, "VACUUM ANALYZE the table before it is measured"


@of_evidence
def broken_condition(seen: Evidence) -> Iterator[tuple[str, str, str]]:
    """A cell under load that was measured without the load."""
    if seen.condition_failed:
        what = f"its condition did not hold ({'; '.join(seen.condition_failed)})"
        yield "broken condition", what, "lower the rate, or mend what has died, and measure again"


def unmade_condition(cell: Cell) -> Iterator[Finding]:
    """A condition that nothing brought about is a word."""
    if cell.condition != "idle" and cell.evidence is not None and not cell.evidence.condition_made:
        what = f"nothing made its condition {cell.condition}"
        cure = "measure the condition that is wanted, where it can be made"
        yield Finding("condition not made", place(cell), what, cure)


CELL_RULES: tuple[Rule, ...] = (
    failed_samples,
    unequal_answers,
    ignored_parameters,
    several_statements,
    too_few_samples,
    unwatched,
    unknown_caches,
    not_steady,
    stolen_time,
    foreign_load,
    another_run,
    clock_jump,
    idle_workers,
    changed_configuration,
    stale_statistics,
    broken_condition,
    unmade_condition,
)
# What may be gone at the next try.
PASSING = frozenset({"not steady", "stolen time", "foreign load", "another run", "clock jump", "broken condition"})
