"""Making the lake's folders against a NameNode that is not well."""

import socket
import time

import pytest

from crossover.access import hdfs
from crossover.errors import ServiceDown
from crossover.settings import load_settings


def test_a_name_node_that_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdfs, "TIMEOUT_SECONDS", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name_node = f"hdfs://127.0.0.1:{silent.getsockname()[1]}"
        lake = load_settings().lake.model_copy(update={"warehouse": f"{name_node}/warehouse"})
        started = time.monotonic()
        with pytest.raises(ServiceDown, match="no answer in 3 s"):
            hdfs.make_folders(load_settings(lake=lake.model_dump()))
    assert time.monotonic() - started < 30


def test_what_hdfs_refuses_is_told_with_its_reason() -> None:
    lake = load_settings().lake.model_copy(update={"warehouse": "hdfs://nobody:port/warehouse"})
    with pytest.raises(ServiceDown, match=r"HDFS did not make hdfs://nobody:port/warehouse: .+"):
        hdfs.make_folders(load_settings(lake=lake.model_dump()))
