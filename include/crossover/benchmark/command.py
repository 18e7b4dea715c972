"""`crossover benchmark VERB ...`: measure, look at what was measured, compare."""

import argparse
import importlib
from typing import Any

from crossover.settings import Settings

# verb -> (module, function that runs it, what it does); add_FUNCTION_arguments or add_arguments has its options.
VERBS: dict[str, tuple[str, str, str]] = {
    "run": ("crossover.benchmark.verbs.run", "run", "time the cases over a ladder of sizes and store the results"),
    "sweep": ("crossover.benchmark.verbs.sweep", "run", "find the size at which one engine overtakes the other"),
    "write": (
        "crossover.benchmark.verbs.write",
        "run",
        "time ways of writing, the sustained rate, freshness, bytes, CPU",
    ),
    "noise": ("crossover.benchmark.verbs.noise", "run", "each engine against itself: nobody may win"),
    "compaction": (
        "crossover.benchmark.verbs.compaction",
        "compaction",
        "query time against file count: what compaction costs and gains",
    ),
    "recompact": (
        "crossover.benchmark.verbs.compaction",
        "recompact",
        "merge the files of a scratch copy again and again: what condition compacting does",
    ),
    "cost": ("crossover.benchmark.verbs.cost", "run", "how many Spark cores match one PostgreSQL core, and DuckDB"),
    "show": ("crossover.benchmark.verbs.runs", "show", "print a run's tables"),
    "list": ("crossover.benchmark.verbs.runs", "list_all", "list all runs"),
    "compare": ("crossover.benchmark.verbs.compare", "compare", "set runs side by side: what is slower, what faster"),
    "history": ("crossover.benchmark.verbs.compare", "history", "each cell along the newest runs, where it shifted"),
    "export": ("crossover.benchmark.verbs.exchange", "export", "write a run as one JSON file"),
    "import": ("crossover.benchmark.verbs.exchange", "import_file", "store the run of a JSON file"),
    "drop": ("crossover.benchmark.verbs.runs", "drop", "drop a run's copies of the data; its results stay"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
    for verb, (module, function, about) in VERBS.items():
        own = verbs.add_parser(
            verb, help=about, description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        imported: Any = importlib.import_module(module)
        named = getattr(imported, f"add_{function}_arguments", None)
        (named or imported.add_arguments)(own)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do what the verb says; returns the exit code."""
    module, function, _ = VERBS[arguments.verb]
    return int(getattr(importlib.import_module(module), function)(arguments, settings))
