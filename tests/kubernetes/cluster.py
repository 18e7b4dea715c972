"""What the tests ask of a cluster: kubectl, port forwards, a diary of every pod, and why something went wrong."""

import json
import logging
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from kubernetes import client, config, watch

log = logging.getLogger("crossover.cluster")

TELL_SECONDS = 15


class Waited(AssertionError):
    """Something did not happen in time."""


@contextmanager
def step(what: str) -> Iterator[None]:
    """One line when a step is done, with the time it took."""
    started = time.monotonic()
    try:
        yield
    except BaseException:
        log.error("%s: failed after %.1f s", what, time.monotonic() - started)
        raise
    log.info("%s: %.1f s", what, time.monotonic() - started)


def wait_until(what: str, condition: Callable[[], Any], *, timeout: float, every: float = 0.5) -> Any:
    """Poll until `condition` is true and return its value; a line now and then says that we still wait."""
    started = told = time.monotonic()
    while not (found := condition()):
        now = time.monotonic()
        if now - started > timeout:
            raise Waited(f"{what}: not within {timeout:.0f} s")
        if now - told > TELL_SECONDS:
            told = now
            log.info("waiting for %s (%.0f s)", what, now - started)
        time.sleep(every)
    log.info("%s after %.1f s", what, time.monotonic() - started)
    return found


@dataclass
class Sighting:
    """What was seen of one pod over its life; `objects` are all its versions as JSON text."""

    name: str
    component: str
    created: float
    labels: dict[str, str]
    quality: str = ""
    phases: list[str] = field(default_factory=list)
    exit_code: int | None = None
    gone: float | None = None
    objects: list[str] = field(default_factory=list)

    @property
    def task(self) -> str:
        """The Airflow task that the pod belongs to, else empty."""
        return self.labels.get("task_id", "")


class Cluster:
    """One namespace of a cluster."""

    def __init__(self, namespace: str) -> None:
        # The library has read KUBECONFIG when it was imported, which may be before it was set.
        config.load_kube_config(environment("KUBECONFIG") or None)
        self.namespace = namespace
        self.core = client.CoreV1Api()
        self.diary: dict[str, Sighting] = {}
        self.closed = threading.Event()

    def kubectl(self, *words: str, stdin: str | None = None, check: bool = True) -> str:
        """Output of `kubectl -n NAMESPACE WORDS`; a failure is an AssertionError with its words."""
        done = subprocess.run(
            ["kubectl", "-n", self.namespace, *words], input=stdin, capture_output=True, text=True, timeout=300
        )
        assert not check or done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr.strip()}"
        return done.stdout if done.returncode == 0 else done.stdout + done.stderr

    def pods(self, selector: str = "") -> list[Any]:
        """The pods that are there now."""
        return self.core.list_namespaced_pod(self.namespace, label_selector=selector).items

    def delete_pod(self, name: str) -> None:
        """Delete a pod as a person would, without waiting for its end."""
        log.info("deleting pod %s", name)
        self.core.delete_namespaced_pod(name, self.namespace)

    def watch_pods(self) -> None:
        """Keep the diary from now on."""
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """End the diary."""
        self.closed.set()

    def _watch(self) -> None:
        while not self.closed.is_set():
            try:
                for event in watch.Watch().stream(self.core.list_namespaced_pod, self.namespace, timeout_seconds=300):
                    self._note(event["type"], event["raw_object"])
            except client.ApiException as error:
                if error.status != 410:  # too old a version: begin again
                    raise

    def _note(self, what: str, pod: dict[str, Any]) -> None:
        meta, now = pod["metadata"], time.monotonic()
        labels = meta.get("labels", {})
        seen = self.diary.setdefault(
            meta["name"],
            Sighting(meta["name"], labels.get("app.kubernetes.io/component", ""), now, labels),
        )
        status = pod.get("status", {})
        seen.quality = status.get("qosClass", seen.quality)
        phase = status.get("phase", "")
        if phase and phase not in seen.phases[-1:]:
            seen.phases.append(phase)
        for container in status.get("containerStatuses", []):
            if container["name"] == "base" and "terminated" in container["state"]:
                seen.exit_code = container["state"]["terminated"]["exitCode"]
        if what == "DELETED":
            seen.gone = now
        seen.objects.append(json.dumps(pod))

    def seen(self, component: str = "", since: float = 0.0, **labels: str) -> list[Sighting]:
        """Pods of the diary by component, labels and time (monotonic seconds), in the order of their creation."""
        return sorted(
            (
                pod
                for pod in list(self.diary.values())
                if (not component or pod.component == component)
                and pod.created >= since
                and all(pod.labels.get(name) == value for name, value in labels.items())
            ),
            key=lambda pod: pod.created,
        )

    @contextmanager
    def forward(self, target: str, port: int) -> Iterator[int]:
        """A local port that leads to `svc/NAME` or `pod/NAME`; opened again when the pod behind it is replaced."""
        process, local = self._open_forward(target, port, 0)
        over = threading.Event()

        def mend() -> None:
            nonlocal process
            while not over.wait(0.5):
                if process.poll() is not None:
                    with suppress_assertions():
                        process, _ = self._open_forward(target, port, local)

        threading.Thread(target=mend, daemon=True).start()
        try:
            yield local
        finally:
            over.set()
            process.terminate()
            process.wait(10)

    def _open_forward(self, target: str, port: int, local: int) -> "tuple[subprocess.Popen[str], int]":
        ports = f"{local or ''}:{port}"
        process = subprocess.Popen(
            ["kubectl", "-n", self.namespace, "port-forward", target, ports],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not found:
            process.kill()
            raise AssertionError(f"no port-forward to {target}: {line.strip()}")
        # Nobody reads the rest; without a reader the pipe would fill and stop it.
        threading.Thread(target=drain, args=(process.stdout,), daemon=True).start()
        return process, int(found[1])

    def diagnosis(self) -> str:
        """Pods, events and the last lines of every container that is not well."""
        parts = [self.kubectl("get", "pods", "-o", "wide", check=False)]
        parts.append(self.kubectl("get", "events", "--sort-by=.lastTimestamp", check=False)[-6000:])
        for pod in self.pods():
            for status in [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]:
                ended = status.state.terminated
                if (not status.ready and not (ended and ended.exit_code == 0)) or status.restart_count:
                    last = self.kubectl("logs", pod.metadata.name, "-c", status.name, "--tail=25", check=False)
                    parts.append(f"--- {pod.metadata.name}/{status.name}, restarts {status.restart_count}\n{last}")
        return "\n".join(parts)


def drain(stream: IO[str]) -> None:
    """Read to the end and close."""
    with stream:
        stream.read()


@contextmanager
def suppress_assertions() -> Iterator[None]:
    """A forward that cannot be opened yet is tried again."""
    try:
        yield
    except AssertionError as error:
        log.debug("%s", error)


def environment(name: str, default: str = "") -> str:
    """A knob of the test run."""
    return os.environ.get(name, default)
