"""From an HTTP request to plain bytes, never holding more of them than allowed."""

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import zstandard
from starlette.requests import Request

from crossover.ingest.answers import Refusal
from crossover.telemetry import BYTES_IN_FLIGHT
from crossover.wire import CONTENT_TYPE_JSON, CONTENT_TYPE_NDJSON, Form

BODY_SECONDS = 30.0
_LINES = {CONTENT_TYPE_NDJSON, "application/jsonl"}
_ENCODINGS = {"identity", "gzip", "zstd"}


class Gate:
    """Counts the bytes of all bodies not yet answered and lets in no more than the limit."""

    def __init__(self, limit: int) -> None:
        self.limit, self.held = limit, 0

    @contextmanager
    def hold(self) -> "Iterator[Hold]":
        """A request's share; given back when its answer is ready."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            self.held -= hold.bytes
            BYTES_IN_FLIGHT.set(self.held)


class Hold:
    """One request's share of the gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate, self.bytes = gate, 0

    def grow_to(self, size: int) -> None:
        """Take `size` bytes in all. Raises a 503 when the gate is full; nothing of the request was kept."""
        more = max(size - self.bytes, 0)
        if self.gate.held + more > self.gate.limit:
            raise Refusal(503, "too many bytes in flight", cure="send the same request again later", retry_after=1)
        self.gate.held += more
        self.bytes += more
        BYTES_IN_FLIGHT.set(self.gate.held)


async def read_body(request: Request, hold: Hold, limit: int) -> bytes:
    """The body, decompressed; at most `limit` bytes raw and after decompression. Raises Refusal."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in _ENCODINGS:
        raise Refusal(415, f"content-encoding {encoding!r}", cure=f"use one of {' '.join(sorted(_ENCODINGS))}")
    announced = request.headers.get("content-length", "")
    if announced.isdigit():
        _check_size(int(announced), limit)
        hold.grow_to(int(announced))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await _read(request, hold, limit)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive within {BODY_SECONDS:.0f} s") from None
    if encoding == "identity":
        return raw
    body = (_gunzip if encoding == "gzip" else _unzstd)(raw, limit)
    hold.grow_to(len(body))
    return body


def form_of(content_type: str, body: bytes) -> Form:
    """Whether the body is one object, an array or lines. Raises a 415."""
    name, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if parameters and charset not in {"utf-8", "utf8"}:
        raise Refusal(415, f"content-type {content_type!r}", cure="send UTF-8")
    match name.strip().lower():
        case lines if lines in _LINES:
            return "lines"
        case json if json == CONTENT_TYPE_JSON:
            return "array" if body[:64].lstrip()[:1] == b"[" else "object"
    raise Refusal(415, f"content-type {content_type!r}", cure=f"use {CONTENT_TYPE_JSON} or {CONTENT_TYPE_NDJSON}")


async def _read(request: Request, hold: Hold, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        _check_size(size, limit)
        hold.grow_to(size)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_size(size: int, limit: int, what: str = "the body") -> None:
    if size > limit:
        raise Refusal(413, f"{what} has more than {limit} bytes", cure="send fewer records in a request")


def _gunzip(raw: bytes, limit: int) -> bytes:
    """All members of a gzip stream."""
    parts: list[bytes] = []
    size = 0
    while raw or not parts:
        member = zlib.decompressobj(wbits=31)
        try:
            part = member.decompress(raw, limit + 1 - size)
        except zlib.error as error:
            raise Refusal(400, f"the body is not gzip: {error}") from None
        size += len(part)
        _check_size(size, limit, "the decompressed body")
        if not member.eof:
            raise Refusal(400, "the gzip body is cut off")
        parts.append(part)
        raw = member.unused_data
    return b"".join(parts)


def _unzstd(raw: bytes, limit: int) -> bytes:
    """One zstd frame; it may or may not say its size."""
    try:
        # A frame that says its size is inflated to just that; the argument bounds the others.
        _check_size(zstandard.frame_content_size(raw), limit, "the decompressed body")
        decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 23)
        return decompressor.decompress(raw, max_output_size=limit, allow_extra_data=False)
    except zstandard.ZstdError as error:
        _check_size(_bounded_size(raw, limit), limit, "the decompressed body")
        raise Refusal(400, f"the body is not one zstd frame: {error}") from None


def _bounded_size(raw: bytes, limit: int) -> int:
    """How far a frame of unknown size inflates, at most one byte beyond the limit; 0 for what is no zstd."""
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(raw) as reader:
            return len(reader.read(limit + 1))
    except zstandard.ZstdError:
        return 0
