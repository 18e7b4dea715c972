"""What a Spark driver says of its executors, through its REST API: how many there are, and what each has done."""

from dataclasses import dataclass
from typing import Any

import httpx

from crossover.errors import ServiceDown

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Worker:
    """An executor's total since its start: finished tasks, and seconds that they took. A dead one keeps its figures."""

    name: str
    address: str
    tasks: int
    seconds: float
    alive: bool


def workers(ui_url: str, application: str | None = None) -> list[Worker]:
    """The executors of a driver, the driver itself left out; `application` None = the only one. Raises ServiceDown."""
    base = f"{ui_url.rstrip('/')}/api/v1/applications"
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            if application is None:
                application = str(_json(client, base)[0]["id"])
            found = _json(client, f"{base}/{application}/allexecutors")
    except (httpx.HTTPError, IndexError, ValueError) as error:
        raise ServiceDown(
            f"the REST API of the Spark driver at {ui_url} gives no answer: {error}",
            cure="is CROSSOVER_SPARK__UI_PORT set for the driver, and CROSSOVER_SPARK__UI_URL its address?",
        ) from error
    return [
        Worker(e["id"], e["hostPort"], int(e["completedTasks"]), e["totalDuration"] / 1000, bool(e["isActive"]))
        for e in found
        if e["id"] != "driver"
    ]


def _json(client: httpx.Client, url: str) -> Any:
    return client.get(url).raise_for_status().json()


def since(before: list[Worker], after: list[Worker]) -> list[Worker]:
    """What each executor has done between two looks."""
    earlier = {worker.name: worker for worker in before}
    done = []
    for worker in after:
        was = earlier.get(worker.name)
        tasks, seconds = (
            (worker.tasks - was.tasks, worker.seconds - was.seconds) if was else (worker.tasks, worker.seconds)
        )
        if worker.alive or tasks:
            done.append(Worker(worker.name, worker.address, tasks, round(seconds, 3), worker.alive))
    return done
