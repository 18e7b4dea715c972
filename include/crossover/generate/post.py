"""One keep-alive connection to ingest: post a body, read the answer, say whether to try again.

http.client and not httpx: it takes a fraction of the CPU a request, and the generator shares its cores with what it
measures (`bench/generate.py` prints both).
"""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from crossover.errors import BadSetting, ServiceError
from crossover.generate.batch import Batch
from crossover.records import Kind

PATHS = {Kind.LOGS: "/api/collect/logs", Kind.EVENTS: "/api/collect/activities"}
TRY_AGAIN = {408, 429, 500, 502, 503, 504}


class RecordError(msgspec.Struct):
    """Why one record was rejected; `index` is its place in the request."""

    index: int
    reason: str = ""
    code: str = ""
    event_id: str | None = None


class Answer(msgspec.Struct):
    """What ingest did with a request's records: each was accepted or rejected. `errors` may be cut short."""

    accepted: int
    rejected: int
    errors: list[RecordError] = []


@dataclass(frozen=True)
class NoAnswer:
    """The request may or may not have been stored; it can be sent again after `after_seconds` at the earliest."""

    reason: str
    after_seconds: float = 0.0


class IngestClient:
    """Posts batches for one dataset. Not for use by two threads at once."""

    def __init__(self, url: str, dataset: str, *, timeout_seconds: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadSetting(f"ingest address {url!r} is no http(s) URL", cure="set CROSSOVER_INGEST__HOST and __PORT")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname, parts.port, timeout=timeout_seconds)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/x-ndjson", "X-Crossover-Dataset": dataset}

    def post(self, batch: Batch) -> Answer | NoAnswer:
        """Send the batch once. Raises BadSetting or ServiceError when ingest refuses the request as a whole."""
        try:
            self._connection.request("POST", self._prefix + PATHS[batch.kind], batch.body, self._headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return NoAnswer(f"{type(error).__name__}: {error}")
        if response.status in TRY_AGAIN:
            return NoAnswer(f"HTTP {response.status}: {_excerpt(text)}", _seconds(response.getheader("Retry-After")))
        if response.status in (200, 400):
            return _answer(text, response.status, len(batch))
        raise _refused(response.status, text)

    def close(self) -> None:
        """Close the socket; the next post opens a new one."""
        self._connection.close()


def _answer(text: bytes, status: int, records: int) -> Answer:
    try:
        answer = msgspec.json.decode(text, type=Answer)
    except msgspec.MsgspecError as error:
        raise ServiceError(f"ingest answered {status} with {_excerpt(text)}: {error}") from error
    if answer.accepted + answer.rejected != records:
        raise ServiceError(
            f"ingest accounts for {answer.accepted} accepted and {answer.rejected} rejected of {records} records"
        )
    return answer


def _refused(status: int, text: bytes) -> BadSetting | ServiceError:
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    cure = str(told["cure"]) if isinstance(told, dict) and "cure" in told else ""
    if status == 404:
        return BadSetting(f"ingest answered 404: {_excerpt(text)}", cure=cure or "crossover dataset create NAME")
    if status == 413:
        return BadSetting(f"ingest answered 413: {_excerpt(text)}", cure=cure or "a smaller --batch")
    return ServiceError(f"ingest answered {status}: {_excerpt(text)}", cure=cure)


def _excerpt(text: bytes) -> str:
    return text[:300].decode("utf-8", "replace")


def _seconds(retry_after: str | None) -> float:
    """The header's delay; a date, which ingest never sends, counts as one second."""
    if not retry_after:
        return 0.0
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 1.0
