"""What a client is told: one shape for every status."""

import msgspec
from starlette.responses import Response

from crossover.errors import CrossoverError
from crossover.wire import Rejected

MAX_ERRORS = 100


class RecordError(msgspec.Struct, frozen=True):
    """Why one record was refused; `index` is its place in the body."""

    index: int
    event_id: str | None
    code: str
    reason: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer; `message` and `cure` stand in refusals only."""

    accepted: int
    rejected: int
    errors: list[RecordError]
    message: str = ""
    cure: str = ""


class Refusal(CrossoverError):
    """The whole request is refused with this HTTP status; `retry_after` is in seconds, 0 = do not retry."""

    def __init__(self, status: int, message: str, *, cure: str = "", retry_after: int = 0) -> None:
        super().__init__(message, cure=cure)
        self.status = status
        self.retry_after = retry_after


def counted(accepted: int, rejected: list[Rejected]) -> Response:
    """200, or 400 when there was something and none of it was good."""
    errors = [RecordError(bad.index, bad.event_id, bad.code, bad.reason) for bad in rejected[:MAX_ERRORS]]
    status = 400 if rejected and not accepted else 200
    return _response(status, Answer(accepted, len(rejected), errors))


def refused(refusal: Refusal) -> Response:
    """The refusal in the common shape."""
    response = _response(refusal.status, Answer(0, 0, [], refusal.message, refusal.cure))
    if refusal.retry_after:
        response.headers["retry-after"] = str(refusal.retry_after)
    return response


def _response(status: int, answer: Answer) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
