"""`crossover load`: copy Kafka into PostgreSQL until stopped."""

import argparse

from crossover.job import log, stop_on_signal
from crossover.load.loader import Loader
from crossover.load.status import Status, serve
from crossover.settings import Settings


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """`crossover load` takes its settings from the environment only (CROSSOVER_LOAD__...)."""


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Load all datasets until SIGTERM or SIGINT; then finish the transaction in hand and return 0."""
    stop = stop_on_signal()
    status = Status()
    server = serve(status, settings.load.metrics_port)
    log.info("loading into %s as group %s", settings.postgres.dsn, settings.load.group)
    try:
        Loader(settings, stop, status).run()
    finally:
        server.shutdown()
    log.info("stopped; nothing is half written")
    return 0
