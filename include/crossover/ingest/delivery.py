"""Hands messages to Kafka and waits, without blocking the server, until the broker has said that it keeps them."""

import asyncio
import itertools
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException

from crossover.connections import kafka_producer
from crossover.errors import ServiceDown, ServiceTimeout
from crossover.job import log
from crossover.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka import Message, Producer

UNKNOWN = "the outcome is unknown: resend with the same event_ids"
_REFRESH_SECONDS = 30.0
_MISS_SECONDS = 1.0
_RENEW_SECONDS = 1.0
# librdkafka can forget every broker when all addresses change at once; a client that was not answered for so long is
# replaced. Well above the time that a broker takes to start.
_SILENT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One Kafka message; `spread` = over all partitions in turn, else the only one."""

    topic: str
    value: bytes
    headers: list[tuple[str, bytes]]
    spread: bool = True


class Delivery:
    """One idempotent producer and the thread that takes its delivery reports."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._timeout = settings.ingest.delivery_timeout_seconds
        self._producer = self._new_producer()
        self._silent_since: float | None = None
        self._partitions: dict[str, int] = {}
        self._refreshed = -_REFRESH_SECONDS
        self._refreshing = asyncio.Lock()
        self._turn = itertools.count()
        self._problem = ""
        self._closing = threading.Event()
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._take_reports, name="delivery-reports", daemon=True)
        self._thread.start()

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has; 0 when there is no such topic. Raises ServiceDown."""
        async with self._refreshing:
            age = time.monotonic() - self._refreshed
            if age > _REFRESH_SECONDS or (topic not in self._partitions and age > _MISS_SECONDS):
                # All topics are asked for, because asking for one by name may create it.
                self._partitions = await asyncio.to_thread(self._list_topics)
                self._refreshed = time.monotonic()
        return self._partitions.get(topic, 0)

    async def deliver(self, messages: list[Outgoing]) -> None:
        """Return when Kafka has acknowledged every message. Raises ServiceTimeout or ServiceDown."""
        if not messages:
            return
        waiting = _Waiting(asyncio.get_running_loop(), len(messages))
        for message in messages:
            partition = next(self._turn) % max(self._partitions.get(message.topic, 1), 1) if message.spread else 0
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    partition=partition,
                    headers=message.headers,
                    on_delivery=waiting.report,
                )
            except (BufferError, KafkaException) as error:
                raise ServiceDown(f"Kafka takes no more messages ({error}); {UNKNOWN}") from error
        try:
            # librdkafka gives up first and says so; this bound holds should its report never come.
            async with asyncio.timeout(self._timeout + 5):
                failure = await waiting.done
        except TimeoutError:
            raise ServiceTimeout(f"Kafka did not answer within {self._timeout + 5:.0f} s; {UNKNOWN}") from None
        self._say("" if failure is None else failure.name())
        if failure is not None:
            self._refreshed = -_REFRESH_SECONDS
            if failure.fatal():
                self._broken.set()
            raise ServiceTimeout(f"Kafka did not acknowledge ({failure.name()}); {UNKNOWN}")

    async def check(self) -> int:
        """Messages not yet acknowledged, after Kafka has answered. Raises ServiceDown."""
        if self._broken.is_set():
            raise ServiceDown(f"Kafka's client is being replaced ({self._problem or 'no answer for long'})")
        await asyncio.to_thread(self._list_topics)
        return len(self._producer)

    def close(self) -> None:
        """Wait for what is still on its way, then stop."""
        self._closing.set()
        self._thread.join()
        left = self._producer.flush(self._timeout)
        if left:
            log.error("%d messages were not acknowledged before the stop", left)

    def _new_producer(self) -> "Producer":
        options = {
            "delivery.timeout.ms": int(self._timeout * 1000),
            "linger.ms": 2,
            "message.max.bytes": 2_000_000,
            "reconnect.backoff.max.ms": 1000,
            # librdkafka would write a line for every failed attempt to connect; _say() tells it once.
            "log_level": 2,
        }
        return kafka_producer(self._settings, **options)

    def _say(self, problem: str) -> None:
        """One log line a change of state, not one a request."""
        if problem and not self._problem:
            log.warning("Kafka does not acknowledge (%s): requests are answered with 503", problem)
        elif self._problem and not problem:
            log.info("Kafka acknowledges again")
        self._problem = problem

    def _take_reports(self) -> None:
        while not self._closing.is_set():
            try:
                self._producer.poll(0.5)
            except KafkaException as error:
                # So comes a fatal error that no message is there to be told of: a producer that was started before its
                # principal had its rights dies of its first own request.
                self._say(error.args[0].name())
                self._broken.set()
            if self._broken.is_set() and not self._closing.wait(_RENEW_SECONDS):
                self._renew()

    def _renew(self) -> None:
        """Another producer: after a fatal error an idempotent one refuses everything for ever."""
        self._broken.clear()
        self._silent_since = None
        failed, self._producer = self._producer, self._new_producer()
        # What it still holds is reported as failed now, so no request waits for it until its time is out.
        failed.purge()
        failed.flush(_RENEW_SECONDS)

    def _list_topics(self) -> dict[str, int]:
        try:
            topics: dict[str, Any] = self._producer.list_topics(timeout=min(self._timeout, 5.0)).topics
        except KafkaException as error:
            self._silent_since = self._silent_since or time.monotonic()
            if time.monotonic() - self._silent_since >= _SILENT_SECONDS:
                self._broken.set()
            servers = self._settings.kafka.bootstrap_servers
            raise ServiceDown(f"Kafka at {servers} does not answer: {error}", cure="crossover status") from error
        self._silent_since = None
        return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}


class _Waiting:
    """Counts the delivery reports of one request; `done` holds the first error, or None, after the last of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        self.done: asyncio.Future[KafkaError | None] = loop.create_future()
        self._loop, self._left = loop, count
        self._error: KafkaError | None = None

    def report(self, error: KafkaError | None, _message: "Message") -> None:
        """Called by the report thread, once a message."""
        self._error = self._error or error
        self._left -= 1
        if not self._left:
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(self._error)
