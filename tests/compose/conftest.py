"""The Compose file as data, as every test here reads it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def text() -> str:
    """docker-compose.yaml as it is written."""
    return (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def model(text: str) -> dict[str, Any]:
    """docker-compose.yaml with its anchors resolved and its variables as they stand."""
    return dict(yaml.safe_load(text))


@pytest.fixture(scope="session")
def example() -> dict[str, str]:
    """.env.example: names and values; a secret has none."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines if line and line[0] != "#")}
