"""A producer that Kafka does not answer."""

import asyncio
import socket
import time

import pytest

from crossover.errors import ServiceDown
from crossover.ingest import delivery
from crossover.ingest.delivery import Delivery
from crossover.settings import load_settings


@pytest.fixture
def nobody() -> Delivery:
    with socket.create_server(("127.0.0.1", 0)) as refused:
        address = f"127.0.0.1:{refused.getsockname()[1]}"
    ingest = load_settings().ingest.model_dump() | {"delivery_timeout_seconds": 0.5}
    return Delivery(load_settings(kafka={"bootstrap_servers": address}, ingest=ingest))


@pytest.mark.parametrize("silent", [0.0, 60.0])
def test_a_client_that_was_not_answered_for_long_is_replaced(
    nobody: Delivery, monkeypatch: pytest.MonkeyPatch, silent: float
) -> None:
    monkeypatch.setattr(delivery, "_SILENT_SECONDS", silent)
    first = nobody._producer
    try:
        with pytest.raises(ServiceDown, match="does not answer"):
            asyncio.run(nobody.partitions("logs.raw"))
        if silent:
            assert not nobody._broken.is_set()
            assert nobody._producer is first
        else:
            deadline = time.monotonic() + 10
            while nobody._producer is first:
                assert time.monotonic() < deadline, "no other producer"
                time.sleep(0.05)
    finally:
        nobody.close()
