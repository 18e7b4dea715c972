"""`crossover COMMAND ...`: everything that a DAG does can be run from a terminal with the same function.

A command is a module with `add_arguments(parser)` and `run(arguments, settings) -> exit code`; it is imported only
when it is called, so that `crossover --help` is quick and a pod needs only the libraries of its own job.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from crossover.errors import CrossoverError
from crossover.job import log, start_logging
from crossover.settings import load_settings

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("crossover.stack.demo", "start the stack, run DAG quickstart, print the results"),
    "up": ("crossover.stack.up", "start the local stack"),
    "down": ("crossover.stack.down", "stop the local stack"),
    "restart": ("crossover.stack.restart", "stop a part, start it, wait until it is healthy"),
    "status": ("crossover.stack.status", "health, address and log file of each part"),
    "doctor": ("crossover.stack.doctor", "name each missing prerequisite and its cure"),
    "dataset": ("crossover.dataset_command", "create a dataset, or seal it: nothing more will come"),
    "access": ("crossover.access.command", "make users and rights of the stores as declared, or show them"),
    "generate": ("crossover.generate.command", "send synthetic records"),
    "replay": ("crossover.generate.replay_command", "send the lines of real log files"),
    "control": ("crossover.generate.control", "serve the generator's control API"),
    "ingest": ("crossover.ingest.command", "serve the collecting API"),
    "load": ("crossover.load.command", "copy Kafka into PostgreSQL until stopped"),
    "compact": ("crossover.lake.command", "merge the small files of closed day partitions, and verify"),
    "ledger": ("crossover.ledger.command", "compare sent = Kafka = PostgreSQL = lake"),
    "benchmark": ("crossover.benchmark.command", "time the same questions in both engines"),
    "report": ("crossover.report.command", "draw the report of a benchmark run"),
}


def _listing() -> str:
    return "commands:\n" + "\n".join(f"  {name:<10} {about}" for name, (_, about) in COMMANDS.items())


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `crossover`; returns the process's exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(f"usage: crossover COMMAND [options]\n\n{_listing()}\n\n`crossover COMMAND --help` tells the options.")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        print(f"crossover: unknown command {name!r}\n\n{_listing()}", file=sys.stderr)
        return 2
    module_name, about = COMMANDS[name]
    module: Any = importlib.import_module(module_name)
    parser = argparse.ArgumentParser(
        prog=f"crossover {name}", description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    module.add_arguments(parser)
    parsed = parser.parse_args(rest)
    start_logging()
    try:
        return int(module.run(parsed, load_settings()))
    except CrossoverError as error:
        log.error("%s", error)
        return error.exit_code
    except KeyboardInterrupt:
        log.warning("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
