"""Sends a source's batches to ingest over several connections and counts what became of every record."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from crossover.errors import BadSetting, CrossoverError, ServiceDown
from crossover.generate.batch import BROKEN, DUPLICATE, Batch, Source
from crossover.generate.post import Answer, IngestClient, NoAnswer
from crossover.generate.schedule import Schedule
from crossover.job import Progress
from crossover.records import Kind
from crossover.tally import Tally
from crossover.telemetry import MISSED, SENT

log = logging.getLogger(__name__)

FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 0.1, 5.0
TELL_AFTER_SECONDS = 3.0
SAVE_EVERY_SECONDS = 3.0


@dataclass(frozen=True)
class Target:
    """Where to send, over how many connections, and how long one batch is tried before it counts as unknown."""

    url: str
    dataset: str
    connections: int = 4
    deadline_seconds: float = 120.0


@dataclass
class Unexpected:
    """Records whose fate was not the intended one: good ones that ingest rejected, broken ones that it accepted."""

    rejected: int = 0
    accepted: int = 0
    example: str = ""


class Delivery:
    """One producer's sending, from first batch to last. `run` it once; `tallies` can be read meanwhile."""

    def __init__(
        self,
        source: Source,
        schedule: Schedule,
        target: Target,
        tallies: dict[Kind, Tally],
        *,
        stop: threading.Event,
        save: Callable[[Tally], None],
    ) -> None:
        self.tallies, self.unexpected = tallies, Unexpected()
        self._source, self._schedule, self._target = source, schedule, target
        self._stop, self._save = stop, save
        self._taking, self._counting = threading.Lock(), threading.Lock()
        self._ended = False
        self._silent = 0
        self._working = 0
        self._error: BaseException | None = None
        self._finished = threading.Event()

    def run(self, progress: Progress | None = None) -> None:
        """Send everything, or until `stop`. Raises what ended it early, after the tally is saved."""
        self._working = self._target.connections
        for _ in range(self._target.connections):
            threading.Thread(target=self._work, daemon=True).start()
        saved = time.monotonic()
        while not self._finished.wait(0.5 if progress else SAVE_EVERY_SECONDS):
            if progress:
                missed = self.total("missed")
                progress.update(self.total("sent"), f"{missed:,} missed" if missed else "")
            if time.monotonic() - saved >= SAVE_EVERY_SECONDS:
                saved = time.monotonic()
                self._save_underway()
        self._save_all(finished=True)
        if self._error is not None:
            raise self._error

    @property
    def cut_short(self) -> bool:
        """True if `stop` came before everything was sent."""
        return self._stop.is_set() and not self._ended

    def total(self, count: Literal["sent", "acked", "rejected", "unknown", "missed"]) -> int:
        """One of the tallies' counts, over all kinds."""
        return sum(getattr(tally, count) for tally in self.tallies.values())

    def _save_all(self, *, finished: bool) -> None:
        with self._counting:
            used = (tally for tally in self.tallies.values() if tally.sent or tally.missed)
            copies = [replace(tally, finished=finished) for tally in used]
        for tally in copies:
            self._save(tally)

    def _save_underway(self) -> None:
        try:
            self._save_all(finished=False)
        except ServiceDown as error:
            log.warning("the tally is not saved yet: %s", error)

    def _work(self) -> None:
        client = IngestClient(self._target.url, self._target.dataset)
        try:
            while batch := self._take():
                self._send(client, batch)
        except Exception as error:  # noqa: BLE001 (handed to the thread that runs the delivery, which raises it)
            self._error = self._error or error
            self._ended = True
        finally:
            client.close()
            with self._counting:
                self._working -= 1
                if not self._working:
                    self._finished.set()

    def _take(self) -> Batch | None:
        """The next batch when it is due; sends that are overdue are given up and counted."""
        with self._taking:
            while not (self._ended or self._stop.is_set()):
                if self._schedule.overdue():
                    self._give_up()
                    continue
                batch = self._source.take()
                self._ended = batch is None
                if batch is not None:
                    self._schedule.wait_for(len(batch))
                    return None if self._stop.is_set() else batch
        return None

    def _give_up(self) -> None:
        given_up = self._source.forgo()
        if given_up is None:
            self._ended = True
            return
        kind, records = given_up
        self._schedule.give_up(records)
        MISSED.inc()
        with self._counting:
            self.tallies[kind].missed += records

    def _send(self, client: IngestClient, batch: Batch) -> None:
        try:
            answer = self._post_until_answered(client, batch)
        except CrossoverError as error:
            # A refused setting means that nothing of the request was stored; after any other error nobody knows.
            self._count(batch, rejected=len(batch)) if isinstance(error, BadSetting) else self._count(batch)
            raise
        if isinstance(answer, Answer):
            self._silent = 0
            self._count_answer(batch, answer)
            return
        self._count(batch)
        self._silent += 1
        log.warning("no answer for %d %s in time, counted as unknown: %s", len(batch), batch.kind, answer.reason)
        if self._silent >= self._target.connections and not self._stop.is_set():
            raise ServiceDown(f"ingest at {self._target.url} does not answer: {answer.reason}", cure="crossover status")

    def _post_until_answered(self, client: IngestClient, batch: Batch) -> Answer | NoAnswer:
        """The same bytes, so the same event_ids, again and again until the deadline or the stop."""
        began, told = time.monotonic(), False
        give_up_at = began + self._target.deadline_seconds
        delay = FIRST_DELAY_SECONDS
        while True:
            answer = client.post(batch)
            if isinstance(answer, Answer):
                return answer
            pause = max(answer.after_seconds, delay * random.uniform(0.5, 1.0))
            if self._stop.is_set() or time.monotonic() + pause > give_up_at:
                return answer
            if not told and time.monotonic() - began > TELL_AFTER_SECONDS:
                told = True
                log.warning("no answer yet, trying for %.0f s: %s", self._target.deadline_seconds, answer.reason)
            self._stop.wait(pause)
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)

    def _count(self, batch: Batch, *, acked: int = 0, rejected: int = 0, duplicates: int = 0) -> None:
        with self._counting:
            tally = self.tallies[batch.kind]
            tally.sent += len(batch)
            tally.acked += acked
            tally.rejected += rejected
            tally.unknown += len(batch) - acked - rejected
            tally.duplicates += duplicates

    def _count_answer(self, batch: Batch, answer: Answer) -> None:
        marks = batch.marks[[error.index for error in answer.errors]] if answer.errors else batch.marks[:0]
        duplicates = int((batch.marks == DUPLICATE).sum()) - int((marks == DUPLICATE).sum())
        self._count(batch, acked=answer.accepted, rejected=answer.rejected, duplicates=duplicates)
        SENT.labels(batch.kind).inc(answer.accepted)
        # The list of errors may be cut short; the counts never are.
        good_rejected = max(answer.rejected - batch.broken, int((marks != BROKEN).sum()))
        broken_accepted = good_rejected + batch.broken - answer.rejected
        if good_rejected or broken_accepted:
            with self._counting:
                self.unexpected.rejected += good_rejected
                self.unexpected.accepted += broken_accepted
                reasons = (e.reason for e, mark in zip(answer.errors, marks, strict=True) if mark != BROKEN)
                self.unexpected.example = self.unexpected.example or next(reasons, "")
