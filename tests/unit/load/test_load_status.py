"""What the loader says about itself."""

import json
import logging

import pytest

from crossover.load.status import Status


def test_an_outage_is_logged_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="crossover")
    status = Status()
    for _ in range(5):
        status.failed("PostgreSQL does not answer")
    for _ in range(5):
        status.works()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_health_is_down_during_an_outage() -> None:
    status = Status()
    assert status.body()[0] == 200
    status.failed("PostgreSQL does not answer")
    code, text = status.body()
    assert (code, json.loads(text)["problem"]) == (503, "PostgreSQL does not answer")
    status.works()
    assert status.body()[0] == 200


def test_health_is_down_while_a_partition_is_set_aside() -> None:
    status = Status(set_aside={"logs.raw[0]": "offset 7 is missing"})
    code, text = status.body()
    assert (code, json.loads(text)["set_aside"]) == (503, {"logs.raw[0]": "offset 7 is missing"})
