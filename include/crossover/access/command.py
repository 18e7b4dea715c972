"""`crossover access apply|show`: make the stores' users and rights as declared, or print the declaration."""

import argparse
import threading
import time
from collections.abc import Callable

from pydantic import BaseModel, SecretStr

from crossover.access.hdfs import lake_folders, make_folders
from crossover.access.kafka import make_users
from crossover.access.postgres import grant_tables, make_roles
from crossover.access.principals import matrix
from crossover.dataset import create_dataset
from crossover.errors import ServiceError, ServiceTimeout
from crossover.job import log, stop_on_signal
from crossover.settings import Settings

POLL_SECONDS = 1.0
# The principal that makes datasets; as its member the set-up proves that its rights suffice.
DATASET_MAKER = "airflow"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and how long to wait for services that are starting."""
    parser.add_argument("action", choices=("apply", "show"))
    parser.add_argument("--timeout", type=float, default=900, help="seconds to wait for the services")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Apply or show; safe to run again."""
    if arguments.action == "show":
        print("\n".join(matrix()))
        return 0
    apply(settings, timeout_seconds=arguments.timeout, stop=stop_on_signal())
    return 0


def apply(settings: Settings, *, timeout_seconds: float, stop: threading.Event) -> None:
    """Users, rights, folders, dataset main. A store whose administrator has no password here is left alone.

    Raises ServiceTimeout when a service does not answer in time, BadSetting when a password is missing.
    """
    access, deadline = settings.access, time.monotonic() + timeout_seconds
    own_postgres = bool(access.postgres_admin_password.get_secret_value())
    own_kafka = bool(access.kafka_admin_password.get_secret_value())

    def step(what: str, work: Callable[[], None]) -> None:
        _until_it_works(what, work, deadline, stop)

    if own_postgres:
        step("PostgreSQL", lambda: make_roles(settings))
    else:
        log.info("PostgreSQL is left alone: CROSSOVER_ACCESS__POSTGRES_ADMIN_PASSWORD is not set")
    if own_kafka:
        step("Kafka", lambda: make_users(settings))
    else:
        log.info("Kafka is left alone: CROSSOVER_ACCESS__KAFKA_ADMIN_PASSWORD is not set")
    if access.hdfs_admin and lake_folders(settings):
        step("HDFS", lambda: make_folders(settings))
    maker = as_principal(settings, DATASET_MAKER, postgres=own_postgres, kafka=own_kafka)
    step("dataset main", lambda: create_dataset("main", maker))
    if own_postgres:
        step("rights", lambda: grant_tables(settings))


def as_principal(settings: Settings, name: str, *, postgres: bool = True, kafka: bool = True) -> Settings:
    """Settings with which this principal reaches PostgreSQL and Kafka."""
    if not (postgres or kafka):
        return settings
    login = {"user": name, "password": SecretStr(settings.access.password_of(name))}
    changed: dict[str, BaseModel] = {}
    if postgres:
        changed["postgres"] = settings.postgres.model_copy(update=login)
    if kafka:
        changed["kafka"] = settings.kafka.model_copy(update=login)
    return settings.model_copy(update=changed)


def _until_it_works(what: str, work: Callable[[], None], deadline: float, stop: threading.Event) -> None:
    told = 0.0
    while True:
        try:
            work()
            return
        except ServiceError as error:
            now = time.monotonic()
            if now > deadline:
                raise ServiceTimeout(f"{what}: {error.message}", cure=error.cure) from error
            if now - told >= 5:
                told = now
                log.info("waiting for %s, %.0f s left: %s", what, deadline - now, error.message)
        if stop.wait(POLL_SECONDS):
            raise ServiceError(f"stopped while waiting for {what}")
