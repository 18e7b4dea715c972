"""Log records sent over HTTP at fixed times, with the time of each request's acknowledgement.

Open loop: a request is due at its time whatever the earlier answers took, and its time counts from when it was due,
so that a system that stalls cannot hide its delays (co-ordinated omission).
"""

import secrets
import threading
import time
from dataclasses import dataclass

from crossover.errors import CrossoverError
from crossover.generate.batch import Batch
from crossover.generate.post import Answer, IngestClient
from crossover.generate.synthesise import LiveSource
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.records import Kind

# A request that could not begin so long after it was due is given up and counted.
PATIENCE_SECONDS = 1.0
# A slow rate is made of smaller batches, so that there are as many requests to tell the 99th percentile from; not of
# more, or the stream, which takes so many messages a commit, would be measured by messages instead of records.
REQUESTS_A_SECOND = 10


@dataclass(frozen=True)
class Sent:
    """What became of the records of one stretch of sending.

    `ack_seconds`: of each acknowledged request, from when it was due. `cpu_seconds`: of the sending threads alone.
    `missed`: records that were due and not sent; `unacked`: sent and refused or not answered.
    """

    acked: int
    missed: int
    unacked: int
    seconds: float
    ack_seconds: tuple[float, ...]
    cpu_seconds: float
    batch: int
    problem: str = ""


def batch_of(rate: float, most: int) -> int:
    """Records in one request: `most`, or fewer so that a slow rate still has ten requests a second."""
    return max(1, min(most, round(rate / REQUESTS_A_SECOND)))


def live_source(producer: str, batch: int, seed: int) -> LiveSource:
    """The generator's own log records, with the present time, without end."""
    today = time.time_ns() // 1000 // DAY_US * DAY_US
    world = make_world(seed, start_us=today, days=1, knobs=Knobs())
    return LiveSource(Kind.LOGS, world, producer, None, batch_records=batch, first_block=secrets.randbits(32))


class OpenLoop:
    """Sends `rate` records a second for `seconds`, or until `stop`; `start` it, then `join` it once."""

    def __init__(
        self,
        url: str,
        dataset: str,
        *,
        rate: float,
        seconds: float,
        batch: int,
        connections: int,
        seed: int,
        stop: threading.Event,
    ) -> None:
        self._url, self._dataset, self._stop = url, dataset, stop
        self._rate, self._seconds, self._batch = rate, seconds, batch_of(rate, batch)
        self._source = live_source(f"write-{secrets.token_hex(4)}", self._batch, seed)
        self._taking, self._counting = threading.Lock(), threading.Lock()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(connections)]
        self._started = 0.0
        self._scheduled = 0
        self._acked = self._missed = self._unacked = 0
        self._acks: list[float] = []
        self._cpu = 0.0
        self._problem = ""

    def start(self) -> None:
        """Begin; the clock starts now."""
        self._started = time.monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        """Requests are still to come or under way."""
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> Sent:
        """Wait for the last answer, and count."""
        for thread in self._threads:
            thread.join()
        seconds = time.monotonic() - self._started
        return Sent(
            self._acked,
            self._missed,
            self._unacked,
            seconds,
            tuple(self._acks),
            self._cpu,
            self._batch,
            self._problem,
        )

    def _work(self) -> None:
        client = IngestClient(self._url, self._dataset)
        try:
            while (turn := self._take()) is not None:
                self._send(client, *turn)
        except CrossoverError as error:
            self._problem = self._problem or error.message
        finally:
            client.close()
            with self._counting:
                self._cpu += time.thread_time()

    def _take(self) -> tuple[Batch, float] | None:
        """The next batch and when it is due, at that time; None at the end."""
        with self._taking:
            while not (self._stop.is_set() or self._problem):
                after = self._scheduled / self._rate
                if after >= self._seconds:
                    return None
                self._scheduled += self._batch
                due = self._started + after
                if time.monotonic() > due + PATIENCE_SECONDS:
                    self._missed += self._batch
                    continue
                batch = self._source.take()
                assert batch is not None, "the source has no end"
                wait = due - time.monotonic()
                if wait > 0 and self._stop.wait(wait):
                    return None
                return batch, due
        return None

    def _send(self, client: IngestClient, batch: Batch, due: float) -> None:
        try:
            answer = client.post(batch)
        except CrossoverError:
            with self._counting:
                self._unacked += len(batch)
            raise
        acked = time.monotonic()
        with self._counting:
            if isinstance(answer, Answer):
                self._acked += answer.accepted
                self._unacked += answer.rejected
                self._acks.append(acked - due)
            else:
                # No second try: a request that was not answered is a failure of this rate.
                self._unacked += len(batch)
                self._problem = self._problem or answer.reason
