"""The dataset that condition `ingesting` fills: of its own each time, and gone afterwards."""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from crossover.connections import connect_postgres, connect_spark
from crossover.dataset import create_dataset, delete_topics, offsets
from crossover.errors import CrossoverError
from crossover.ledger.catch_up import behind
from crossover.records import Kind
from crossover.settings import Settings
from crossover.sql import sql

log = logging.getLogger(__name__)

DRAIN_SECONDS, POLL_SECONDS = 30.0, 0.2


@contextmanager
def noise_dataset(settings: Settings) -> Iterator[str]:
    """A new dataset's name; at the end of the block its topics and what both stores hold of it are dropped."""
    name = f"noise_{secrets.token_hex(4)}"
    create_dataset(name, settings)
    try:
        yield name
    finally:
        try:
            forget(name, settings)
        except CrossoverError as error:
            # What was measured stands; only space is lost.
            log.error("dataset %s could not be dropped and takes space: %s", name, error)


def forget(dataset: str, settings: Settings) -> None:
    """Drop the dataset's topics and tables. Its stream and generator must have ended. Raises ServiceDown."""
    _let_the_loader_finish(dataset, settings)
    delete_topics(dataset, settings)
    with connect_postgres(settings, application="benchmark") as connection:
        connection.execute(sql("benchmark/forget_noise.sql", dataset=dataset).encode())
    spark = connect_spark(settings)
    namespace = f"{settings.lake.catalog}.{dataset}"
    if spark.catalog.databaseExists(namespace):
        for kind in Kind:
            spark.sql(sql("lake/purge_table.sql", table=f"{namespace}.{kind.value}")).collect()
        spark.sql(sql("lake/drop_namespace.sql", namespace=namespace)).collect()
    spark.stop()


def _let_the_loader_finish(dataset: str, settings: Settings) -> None:
    # A loader with rows in hand would make the tables again.
    ends, deadline = offsets(dataset, settings, end=True), time.monotonic() + DRAIN_SECONDS
    pause = threading.Event()
    while behind("sink_offset", ends, settings) and time.monotonic() < deadline:
        pause.wait(POLL_SECONDS)
