"""Synthetic LogRecords, a block of columns at a time."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crossover.generate import draw
from crossover.generate.catalogue import (
    HOSTS,
    PARAMETERS,
    ROUTES,
    SERVICES,
    STATUS_CODES,
    TEMPLATES,
    parameter_values,
)
from crossover.generate.world import FATAL_SHARE_OF_ERRORS, INCIDENT_SLOWDOWN, Floats, Integers, World, zipf
from crossover.records import LEVELS, Kind, arrow_schema

DEBUG, INFO, WARN, ERROR, FATAL = range(len(LEVELS))
# Of the records that are no errors: these shares are DEBUG and WARN, the rest INFO.
DEBUG_SHARE, WARN_SHARE = 0.14, 0.08
EXTRA_SHARE = 0.06
# Median response time of the quickest endpoint and the spread around an endpoint's median (log-normal sigma).
QUICKEST_MS, SIGMA, ERROR_SLOWDOWN = 8.0, 0.55, 4.0
EXTRAS = tuple(f'{{"retries":{n}}}' for n in range(1, 5)) + tuple(f'{{"region":"{name}"}}' for name in ("eu", "us"))


@dataclass(frozen=True)
class _Tables:
    """Look-up tables made once a process."""

    services: NDArray[np.intp]
    routes: NDArray[np.intp]
    templates: NDArray[np.intp]  # [level, slot]
    codes: NDArray[np.int32]  # [level, slot of 8]
    first_host: NDArray[np.intp]
    hosts_of: NDArray[np.intp]
    endpoint_median_ms: Floats
    service_names: pa.StringArray
    host_names: pa.StringArray
    endpoint_names: pa.StringArray
    method_names: pa.StringArray
    pieces: tuple[pa.StringArray, pa.StringArray, pa.StringArray]
    parameters: pa.StringArray
    parameter_start: NDArray[np.intp]  # [place, template]
    parameter_count: NDArray[np.intp]  # [place, template]


@cache
def _tables() -> _Tables:
    per_service = np.maximum(1, np.round(zipf(len(SERVICES)) * HOSTS)).astype(np.intp)
    per_service[0] += HOSTS - per_service.sum()
    host_names = [
        f"{service}-{n:03d}" for service, count in zip(SERVICES, per_service, strict=True) for n in range(count)
    ]
    endpoints = [f"/api/{service}{path}" for service in SERVICES for _, path in ROUTES]
    pieces, start, count, pool = _message_tables()
    return _Tables(
        services=draw.slots(zipf(len(SERVICES))),
        routes=draw.slots(zipf(len(ROUTES))),
        templates=np.stack([_templates_of(level) for level in LEVELS]),
        codes=np.stack([np.resize(np.array(STATUS_CODES[level], dtype=np.int32), 8) for level in LEVELS]),
        first_host=np.concatenate(([0], np.cumsum(per_service)[:-1])),
        hosts_of=per_service,
        endpoint_median_ms=QUICKEST_MS * (1 + np.arange(len(endpoints)) * 37 % 101 / 8),
        service_names=pa.array(SERVICES),
        host_names=pa.array(host_names),
        endpoint_names=pa.array(endpoints),
        method_names=pa.array([method for _ in SERVICES for method, _ in ROUTES]),
        pieces=pieces,
        parameters=pool,
        parameter_start=start,
        parameter_count=count,
    )


def _templates_of(level: str) -> NDArray[np.intp]:
    own = np.array([index for index, template in enumerate(TEMPLATES) if template.level == level], dtype=np.intp)
    return own[draw.slots(zipf(len(own), 0.8))]


def _message_tables() -> tuple[
    tuple[pa.StringArray, pa.StringArray, pa.StringArray], NDArray[np.intp], NDArray[np.intp], pa.StringArray
]:
    """Split each template at its parameters: three pieces of text, two places, each a range of one pool of values."""
    values = {kind: parameter_values(kind) for kind in ("", *PARAMETERS)}
    starts = dict(zip(values, np.concatenate(([0], np.cumsum([len(v) for v in values.values()])[:-1])), strict=True))
    pieces: list[list[str]] = []
    places: list[list[str]] = []
    for template in TEMPLATES:
        kinds = re.findall(r"{(\w+)}", template.text)
        texts = re.split(r"{\w+}", template.text)
        places.append([*kinds, "", ""][:2])
        pieces.append([*texts, "", ""][:3])
    first, second, third = (pa.array(column) for column in zip(*pieces, strict=True))
    start = np.array([[starts[kind] for kind in place] for place in zip(*places, strict=True)], dtype=np.intp)
    count = np.array([[len(values[kind]) for kind in place] for place in zip(*places, strict=True)], dtype=np.intp)
    return (first, second, third), start, count, pa.array([value for all_of in values.values() for value in all_of])


def log_records(world: World, producer: str, *, block: int, first_seq: int, timestamps: Integers) -> pa.RecordBatch:
    """One LogRecord for each timestamp (microseconds since epoch), with consecutive seqs from `first_seq`.

    The same world, producer and arguments give the same bytes, on one version of numpy.
    """
    tables, count = _tables(), len(timestamps)
    rng = world.random(Kind.LOGS, block)
    uniform = rng.random((7, count))
    service = draw.choose(tables.services, uniform[0])
    route = draw.choose(tables.routes, uniform[1]) + service * len(ROUTES)
    bad = world.in_incident(service, timestamps)
    level = _levels(world, bad, uniform[2])
    host = tables.first_host[service] + (uniform[3] ** 2 * tables.hosts_of[service]).astype(np.intp)
    template = tables.templates[level, (uniform[4] * draw.SLOTS).astype(np.intp)]
    slowdown = np.where(bad, INCIDENT_SLOWDOWN, 1.0) * np.where(level >= ERROR, ERROR_SLOWDOWN, 1.0)
    response_ms = tables.endpoint_median_ms[route] * slowdown * np.exp(rng.normal(0.0, SIGMA, count))
    columns = [
        draw.event_ids(producer, first_seq, count),
        draw.timestamps(world.make_late(rng, timestamps)),
        draw.take(pa.array(LEVELS), level),
        draw.take(tables.service_names, service),
        draw.take(tables.host_names, host),
        _messages(tables, template, uniform[5], uniform[6]),
        _extras(rng, count),
        draw.hex_words(rng, count, 16),
        pa.array(np.round(response_ms, 1)),
        pa.array(tables.codes[level, rng.integers(0, 8, count)]),
        draw.take(tables.endpoint_names, route),
        draw.take(tables.method_names, route),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=arrow_schema(Kind.LOGS.columns))


def _levels(world: World, bad: NDArray[np.bool_], uniform: Floats) -> NDArray[np.intp]:
    error = np.where(bad, world.incident_error_rate, world.calm_error_rate)
    calm = error + (1 - error) * np.array([[WARN_SHARE], [WARN_SHARE + DEBUG_SHARE]])
    conditions = [uniform < error * FATAL_SHARE_OF_ERRORS, uniform < error, uniform < calm[0], uniform < calm[1]]
    return np.select(conditions, [FATAL, ERROR, WARN, DEBUG], INFO).astype(np.intp)


def _messages(tables: _Tables, template: NDArray[np.intp], one: Floats, two: Floats) -> pa.StringArray:
    values = [
        draw.take(
            tables.parameters,
            tables.parameter_start[place][template]
            + (uniform * tables.parameter_count[place][template]).astype(np.intp),
        )
        for place, uniform in enumerate((one, two))
    ]
    begin, middle, end = (draw.take(piece, template) for piece in tables.pieces)
    return draw.join(begin, values[0], middle, values[1], end)


def _extras(rng: np.random.Generator, count: int) -> pa.StringArray:
    """The JSON text of keys that have no column of their own: null in most records."""
    which = (rng.random(count) / EXTRA_SHARE * len(EXTRAS)).astype(np.intp)
    return pa.array(EXTRAS).take(pa.array(which, mask=which >= len(EXTRAS)))
