"""Bytes of a log file to lines of text, in bounded memory: gzip, UTF-8, UTF-16 and UTF-32 are recognised."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

LINE_LIMIT = 64 * 1024
_quoted = msgspec.json.Encoder().encode
CHUNK = 256 * 1024
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass
class FileCounts:
    """What became of a file's lines: lines = blank + unparsed + the sum of parsed."""

    lines: int = 0
    blank: int = 0
    unparsed: int = 0
    cut: int = 0
    undecodable: int = 0
    restamped: int = 0
    damage: str = ""
    parsed: dict[str, int] = field(default_factory=dict)


def read_lines(path: Path, counts: FileCounts, *, limit: int = LINE_LIMIT) -> Iterator[str]:
    """The lines of a file without their ends; blank ones are only counted, like everything else, in `counts`.

    Wrong bytes become U+FFFD, NUL becomes U+2400. A line over `limit` bytes, or over three times that as JSON, is cut
    with a mark. A damaged gzip file gives the lines before the damage.
    """
    for raw, lost in _split(_chunks(path, counts), limit):
        counts.lines += 1
        text, left_over = _decoded(raw.removesuffix(b"\r"), counts, whole=not lost)
        lost += left_over
        if len(raw) * 6 > 3 * limit and len(_quoted(text)) > 3 * limit:
            # Escapes and replacements make it too long for the wire: no character takes more than six bytes there.
            lost += len(text[limit // 2 :].encode())
            text = text[: limit // 2]
        if lost:
            counts.cut += 1
            text += f"…[cut, {lost} bytes]"
        if not text.strip(" \t\r\v\f"):
            counts.blank += 1
            continue
        yield text.replace("\0", "\u2400") if "\0" in text else text


def _decoded(raw: bytes, counts: FileCounts, *, whole: bool) -> tuple[str, int]:
    """The text, and how many bytes of a cut character were left out at its end."""
    decoder = codecs.getincrementaldecoder("utf-8")
    try:
        if whole:
            return raw.decode(), 0
        strict = decoder()
        return strict.decode(raw), len(strict.getstate()[0])
    except UnicodeDecodeError:
        counts.undecodable += 1
        return raw.decode("utf-8", "replace"), 0


def _split(chunks: Iterator[bytes], limit: int) -> Iterator[tuple[bytes, int]]:
    """Lines and how many bytes over the limit each had."""
    line, lost = b"", 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        line, lost = line + first[: limit - len(line)], lost + max(len(line) + len(first) - limit, 0)
        for other in others:
            yield line, lost
            line, lost = other[:limit], max(len(other) - limit, 0)
    if line or lost:
        yield line, lost


def _chunks(path: Path, counts: FileCounts) -> Iterator[bytes]:
    """The file's content as UTF-8."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        content: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            first = _read(content)
            encoding = _encoding(first)
            if encoding == "utf-8":
                yield first.removeprefix(codecs.BOM_UTF8)
                while chunk := _read(content):
                    yield chunk
                return
            yield from _transcoded(first, content, encoding)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            counts.damage = f"{type(error).__name__}: {error}"


def _read(content: "BinaryIO | gzip.GzipFile") -> bytes:
    return content.read1(CHUNK) if isinstance(content, gzip.GzipFile | io.BufferedReader) else content.read(CHUNK)


def _transcoded(first: bytes, content: "BinaryIO | gzip.GzipFile", encoding: str) -> Iterator[bytes]:
    # What cannot be decoded here leaves as a byte that is no UTF-8, so that its line is counted as undecodable later.
    codecs.register_error("crossover-wrong", lambda error: ("\udcff", getattr(error, "end", 0)))
    decoder = codecs.getincrementaldecoder(encoding)("crossover-wrong")
    chunk = first
    while chunk:
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
        chunk = _read(content)
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")


def _encoding(first: bytes) -> str:
    """By byte order mark; without one, text whose every second byte is mostly NUL is UTF-16."""
    for mark, encoding in _BOMS:
        if first.startswith(mark):
            return encoding
    head = first[: min(len(first), 4096) & ~1]
    if len(head) >= 4:
        even, odd = head[::2].count(0), head[1::2].count(0)
        if odd > 0.4 * len(head) / 2 and not even:
            return "utf-16-le"
        if even > 0.4 * len(head) / 2 and not odd:
            return "utf-16-be"
    return "utf-8"
