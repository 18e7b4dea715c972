"""The line under test: a dataset of its own, and a stream into the lake, started here or by somebody else."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from crossover.benchmark.write.backlog import Backlog, Look
from crossover.benchmark.write.open_loop import OpenLoop, Sent
from crossover.benchmark.write.stopping import check
from crossover.dataset import create_dataset, sealed_offsets
from crossover.errors import BadInput, ServiceDown, ServiceTimeout
from crossover.job import Progress
from crossover.ledger.catch_up import require_spark, stream_is_running
from crossover.settings import Settings, checkout

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
FIRST_ROWS_SECONDS = 600.0
RECOVERY_SECONDS = 600.0
STOP_SECONDS = 90.0
PRIMING_RATE, PRIMING_SECONDS = 200.0, 2.0


@contextmanager
def stream(dataset: str, settings: Settings, mode: Literal["own", "given"]) -> Iterator[Callable[[], None]]:
    """A continuous stream of the dataset while the block runs; yields what raises ServiceDown once it has ended.

    `own`: started here, and stopped at the end, unless one runs already. `given`: somebody else starts it, now or
    soon; nothing is asked of it but that the lake's place moves (see `Line.prime`).

    Raises ServiceError where no stream can be started here.
    """
    if mode == "given" or stream_is_running(dataset, settings):
        yield lambda: None
        return
    require_spark(dataset)
    command = [sys.executable, "-m", "spark_jobs.stream_logs", "--dataset", dataset, "--mode", "continuous"]
    process = subprocess.Popen(command, cwd=checkout())

    def require_running() -> None:
        if process.poll() is not None:
            raise ServiceDown(f"the stream ended with exit code {process.returncode}", cure="see its lines above")

    try:
        yield require_running
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.warning("the stream did not end within %.0f s and is killed", STOP_SECONDS)
        process.kill()
        process.wait()


def make_dataset(dataset: str, settings: Settings, mode: Literal["own", "given"]) -> None:
    """Topics and tables of the dataset; with a given stream they are there already. Raises BadInput if it is sealed."""
    if mode == "own":
        create_dataset(dataset, settings)
    if sealed_offsets(dataset, settings) is not None:
        raise BadInput(f"dataset {dataset} is sealed: its stream has ended", cure="choose another --dataset")


class Line:
    """Sends into one dataset and watches both stores take it."""

    def __init__(
        self,
        connection: "psycopg.Connection[Any]",
        settings: Settings,
        dataset: str,
        stop: threading.Event,
        require_stream: Callable[[], None],
    ) -> None:
        self.settings, self.dataset, self.stop, self._require_stream = settings, dataset, stop, require_stream
        self.backlog = Backlog(connection, settings, dataset)
        self._seed = 0

    def loop(self, rate: float, seconds: float, *, batch: int, connections: int) -> OpenLoop:
        """A sender of this dataset; each has other records."""
        self._seed += 1
        return OpenLoop(
            self.settings.ingest.url,
            self.dataset,
            rate=rate,
            seconds=seconds,
            batch=batch,
            connections=connections,
            seed=self._seed,
            stop=self.stop,
        )

    def prime(self) -> None:
        """Send a few records and wait until both stores have them: then all of the line is up and warm.

        Raises ServiceTimeout when a store does not take them.
        """
        loop = self.loop(PRIMING_RATE, PRIMING_SECONDS, batch=100, connections=1)
        loop.start()
        sent = loop.join()
        if sent.unacked or not sent.acked:
            check(self.stop)
            raise ServiceDown(f"ingest did not take {sent.unacked} records: {sent.problem}", cure="crossover status")
        if self.drain(FIRST_ROWS_SECONDS) is None:
            look = self.backlog.look()
            raise ServiceTimeout(
                f"dataset {self.dataset}: PostgreSQL is {look.behind('postgres')} and the lake {look.behind('lake')} "
                f"messages behind after {FIRST_ROWS_SECONDS:.0f} s",
                cure=f"is a stream of {self.dataset} running? crossover status",
            )

    def watch(self, loop: OpenLoop, what: str) -> tuple[list[Look], Sent]:
        """Run the sender to its end, looking at the backlog meanwhile."""
        progress, looks, begun = Progress(what, None), [self.backlog.look()], time.monotonic()
        loop.start()
        while loop.running:
            if self.stop.wait(LOOK_SECONDS):
                break
            look = self.backlog.look()
            looks.append(look)
            progress.update(
                round(time.monotonic() - begun),
                f"s; messages behind: PostgreSQL {look.behind('postgres')}, lake {look.behind('lake')}",
            )
        sent = loop.join()
        check(self.stop)
        self._require_stream()
        return looks, sent

    def drain(self, limit_seconds: float) -> float | None:
        """Seconds until both stores have all that Kafka holds; None if it takes longer than the limit."""
        begun, progress = time.monotonic(), Progress("waiting for both stores, s", None)
        while True:
            look = self.backlog.look()
            waited = time.monotonic() - begun
            if look.drained:
                return waited
            if waited > limit_seconds:
                return None
            progress.update(round(waited), f"PostgreSQL {look.behind('postgres')}, lake {look.behind('lake')} behind")
            self.stop.wait(LOOK_SECONDS)
            check(self.stop)
            self._require_stream()

    def recover(self) -> None:
        """Wait until nothing is left of an overload. Raises ServiceTimeout."""
        if self.drain(RECOVERY_SECONDS) is None:
            raise ServiceTimeout(
                f"the stores have not caught up within {RECOVERY_SECONDS:.0f} s", cure="crossover status"
            )
