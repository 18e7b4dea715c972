"""`crossover benchmark run`: time the cases at the given sizes and store the results."""

import argparse

from crossover import job
from crossover.benchmark.run import run_plan
from crossover.benchmark.verbs.plan import add_plan_arguments, plan_of, ready, told
from crossover.settings import Settings

DEFAULT_SIZES = "200000,600000,2000000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, and how often."""
    add_plan_arguments(parser, sizes=DEFAULT_SIZES)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print the tables; exit 143 when stopped before the end."""
    plan = plan_of(arguments, settings)
    stop = job.stop_on_signal()
    ready(plan, settings)
    return told(run_plan(plan, settings, stop), plan, settings)
