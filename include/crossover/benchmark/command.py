"""`crossover benchmark VERB ...`: measure, look at what was measured, compare."""

import argparse
import importlib
from typing import Any

from crossover.settings import Settings

# verb -> (module, function that runs it, what it does); add_FUNCTION_arguments or add_arguments has its options.
VERBS: dict[str, tuple[str, str, str]] = {
    "run": ("crossover.benchmark.verbs.run", "run", "time the cases over a ladder of sizes and store the results"),
    "show": ("crossover.benchmark.verbs.runs", "show", "print a run's tables"),
    "list": ("crossover.benchmark.verbs.runs", "list_all", "list all runs"),
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
