"""Records that could not be read, set aside in the dataset's dead-letter topic before their offset is committed."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException

from crossover.connections import kafka_producer
from crossover.dataset import create_topics
from crossover.errors import ServiceDown
from crossover.load.rows import Place
from crossover.records import Kind, dead_letter_topic
from crossover.settings import Settings
from crossover.wire import Rejected, dead_letter

if TYPE_CHECKING:
    from confluent_kafka import Message, Producer

TIMEOUT_SECONDS = 10.0


class DeadLetters:
    """Writes to the dead-letter topics; the producer is made with the first letter."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Producer | None = None
        self._topics: set[str] = set()

    def write(self, letters: list[tuple[str, Kind, Place, Rejected]]) -> None:
        """Return when Kafka keeps them all. Raises ServiceDown; a message may then be written again later."""
        failures: list[KafkaError] = []

        def report(error: KafkaError | None, _message: "Message") -> None:
            if error is not None:
                failures.append(error)

        try:
            for dataset, kind, place, bad in letters:
                topic = self._topic(dataset)
                producer = self._ready_producer()
                value, headers = dead_letter(kind, "load", bad, **asdict(place))
                producer.produce(topic, value, headers=headers, on_delivery=report)
            left = self._producer.flush(TIMEOUT_SECONDS + 1) if self._producer else 0
        except (KafkaException, BufferError) as error:
            self._producer = None
            raise ServiceDown(f"Kafka does not take dead letters: {error}") from error
        if left or failures:
            self._producer = None
            self._topics.clear()
            raise ServiceDown(f"Kafka did not acknowledge {left + len(failures)} dead letters: {failures[:1]}")

    def _ready_producer(self) -> "Producer":
        if self._producer is None:
            options = {"delivery.timeout.ms": int(TIMEOUT_SECONDS * 1000), "log_level": 2}
            self._producer = kafka_producer(self._settings, **options)
        return self._producer

    def _topic(self, dataset: str) -> str:
        topic = dead_letter_topic(dataset)
        if topic not in self._topics:
            create_topics({topic: 1}, self._settings)
            self._topics.add(topic)
        return topic
