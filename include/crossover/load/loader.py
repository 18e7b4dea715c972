"""The loop: poll, decode, write rows and offsets in one transaction.

PostgreSQL is the truth about offsets. Whenever anything fails, what was read and not written is dropped, and reading
begins again at PostgreSQL's offsets: the same path serves the start, a rebalance, a lost database, a lost broker and
a second loader. Offsets must be dense: a partition with a gap is set aside and named, the others go on.
"""

import threading
import time
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from crossover.connections import kafka_consumer
from crossover.errors import CrossoverError
from crossover.job import Progress, log
from crossover.load.dead_letters import DeadLetters
from crossover.load.rows import Flush, Gap, Place
from crossover.load.status import Status
from crossover.load.store import Store
from crossover.records import Kind, dataset_of
from crossover.settings import DATASET_PATTERN, Settings
from crossover.telemetry import LAST_COMMIT, LOADED, POISON
from crossover.wire import decode_message

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message

_TOPICS = [f"^{kind.topic_root.replace('.', '[.]')}([.]{DATASET_PATTERN.pattern})?$" for kind in Kind]
_CONSUMER = {
    "topic.metadata.refresh.interval.ms": 2000,
    "allow.auto.create.topics": False,
    # A killed loader's partitions are free again after this.
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 2000,
    # An offset that Kafka no longer has is an error to be named, never a jump.
    "auto.offset.reset": "error",
    "fetch.wait.max.ms": 100,
    "reconnect.backoff.max.ms": 1000,
    # librdkafka would write a line for every failed attempt to connect; Status tells it once.
    "log_level": 2,
}
_LONGEST_WAIT_SECONDS = 5.0
# A client that asked a starting broker for its peers can be told that there are none, and then forgets every address
# (librdkafka issue 5301). Nothing but a new client finds the way back.
_RENEW_SECONDS = 30.0

Key = tuple[str, int]


