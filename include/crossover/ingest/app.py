"""The collecting API: POST /api/collect/{log,logs,activity,activities}, GET /api/collect/health, GET /metrics.

An answer of 200 means that Kafka keeps every accepted record. Bad records are named in the answer, kept in the
dataset's dead-letter topic and never stop the good ones beside them.
"""

import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crossover.errors import CrossoverError, ServiceError
from crossover.ingest.answers import Refusal, counted, refused
from crossover.ingest.body import Gate, form_of, read_body
from crossover.ingest.delivery import Delivery, Outgoing
from crossover.ingest.messages import messages_of
from crossover.job import log, start_logging
from crossover.records import Kind, event_id, topic
from crossover.settings import Settings, checked_dataset, load_settings
from crossover.telemetry import ACCEPTED, ACK_SECONDS, REGISTRY, REJECTED, REQUESTS
from crossover.wire import Limits, Parsed, TooManyRecords, parse_json

DATASET_HEADER = "x-crossover-dataset"
FUTURE_SECONDS = 24 * 3600
_KINDS = {"log": Kind.LOGS, "logs": Kind.LOGS, "activity": Kind.EVENTS, "activities": Kind.EVENTS}


class Deliverer(Protocol):
    """What the API needs of Kafka."""

    async def partitions(self, topic: str) -> int:
        """How many partitions; 0 = no such topic."""

    async def deliver(self, messages: list[Outgoing]) -> None:
        """Return when all are acknowledged; raise a ServiceError otherwise."""

    async def check(self) -> int:
        """Messages on their way; raise ServiceDown when Kafka does not answer."""

    def close(self) -> None:
        """Flush and stop."""


def create() -> Starlette:
    """The application of one worker process; called there by the HTTP server."""
    start_logging()
    settings = load_settings()
    return build(settings, Delivery(settings))


def build(settings: Settings, delivery: Deliverer) -> Starlette:
    """The application over a given delivery."""
    collector = _Collector(settings, delivery)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        delivery.close()
        log.info("ingest has delivered everything it took")

    routes = [Route(f"/api/collect/{name}", collector.endpoint(name, kind), methods=["POST"])
              for name, kind in _KINDS.items()]  # fmt: skip
    routes += [Route("/api/collect/health", collector.health), Route("/metrics", _metrics)]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _http_error})


class _Collector:
    def __init__(self, settings: Settings, delivery: Deliverer) -> None:
        self._settings, self._delivery = settings, delivery
        self._gate = Gate(settings.ingest.max_bytes_in_flight)
        self._producer_name = f"ingest-{secrets.token_hex(4)}"
        self._numbers = itertools.count()

    def endpoint(self, name: str, kind: Kind) -> Callable[[Request], Awaitable[Response]]:
        """The handler of one path."""

        async def collect(request: Request) -> Response:
            started = time.monotonic()
            try:
                with self._gate.hold() as hold:
                    body = await read_body(request, hold, self._settings.ingest.max_body_bytes)
                    response = await self._accept(kind, request, body)
            except CrossoverError as error:
                response = refused(_as_refusal(error))
            REQUESTS.labels(name, response.status_code).inc()
            if response.status_code == 200:
                ACK_SECONDS.observe(time.monotonic() - started)
            return response

        return collect

    async def health(self, _request: Request) -> Response:
        """200 when Kafka answers, else 503."""
        try:
            queued = await self._delivery.check()
        except ServiceError as error:
            return JSONResponse({"status": "down", "message": error.message, "cure": error.cure}, 503)
        return JSONResponse({"status": "up", "queued_messages": queued, "bytes_in_flight": self._gate.held})

    async def _accept(self, kind: Kind, request: Request, body: bytes) -> Response:
        dataset = await self._dataset(kind, request)
        limits = Limits(
            self._settings.ingest.max_records,
            self._settings.ingest.max_record_bytes,
            int((time.time() + FUTURE_SECONDS) * 1_000_000),
        )
        form = form_of(request.headers.get("content-type", ""), body)
        parsed = parse_json(kind, body, form, limits, self._next_id)
        await self._delivery.deliver(messages_of(kind, dataset, parsed))
        _count(kind, parsed)
        return counted(parsed.batch.num_rows, parsed.rejected)

    async def _dataset(self, kind: Kind, request: Request) -> str:
        name = request.headers.get(DATASET_HEADER, self._settings.dataset)
        try:
            checked_dataset(name)
        except ValueError as error:
            raise Refusal(400, str(error)) from error
        if not await self._delivery.partitions(topic(kind, name)):
            raise Refusal(404, f"there is no dataset {name}", cure=f"crossover dataset create {name}")
        return name

    def _next_id(self) -> str:
        return event_id(self._producer_name, next(self._numbers))


def _count(kind: Kind, parsed: Parsed) -> None:
    ACCEPTED.labels(kind).inc(parsed.batch.num_rows)
    for bad in parsed.rejected:
        REJECTED.labels(kind, bad.code).inc()


def _as_refusal(error: CrossoverError) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TooManyRecords):
        return Refusal(413, error.message, cure="send fewer records in a request")
    if isinstance(error, ServiceError):
        return Refusal(503, error.message, cure=error.cure, retry_after=1)
    raise error


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    REQUESTS.labels("other", status).inc()
    return refused(Refusal(status, f"{request.method} {request.url.path}: see /api/collect/logs, /api/collect/health"))


async def _metrics(_request: Request) -> Response:
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
