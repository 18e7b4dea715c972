"""Equal budgets: the cores and the memory that each engine may use, enforced by the kernel and read back from it.

Where control groups (version 2, with the controllers cpu and memory) can be written, each engine's processes are put
into a group of their own beside the one they are in, so that limits around it still hold. Elsewhere whole cores are
enforced by CPU affinity, and memory is not. A memory limit counts what is taken after the process has entered the
group: the kernel does not move earlier pages.

What works for an engine in another process is outside its budget: HDFS for the lake's engines, the page cache for all.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psutil

from crossover.benchmark.state import affinity, cgroups
from crossover.benchmark.state.servers import PARTS, elsewhere, processes
from crossover.errors import BadSetting
from crossover.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Budget:
    """What an engine may use; no memory limit with None."""

    cores: float
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Enforced:
    """What the kernel says that it holds an engine to; None = no limit. `how` is for the reader."""

    cores: float | None
    memory_bytes: int | None
    how: str


def fitted(settings: Settings, budget: Budget) -> Settings:
    """Settings with which engines plan for the budget: PostgreSQL's workers, DuckDB's threads and memory."""
    change: dict[str, object] = {"cores": max(1, int(budget.cores))}
    if budget.memory_bytes is not None:
        change["duckdb_memory"] = f"{budget.memory_bytes}B"
    return settings.model_copy(update={"benchmark": settings.benchmark.model_copy(update=change)})


def unavailable(settings: Settings) -> str:
    """Why budgets cannot be enforced from here, in plain words; empty when at least cores can."""
    if away := elsewhere(settings):
        return (
            f"{away}: not on this machine; give the engines equal limits there"
            " (in Kubernetes resources.limits of their pods), they cannot be seen from here"
        )
    try:
        for engine in PARTS:
            processes(engine, settings)
    except BadSetting as error:
        return error.message
    return ""


@contextmanager
def enforced(budgets: Budget | Mapping[str, Budget], settings: Settings) -> Iterator[dict[str, Enforced]]:
    """Hold each engine to its budget, and take the limits away at the end; one budget alone is both servers'.

    Yields engine -> what is enforced, as it was read back. DuckDB works in this process, which is held in its stead;
    its memory is its own setting (see `fitted`).

    Raises:
        BadSetting: budgets cannot be enforced here, or not parts of cores.
    """
    wanted = dict.fromkeys(PARTS, budgets) if isinstance(budgets, Budget) else dict(budgets)
    if reason := unavailable(settings):
        raise BadSetting(f"budgets cannot be enforced: {reason}")
    with ExitStack() as stack:
        yield {
            engine: stack.enter_context(_held(engine, budget, processes(engine, settings)))
            for engine, budget in wanted.items()
        }


@contextmanager
def _held(engine: str, budget: Budget, members: list[psutil.Process]) -> Iterator[Enforced]:
    own = engine not in PARTS
    # A limit on our own process would end the benchmark where DuckDB would only have written to disk.
    memory = None if own else budget.memory_bytes
    place = cgroups.place_beside(members[0].pid)
    if place is not None:
        with cgroups.held(place, f"crossover-{engine}-{members[0].pid}", members[0], budget.cores, memory) as limits:
            yield Enforced(limits.cores, budget.memory_bytes if own else limits.memory_bytes, "control group")
        return
    if memory is not None:
        log.warning("%s: no control group can be made here, so its memory is not limited", engine)
    with affinity.held(members[0], budget.cores) as cores:
        yield Enforced(cores, budget.memory_bytes if own else None, "CPU affinity")
