"""The return of compaction: query time against file count over the same rows, and what each rewrite cost and gained.

One snapshot of the lake is cloned and each clone rewritten to another number of files. All of them, and the snapshot as
the stream left it, are asked the same questions in the same randomised blocks.
"""

import contextlib
import logging
import math
import statistics
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from crossover import job
from crossover.benchmark.cases import Case
from crossover.benchmark.judge import agreement
from crossover.benchmark.measure import Effort, Question, Taken, Target, measure
from crossover.benchmark.results import Figure, Run, save_figures, save_run
from crossover.benchmark.validity.environment import environment, load_average
from crossover.benchmark.validity.watch import exclusive
from crossover.connections import connect_postgres, connect_spark
from crossover.engines.base import Engine
from crossover.engines.spark import SparkEngine
from crossover.errors import CorruptData
from crossover.fingerprint import days_of_lake, differing_days
from crossover.lake import clones, layouts
from crossover.lake.catalog import table_name
from crossover.lake.gain import MIB, Line, fit_line
from crossover.records import Kind
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CurvePlan:
    """What is to be measured: `size` in rows, `files` = the file counts that are asked for."""

    run_id: str
    dataset: str
    size: int
    cases: tuple[Case, ...]
    files: tuple[int, ...]
    effort: Effort


@dataclass(frozen=True)
class Variants:
    """The same rows in different numbers of files, by their real count; `fragmented` is that which the stream left.

    `costs`: seconds of each rewrite that ended with so many files. `bytes_before`: what each of them read.
    """

    rows: int
    bytes_before: int
    fragmented: int
    relations: dict[int, layouts.Relation] = field(hash=False)
    costs: dict[int, tuple[float, ...]] = field(hash=False)


@dataclass(frozen=True)
class Curve:
    """Times (seconds) of one case by file count; none of them counts after an error."""

    case: str
    times: dict[int, tuple[float, ...]] = field(hash=False)
    error: str = ""

    @property
    def line(self) -> Line | None:
        """Seconds by file count as a line; None after an error."""
        return None if self.error else fit_line(self.times)


@dataclass(frozen=True)
class Return:
    """What was found; `finished` is false after a stop."""

    variants: Variants
    curves: tuple[Curve, ...]
    finished: bool


def measure_return(plan: CurvePlan, settings: Settings, stop: threading.Event) -> Return:
    """Make the variants, measure the cases on them, store figures. Raises the errors of ServiceError, CorruptData."""
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect_postgres(settings, application="benchmark", autocommit=True))
        engine = SparkEngine(settings)
        stack.callback(engine.close)
        maker = connect_spark(settings)
        stack.callback(maker.stop)
        stack.enter_context(exclusive(connection, plan.run_id))
        configuration = engine.configuration()
        save_run(connection, _header(plan, configuration))
        table = table_name(settings, plan.dataset, Kind.LOGS)
        snapshot = layouts.snapshot_at(maker, table, plan.size)
        variants = stack.enter_context(made(maker, settings, plan, table, snapshot, stop))
        save_figures(connection, plan.run_id, cost_figures(variants))
        source = _prefix(f"{plan.dataset}.{Kind.LOGS}", layouts.bounds(maker, table, snapshot.snapshot_id))
        curves: list[Curve] = []
        for case in plan.cases:
            values = case.bind(_probe(connection, case, source))
            curve = _measure_case(case, values, variants, engine, configuration, plan.effort, stop)
            if curve is None:
                break
            save_figures(connection, plan.run_id, curve_figures(curve))
            curves.append(curve)
            log.info("%s", curve_words(curve))
        return Return(variants, tuple(curves), finished=len(curves) == len(plan.cases))


def _header(plan: CurvePlan, configuration: dict[str, str]) -> Run:
    chosen = {
        "size": plan.size,
        "files asked for": list(plan.files),
        "cases": [case.name for case in plan.cases],
        **asdict(plan.effort),
        "load average at start": load_average(),
    }
    facts = environment([("spark", configuration)])
    return Run(plan.run_id, plan.dataset, datetime.now(UTC), facts, {"compaction return": chosen}, ())


@contextlib.contextmanager
def made(
    spark: "SparkSession",
    settings: Settings,
    plan: CurvePlan,
    table: str,
    snapshot: layouts.Snapshot,
    stop: threading.Event,
) -> Iterator[Variants]:
    """The variants, each proven to hold the snapshot's rows; their clones are forgotten at the end of the block.

    A count that is not below the snapshot's own is left out. Raises CorruptData.
    """
    with contextlib.ExitStack() as stack, job.group(f"rewrite {snapshot.rows:,} rows in {snapshot.files} files"):
        stream_left = layouts.at_snapshot(table, snapshot)
        held = days_of_lake(spark, stream_left.sql, Kind.LOGS)
        relations, costs = {snapshot.files: stream_left}, defaultdict[int, tuple[float, ...]](tuple)
        for files in plan.files:
            if stop.is_set():
                break
            if files >= snapshot.files:
                log.info("%d files: the stream left %d, no rewrite into more", files, snapshot.files)
                continue
            clone = clones.rewritten(spark, settings, table, snapshot, plan.run_id, plan.size, files)
            stack.callback(clones.forget, spark, clone)
            wrong = differing_days(held, days_of_lake(spark, clone.relation.sql, Kind.LOGS))
            if wrong:
                raise CorruptData(f"the rewrite into {files} files changed what is stored: {'; '.join(wrong)}")
            log.info("%d files asked for: %d written in %.1f s", files, clone.relation.files, clone.seconds)
            relations.setdefault(clone.relation.files, clone.relation)
            costs[clone.relation.files] += (clone.seconds,)
        yield Variants(snapshot.rows, snapshot.bytes, snapshot.files, dict(sorted(relations.items())), dict(costs))


