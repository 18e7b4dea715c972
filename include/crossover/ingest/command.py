"""`crossover ingest`: serve the collecting API until stopped."""

import argparse

from granian import Granian
from granian.constants import Interfaces

from crossover.settings import Settings

# granian's own lines in the form of ours.
_LOGGING = {
    "formatters": {"generic": {"format": "%(levelname)s: %(message)s"}},
    "handlers": {
        "console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stdout"},
    },
    "loggers": {"_granian": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `crossover ingest`."""
    parser.add_argument("--workers", type=int, default=1, help="server processes; each has a Kafka producer")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; then answer what was taken, flush and return 0."""
    Granian(
        "crossover.ingest.app:create",
        factory=True,
        address=settings.ingest.host,
        port=settings.ingest.port,
        interface=Interfaces.ASGI,
        workers=arguments.workers,
        respawn_failed_workers=True,
        websockets=False,
        log_dictconfig=_LOGGING,
    ).serve()
    return 0
