"""The engines by name. One more is a file here, a line below, and a NAME.sql in each case that it can answer."""

import importlib
from typing import Any, cast

from crossover.engines.base import Engine
from crossover.errors import BadSetting
from crossover.settings import Settings

ENGINES: dict[str, tuple[str, str]] = {
    "postgres": ("crossover.engines.postgres", "PostgresEngine"),
    "spark": ("crossover.engines.spark", "SparkEngine"),
    "duckdb": ("crossover.engines.duckdb", "DuckDBEngine"),
}


def open_engine(name: str, settings: Settings) -> Engine:
    """A connected engine. Raises BadSetting for a name that is not known, ServiceDown when it cannot be reached."""
    if name not in ENGINES:
        raise BadSetting(f"unknown engine {name!r}", cure=f"choose from: {', '.join(ENGINES)}")
    module, kind = ENGINES[name]
    made: Any = getattr(importlib.import_module(module), kind)(settings)
    return cast("Engine", made)
