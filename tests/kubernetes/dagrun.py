"""A DAG run on the cluster, triggered and followed over Airflow's REST API."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from crossover.stack.airflow_api import AirflowApi, TaskState
from tests.kubernetes.cluster import TELL_SECONDS, Waited, wait_until

log = logging.getLogger("crossover.cluster")

ENDED = ("success", "failed")
POLL_SECONDS = 1.0


class DagRun:
    """One run of a DAG."""

    def __init__(self, api: AirflowApi, dag_id: str, conf: dict[str, Any]) -> None:
        self.api, self.dag_id = api, dag_id
        api.wait_for_dag(dag_id)
        self.started = time.monotonic()
        self.run_id = api.trigger(dag_id, conf)
        self._told: dict[tuple[str, int, int], str] = {}
        log.info("DAG %s is triggered: run %s", dag_id, self.run_id)

    @property
    def path(self) -> str:
        """Address of the run in the REST API."""
        return f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}"

    @property
    def dataset(self) -> str:
        """Name of the dataset that the run has opened, empty before that."""
        return self.xcom("open_dataset") or ""

    def tasks(self) -> list[TaskState]:
        """The task instances now; a line for each whose state has changed."""
        tasks = self.api.tasks(self.dag_id, self.run_id)
        for task in tasks:
            key = (task.task_id, task.map_index, task.try_number)
            if task.state != self._told.get(key) and task.state in (*ENDED, "running", "up_for_retry", "skipped"):
                again = f" (attempt {task.try_number})" if task.try_number > 1 else ""
                log.info(
                    "  %s %s%s%s", task.task_id, task.state, again, f", {task.seconds:.0f} s" if task.seconds else ""
                )
                self._told[key] = task.state
        return tasks

    def task(self, task_id: str) -> TaskState:
        """One unmapped task."""
        return next(task for task in self.tasks() if task.task_id == task_id)

    def wait_for(self, what: str, condition: Callable[[], Any], *, timeout: float) -> Any:
        """Poll `condition` while the run goes on; its value. The end of the run first is a failure."""

        def look() -> Any:
            if found := condition():
                return found
            self.tasks()
            state = self.api.run_state(self.dag_id, self.run_id)
            assert state not in ENDED, f"{what}: the run ended before ({state})\n{self.failures()}"
            return None

        try:
            return wait_until(what, look, timeout=timeout, every=POLL_SECONDS)
        except Waited as late:
            raise Waited(f"{late}\n{self.failures()}") from late

    def end(self, *, timeout: float) -> str:
        """Wait for the end of the run; its state."""
        started = told = time.monotonic()
        while (state := self.api.run_state(self.dag_id, self.run_id)) not in ENDED:
            running = [task.task_id for task in self.tasks() if task.state == "running"]
            now = time.monotonic()
            if now - started > timeout:
                raise Waited(f"run {self.run_id} has not ended within {timeout:.0f} s: {running}\n{self.failures()}")
            if now - told > TELL_SECONDS:
                told = now
                log.info("  running %s (%.0f s)", ", ".join(running) or "nothing", now - started)
            time.sleep(POLL_SECONDS)
        self.tasks()
        log.info("run %s ended: %s after %.0f s", self.run_id, state, time.monotonic() - started)
        return state

    def cancel(self) -> None:
        """What the button does: mark the run as failed."""
        self.api.call("PATCH", self.path, json={"state": "failed"}).raise_for_status()

    def xcom(self, task_id: str, map_index: int = -1) -> Any:
        """What a task returned; None if nothing."""
        path = f"{self.path}/taskInstances/{task_id}/xcomEntries/return_value"
        answer = self.api.call("GET", path, params={"map_index": map_index})
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        value = answer.json()["value"]
        return json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value

    def log_of(self, task: TaskState, attempt: int | None = None) -> str:
        """A task's log."""
        return self.api.log_text(self.dag_id, self.run_id, task.task_id, attempt or task.try_number, task.map_index)

    def failures(self) -> str:
        """The end of the log of each failed task."""
        failed = [task for task in self.api.tasks(self.dag_id, self.run_id) if task.state in ("failed", "up_for_retry")]
        return "\n".join(f"--- {task.task_id}\n{self.log_of(task)[-3000:]}" for task in failed)

    def everything_told(self) -> str:
        """All that a user of Airflow can read about this run: states, rendered fields, logs of all attempts, XComs."""
        parts = [self.api.call("GET", self.path).text]
        parts.append(self.api.call("GET", f"{self.path}/taskInstances", params={"limit": 200}).text)
        entries = self.api.call("GET", f"{self.path}/taskInstances/~/xcomEntries", params={"limit": 1000})
        for entry in entries.json().get("xcom_entries", []):
            where = f"{self.path}/taskInstances/{entry['task_id']}/xcomEntries/{entry['key']}"
            parts.append(self.api.call("GET", where, params={"map_index": entry["map_index"]}).text)
        for task in self.tasks():
            parts.extend(self.log_of(task, attempt) for attempt in range(1, task.try_number + 1))
        return "\n".join(parts)
