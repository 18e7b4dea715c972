"""Parts that are bars: rates of writing, bytes, CPU-seconds, noise. Bars are drawn from figures of the run."""

from collections.abc import Callable, Mapping, Sequence

from crossover.benchmark.results import Figure, Run
from crossover.report import words
from crossover.report.sections.base import Panel, Section, file_name, lowest_highest, named, words_of
from crossover.report.shapes import Bar, BarChart, bar_axis, middle, quantile

METHODS = {
    "insert": "INSERT, row by row",
    "executemany": "executemany",
    "multi_row": "INSERT, many rows",
    "copy_text": "COPY, text",
    "copy_binary": "COPY, binary",
}


def writing(run: Run) -> Section | None:
    """The write ladder, the sustained rate, the time to an acknowledgement, the CPU time of each stage."""
    ladder = _ladder(run)
    acks = _acks(run)
    cpu = _panel(
        "cpu_seconds_per_million", "CPU-seconds for a million records, by stage",
        named(run, "cpu_seconds_per_million"), lambda f: f.dimensions.get("stage", "all"),
        lambda value: f"{words.significant(value)} s",
    )  # fmt: skip
    panels = tuple(panel for panel in (ladder, acks, cpu) if panel is not None)
    facts = tuple(_sustained(figure) for figure in named(run, "sustained_rate"))
    if not panels and not facts:
        return None
    return Section(
        key="writing",
        title="Writing",
        about="Bars are medians where nothing else is said, whiskers reach from the lowest to the highest repetition.",
        panels=panels,
        facts=facts,
    )


def _ladder(run: Run) -> Panel | None:
    figures = sorted(named(run, "write_rate"), key=lambda f: -middle(f.values))
    return _panel(
        "write_rate", "Rows a second into PostgreSQL, by method and number of indexes", figures,
        lambda f: METHODS.get(f.dimensions.get("method", ""), f.dimensions.get("method", "")),
        lambda value: f"{words.rows(value)}/s", note=_indexes, engine="postgres",
    )  # fmt: skip


def _indexes(figure: Figure) -> str:
    count = figure.dimensions.get("indexes")
    table = figure.dimensions.get("table", "heap")
    rest = words_of(figure, ("method", "indexes", "table"))
    told = "" if count is None else words.counted(int(count), "index", "indexes") if count.isdigit() else count
    return ", ".join(part for part in (told, "" if table == "heap" else table, rest) if part)


def _acks(run: Run) -> Panel | None:
    """How long a producer waits: p99 as the bar, from the median to the slowest as the whisker."""
    figures = sorted(named(run, "ack_seconds"), key=lambda f: f.dimensions.get("rate", "").rjust(12))
    bars = []
    for figure in figures:
        rate, ordered = figure.dimensions.get("rate", ""), sorted(figure.values)
        name = f"{words.rows(float(rate)) if rate.isdigit() else rate} records/s"
        p50, p99 = quantile(ordered, 0.5), quantile(ordered, 0.99)
        told = f"p99 {words.seconds(p99)}, p50 {words.seconds(p50)}"
        bars.append(Bar(name, "", p99, p50, ordered[-1], told, words_of(figure, ("rate",))))
    if not bars:
        return None
    title = "Wait for the acknowledgement, by offered rate (bar: p99)"
    return Panel("ack_seconds", title, BarChart(title, "s", tuple(bars), bar_axis(bars, words.tick_seconds)))


def _sustained(figure: Figure) -> str:
    low, high = lowest_highest(figure.values)
    spread = "" if len(figure.values) == 1 else f" ({words.rows(low)} to {words.rows(high)})"
    told = words_of(figure)
    return (
        f"Highest rate at which both stores keep up{f' ({told})' if told else ''}: "
        f"{words.rows(middle(figure.values))} records a second{spread}." + (f" {figure.note}" if figure.note else "")
    )


def space(run: Run) -> Section | None:
    """Bytes a record on disk; None when they were not measured."""
    panel = _panel(
        "bytes_per_record", "Bytes on disk for each record", named(run, "bytes_per_record"),
        lambda f: f"{words.store_name(f.dimensions.get('store', ''))}, {f.dimensions.get('layout', '')}".rstrip(", "),
        lambda value: f"{words.significant(value)} B", note=lambda f: words_of(f, ("store", "layout")),
    )  # fmt: skip
    return None if panel is None else Section("space", "Space", "", (panel,))


def noise(run: Run, floors: Mapping[str, float]) -> Section | None:
    """How far two medians of one engine lie apart by chance: below that nothing is called a difference."""
    engines = sorted(floors, key=words.engine_rank)
    bars = tuple(
        Bar(words.engine_name(e), e, 100 * (floors[e] - 1), 100 * (floors[e] - 1), 100 * (floors[e] - 1),
            f"{words.significant(100 * (floors[e] - 1), 2)} %")
        for e in engines
    )  # fmt: skip
    lies = named(run, "aa_false_winners")
    facts = tuple(
        f"{words.engine_name(f.dimensions.get('engine', 'all'))} against itself: "
        f"{words.counted(round(sum(f.values)), 'false winner')}{f' ({f.note})' if f.note else ''}."
        for f in lies
    )
    if not bars and not facts:
        return None
    title = "Noise floor: two medians that differ by less are the same"
    chart = BarChart(title, "% of the median", bars, bar_axis(bars, lambda value: f"{words.significant(value, 2)} %"))
    return Section(
        key="noise",
        title="Noise",
        about="In each block every engine is asked twice in random order, so each cell also compares an engine with "
        "itself. What such comparisons show is chance.",
        panels=(Panel("noise_floor", title, chart),) if bars else (),
        facts=facts,
    )


def _panel(
    name: str,
    title: str,
    figures: Sequence[Figure],
    label: Callable[[Figure], str],
    text: Callable[[float], str],
    *,
    note: Callable[[Figure], str] = lambda _figure: "",
    engine: str = "",
) -> Panel | None:
    if not figures:
        return None
    bars = tuple(_bar(figure, label(figure), text, note(figure), engine) for figure in figures)
    return Panel(file_name(name), title, BarChart(title, figures[0].unit, bars, bar_axis(bars, text)))


def _bar(figure: Figure, label: str, text: Callable[[float], str], note: str, engine: str) -> Bar:
    value, (low, high) = middle(figure.values), lowest_highest(figure.values)
    colour = figure.dimensions.get("store") or figure.dimensions.get("engine") or engine
    return Bar(label, colour, value, low, high, text(value), note)
