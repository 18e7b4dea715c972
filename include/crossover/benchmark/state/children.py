"""Processes of ours that work beside a measurement: started, watched, and ended with it."""

import logging
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType

from crossover.settings import checkout

log = logging.getLogger(__name__)

KEPT_LINES = 5


class Child:
    """One process and the last lines that it wrote; `on_line` is called with each line, from another thread.

    It stays in our process group, so that what ends the group ends it, too.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        grace_seconds: float = 60.0,
        on_line: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.name, self._grace, self._on_line = name, grace_seconds, on_line
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._stopped = False
        # Its result is no result of this job's: it must not be written where Airflow takes that from.
        self._process = subprocess.Popen(
            ["env", "XCOM_DIR=/dev/null", *argv],
            cwd=checkout(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, name=f"lines of {name}", daemon=True)
        self._reader.start()

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._last.append(line.rstrip())
                log.debug("%s: %s", self.name, line.rstrip())
                self._on_line(line)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def failure(self) -> str:
        """Empty while it runs; after an end that nobody asked for: the exit code and its last lines."""
        code = self._process.poll()
        if code is None or self._stopped:
            return ""
        self._reader.join(timeout=5)
        return f"{self.name} ended with exit code {code}: {' | '.join(self._last) or 'it wrote nothing'}"

    def stop(self) -> None:
        """Ask it to end, and wait; after `grace_seconds`, or when the wait is broken off, it is killed."""
        running = self._process.poll() is None
        self._stopped = self._stopped or running
        try:
            if running:
                self._process.terminate()
                self._process.wait(self._grace)
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop within %g s: killed", self.name, self._grace)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        self._reader.join(timeout=5)
