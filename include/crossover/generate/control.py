"""`crossover control`: the generator's control API, started and stopped over HTTP."""

import argparse
import asyncio
import hmac
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from crossover.errors import BadSetting, CrossoverError, UserError
from crossover.generate.live import AlreadyRunning, BurstResult, Generator, Status, StreamConfig
from crossover.records import Kind
from crossover.settings import Settings, checked_dataset
from crossover.tally import save_tally
from crossover.telemetry import REGISTRY

log = logging.getLogger(__name__)

LARGEST_BURST, LARGEST_SAMPLE = 1_000_000, 1000
LONGEST_INTERVAL_SECONDS, SHORTEST_INTERVAL_SECONDS = 3600.0, 0.001


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `crossover control`."""
    parser.add_argument("--dataset", help="dataset to send to (default: the setting)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; then end stream and bursts, and return 0."""
    try:
        dataset = checked_dataset(arguments.dataset or settings.dataset)
    except ValueError as error:
        raise BadSetting(f"--dataset: {error}") from error
    require_token(settings)
    _claim(settings.generate.host, settings.generate.port)
    generator = Generator(settings.ingest.url, dataset, partial(save_tally, settings=settings))
    asyncio.run(_serve(generator, settings))
    return 0


def require_token(settings: Settings) -> None:
    """Raise BadSetting when others than this machine could start load without a token."""
    host = settings.generate.host
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not settings.generate.token.get_secret_value():
        raise BadSetting(f"the control API on {host} needs a token", cure="set CROSSOVER_GENERATE__TOKEN")


def _claim(host: str, port: int) -> None:
    """Raise BadSetting if somebody listens there: the server would share the port and get half of the requests."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadSetting(
                f"cannot listen on {host}:{port}: {error.strerror}", cure="set CROSSOVER_GENERATE__PORT"
            ) from error


async def _serve(generator: Generator, settings: Settings) -> None:
    server = Server(
        application(generator, settings),
        address=settings.generate.host,
        port=settings.generate.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.error,
    )
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, server.stop)
    log.info("control API on http://%s:%d", settings.generate.host, settings.generate.port)
    await server.serve()
    await asyncio.to_thread(generator.close)


@dataclass(frozen=True)
class Number:
    """A parameter of a request and its limits, both allowed."""

    name: str
    default: float | None
    least: float
    most: float
    whole: bool = True

    def read(self, text: str | None) -> Any:
        """The value. Raises BadSetting."""
        if text is None:
            return self.default
        try:
            value = int(text) if self.whole else float(text)
        except ValueError as error:
            what = "a whole number" if self.whole else "a number"
            raise BadSetting(f"{self.name}={text!r}: must be {what}") from error
        if not self.least <= value <= self.most:
            raise BadSetting(f"{self.name}={text}: must be from {self.least} to {self.most}")
        return value


def parameters(request: Request, *wanted: Number) -> dict[str, Any]:
    """The request's parameters, checked; one that is unknown or given twice is an error. Raises BadSetting."""
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    known = [number.name for number in wanted]
    for name in names:
        if name not in known:
            raise BadSetting(f"unknown parameter {name!r}", cure=f"use {', '.join(known) or 'none'}")
        if names.count(name) > 1:
            raise BadSetting(f"parameter {name!r} is given twice")
    return {number.name: number.read(dict(given).get(number.name)) for number in wanted}


