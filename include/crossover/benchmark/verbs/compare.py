"""`crossover benchmark compare|history`: runs side by side, and where the level shifted along them."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossover.benchmark.exchange import IMPORTED
from crossover.benchmark.history import Against, CellKey, Comparison, Fact, Row, Step, Track, changes, compare_runs
from crossover.benchmark.results import Run, RunHeader, list_runs, load_run
from crossover.benchmark.statistics.summary import Summary
from crossover.benchmark.table import duration
from crossover.benchmark.verbs.exchange import read_file
from crossover.connections import connect_postgres
from crossover.errors import BadInput, BadSetting
from crossover.settings import Settings

if TYPE_CHECKING:
    import psycopg

NEWEST = 20
_MOST = 200


def add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs."""
    parser.add_argument("first", metavar="RUN", help="the base: a run id, or a file that was exported")
    parser.add_argument("others", metavar="RUN", nargs="+", help="what is set against it")
    parser.add_argument(
        "--other-data",
        action="store_true",
        help="compare also over other records (rows within 5 %%, other parameters, other answers), and say so",
    )


def add_history_arguments(parser: argparse.ArgumentParser) -> None:
    """Which cells, over which runs."""
    parser.add_argument("--dataset", help="whose runs (default: the setting)")
    parser.add_argument("--case", help="only this case")
    parser.add_argument("--engine", help="only this engine")
    parser.add_argument("--last", type=int, default=NEWEST, help=f"how many of the newest runs, up to {_MOST}")


def compare(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what differs between the runs, cell by cell."""
    runs = load_named([arguments.first, *arguments.others], settings)
    for line in comparison_lines(compare_runs(runs, same_data=not arguments.other_data)):
        print(line)
    return 0


def history(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print each cell's level along the newest runs, and where it shifted."""
    if not 1 <= arguments.last <= _MOST:
        raise BadSetting(f"--last {arguments.last}: 1 to {_MOST}")
    dataset = arguments.dataset or settings.dataset

    def wanted(key: CellKey) -> bool:
        return arguments.case in {None, key[0]} and arguments.engine in {None, key[1]}

    with connect_postgres(settings, application="benchmark") as connection:
        headers = [header for header in list_runs(connection) if header.dataset == dataset and header.cells]
        tracks = changes(_own_runs(connection, headers[: arguments.last]), wanted=wanted)
    if not tracks:
        raise BadInput(f"no run over dataset {dataset} has such a cell", cure="crossover benchmark list")
    print(f"dataset {dataset}, the newest {min(arguments.last, len(headers))} of {len(headers)} runs")
    for track in tracks:
        for line in track_lines(track):
            print(line)
    return 0


def load_named(names: Sequence[str], settings: Settings) -> list[Run]:
    """Runs by id or by file. Raises BadInput."""
    found: dict[str, Run] = {name: read_file(Path(name)).run for name in names if Path(name).is_file()}
    missing = [name for name in names if name not in found]
    for name in missing:
        if name.endswith(".json"):
            raise BadInput(f"there is no file {name}")
    if missing:
        with connect_postgres(settings, application="benchmark") as connection:
            found |= {name: load_run(connection, name) for name in missing}
    return [found[name] for name in names]


def comparison_lines(comparison: Comparison) -> list[str]:
    """The comparison as text: the runs, what differs around them, the cells, and how many differ."""
    lines = []
    for run_id, started, why in zip(comparison.run_ids, comparison.started_at, comparison.doubts, strict=True):
        lines.append(f"run {run_id}, {started:%Y-%m-%d %H:%M} UTC: {why or 'valid'}")
    lines += ["", "what differs around them:" if comparison.facts else "nothing known differs around them"]
    lines += [f"  {fact_words(fact)}" for fact in comparison.facts]
    head = ["cell", comparison.run_ids[0]]
    for run_id in comparison.run_ids[1:]:
        head += [run_id, "ratio", "", ""]
    lines += ["", *_aligned([head, *(_row(row) for row in comparison.rows)])]
    return [*lines, "", *_counted(comparison)]


def track_lines(track: Track) -> list[str]:
    """One cell's history as text: its newest level, then a line for each shift and each run that was left out."""
    newest = f"{duration(track.points[-1].median)} in {len(track.points)} runs" if track.points else "no comparable run"
    medians = {point.run_id: point.median for point in track.points}
    lines = [f"{key_words(track.key)}: {newest}" + (f"; {track.reason}" if track.reason else "")]
    lines += [f"  {step_words(step, medians)}" for step in track.steps]
    reasons = Counter(reason for _, reason in track.left_out)
    return lines + [f"  left out, {count} runs: {reason}" for reason, count in reasons.items()]


def key_words(key: CellKey) -> str:
    """A cell in words."""
    case, engine, size_rows, layout, cache_state, condition = key
    return f"{case}, {engine} {layout}, {size_rows:,} rows, {cache_state}, {condition}"


def step_words(step: Step, medians: dict[str, float]) -> str:
    """A shift in words; `medians` has the seconds of each run."""
    change = f"{step.ratio:.2f} times as long" if step.ratio > 1 else f"{1 / step.ratio:.2f} times as quick"
    around = "; ".join(fact_words(fact) for fact in step.facts) or "nothing known differs"
    return (
        f"from run {step.run_id} on {change} ({duration(medians[step.before])} in run {step.before}, "
        f"{duration(medians[step.run_id])} then; p = {step.p_value:.2g}, {step.runs_before} runs before and "
        f"{step.runs_after} after): {around}"
    )


def fact_words(fact: Fact) -> str:
    """What differs, with its value in each run."""
    return f"{fact.name}: {' -> '.join(value or '(unknown)' for value in fact.values)}"


def _own_runs(connection: "psycopg.Connection[Any]", headers: Sequence[RunHeader]) -> Iterator[Run]:
    """One run at a time, so that one is held; a run that was made elsewhere is no part of this machine's history."""
    for header in headers:
        run = load_run(connection, header.run_id)
        if IMPORTED not in run.environment:
            yield run


def _row(row: Row) -> list[str]:
    texts = [key_words(row.key), _spread(row.summaries[0])]
    for summary, against in zip(row.summaries[1:], row.against, strict=True):
        texts += [_spread(summary), *_ratio(against), _told(against)]
    return texts


def _spread(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{duration(summary.median)} [{duration(summary.low)}, {duration(summary.high)}]"


def _ratio(against: Against) -> tuple[str, str]:
    if against.ratio is None or against.low is None or against.high is None:
        return "", ""
    return f"x{against.ratio:.2f}", f"[{against.low:.2f}, {against.high:.2f}]"


def _told(against: Against) -> str:
    text = against.shift or ("=" if against.ratio is not None else "not compared")
    reason = against.reason if not against.shift else ""
    return ": ".join(filter(None, (text, "; ".join(filter(None, (reason, against.note))))))


def _counted(comparison: Comparison) -> list[str]:
    lines = []
    for number, run_id in enumerate(comparison.run_ids[1:]):
        counts = Counter(
            against.shift or ("no difference" if against.ratio is not None else "not compared")
            for against in (row.against[number] for row in comparison.rows)
        )
        told = ", ".join(f"{counts[name]} {name}" for name in ("slower", "faster", "no difference", "not compared"))
        lines.append(f"run {run_id} against run {comparison.run_ids[0]}: {told} of {len(comparison.rows)} cells")
    return lines


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side; the last one, which holds sentences, is left as long as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return ["  ".join([*(t.ljust(w) for t, w in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in rows]
