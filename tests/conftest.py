"""Fixtures that more than one room needs: the running stack, and datasets of one's own."""

import secrets
from collections.abc import Callable, Iterator

import pytest

from crossover.dataset import create_dataset, delete_topics
from crossover.job import start_logging
from crossover.settings import Settings, load_settings
from crossover.stack.up import start_stack


@pytest.fixture(scope="session")
def stack() -> Settings:
    """The local stack, started if it is not up. It is left running: `make down` stops it."""
    start_logging()
    return start_stack(load_settings()).settings


@pytest.fixture(scope="module")
def new_dataset(stack: Settings) -> Iterator[Callable[[str], str]]:
    """Make datasets under names of their own; their topics go when the module is done, their rows stay."""
    made: list[str] = []

    def make(prefix: str) -> str:
        name = f"{prefix}_{secrets.token_hex(4)}"
        create_dataset(name, stack)
        made.append(name)
        return name

    yield make
    for name in made:
        delete_topics(name, stack)
