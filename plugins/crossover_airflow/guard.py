"""Run one command and end its whole process group when the owner goes away.

Started as a script: `python -I -S guard.py GRACE_SECONDS COMMAND...`. The owner holds the other end of standard input;
closing it, or dying, asks the command to stop: SIGTERM to the group, SIGKILL after the grace. A task process can be
killed before it has cleaned up; this process is in a session of its own and is not. Exit code: the command's, 128 + n
if signal n ended it, 143 if it was asked to stop.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType


def main(grace_seconds: float, command: list[str]) -> int:
    """Run `command` to its end; nothing of its process group is left when this returns or raises SystemExit."""
    signal.signal(signal.SIGTERM, _stop)
    job = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_watch_owner, daemon=True).start()
    try:
        code = job.wait()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_group(job, grace_seconds)
    return code if code >= 0 else 128 - code


def _stop(_signum: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _watch_owner() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _end_group(job: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    _send(job.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while _send(job.pid, 0):
        if time.monotonic() > deadline:
            _send(job.pid, signal.SIGKILL)
        # poll() reaps the leader; the others are not our children, so there is no event of their end to wait for.
        job.poll()
        time.sleep(0.05)


def _send(group: int, signum: int) -> bool:
    try:
        os.killpg(group, signum)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