def _prefix(source: str, bounds: Mapping[int, int]) -> str:
    pairs = ", ".join(f"({int(partition)}, {int(last)})" for partition, last in sorted(bounds.items()))
    return sql("benchmark/prefix.sql", source=source, bounds=pairs)


def _probe(connection: "psycopg.Connection[Any]", case: Case, relation: str) -> dict[str, Any]:
    query = case.probe(relation)
    if query is None:
        return {}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode()).fetchone() or {}


def _measure_case(
    case: Case,
    values: Mapping[str, Any],
    variants: Variants,
    engine: Engine,
    configuration: dict[str, str],
    effort: Effort,
    stop: threading.Event,
) -> Curve | None:
    """One question a variant, all in the same blocks; None after a stop."""
    questions = [
        Question(
            engine,
            Target(engine.name, f"{files} files", relation.sql, relation.rows, relation.bytes, files),
            case.statement(engine.name, relation.sql),
            configuration,
        )
        for files, relation in variants.relations.items()
    ]
    taken = measure(questions, values, effort, ordered=case.ordered, decimals=case.decimals, stop=stop)
    return None if taken is None else curve_of(case.name, list(variants.relations), taken)


def curve_of(case: str, files: Sequence[int], taken: Sequence[Taken]) -> Curve:
    """The curve of one case from its executions at each file count. An error or an unlike answer voids it."""
    timed = [executions.timed for executions in taken]
    failed = next((t.error for executions in timed for t in executions if t.error), None)
    _, unlike = agreement([f"spark over {count} files" for count in files], timed)
    times = {
        count: tuple(t.seconds for t in executions if t.repetition >= 0 and t.seconds is not None)
        for count, executions in zip(files, timed, strict=True)
    }
    return Curve(case, times, failed or unlike)


def curve_figures(curve: Curve) -> list[Figure]:
    """All times of a case, a figure a file count; none after an error."""
    if curve.error:
        return []
    return [
        Figure("compaction_curve", {"case": curve.case, "files": str(files)}, "s", seconds)
        for files, seconds in curve.times.items()
        if seconds
    ]


def cost_figures(variants: Variants) -> list[Figure]:
    """What each rewrite cost and what it read, by the number of files that it left."""
    note = f"from {variants.fragmented} files"
    return [
        figure
        for files, seconds in variants.costs.items()
        for figure in (
            Figure("compaction_cost", _rewrite(variants, files), "s", seconds, note),
            Figure("compaction_read", _rewrite(variants, files), "bytes", (float(variants.bytes_before),), note),
        )
    ]


def _rewrite(variants: Variants, files: int) -> dict[str, str]:
    return {"files": str(files), "rows": str(variants.rows)}


def pays_back_after(cost_seconds: float, gain_seconds: float) -> int | None:
    """The first query with which the gains together exceed or equal the cost; None when nothing is gained."""
    return max(1, math.ceil(cost_seconds / gain_seconds)) if gain_seconds > 0 else None


def curve_words(curve: Curve) -> str:
    """One case's line in words."""
    if curve.error:
        return f"{curve.case}: no curve, {curve.error}"
    medians = ", ".join(f"{files}: {statistics.median(s):.3f} s" for files, s in curve.times.items() if s)
    line = curve.line
    if line is None:
        return f"{curve.case}: {medians}; one file count makes no curve"
    slope = f"{1000 * line.per_file:.3f} ms a file [{1000 * line.low:.3f}, {1000 * line.high:.3f}]"
    return f"{curve.case}: {medians}; {line.base:.3f} s + {slope}"


def report(found: Return) -> list[str]:
    """What each compaction cost and gained, and after how many queries it has paid for itself; lines for people."""
    variants, fragmented = found.variants, found.variants.fragmented
    sound = [curve for curve in found.curves if not curve.error and curve.times.get(fragmented)]
    lines = [curve_words(curve) for curve in found.curves]
    for files, costs in variants.costs.items():
        if files == fragmented:
            continue
        cost = statistics.median(costs)
        speed = variants.bytes_before / MIB / cost if cost > 0 else math.inf
        lines.append(f"{fragmented} -> {files} files: cost {cost:.2f} s ({speed:.1f} MiB/s)")
        for curve in sound:
            if curve.times.get(files):
                gain = statistics.median(curve.times[fragmented]) - statistics.median(curve.times[files])
                lines.append(f"  {curve.case}: {_gain_words(cost, gain)}")
    return lines


def _gain_words(cost: float, gain: float) -> str:
    after = pays_back_after(cost, gain)
    if after is None:
        return f"loses {-gain:.3f} s a query: never pays"
    return f"gains {gain:.3f} s a query: pays from query {after:,} on"
