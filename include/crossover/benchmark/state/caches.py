"""Cache states, and how they are really made before an execution.

hot: the same session, which has run the statement before. warm: the first execution in a new session, the data in the
machine's page cache. cold: the engine's server restarted and the page cache dropped before every sample.
"""

import logging
import os
import shlex
import subprocess
import time
from pathlib import Path

from crossover.benchmark.state.servers import PARTS, elsewhere
from crossover.engines.base import Engine
from crossover.errors import BadSetting, ServiceDown, ServiceTimeout
from crossover.settings import Settings

log = logging.getLogger(__name__)

STATES = ("hot", "warm", "cold")
RESTART_SECONDS = 300.0
_DROP = Path("/proc/sys/vm/drop_caches")
_EVERYTHING = "3\n"
_AGAIN_SECONDS = 0.2


def unavailable(state: str, settings: Settings) -> str:
    """Why the state cannot be made here, in plain words; empty when it can. Raises BadSetting for an unknown state."""
    _require_known(state)
    if state != "cold":
        return ""
    if not settings.benchmark.restart_command:
        return "no command restarts the engines' servers (setting benchmark.restart_command)"
    if away := elsewhere(settings):
        return f"the page cache of this machine is not that of {away}"
    if not os.access(_DROP, os.W_OK):
        return "the page cache can only be dropped by root"
    return ""


def prepare(state: str, engine: Engine, settings: Settings) -> str:
    """Make the state for the engine's next execution; what was done, in words.

    Cold ends every session on the engine's server, those of others too. Raises BadSetting where the state cannot be
    made, ServiceDown or ServiceTimeout when the server does not come back.
    """
    if reason := unavailable(state, settings):
        raise BadSetting(f"cache state {state} is not available here: {reason}")
    if state == "hot":
        return "same session, statement run before"
    if state == "warm":
        engine.renew()
        return "new session"
    engine.close()
    part = PARTS.get(engine.name)
    if part is not None:
        restart(part, settings)
    _drop_page_cache()
    _renewed(engine)
    begun = f"{part} restarted" if part else "database in this process made anew"
    return f"{begun}, page cache dropped, new session"


def restart(part: str, settings: Settings) -> None:
    """Run the restart command for a part, to its end. Raises ServiceDown with its last words, ServiceTimeout."""
    command = [word.replace("{part}", part) for word in shlex.split(settings.benchmark.restart_command)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RESTART_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ServiceTimeout(f"{part} was not restarted within {RESTART_SECONDS:.0f} s") from error
    except OSError as error:
        raise BadSetting(f"benchmark.restart_command cannot be run: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise ServiceDown(f"{part} was not restarted (exit {done.returncode}): {said}", cure="crossover status")


def _drop_page_cache() -> None:
    # Only clean pages are dropped.
    os.sync()
    _DROP.write_text(_EVERYTHING, encoding="ascii")


def _renewed(engine: Engine) -> None:
    deadline = time.monotonic() + RESTART_SECONDS
    while True:
        try:
            engine.renew()
        except ServiceDown as error:
            if time.monotonic() > deadline:
                raise
            log.debug("%s is not back yet: %s", engine.name, error)
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _require_known(state: str) -> None:
    if state not in STATES:
        raise BadSetting(f"unknown cache state {state!r}", cure=f"choose from: {', '.join(STATES)}")
