"""`crossover benchmark sweep`: find the size at which one engine overtakes the other, case by case."""

import argparse
import dataclasses

from crossover import job
from crossover.benchmark.sweep import Search, sweep
from crossover.benchmark.verbs.plan import add_plan_arguments, plan_of, ready, told
from crossover.errors import BadSetting
from crossover.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, where to look, and how much it may cost."""
    add_plan_arguments(parser, sizes="")
    parser.add_argument("--smallest", type=int, default=100_000, help="no size below so many rows")
    parser.add_argument("--largest", type=int, default=8_000_000, help="no size above so many rows")
    parser.add_argument("--first", type=int, default=4, help="sizes that every case is measured at")
    parser.add_argument("--more", type=int, default=2, help="sizes that a case may add where its answer is wide")
    parser.add_argument(
        "--minutes", type=float, default=60, help="for cells beyond the fewest samples, and for added sizes"
    )
    parser.add_argument("--narrow", type=float, default=1.5, help="an interval of this ratio is narrow enough")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print the tables; exit 143 when stopped before the end."""
    if not 0 < arguments.smallest <= arguments.largest or arguments.first < 2 or arguments.more < 0:
        raise BadSetting(
            f"sizes from {arguments.smallest:,} to {arguments.largest:,}, {arguments.first} and {arguments.more} more",
            cure="0 < smallest <= largest, at least 2 first sizes, at least 0 more",
        )
    asked = arguments.sizes
    arguments.sizes = asked or "1"
    plan = plan_of(arguments, settings)
    plan = plan if asked else dataclasses.replace(plan, sizes=())
    search = Search(
        arguments.smallest, arguments.largest, arguments.first, arguments.more, arguments.minutes * 60, arguments.narrow
    )
    stop = job.stop_on_signal()
    ready(plan, settings)
    return told(sweep(plan, search, settings, stop), plan, settings)
