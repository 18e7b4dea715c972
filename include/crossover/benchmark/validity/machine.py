"""Who used the CPU between two looks: the stack and this benchmark, the kernel, somebody else, another machine.

Read from /proc twice. What is foreign is found by subtraction: a process of ours that began and ended between the looks
left its time with the parent that waited for it, as PostgreSQL's workers do; a stranger's is in the total all the same.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

# The first columns of the line `cpu` in /proc/stat, in ticks. Guest time is part of user time and not added again.
_KINDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
# In a shorter time a few ticks of 10 ms are a large share.
LEAST_TICKS = 100
_KTHREADD = 2


@dataclass(frozen=True)
class Process:
    """A process, and the ticks that it and the children it waited for have used. `begun` tells a pid from its reuse."""

    pid: int
    parent: int
    begun: int
    ticks: int
    name: str


@dataclass(frozen=True)
class Machine:
    """What /proc said at one moment: ticks by kind since the machine started, and all processes that are visible."""

    ticks: dict[str, int]
    processes: dict[int, Process]


@dataclass(frozen=True)
class Seen:
    """A machine at one moment. `ours`: pids of stack and benchmark; `stack`: any of the stack is among them."""

    machine: Machine
    ours: frozenset[int]
    stack: bool


@dataclass(frozen=True)
class Shares:
    """Of all CPU time between two looks, 0 to 1; None = it cannot be told here."""

    steal: float | None
    foreign: float | None


def read_machine(proc: Path = Path("/proc")) -> Machine | None:
    """Read it now; None where there is no /proc of this form (another operating system)."""
    try:
        words = (proc / "stat").read_text(encoding="ascii").split(maxsplit=len(_KINDS) + 1)
        ticks = dict(zip(_KINDS, map(int, words[1 : len(_KINDS) + 1]), strict=True))
        found = [_process(folder) for folder in proc.iterdir() if folder.name.isdigit()]
    except (OSError, ValueError, IndexError):
        return None
    return Machine(ticks, {process.pid: process for process in found if process})


def _process(folder: Path) -> Process | None:
    try:
        text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        # It ended in between.
        return None
    # pid (name) state parent ...; a name may hold spaces and brackets. Used time is in columns 14 to 17, birth in 22.
    name, _, rest = text.partition("(")[2].rpartition(")")
    columns = rest.split()
    return Process(int(folder.name), int(columns[1]), int(columns[19]), sum(map(int, columns[11:15])), name)


class Scout:
    """Looks at the machine, and knows what belongs to the stack at `home` and to the process `own_pid`.

    The stack marks its parts in their environment or by their working folder (see crossover.stack.supervision); the
    mark is on the parents, a server's children are told by them. What was read of a process is remembered.
    """

    def __init__(self, home: Path, own_pid: int, proc: Path = Path("/proc")) -> None:
        self._proc, self._own_pid = proc, own_pid
        self._variable = f"CROSSOVER_STACK={home}".encode()
        self._folder = home / "data" / "working"
        self._marked: dict[tuple[int, int], bool] = {}

    def look(self, backend: int | None = None) -> Seen | None:
        """The machine now; `backend` is the pid of a PostgreSQL session, whose server is then known as the stack's."""
        machine = read_machine(self._proc)
        if machine is None or self._own_pid not in machine.processes:
            return None
        stack = {process.pid for process in machine.processes.values() if self._is_marked(process)}
        server = postmaster(machine, backend) if backend is not None else None
        stack |= {server} if server is not None else set()
        return Seen(machine, _with_descendants(machine, {self._own_pid} | stack), bool(stack - {self._own_pid}))

    def _is_marked(self, process: Process) -> bool:
        key = (process.pid, process.begun)
        if key not in self._marked:
            folder = self._proc / str(process.pid)
            try:
                bears = self._variable in (folder / "environ").read_bytes().split(b"\0")
                self._marked[key] = bears or (folder / "cwd").readlink() == self._folder
            except OSError:
                # Another user's, or gone.
                self._marked[key] = False
        return self._marked[key]


def _with_descendants(machine: Machine, roots: Iterable[int]) -> frozenset[int]:
    children: dict[int, list[int]] = {}
    for process in machine.processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return frozenset(found)


def postmaster(machine: Machine, backend: int) -> int | None:
    """The server process of a PostgreSQL session's process; None if that is not to be seen from here.

    In another namespace the pid is somebody else's: the names tell.
    """
    process = machine.processes.get(backend)
    parent = machine.processes.get(process.parent) if process else None
    return parent.pid if process and parent and process.name == parent.name == "postgres" else None


def shares(before: Seen, after: Seen) -> Shares:
    """What others took between two looks.

    What is neither idle, nor stolen, nor ours, nor the kernel's own (its threads write and flush for us) is foreign.
    Where nothing of the stack can be seen, as in a pod, nobody can tell its work from a stranger's.
    """
    spent = {kind: after.machine.ticks[kind] - before.machine.ticks[kind] for kind in _KINDS}
    passed = sum(spent.values())
    if passed < LEAST_TICKS:
        return Shares(None, None)
    steal = max(0.0, spent["steal"] / passed)
    if not (before.stack and after.stack):
        return Shares(steal, None)
    kernel = [_kernel(seen.machine) for seen in (before, after)]
    known = _used(before, after, before.ours, after.ours) + _used(before, after, *kernel)
    known += spent["irq"] + spent["softirq"] + spent["idle"] + spent["iowait"] + spent["steal"]
    return Shares(steal, min(1.0, max(0.0, (passed - known) / passed)))


def _kernel(machine: Machine) -> frozenset[int]:
    return frozenset(pid for pid, process in machine.processes.items() if _KTHREADD in {pid, process.parent})


def _used(before: Seen, after: Seen, members_before: Collection[int], members_after: Collection[int]) -> int:
    """Ticks that a group of processes used between two looks, with what ended meanwhile and was waited for."""
    earlier, later = before.machine.processes, after.machine.processes
    used = sum(later[pid].ticks - (earlier[pid].ticks if _same(earlier, later, pid) else 0) for pid in members_after)
    # What one had used before the first look and then ended is in its parent's sum now, if that parent is of the group.
    for pid in members_before:
        if not _same(earlier, later, pid):
            heir = earlier[pid].parent
            while heir in earlier and not _same(earlier, later, heir):
                heir = earlier[heir].parent
            used -= earlier[pid].ticks if heir in members_after else 0
    return used


def _same(earlier: dict[int, Process], later: dict[int, Process], pid: int) -> bool:
    return pid in earlier and pid in later and earlier[pid].begun == later[pid].begun
