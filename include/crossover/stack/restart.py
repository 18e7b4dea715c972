"""`crossover restart PART`: stop one part of the running stack, start it again, wait until it does its work."""

import argparse
import logging
import time

from crossover.errors import BadInput, MissingPrerequisite, ServiceDown, ServiceTimeout
from crossover.settings import Settings
from crossover.stack.health import Check, checks, why_unhealthy
from crossover.stack.home import Home, open_home
from crossover.stack.supervision import Supervisor, log_tail
from crossover.stack.up import READY_SECONDS

log = logging.getLogger(__name__)

# PostgreSQL's own check passes while it still recovers; it does its work when a session can be opened.
_DEEPER = {"postgres": "postgres-databases"}
_ENDED = ("FATAL", "EXITED", "STOPPED")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which part."""
    parser.add_argument("part", help="as crossover status names it, for example postgres or spark-connect")


def restart_part(home: Home, name: str) -> float:
    """Restart a part; seconds from its stop until it is healthy.

    Raises:
        BadInput: there is no such part.
        MissingPrerequisite: the stack is not up.
        ServiceDown, ServiceTimeout: it does not come back.
    """
    health = checks(home)
    known = sorted(set(health) - set(_DEEPER.values()))
    if name not in known:
        raise BadInput(f"the stack has no part {name!r}", cure=f"choose from: {', '.join(known)}")
    supervisor = Supervisor(home)
    if not supervisor.is_running():
        raise MissingPrerequisite(f"no stack runs in {home.path}", cure="crossover up")
    started = time.monotonic()
    supervisor.stop(name)
    supervisor.start(name)
    for check in (health[name], health[_DEEPER.get(name, name)]):
        _wait(home, name, supervisor, check)
    return time.monotonic() - started


def _wait(home: Home, name: str, supervisor: Supervisor, check: Check) -> None:
    deadline = time.monotonic() + READY_SECONDS
    file = home.log_file(name)
    while (reason := why_unhealthy(check)) is not None:
        if supervisor.state(name) in _ENDED:
            raise ServiceDown(f"{name} ended; the end of its log:\n{log_tail(file)}", cure=f"see {file}")
        if time.monotonic() > deadline:
            raise ServiceTimeout(f"{name} is not ready after {READY_SECONDS} s: {reason}", cure=f"see {file}")
        time.sleep(0.1)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Restart the part and say how long it took."""
    if not (settings.home / "stack.env").is_file():
        raise MissingPrerequisite(f"no stack in {settings.home}", cure="crossover up")
    log.info("%s is healthy again after %.1f s", arguments.part, restart_part(open_home(settings.home), arguments.part))
    return 0
