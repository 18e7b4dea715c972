"""What a parser makes of a line, and the words for levels."""

from dataclasses import dataclass, field
from typing import Any

from crossover.records import EventType, Kind, Level

LEVEL_OF_WORD: dict[str, Level] = {
    **dict.fromkeys(("trace", "verbose", "finest", "finer", "fine", "debug", "dbg"), "DEBUG"),
    **dict.fromkeys(("info", "information", "informational", "notice", "note", "log", "config"), "INFO"),
    **dict.fromkeys(("warn", "warning"), "WARN"),
    **dict.fromkeys(("error", "err", "severe", "failure"), "ERROR"),
    **dict.fromkeys(("fatal", "critical", "crit", "alert", "emergency", "emerg", "panic"), "FATAL"),
}
LEVEL_OF_LETTER: dict[str, Level] = {"V": "DEBUG", "D": "DEBUG", "I": "INFO", "W": "WARN", "E": "ERROR", "F": "FATAL"}
# RFC 5424: 0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 informational, 7 debug.
LEVEL_OF_SEVERITY: tuple[Level, ...] = ("FATAL", "FATAL", "FATAL", "ERROR", "WARN", "INFO", "INFO", "DEBUG")

_KEYWORDS: tuple[tuple[Level, tuple[str, ...]], ...] = (
    ("FATAL", ("fatal", "panic", "critical", "emergency")),
    ("ERROR", ("error", "exception", "fail", "traceback", "severe")),
    ("WARN", ("warn",)),
)


@dataclass(slots=True)
class Entry:
    """A log line taken apart. `timestamp` is microseconds since epoch, None when the line tells none.

    `service` and `host` are empty when the line tells none; `metadata` holds what has no field of its own.
    """

    parser: str
    message: str
    timestamp: int | None = None
    level: Level = "INFO"
    service: str = ""
    host: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """Which stream the entry belongs to."""
        return Kind.LOGS


@dataclass(slots=True)
class Activity:
    """An ActivityEvent read from a JSON line in our own wire form."""

    user_id: str
    session_id: str
    event_type: EventType
    timestamp: int | None
    event_data: dict[str, Any] | None
    device: tuple[str | None, str | None, str | None]
    parser: str = "event"

    @property
    def kind(self) -> Kind:
        """Which stream the entry belongs to."""
        return Kind.EVENTS


def level_by_keyword(text: str) -> Level:
    """The gravest word in the text decides: fatal, panic ..; error, fail ..; warn; else INFO."""
    lower = text.lower()
    for level, words in _KEYWORDS:
        # A plain loop: this runs for every line, and any() over a generator takes twice as long.
        for word in words:
            if word in lower:
                return level
    return "INFO"
