"""Finds the timestamp of a line, whatever wrote it. Stamps without a zone are taken as UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all arithmetic here is on naive UTC, which is quicker)
ONE_US = timedelta(microseconds=1)
SECOND_US, MINUTE_US, DAY_US = 1_000_000, 60_000_000, 86_400_000_000
MONTHS = {
    name: n
    for n, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}

_CLOCK = r"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)(?:[.,:](?P<f>\d{1,9}))?"
_ZONE = r"(?:\s?(?P<z>Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"
_MONTH = r"(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_COMPACT_DAY = r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"
_ISO_CLOCK = r"(?P<h>\d\d):(?P<mi>\d\d)(?::(?P<s>\d\d)(?:[.,:](?P<f>\d{1,9}))?)?"
_ISO = rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d\d)(?P=sep)(?P<d>\d\d)(?:T|-|\s{{1,2}}){_ISO_CLOCK}{_ZONE}"

_AFTER_DIGIT = tuple(
    re.compile(pattern)
    for pattern in (
        _ISO,
        rf"(?P<y>\d\d)/(?P<m>\d\d)/(?P<d>\d\d) {_CLOCK}",
        rf"(?P<d>\d\d?)[-/ ]{_MONTH}[-/ ](?P<y>\d{{4}})[: ]{_CLOCK}{_ZONE}",
        rf"(?P<m>\d\d)[-.](?P<d>\d\d) {_CLOCK}",
        rf"{_COMPACT_DAY}[-T_ ]{_CLOCK}{_ZONE}",
        rf"{_COMPACT_DAY}[-T_ ]?(?P<h>\d\d)(?P<mi>\d\d)(?P<s>\d\d)(?:[.,](?P<f>\d{{1,9}}))?(?P<z>Z)?\b",
        r"(?P<epoch>\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})\b",
    )
)
_AFTER_LETTER = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_MONTH} +(?P<d>\d\d?) (?:(?P<y>\d{{4}}) )?{_CLOCK}",
        rf"[A-Z][a-z]{{2}},? {_MONTH} +(?P<d>\d\d?) {_CLOCK}(?: [A-Z]{{3,4}})?(?: (?P<y>\d{{4}}))?",
        rf"[A-Z][a-z]{{2}}, (?P<d>\d\d?) {_MONTH} (?P<y>\d{{4}}) {_CLOCK}{_ZONE}",
        rf"[IWEFD](?P<m>\d\d)(?P<d>\d\d) {_CLOCK}",
    )
)
_LEAD = re.compile(r"""[\s\[("'<-]*""")
_INSIDE = re.compile(rf"""(?<![\w.:/-]){_ISO}""")
# A stamp that does not open the line is looked for in its first characters only.
HEAD = 200
EARLIEST_EPOCH_US = 631_152_000 * SECOND_US  # 1990


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment (microseconds since epoch) and the part of the line that tells it."""

    us: int
    begin: int
    end: int


class Calendar:
    """Completes stamps that tell no year.

    Without `year`, the latest year that does not put the stamp after `now_us`. With it, that year, and the next one
    each time the months fall back from December to January.
    """

    def __init__(self, now_us: int, year: int | None = None) -> None:
        self.now_us, self.year = now_us, year
        self._last_month = 0
        self._midnights: dict[tuple[int, int], list[int]] = {}

    def complete(self, month: int, day: int, clock_us: int) -> int | None:
        """Microseconds since epoch; None for a day that no year has."""
        if self.year is not None:
            self.year += 1 if month == 1 and self._last_month == 12 else 0
            self._last_month = month
            return _moment(self.year, month, day, clock_us)
        for midnight in self._midnights.get((month, day)) or self._past(month, day):
            if midnight + clock_us <= self.now_us:
                return midnight + clock_us
        return None

    def _past(self, month: int, day: int) -> list[int]:
        """This day's midnights, latest first; nine years hold a 29 February, but around a century year."""
        this_year = datetime.fromtimestamp(self.now_us / 1e6, UTC).year
        moments = (_moment(year, month, day, 0) for year in range(this_year, this_year - 9, -1))
        found = self._midnights[month, day] = [moment for moment in moments if moment is not None]
        return found


def _moment(year: int, month: int, day: int, clock_us: int) -> int | None:
    try:
        return (datetime(year, month, day) - EPOCH) // ONE_US + clock_us  # noqa: DTZ001
    except ValueError:
        return None


def leading(text: str, calendar: Calendar) -> Stamp | None:
    """The stamp that opens the text, after brackets, quotes, dashes or blanks."""
    lead = _LEAD.match(text)
    begin = lead.end() if lead else 0
    first = text[begin : begin + 1]
    for pattern in _AFTER_DIGIT if first.isdigit() else _AFTER_LETTER if first.isalpha() else ():
        match = pattern.match(text, begin)
        if match and (moment := read(match, calendar)) is not None:
            return Stamp(moment, begin, match.end())
    return None


def inside(text: str, calendar: Calendar) -> Stamp | None:
    """The first ISO 8601 stamp among the first characters of the text."""
    match = _INSIDE.search(text, 0, HEAD)
    moment = read(match, calendar) if match else None
    return Stamp(moment, match.start(), match.end()) if match and moment is not None else None


def read(match: "re.Match[str]", calendar: Calendar) -> int | None:
    """The moment (microseconds since epoch) that a match of one of these patterns tells; None if it is no date."""
    part = match.groupdict()
    if epoch := part.get("epoch"):
        told = from_epoch(float(epoch) if "." in epoch else int(epoch))
        # Any number of ten digits could be a time; one that is no time of a log is not taken for one.
        return told if EARLIEST_EPOCH_US <= told <= calendar.now_us else None
    hours, minutes, seconds = int(part["h"]), int(part["mi"]), int(part["s"] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    fraction = int(part["f"].ljust(6, "0")[:6]) if part["f"] else 0
    clock_us = ((hours * 60 + minutes) * 60 + min(seconds, 59)) * SECOND_US + fraction
    month = MONTHS[part["mon"]] if part.get("mon") else int(part["m"])
    year = part.get("y")
    if year is None:
        return calendar.complete(month, int(part["d"]), clock_us)
    moment = _moment(int(year) + (2000 if len(year) == 2 else 0), month, int(part["d"]), clock_us)
    return None if moment is None else moment - _offset_us(part.get("z"))


def _offset_us(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) * MINUTE_US


def from_epoch(number: float) -> int:
    """Microseconds since epoch from seconds, milliseconds, microseconds or nanoseconds, told apart by their size."""
    size = abs(number)
    if size < 1e11:
        return round(number * SECOND_US)
    if size < 1e14:
        return round(number * 1000)
    return int(number) if size < 1e17 else int(number) // 1000