class _Handlers:
    """What each route answers: a dataclass, or a response as it stands."""

    def __init__(self, generator: Generator, most_records: int) -> None:
        self.generator = generator
        self.batch_size = Number("batch_size", 100, 1, most_records)

    def start(self, request: Request) -> Status:
        intervals = (_interval("log_interval"), _interval("event_interval"))
        rate = Number("rate", None, 0, 1e7, whole=False)
        return self.generator.start(StreamConfig(**parameters(request, self.batch_size, *intervals, rate)))

    def stop(self, request: Request) -> Status:
        parameters(request)
        return self.generator.stop()

    def status(self, request: Request) -> Status:
        parameters(request)
        return self.generator.status()

    def burst(self, request: Request, kind: Kind) -> BurstResult:
        given = parameters(request, Number("count", 1000, 1, LARGEST_BURST), self.batch_size)
        return self.generator.burst({kind: given["count"]}, given["batch_size"])

    def burst_mixed(self, request: Request) -> BurstResult:
        shares = (Number("log_count", 1000, 0, LARGEST_BURST), Number("event_count", 1000, 0, LARGEST_BURST))
        given = parameters(request, *shares, self.batch_size)
        counts = {Kind.LOGS: given["log_count"], Kind.EVENTS: given["event_count"]}
        return self.generator.burst(counts, given["batch_size"])

    def sample(self, request: Request, kind: Kind) -> Response:
        given = parameters(request, Number("count", 10, 1, LARGEST_SAMPLE))
        return _json_text(f"[{','.join(self.generator.sample(kind, given['count']))}]")

    def sample_one(self, request: Request, kind: Kind) -> Response:
        parameters(request)
        return _json_text(self.generator.sample(kind, 1)[0])


def application(generator: Generator, settings: Settings) -> Starlette:
    """The control API. Handlers are plain functions, which Starlette runs in threads: a burst blocks nobody else."""
    handlers = _Handlers(generator, settings.ingest.max_records)
    token = settings.generate.token.get_secret_value()
    routes = [
        _route("GET", "/", _about),
        _route("GET", "/health", _health),
        _route("GET", "/metrics", _metrics),
        _route("POST", "/control/start", handlers.start),
        _route("POST", "/control/stop", handlers.stop),
        _route("GET", "/control/status", handlers.status),
        _route("POST", "/burst/mixed", handlers.burst_mixed),
    ]
    for kind, one, many in ((Kind.LOGS, "log", "logs"), (Kind.EVENTS, "event", "events")):
        routes.append(_route("POST", f"/burst/{many}", handlers.burst, kind))
        routes.append(_route("GET", f"/sample/{one}", handlers.sample_one, kind))
        routes.append(_route("GET", f"/sample/{many}", handlers.sample, kind))
    return Starlette(routes=routes, middleware=[Middleware(TokenGate, token=token)] if token else [])


class TokenGate:
    """Lets nobody through without the token, but for the health check."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.wanted = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401."""
        if scope["type"] == "http" and scope["path"] != "/health" and not self._knows(scope):
            refusal = JSONResponse(
                {"error": "the token is missing or wrong", "cure": "send Authorization: Bearer TOKEN"},
                401,
                {"WWW-Authenticate": 'Bearer realm="crossover generator"'},
            )
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        # Takes as long for a good beginning as for a bad one.
        return hmac.compare_digest(given, self.wanted)


def _interval(name: str) -> Number:
    return Number(name, 1.0, SHORTEST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS, whole=False)


def _route(method: str, path: str, answer: Callable[..., Any], *fixed: Any) -> Route:
    return Route(path, _endpoint(answer, fixed), methods=[method])


def _endpoint(answer: Callable[..., Any], fixed: tuple[Any, ...]) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        try:
            made = answer(request, *fixed)
        except CrossoverError as error:
            status = 409 if isinstance(error, AlreadyRunning) else 400 if isinstance(error, UserError) else 503
            return JSONResponse({"error": error.message, "cure": error.cure}, status)
        return made if isinstance(made, Response) else JSONResponse(asdict(made))

    return endpoint


def _json_text(text: str) -> Response:
    return Response(text, media_type="application/json")


def _about(request: Request) -> Response:
    parameters(request)
    return JSONResponse({
        "service": "crossover generator",
        "control": ["POST /control/start", "POST /control/stop", "GET /control/status"],
        "burst": ["POST /burst/logs", "POST /burst/events", "POST /burst/mixed"],
        "sample": ["GET /sample/log", "GET /sample/logs", "GET /sample/event", "GET /sample/events"],
    })


def _health(request: Request) -> Response:
    parameters(request)
    return JSONResponse({"status": "ok"})


def _metrics(request: Request) -> Response:
    parameters(request)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
