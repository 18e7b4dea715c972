"""A server held to whole cores by CPU affinity, which the kernel keeps for each thread by itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from crossover.benchmark.state.servers import family
from crossover.errors import BadSetting

# Threads are born while others are being pinned; each is of a pinned parent after one round more.
_ROUNDS = 10


@contextmanager
def held(server: psutil.Process, cores: float) -> Iterator[float]:
    """Keep a process and all that it starts on so many cores; yields the number that was read back.

    All engines get the same cores, as only one is asked at a time. Raises BadSetting for a part of a core, for more
    cores than there are, and for processes that are not ours.
    """
    before = _allowed(server.pid)
    if cores != int(cores) or not 1 <= cores <= len(before):
        raise BadSetting(
            f"{cores:g} cores: without control groups a whole number from 1 to {len(before)}",
            cure="run as root where control groups version 2 can be written, or choose whole cores",
        )
    chosen = set(sorted(before)[: int(cores)])
    try:
        _pin(server, chosen)
        yield float(max(len(_allowed(thread)) for thread in _threads(server)))
    finally:
        if server.is_running():
            _pin(server, before)


def _pin(server: psutil.Process, cores: set[int]) -> None:
    for _ in range(_ROUNDS):
        others = [thread for thread in _threads(server) if _allowed(thread) not in (cores, set())]
        if not others:
            return
        for thread in others:
            _set(thread, cores)


def _set(thread: int, cores: set[int]) -> None:
    try:
        os.sched_setaffinity(thread, cores)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise BadSetting("the engines' processes are another user's: their cores cannot be chosen") from error


def _allowed(thread: int) -> set[int]:
    """The cores that a thread may use; none for one that has ended."""
    try:
        return set(os.sched_getaffinity(thread))
    except ProcessLookupError:
        return set()


def _threads(server: psutil.Process) -> list[int]:
    found = []
    for process in family(server):
        try:
            found += [thread.id for thread in process.threads()]
        except psutil.NoSuchProcess:
            continue
    return found
