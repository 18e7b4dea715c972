"""Control groups, version 2: a group with a limit of CPU and memory beside the one that a server is in."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from crossover.benchmark.state.servers import family
from crossover.errors import BadSetting

log = logging.getLogger(__name__)

ROOT = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000
_NEEDED = {"cpu", "memory"}
_ROUNDS = 10


@dataclass(frozen=True)
class Limits:
    """What a group's files say; None = no limit."""

    cores: float | None
    memory_bytes: int | None


def place_beside(pid: int, root: Path = ROOT) -> Path | None:
    """The folder in which a group beside that of process `pid` can be made with limits; None where it cannot."""
    try:
        own = group_of(pid, root)
        place = own if own == root else own.parent
        offered = set((place / "cgroup.controllers").read_text(encoding="ascii").split())
        given = set((place / "cgroup.subtree_control").read_text(encoding="ascii").split())
        if not offered >= _NEEDED or not os.access(place, os.W_OK):
            return None
        if not given >= _NEEDED:
            # The kernel refuses this where processes live in the place itself.
            (place / "cgroup.subtree_control").write_text("+cpu +memory", encoding="ascii")
    except OSError:
        return None
    return place


def group_of(pid: int, root: Path = ROOT) -> Path:
    """The folder of the version 2 group that a process is in. Raises OSError where there is none."""
    for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines():
        number, _, path = line.split(":", 2)
        if number == "0":
            return root / path.lstrip("/")
    raise FileNotFoundError(f"process {pid} is in no control group of version 2")


@contextmanager
def held(
    place: Path, name: str, server: psutil.Process, cores: float, memory_bytes: int | None, root: Path = ROOT
) -> Iterator[Limits]:
    """Keep a process and its children in a group of `place`; yields the limits as read back from the kernel.

    Raises BadSetting when the kernel refuses.
    """
    home, group = group_of(server.pid, root), place / name
    try:
        group.mkdir(exist_ok=True)
        quota = f"{round(cores * PERIOD_MICROSECONDS)} {PERIOD_MICROSECONDS}"
        (group / "cpu.max").write_text(quota, encoding="ascii")
        (group / "memory.max").write_text("max" if memory_bytes is None else str(memory_bytes), encoding="ascii")
        _enter(group, server)
        yield limits(group)
    except OSError as error:
        raise BadSetting(f"the kernel refuses control group {group}: {error}") from error
    finally:
        _leave(group, home)


def limits(group: Path) -> Limits:
    """What the group's files say."""
    quota, _, period = (group / "cpu.max").read_text(encoding="ascii").strip().partition(" ")
    most = (group / "memory.max").read_text(encoding="ascii").strip()
    return Limits(None if quota == "max" else int(quota) / int(period), None if most == "max" else int(most))


def _members(group: Path) -> set[int]:
    return set(map(int, (group / "cgroup.procs").read_text(encoding="ascii").split()))


def _enter(group: Path, server: psutil.Process) -> None:
    # The server first: what it starts from then on is born inside.
    for _ in range(_ROUNDS):
        inside = _members(group) if (group / "cgroup.procs").exists() else set()
        outside = [process.pid for process in family(server) if process.pid not in inside]
        if not outside:
            return
        for pid in outside:
            _move(pid, group)


def _leave(group: Path, home: Path) -> None:
    if not group.is_dir():
        return
    for _ in range(_ROUNDS):
        inside = _members(group)
        if not inside:
            break
        for pid in inside:
            _move(pid, home)
    try:
        group.rmdir()
    except OSError as error:
        log.warning("control group %s stays behind: %s", group, error)


def _move(pid: int, group: Path) -> None:
    try:
        (group / "cgroup.procs").write_text(str(pid), encoding="ascii")
    except ProcessLookupError:
        return