class Loader:
    """Reads what the group gives it until stopped."""

    def __init__(self, settings: Settings, stop: threading.Event, status: Status) -> None:
        self._settings, self._stop, self._status = settings, stop, status
        self._store = Store(settings)
        self._dead_letters = DeadLetters(settings)
        self._expected: dict[Key, int | None] = {}
        self._to_place: list[Key] | None = None
        self._failures = 0
        self._consumer = self._new_consumer()
        self._progress = Progress("load", None, every_seconds=10)
        self._rows = 0

    def run(self) -> None:
        """Load until the stop event is set; the transaction in hand is finished first."""
        while not self._stop.is_set():
            try:
                self._place()
                flush = self._gather()
                if flush.advances and self._to_place is None:
                    self._write(flush)
                elif self._status.problem:
                    self._look_again()
            except CrossoverError as error:
                self._begin_again(error.message)
            except KafkaException as error:
                self._begin_again(f"Kafka: {error}")
                self._renew()
        self._consumer.close()
        self._store.close()

    def _new_consumer(self) -> "Consumer":
        options = {**_CONSUMER, "error_cb": self._on_error}
        consumer = kafka_consumer(self._settings, group=self._settings.load.group, **options)
        consumer.subscribe(_TOPICS, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke)
        self._consumer_since = time.monotonic()
        return consumer

    def _renew(self) -> None:
        """Another client for one that has not reached Kafka for long; the offsets are PostgreSQL's, nothing is lost."""
        if time.monotonic() - max(self._consumer_since, self._status.since) < _RENEW_SECONDS:
            return
        log.warning("Kafka has not answered for %.0f s: starting a new client", _RENEW_SECONDS)
        self._consumer.close()
        self._expected, self._to_place = {}, []
        self._consumer = self._new_consumer()

    def _place(self) -> None:
        """Start reading the partitions that the group gave at PostgreSQL's offsets."""
        if self._to_place is None:
            return
        offsets = self._store.offsets()
        keys = [key for key in self._to_place if _name(key) not in self._status.set_aside]
        self._expected = {key: offsets.get(key) for key in keys}
        if keys:
            self._consumer.assign([TopicPartition(*key, offsets.get(key, OFFSET_BEGINNING)) for key in keys])
        self._to_place = None

    def _gather(self) -> Flush:
        """Messages until there are enough records, or the time since the first of them is up."""
        flush = Flush()
        deadline: float | None = None
        while not self._stop.is_set() and self._to_place is None and flush.rows < self._settings.load.batch_records:
            left = 0.5 if deadline is None else deadline - time.monotonic()
            if left <= 0:
                break
            message = self._consumer.poll(min(left, 0.5))
            if message is None:
                if deadline is None:
                    break
                continue
            if self._take(message, flush) and deadline is None:
                deadline = time.monotonic() + self._settings.load.batch_seconds
        return flush

    def _take(self, message: "Message", flush: Flush) -> bool:
        """Decode one message into the flush; False when it is not to be loaded."""
        error = message.error()
        if error is not None:
            self._on_message_error(message, error)
            return False
        place = Place(message.topic() or "", message.partition() or 0, message.offset() or 0)
        key, owner = (place.topic, place.partition), dataset_of(place.topic)
        if key not in self._expected or owner is None:
            return False
        kind, dataset = owner
        parsed = decode_message(kind, _content_type(message), message.value())
        try:
            flush.add(dataset, kind, place, parsed, self._expected[key])
        except Gap as gap:
            self._set_aside(key, gap.message)
            return False
        return True

    def _write(self, flush: Flush) -> None:
        self._dead_letters.write(flush.dead)
        self._store.write(flush)
        self._failures = 0
        self._status.works()
        self._status.committed()
        LAST_COMMIT.set_to_current_time()
        for (dataset, kind), batches in flush.batches.items():
            LOADED.labels(kind, dataset).inc(sum(batch.num_rows for batch in batches))
        for _, kind, _, _ in flush.dead:
            POISON.labels(kind).inc()
        self._expected |= {key: advance.next_offset for key, advance in flush.advances.items()}
        # Only so that Kafka's own tools show the lag: reading never begins at these.
        self._consumer.commit(
            offsets=[TopicPartition(*key, advance.next_offset) for key, advance in flush.advances.items()],
            asynchronous=True,
        )
        self._rows += flush.rows
        self._progress.update(self._rows)

    def _look_again(self) -> None:
        """End an outage during which nothing was sent: PostgreSQL has answered in _place(), now Kafka does."""
        self._consumer.list_topics(timeout=_LONGEST_WAIT_SECONDS)
        self._status.works()
        self._failures = 0

    def _begin_again(self, problem: str) -> None:
        """Drop what was read; wait inside poll, so that the group keeps us; then place anew."""
        self._status.failed(problem)
        if self._to_place is None:
            self._to_place = list(self._expected)
            self._consumer.assign([])
        self._failures += 1
        deadline = time.monotonic() + min(0.1 * 2**self._failures, _LONGEST_WAIT_SECONDS)
        while not self._stop.is_set() and (left := deadline - time.monotonic()) > 0:
            self._consumer.poll(min(left, 0.5))

    def _set_aside(self, key: Key, reason: str) -> None:
        """Read this partition no more: going on would hide a loss."""
        log.error("%s is not loaded any more: %s; use a new dataset, or restore the topic", _name(key), reason)
        self._status.set_aside[_name(key)] = reason
        self._to_place = [other for other in self._expected if other != key]

    def _on_message_error(self, message: "Message", error: KafkaError) -> None:
        key = (message.topic() or "", message.partition() or 0)
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            self._set_aside(key, f"Kafka does not have offset {self._expected.get(key)}: {error.str()}")
        elif error.code() not in {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION}:
            raise KafkaException(error)

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._status.failed(f"Kafka: {error.str()}")

    def _on_assign(self, consumer: "Consumer", partitions: list[TopicPartition]) -> None:
        # The offsets are PostgreSQL's, which may be down now; _place() asks for them outside of this callback.
        consumer.assign([])
        self._to_place = [(partition.topic, partition.partition) for partition in partitions]
        still = {_name(key) for key in self._to_place}
        self._status.set_aside = {name: why for name, why in self._status.set_aside.items() if name in still}
        log.info("the group %s gives %d partitions", self._settings.load.group, len(partitions))

    def _on_revoke(self, consumer: "Consumer", _partitions: list[TopicPartition]) -> None:
        consumer.unassign()
        self._to_place = []


def _name(key: Key) -> str:
    return f"{key[0]}[{key[1]}]"


def _content_type(message: "Message") -> str | None:
    for name, value in message.headers() or []:
        if name == "content-type" and value is not None:
            return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return None
