"""`crossover down`: stop the parts in the reverse order of their start; with --purge forget the state too."""

import argparse
import logging
import shutil

from crossover.settings import Settings
from crossover.stack.home import Home, open_home
from crossover.stack.parts import all_parts
from crossover.stack.supervision import Supervisor, end_strays
from crossover.stack.up import find_java

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `crossover down`."""
    parser.add_argument(
        "--purge", action="store_true", help="also delete all records, tables, topics and reports of this stack"
    )


def stop_stack(home: Home, settings: Settings) -> None:
    """Stop every part in reverse order, then the supervisor, then what an earlier stack left behind."""
    supervisor = Supervisor(home)
    if supervisor.is_running():
        running = set(supervisor.pids())
        for part in reversed(all_parts(home, find_java(), settings.benchmark.cores)):
            if part.name in running:
                supervisor.stop(part.name)
                log.info("%s stopped", part.name)
        supervisor.shut_down()
    ended = end_strays(home)
    if ended:
        log.warning("ended %d processes that no supervisor watched", ended)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Stop the stack; a stack that does not run is already down."""
    if not (settings.home / "stack.env").is_file():
        log.info("no stack in %s", settings.home)
        return 0
    home = open_home(settings.home)
    stop_stack(home, settings)
    if arguments.purge:
        for folder in ("data", "conf", "logs", "airflow", "reports"):
            shutil.rmtree(home.path / folder, ignore_errors=True)
        shutil.rmtree(
            home.postgres_data.parent if home.postgres_data.parent != home.data else home.postgres_data,
            ignore_errors=True,
        )
        (home.path / "stack.env").unlink()
        log.info("the state in %s is gone; the jars stay", home.path)
    log.info("the stack is down")
    return 0
