"""The contract of every piece of work that a DAG launches, the same in a pod and in a local process.

argv and environment in; out: lines that begin with their level, `::group::` blocks, one `BENCH {json}` line a finished
cell, a small summary in `${XCOM_DIR:-/airflow/xcom}/return.json`; SIGTERM is a clean stop; exit 99 means nothing to do,
143 that the job was stopped before its work was done.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

NOTHING_TO_DO = 99
STOPPED = 143

log = logging.getLogger("crossover")

_stop = threading.Event()


def start_logging(level: int = logging.INFO) -> None:
    """Send log lines to standard output as `LEVEL: text`, the form in which Airflow reads a pod's levels."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("py4j", "pyiceberg", "httpx", "httpcore", "matplotlib", "pyspark"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def stop_on_signal() -> threading.Event:
    """Turn SIGTERM and SIGINT into an event that loops watch; the second signal ends the process at once."""

    def handle(signum: int, _frame: FrameType | None) -> None:
        if _stop.is_set():
            raise SystemExit(128 + signum)
        log.warning("%s received: stopping cleanly", signal.Signals(signum).name)
        _stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return _stop


def write_result(summary: dict[str, Any]) -> None:
    """Leave the summary where Airflow's XCom takes it from; outside a task (no such folder) it is only logged."""
    folder = Path(os.environ.get("XCOM_DIR", "/airflow/xcom"))
    if not folder.is_dir():
        log.info("result %s", json.dumps(summary, default=str))
        return
    partial = folder / "return.json.partial"
    partial.write_text(json.dumps(summary, default=str), encoding="utf-8")
    partial.replace(folder / "return.json")


def bench_line(cell: dict[str, Any]) -> None:
    """One machine-readable line a finished cell."""
    log.info("BENCH %s", json.dumps(cell, default=str, sort_keys=True))


@contextmanager
def group(title: str) -> Iterator[None]:
    """A foldable block of the task log, with the time it took. Markers go through the same logger as the lines."""
    started = time.monotonic()
    log.info("::group::%s", title)
    try:
        yield
    finally:
        log.info("%s took %.1f s", title, time.monotonic() - started)
        log.info("::endgroup::")


class Progress:
    """One line every few seconds on long work: done, of how many, rate, time left."""

    def __init__(self, what: str, total: int | None, *, every_seconds: float = 3.0) -> None:
        self.what, self.total, self.every = what, total, every_seconds
        self.started = self.last = time.monotonic()

    def update(self, done: int, note: str = "") -> None:
        """Report `done` if the last report is old enough."""
        now = time.monotonic()
        if now - self.last >= self.every:
            self.last = now
            log.info("%s", self.line(done, now, note))

    def line(self, done: int, now: float, note: str = "") -> str:
        """The text of a report at monotonic time `now` (seconds)."""
        rate = done / max(now - self.started, 1e-9)
        left = f", {max(self.total - done, 0) / rate:.0f} s left" if self.total and rate > 0 else ""
        of = f" of {self.total:,}" if self.total else ""
        return f"{self.what}: {done:,}{of} ({rate:,.0f}/s{left}){' ' + note if note else ''}"
