"""The job contract without a cluster: the same argv and environment as in a pod, as a local process."""

import json
import logging
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from crossover.settings import checkout
from crossover_airflow import guard

LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
    "FATAL": logging.CRITICAL,
}
_LEVEL = re.compile(rf"({'|'.join(LEVELS)}): ")

# What a job may inherit from the worker: how to find programs, and crossover's settings; none of Airflow's secrets.
INHERITED = frozenset({
    "HADOOP_CONF_DIR", "HOME", "JAVA_HOME", "LANG", "LOGNAME", "PATH", "PYTHONPATH", "SPARK_CONF_DIR", "SPARK_HOME",
    "TMPDIR", "TZ", "USER", "VIRTUAL_ENV",
})  # fmt: skip
INHERITED_PREFIXES = ("CROSSOVER_", "LC_")


@dataclass(frozen=True)
class Outcome:
    """How a job ended: its exit code, what it left in return.json (None if nothing), its last lines."""

    exit_code: int
    result: Any
    last_lines: tuple[str, ...]


def job_environment(worker: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The worker's variables that a job may see, then the job's own."""
    kept = {k: v for k, v in worker.items() if k in INHERITED or k.startswith(INHERITED_PREFIXES)}
    return {**kept, **own, "PYTHONUNBUFFERED": "1"}


def local_command(argv: Sequence[str]) -> list[str]:
    """The argv of an image's programs, run by the interpreter and the packages of this process."""
    programs = {"crossover": [sys.executable, "-m", "crossover.cli"], "python": [sys.executable]}
    return [*programs.get(argv[0], [argv[0]]), *argv[1:]]


def line_level(line: str) -> int:
    """The logging level that a line's `LEVEL: ` prefix names; INFO without one, as for a pod's lines."""
    match = _LEVEL.match(line)
    return LEVELS[match[1]] if match else logging.INFO


def failure_reason(lines: Iterable[str]) -> str:
    """Why a job failed, out of its last lines.

    Its last error with the lines that belong to it (the cure), else the exception of its last Python traceback (a
    Java stack may follow that), else the last five lines.
    """
    lines = list(lines)
    errors = [i for i, line in enumerate(lines) if line_level(line) >= logging.ERROR]
    if errors:
        end = next((i for i in range(errors[-1] + 1, len(lines)) if _LEVEL.match(lines[i])), len(lines))
        return "\n".join(lines[errors[-1] : end])
    tracebacks = [i for i, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    if tracebacks:
        after = lines[tracebacks[-1] + 1 :]
        return next((line for line in after if line and not line[0].isspace()), "")
    return "\n".join(lines[-5:])


class LocalJob:
    """One run of a command with its log followed line by line; `stop` may be called from a signal handler."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], *, grace_seconds: float) -> None:
        self.argv, self.environment, self.grace_seconds = list(argv), environment, grace_seconds
        self.stopped = False
        self._lines: deque[str] = deque(maxlen=1000)
        self._owner_end: IO[str] | None = None

    def run(self, on_line: Callable[[int, str], None]) -> Outcome:
        """Run to the end, giving (level, line) to `on_line`; whatever interrupts this also ends the job's processes."""
        with TemporaryDirectory(prefix="crossover-xcom-") as folder:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(self.grace_seconds), *local_command(self.argv)],
                env={**self.environment, "XCOM_DIR": folder},
                cwd=checkout(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            self._owner_end = process.stdin
            if self.stopped:
                self.stop()
            with process:
                try:
                    self._follow(process.stdout, on_line)
                finally:
                    # After a time-out the job is still there: it is asked to stop, and heard until it has.
                    self.stop(asked=False)
                    self._follow(process.stdout, on_line)
            return Outcome(process.returncode, _read_result(Path(folder)), tuple(self._lines))

    def stop(self, *, asked: bool = True) -> None:
        """Ask for the end of the job: SIGTERM to its process group, SIGKILL after the grace. Returns at once."""
        self.stopped = self.stopped or asked
        if self._owner_end is not None:
            self._owner_end.close()

    def _follow(self, stream: IO[str] | None, on_line: Callable[[int, str], None]) -> None:
        for raw in stream or ():
            line = raw.rstrip("\n")
            self._lines.append(line)
            on_line(line_level(line), line)


def _read_result(folder: Path) -> Any:
    path = folder / "return.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() and path.stat().st_size else None
