"""A clean stop: what is under way ends at its next step, what was started is ended, and the job says so."""

import threading

from crossover.errors import CrossoverError


class Stopped(CrossoverError):
    """The job was told to end before its work was done."""


def check(stop: threading.Event) -> None:
    """Raise Stopped when the job was told to end."""
    if stop.is_set():
        raise Stopped("stopped before the end")
