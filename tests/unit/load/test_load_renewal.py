"""A consumer that cannot find Kafka any more is replaced; the offsets are PostgreSQL's, so nothing hangs on it."""

import socket
import threading
import time

import pytest

from crossover.load import loader
from crossover.load.loader import Loader
from crossover.load.status import Status
from crossover.settings import Kafka, Settings


def test_a_client_that_does_not_reach_kafka_for_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_RENEW_SECONDS", 1.0)
    monkeypatch.setattr(loader, "_LONGEST_WAIT_SECONDS", 0.5)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: a port that refuses
        servers = f"127.0.0.1:{nobody.getsockname()[1]}"
        stop, status = threading.Event(), Status()
        loading = Loader(Settings(_env_file=None, kafka=Kafka(bootstrap_servers=servers)), stop, status)
        first = loading._consumer
        thread = threading.Thread(target=loading.run)
        thread.start()
        deadline = time.monotonic() + 30
        while loading._consumer is first and time.monotonic() < deadline:
            time.sleep(0.1)
        stop.set()
        thread.join(30)
    assert not thread.is_alive()
    assert loading._consumer is not first
    assert status.problem
