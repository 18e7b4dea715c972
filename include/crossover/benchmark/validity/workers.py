"""Whether Spark's executors did the work: what may be called a run on a cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossover.engines.workers import Worker


@dataclass(frozen=True)
class Evidence:
    """In words for the report; `idle`: an executor did nothing, so the times are not those of a cluster."""

    words: str
    idle: bool


def evidence(done: Sequence[Worker] | None) -> Evidence:
    """Judge what each executor did while the questions ran; None = Spark computes inside one process."""
    if done is None:
        return Evidence("one process", idle=False)
    idle = [worker.name for worker in done if worker.alive and worker.tasks == 0]
    tasks = f"{len(done)} executors ({', '.join(str(worker.tasks) for worker in done)} tasks)"
    if not done:
        return Evidence("refused: there were no executors", idle=True)
    if idle:
        return Evidence(f"refused: executor {', '.join(idle)} did no task; {tasks}", idle=True)
    seconds = ", ".join(f"{worker.seconds:.1f}" for worker in done)
    return Evidence(f"{tasks}, busy for {seconds} s", idle=False)
