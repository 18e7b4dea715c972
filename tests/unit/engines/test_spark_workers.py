"""What executors did, as the driver's REST API tells it, and what may be called a run on a cluster."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crossover.benchmark.validity.workers import workers_seen
from crossover.engines.workers import Worker, since, workers
from crossover.errors import ServiceDown

DRIVER = {"id": "driver", "hostPort": "h:1", "completedTasks": 0, "totalDuration": 0, "isActive": True}
FIRST = {"id": "1", "hostPort": "h:2", "completedTasks": 12, "totalDuration": 3456, "isActive": True}
DEAD = {"id": "2", "hostPort": "h:3", "completedTasks": 3, "totalDuration": 10, "isActive": False}


@pytest.fixture
def driver() -> Iterator[str]:
    """A server that answers as the driver's REST API does."""
    answers = {
        "/api/v1/applications": [{"id": "app-1"}],
        "/api/v1/applications/app-1/allexecutors": [DRIVER, FIRST, DEAD],
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_given: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    server.server_close()


def test_executors_are_told_without_the_driver_and_with_the_dead(driver: str) -> None:
    expected = [Worker("1", "h:2", 12, 3.456, True), Worker("2", "h:3", 3, 0.01, False)]
    assert workers(driver, "app-1") == workers(driver) == expected


def test_an_application_that_is_not_there_and_a_driver_that_is_gone_are_errors(driver: str) -> None:
    with pytest.raises(ServiceDown, match="gives no answer"):
        workers(driver, "app-2")
    with pytest.raises(ServiceDown, match="gives no answer"):
        workers("http://127.0.0.1:9")


def worker(name: str, tasks: int, *, alive: bool = True) -> Worker:
    return Worker(name, "h:1", tasks, float(tasks), alive)


def test_only_what_was_done_between_two_looks_counts() -> None:
    before = [worker("1", 10), worker("2", 4), worker("3", 9, alive=False)]
    after = [worker("1", 15), worker("2", 4), worker("3", 9, alive=False), worker("4", 2)]
    assert since(before, after) == [worker("1", 5), worker("2", 0), worker("4", 2)]


def test_a_run_whose_executors_all_worked_says_how_much() -> None:
    found = workers_seen([worker("1", 5), worker("2", 7)])
    assert not found.idle
    assert found.words == "2 executors (5, 7 tasks), busy for 5.0, 7.0 s"


@pytest.mark.parametrize(
    ("done", "words"),
    [([worker("1", 5), worker("2", 0)], "refused: executor 2 did no task"), ([], "refused: there were no executors")],
)
def test_a_run_is_not_called_one_on_a_cluster_when_an_executor_did_nothing(done: list[Worker], words: str) -> None:
    found = workers_seen(done)
    assert found.idle
    assert found.words.startswith(words)


def test_an_executor_that_was_lost_and_had_worked_is_no_objection() -> None:
    assert not workers_seen([worker("1", 5), worker("2", 3, alive=False), worker("3", 1)]).idle


def test_a_local_master_is_one_process() -> None:
    assert workers_seen(None).words == "one process"
