"""The verbs that every engine has. An engine raises the errors of crossover.errors, never its driver's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Answer:
    """All rows of an answer, as Python values; times carry their zone."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Engine(Protocol):
    """What answers a query. `name` also names the engine's dialect: the file NAME.sql of each case."""

    @property
    def name(self) -> str:
        """The engine's word in results and in file names."""
        ...

    def query(self, statement: str, parameters: Mapping[str, Any], *, timeout_seconds: float) -> Answer:
        """Run the statement with its values bound by the driver, and fetch all rows.

        Raises:
            BadInput: the engine refuses the statement.
            ServiceTimeout: no answer within the time; the statement is stopped.
            ServiceDown: the engine cannot be reached.
            ServiceError: it failed in another way.
        """
        ...

    def renew(self) -> None:
        """Begin a new session: nothing that the last one prepared, planned or kept in its memory is used again.

        Raises ServiceDown.
        """
        ...

    def configuration(self) -> dict[str, str]:
        """What the running engine says of itself: `version`, `cores`, memory and planner settings."""
        ...

    def close(self) -> None:
        """Give the connection back; safe to call twice."""
        ...
