"""One set of secured services for all tests that need them."""

import threading
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import NewTopic

from crossover.access.command import apply
from crossover.access.kafka import as_admin
from crossover.job import start_logging
from crossover.settings import Settings
from tests.integration.access_probes import ask
from tests.integration.secured import secured_services


@pytest.fixture(scope="session")
def secured() -> Iterator[Settings]:
    """Private PostgreSQL, Kafka and HDFS after `crossover access apply`, and a topic `other` that is nobody's."""
    start_logging()
    with secured_services() as settings:
        apply(settings, timeout_seconds=300, stop=threading.Event())
        ask(as_admin(settings), "create_topics", [NewTopic("other", 1, 1)])
        yield settings
