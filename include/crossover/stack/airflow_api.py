"""The little of Airflow's REST API that a terminal needs: log in, trigger a DAG, follow it."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from crossover.errors import BadSetting, ServiceDown, ServiceTimeout
from crossover.settings import Settings


@dataclass(frozen=True)
class TaskState:
    """One task of a DAG run. `seconds` is how long it has run, None before it starts."""

    task_id: str
    state: str
    seconds: float | None
    map_index: int
    try_number: int


class AirflowApi:
    """A client that logs in with the local user and renews its token when Airflow asks for it."""

    def __init__(self, settings: Settings) -> None:
        self._airflow = settings.airflow
        self._client = httpx.Client(base_url=settings.airflow.url, timeout=30)
        self._token = ""

    def _log_in(self) -> None:
        secret = self._airflow.password.get_secret_value()
        answer = self._client.post("/auth/token", json={"username": self._airflow.user, "password": secret})
        if answer.status_code != 201:
            raise ServiceDown(
                f"Airflow refuses the login: {answer.status_code} {answer.text[:200]}", cure="crossover status"
            )
        self._token = answer.json()["access_token"]

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the token; 401 logs in once more. Raises ServiceDown when nothing answers."""
        try:
            if not self._token:
                self._log_in()
            answer = self._client.request(method, path, headers={"Authorization": f"Bearer {self._token}"}, **options)
            if answer.status_code == 401:
                self._log_in()
                answer = self._client.request(
                    method, path, headers={"Authorization": f"Bearer {self._token}"}, **options
                )
        except httpx.HTTPError as error:
            raise ServiceDown(
                f"Airflow at {self._airflow.url} does not answer: {error}", cure="crossover status"
            ) from error
        return answer

    def ensure_pool(self, name: str, *, slots: int, about: str) -> None:
        """Create the pool unless it is there."""
        if self.call("GET", f"/api/v2/pools/{name}").status_code == 404:
            body = {"name": name, "slots": slots, "description": about, "include_deferred": False}
            self.call("POST", "/api/v2/pools", json=body).raise_for_status()

    def wait_for_dag(self, dag_id: str, timeout_seconds: float = 90) -> None:
        """Wait until the DAG is parsed. Raises ServiceTimeout with the import errors that Airflow knows."""
        deadline = time.monotonic() + timeout_seconds
        while not self._is_usable(dag_id):
            if time.monotonic() > deadline:
                errors = self.call("GET", "/api/v2/importErrors").json().get("import_errors", [])
                told = "; ".join(str(e.get("stack_trace", ""))[-300:] for e in errors) or "no import error is known"
                raise ServiceTimeout(f"Airflow has not parsed DAG {dag_id}: {told}")
            time.sleep(0.5)

    def _is_usable(self, dag_id: str) -> bool:
        answer = self.call("GET", f"/api/v2/dags/{dag_id}")
        if answer.status_code != 200:
            return False
        dag = answer.json()
        return not dag["is_stale"] and not dag["has_import_errors"]

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a DAG run with these params; returns its id. A refused param is a BadSetting with Airflow's words."""
        answer = self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        if answer.status_code in (400, 422):
            raise BadSetting(f"Airflow refuses these params: {answer.text[:500]}")
        answer.raise_for_status()
        return str(answer.json()["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        answer = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
        answer.raise_for_status()
        return str(answer.json()["state"])

    def conf(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """The params of a run: the DAG's defaults under what was asked for."""
        params = self.call("GET", f"/api/v2/dags/{dag_id}/details").json().get("params", {})
        asked = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}").json().get("conf") or {}
        return {name: param.get("value") for name, param in params.items()} | asked

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        """State of every task instance of the run."""
        answer = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", params={"limit": 200})
        answer.raise_for_status()
        return [
            TaskState(
                row["task_id"], row["state"] or "waiting", row.get("duration"), row["map_index"], row["try_number"]
            )
            for row in answer.json()["task_instances"]
        ]

    def log_text(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1, map_index: int = -1) -> str:
        """The task's log as plain text."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self.call("GET", path, params={"map_index": map_index, "full_content": True})
        answer.raise_for_status()
        entries = answer.json().get("content", [])
        return "\n".join(str(entry.get("event", entry)) if isinstance(entry, dict) else str(entry) for entry in entries)
