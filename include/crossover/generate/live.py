"""What the control API starts and stops: an endless stream of records, and bursts."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from crossover.errors import CrossoverError, UserError
from crossover.generate.schedule import Schedule
from crossover.generate.send import Delivery, Target
from crossover.generate.synthesise import LiveSource, MixedSource
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.records import Kind
from crossover.tally import Tally

log = logging.getLogger(__name__)


class AlreadyRunning(UserError):
    """The stream was started before."""


@dataclass(frozen=True)
class StreamConfig:
    """Each kind sends `batch_size` records every so many seconds; `rate` (records/s in all, 0 = no limit) rescales."""

    batch_size: int = 100
    log_interval: float = 1.0
    event_interval: float = 1.0
    rate: float | None = None

    def rates(self) -> dict[Kind, float]:
        """Records a second of each kind; 0 = no limit."""
        rates = {Kind.LOGS: self.batch_size / self.log_interval, Kind.EVENTS: self.batch_size / self.event_interval}
        if self.rate is None:
            return rates
        return {kind: rate * self.rate / sum(rates.values()) for kind, rate in rates.items()}


@dataclass(frozen=True)
class Status:
    """What the stream does and has done since it was last started; the theoretical rate is 0 when there is no limit."""

    running: bool
    producer: str | None
    config: StreamConfig
    theoretical_records_per_minute: float
    logs_sent: int
    events_sent: int
    errors: int
    missed: int
    failure: str | None


@dataclass(frozen=True)
class BurstResult:
    """What became of a burst's records."""

    producer: str
    acked: int
    rejected: int
    unknown: int
    seconds: float


class Generator:
    """One process's stream and bursts. Every stream and burst is a producer of its own."""

    def __init__(self, url: str, dataset: str, save: Callable[[Tally], None]) -> None:
        self._target, self._dataset, self._save = Target(url, dataset), dataset, save
        # Every process tells other records; the burst and the stream of one process share services and incidents.
        today = time.time_ns() // 1000 // DAY_US * DAY_US
        self._world = make_world(secrets.randbits(32), start_us=today, days=1, knobs=Knobs())
        self._starting = threading.Lock()
        self._stop, self._closing = threading.Event(), threading.Event()
        self._config = StreamConfig()
        self._producer: str | None = None
        self._failure: str | None = None
        self._deliveries: list[Delivery] = []
        self._threads: list[threading.Thread] = []

    def start(self, config: StreamConfig) -> Status:
        """Begin the stream. Raises AlreadyRunning."""
        with self._starting:
            if self._running():
                raise AlreadyRunning("the stream is running", cure="POST /control/stop first")
            self._stop, self._config, self._failure = threading.Event(), config, None
            self._producer = producer = _new_producer()
            self._deliveries = [
                self._delivery(
                    MixedSource([self._source(kind, producer, None, config.batch_size)]), producer, rate, self._stop
                )
                for kind, rate in config.rates().items()
            ]
            self._threads = [threading.Thread(target=self._run, args=(d,), daemon=True) for d in self._deliveries]
            for thread in self._threads:
                thread.start()
        return self.status()

    def stop(self) -> Status:
        """End the stream after the batches under way; one that does not run stays so."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.status()

    def close(self) -> None:
        """End the stream and every burst."""
        self._closing.set()
        self.stop()

    def status(self) -> Status:
        """Counts since the last start."""
        deliveries = self._deliveries
        return Status(
            running=self._running(),
            producer=self._producer,
            config=self._config,
            theoretical_records_per_minute=round(60 * sum(self._config.rates().values()), 1),
            logs_sent=sum(delivery.tallies[Kind.LOGS].acked for delivery in deliveries),
            events_sent=sum(delivery.tallies[Kind.EVENTS].acked for delivery in deliveries),
            errors=sum(delivery.total("rejected") + delivery.total("unknown") for delivery in deliveries),
            missed=sum(delivery.total("missed") for delivery in deliveries),
            failure=self._failure,
        )

    def burst(self, counts: dict[Kind, int], batch_size: int) -> BurstResult:
        """Send so many records of each kind as fast as they are acknowledged; returns when they are."""
        started, producer = time.monotonic(), _new_producer()
        source = MixedSource([self._source(kind, producer, count, batch_size) for kind, count in counts.items()])
        delivery = self._delivery(source, producer, 0.0, self._closing)
        delivery.run()
        seconds = round(time.monotonic() - started, 3)
        return BurstResult(
            producer, delivery.total("acked"), delivery.total("rejected"), delivery.total("unknown"), seconds
        )

    def sample(self, kind: Kind, count: int) -> list[str]:
        """So many records as JSON texts; they are not sent."""
        batch = self._source(kind, _new_producer(), count, count).take()
        return [str(line) for line in batch.lines.to_pylist()] if batch else []

    def _source(self, kind: Kind, producer: str, total: int | None, batch_size: int) -> LiveSource:
        first_block = secrets.randbits(32)
        return LiveSource(kind, self._world, producer, total, batch_records=batch_size, first_block=first_block)

    def _delivery(self, source: MixedSource, producer: str, rate: float, stop: threading.Event) -> Delivery:
        return Delivery(
            source,
            Schedule(rate, wait=stop.wait),
            self._target,
            {kind: Tally(self._dataset, kind, producer) for kind in Kind},
            stop=stop,
            save=self._save,
        )

    def _run(self, delivery: Delivery) -> None:
        try:
            delivery.run()
        except CrossoverError as error:
            log.error("the stream ended: %s", error)
            self._failure = str(error)

    def _running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)


def _new_producer() -> str:
    return f"gen-{secrets.token_hex(4)}"
