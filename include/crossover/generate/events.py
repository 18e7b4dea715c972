"""Synthetic ActivityEvents: sessions of users, interleaved in time, a block of columns at a time."""

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crossover.generate import draw
from crossover.generate.catalogue import DEVICES, QUERIES, USERS
from crossover.generate.world import Floats, Integers, World
from crossover.records import EVENT_TYPES, Kind, arrow_schema

CLICK, VIEW, PURCHASE, LOGIN, LOGOUT, SEARCH = range(len(EVENT_TYPES))
MEAN_EVENTS = 8
LONGEST = 60
LOGOUT_SHARE = 0.6
MEDIAN_PAUSE_SECONDS = 15.0
# Between LOGIN and LOGOUT.
MIX = ((VIEW, 0.46), (CLICK, 0.31), (SEARCH, 0.17), (PURCHASE, 0.06))
ITEMS = 2000


@cache
def _data() -> tuple[pa.StringArray, NDArray[np.intp], NDArray[np.intp]]:
    """One pool of event_data texts, and where each event type's part of it begins and how long it is."""
    texts = {
        CLICK: [f'{{"element":"button-{n % 40}","page":"/item/{n}"}}' for n in range(ITEMS)],
        VIEW: [f'{{"page":"/item/{n}"}}' for n in range(ITEMS)],
        PURCHASE: [f'{{"items":{1 + n % 5},"amount_cents":{199 + n * 37}}}' for n in range(ITEMS)],
        LOGIN: ['{"method":"password"}', '{"method":"passkey"}', '{"method":"token"}'],
        LOGOUT: ['{"reason":"user"}', '{"reason":"timeout"}'],
        SEARCH: [f'{{"query":"{query}","results":{n}}}' for query in QUERIES for n in range(0, 60, 3)],
    }
    counts = np.array([len(texts[event]) for event in range(len(EVENT_TYPES))], dtype=np.intp)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    return pa.array([text for event in range(len(EVENT_TYPES)) for text in texts[event]]), starts, counts


def event_records(world: World, producer: str, *, block: int, first_seq: int, timestamps: Integers) -> pa.RecordBatch:
    """One ActivityEvent for each timestamp (microseconds since epoch, ascending), with consecutive seqs.

    Sessions lie within the block: each begins with LOGIN, some end with LOGOUT, and the events of one are in order.
    """
    count = len(timestamps)
    rng = world.random(Kind.EVENTS, block)
    session, event_type, order = _sessions(rng, count, (timestamps[-1] - timestamps[0]) / 1e6 if count else 0.0)
    session, event_type = session[order], event_type[order]
    sessions = int(session.max(initial=-1)) + 1
    user = (rng.random(sessions) ** 2 * USERS).astype(np.intp)[session]
    device = rng.integers(0, len(DEVICES), sessions)[session]
    pool, starts, counts = _data()
    kind, system, browser = (pa.array(column) for column in zip(*DEVICES, strict=True))
    columns = [
        draw.event_ids(producer, first_seq, count),
        draw.timestamps(world.make_late(rng, timestamps)),
        draw.join("user-", draw.digits(100_000 + user)),
        draw.take(draw.hex_words(rng, sessions, 16), session),
        draw.take(pa.array(EVENT_TYPES), event_type),
        draw.take(pool, starts[event_type] + (rng.random(count) ** 2 * counts[event_type]).astype(np.intp)),
        draw.take(kind, device),
        draw.take(system, device),
        draw.take(browser, device),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=arrow_schema(Kind.EVENTS.columns))


def _sessions(
    rng: np.random.Generator, count: int, seconds: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Session number and event type of `count` events, session after session, and the order that mixes them in time."""
    lengths = np.minimum(1 + rng.geometric(1 / (MEAN_EVENTS - 1), count // 2 + 1), LONGEST)
    session = np.repeat(np.arange(len(lengths)), lengths)[:count]
    begins = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    place = np.arange(count) - begins[session]
    kinds, shares = zip(*MIX, strict=True)
    event_type = np.array(kinds, dtype=np.intp)[draw.choose(draw.slots(np.array(shares)), rng.random(count))]
    logged_out = rng.random(len(lengths)) < LOGOUT_SHARE
    event_type[(place == lengths[session] - 1) & logged_out[session]] = LOGOUT
    event_type[place == 0] = LOGIN
    return session, event_type, np.argsort(_moments(rng, session, place, seconds), kind="stable")


def _moments(rng: np.random.Generator, session: NDArray[np.intp], place: NDArray[np.intp], seconds: float) -> Floats:
    """When each event happens, in seconds; sessions are squeezed if the block's span is too short for them."""
    pause = MEDIAN_PAUSE_SECONDS * np.exp(rng.normal(0.0, 0.8, len(session)))
    pause[place == 0] = 0.0
    since_start = np.cumsum(pause)
    elapsed = since_start - since_start[place == 0][session]
    longest = float(elapsed.max(initial=0.0))
    squeeze = min(1.0, 0.5 * seconds / longest) if longest else 1.0
    latest_start = max(seconds - longest * squeeze, 0.0)
    moments: Floats = rng.random(int(session.max(initial=-1)) + 1)[session] * latest_start + elapsed * squeeze
    return moments
