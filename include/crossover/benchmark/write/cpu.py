"""CPU time that each stage of the line spends on a million records, read from the processes of the local stack."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import psutil

from crossover.benchmark.results import Figure
from crossover.benchmark.write.line import Line
from crossover.benchmark.write.rate import Limits, try_rate
from crossover.errors import ServiceError
from crossover.job import bench_line

log = logging.getLogger(__name__)

GENERATOR = "generator"


def _is_after(command: Sequence[str], first: str, second: str) -> bool:
    return (first, second) in pairwise(command)


# How the first process of a stage is told by its command line; its children belong to it.
STAGES: dict[str, Callable[[Sequence[str]], bool]] = {
    # The HTTP server writes its own title over the command line.
    "ingest": lambda command: "crossover.ingest.app:create" in command or _is_after(command, "crossover.cli", "ingest"),
    "kafka": lambda command: "kafka.Kafka" in command,
    "load": lambda command: _is_after(command, "crossover.cli", "load"),
    "postgres": lambda command: command[0].endswith("/postgres") and "-D" in command,
    "stream": lambda command: "spark_jobs.stream_logs" in command,
    "hdfs": lambda command: any(word.startswith("org.apache.hadoop.hdfs.server.") for word in command),
}


def stage_of(command: Sequence[str], dataset: str, *, marked: bool) -> str | None:
    """The stage that a process with this command line is the first of; None for any other process.

    `marked`: it bears the mark of this stack. The stream is no part of the stack: it is told by its dataset.
    """
    stage = next((name for name, is_it in STAGES.items() if command and is_it(command)), None)
    if stage == "stream":
        return stage if _is_after(command, "--dataset", dataset) else None
    return stage if marked else None


def firsts(stages: Mapping[int, str], parents: Mapping[int, int]) -> dict[int, str]:
    """Of these processes (pid -> stage) those that are below no other of the same stage.

    A guard bears its child's command line in its own. `parents`: pid -> parent's pid.
    """

    def below_its_like(pid: int) -> bool:
        above = parents.get(pid, 0)
        while above:
            if stages.get(above) == stages[pid]:
                return True
            above = parents.get(above, 0)
        return False

    return {pid: stage for pid, stage in stages.items() if not below_its_like(pid)}


def cpu_seconds(home: Path, dataset: str) -> dict[str, float]:
    """CPU seconds that each visible stage has used since its start, user and system, children that ended included."""
    stages, parents, found = {}, {}, {}
    for process in psutil.process_iter(["ppid"]):
        parents[process.pid] = process.info["ppid"] or 0
        stage = _stage(process, home, dataset)
        if stage is not None:
            stages[process.pid], found[process.pid] = stage, process
    used: dict[str, float] = {}
    for pid, stage in firsts(stages, parents).items():
        used[stage] = used.get(stage, 0.0) + _of_tree(found[pid])
    return used


def _stage(process: psutil.Process, home: Path, dataset: str) -> str | None:
    """The marks are those of the stack's supervision: a variable in the environment, or the working folder."""
    try:
        command = process.cmdline()
        working = str(home / "data" / "working")
        marked = process.cwd() == working or process.environ().get("CROSSOVER_STACK") == str(home)
    except psutil.Error:
        return None
    return stage_of(command, dataset, marked=marked)


def _of_tree(root: psutil.Process) -> float:
    total = 0.0
    try:
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return total
    for process in tree:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        # A parent has the time of the children that have ended, too.
        total += times.user + times.system + times.children_user + times.children_system
    return total


def per_million(before: Mapping[str, float], after: Mapping[str, float], records: int) -> dict[str, float]:
    """CPU seconds a million records, of the stages that were seen whole. Raises ValueError without records."""
    if records <= 0:
        raise ValueError("no records")
    # A stage that was started anew meanwhile has less than before, and nobody knows what is lacking.
    both = (stage for stage in after if stage in before and after[stage] >= before[stage])
    return {stage: (after[stage] - before[stage]) / records * 1_000_000 for stage in both}


def unseen(stages: Iterable[str]) -> list[str]:
    """The stages that cannot be seen from here: in pods, or on other machines."""
    return sorted(set(STAGES) - set(stages))


def measure(line: Line, rate: float, limits: Limits) -> list[Figure]:
    """Offer one rate, and read the processes before it and when both stores have all. Raises Stopped, ServiceError."""
    home = line.settings.home
    before = cpu_seconds(home, line.dataset)
    trial = try_rate(line, rate, limits)
    after = cpu_seconds(home, line.dataset)
    # A backlog that grew is all the same to the CPU time, as long as it was worked off before the second reading.
    if trial.sent.unacked or trial.drained_seconds is None or not trial.sent.acked:
        raise ServiceError(
            f"at {rate:,.0f} records/s not every record reached both stores: {'; '.join(trial.reasons)}",
            cure="a lower --background",
        )
    used = per_million(before, after, trial.sent.acked)
    hidden = unseen(used)
    if hidden:
        log.warning("no process of %s can be seen from here: in pods or on another machine", ", ".join(hidden))
    used = {GENERATOR: trial.sent.cpu_seconds / trial.sent.acked * 1_000_000} | used
    note = (
        f"{trial.sent.acked:,} records at {rate:,.0f}/s in requests of {trial.sent.batch}, until both stores had them; "
        "what a stage does when idle is in it"
    )
    hidden_note = f"; not seen from here: {', '.join(hidden)}" if hidden else ""
    for stage, seconds in used.items():
        bench_line({"figure": "cpu_seconds_per_million", "stage": stage, "seconds": round(seconds, 3)})
    return [
        Figure("cpu_seconds_per_million", {"stage": stage}, "s", (seconds,), note + hidden_note)
        for stage, seconds in used.items()
    ]
