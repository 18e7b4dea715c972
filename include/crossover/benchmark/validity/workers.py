"""Whether Spark's executors did the work: what may be called a run on a cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossover.engines.workers import Worker


@dataclass(frozen=True)
class WorkersSeen:
    """In words for the report; `idle`: an executor did nothing, so the times are not those of a cluster."""

    words: str
    idle: bool


def workers_seen(done: Sequence[Worker] | None) -> WorkersSeen:
    """Judge what each executor did while the questions ran; None = Spark computes inside one process."""
    if done is None:
        return WorkersSeen("one process", idle=False)
    idle = [worker.name for worker in done if worker.alive and worker.tasks == 0]
    tasks = f"{len(done)} executors ({', '.join(str(worker.tasks) for worker in done)} tasks)"
    if not done:
        return WorkersSeen("refused: there were no executors", idle=True)
    if idle:
        return WorkersSeen(f"refused: executor {', '.join(idle)} did no task; {tasks}", idle=True)
    seconds = ", ".join(f"{worker.seconds:.1f}" for worker in done)
    return WorkersSeen(f"{tasks}, busy for {seconds} s", idle=False)
