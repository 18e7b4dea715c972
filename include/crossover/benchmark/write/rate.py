"""The sustained rate: the most records a second at which both stores keep up and acknowledgements are quick."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossover.benchmark.results import Figure
from crossover.benchmark.write.backlog import GROWTH_SHARE, complaints
from crossover.benchmark.write.line import Line
from crossover.benchmark.write.open_loop import Sent
from crossover.benchmark.write.search import Bounds, Found, search
from crossover.job import bench_line, group

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a rate must keep to; `seconds` is how long it is offered."""

    seconds: float
    drain_seconds: float
    ack_p99_seconds: float
    batch: int
    connections: int

    @property
    def words(self) -> str:
        """The criterion, for notes."""
        return (
            f"offered for {self.seconds:g} s; passed = no record missed or refused, acknowledgement p99 <= "
            f"{self.ack_p99_seconds:g} s from when a request was due, neither store's backlog growing by more than "
            f"{GROWTH_SHARE:.0%} of what is sent over the last half (95 % confidence), both "
            f"drained within {self.drain_seconds:g} s"
        )


@dataclass(frozen=True)
class Trial:
    """One rate, offered once. `reasons` tell why it failed, empty when it passed."""

    rate: float
    sent: Sent
    drained_seconds: float | None
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """All criteria held."""
        return not self.reasons

    @property
    def achieved(self) -> float:
        """Records acknowledged a second."""
        return self.sent.acked / max(self.sent.seconds, 1e-9)


def p99(seconds: Sequence[float]) -> float:
    """The 99th percentile; infinite when there is none."""
    return float(np.quantile(seconds, 0.99)) if seconds else math.inf


def shortcomings(sent: Sent, limits: Limits) -> list[str]:
    """What the sender itself has to complain of."""
    found = []
    if sent.missed:
        found.append(f"{sent.missed:,} records could not be sent in time")
    if sent.unacked:
        found.append(f"{sent.unacked:,} records were not acknowledged{': ' + sent.problem if sent.problem else ''}")
    slow = p99(sent.ack_seconds)
    if slow > limits.ack_p99_seconds:
        found.append(f"acknowledgement p99 {slow:.3g} s is over {limits.ack_p99_seconds:g} s")
    return found


def try_rate(line: Line, rate: float, limits: Limits) -> Trial:
    """Offer the rate to an idle line, then wait until nothing of it is left."""
    loop = line.loop(rate, limits.seconds, batch=limits.batch, connections=limits.connections)
    looks, sent = line.watch(loop, f"offering {rate:,.0f} records/s")
    drained = line.drain(limits.drain_seconds)
    reasons = [*shortcomings(sent, limits), *complaints(looks, drained, limits.drain_seconds)]
    if drained is None:
        line.recover()
    return Trial(rate, sent, drained, tuple(reasons))


def find_rate(line: Line, bounds: Bounds, limits: Limits) -> tuple[Found, list[Trial]]:
    """Search the rate; also every trial in the order in which it was made. Raises Stopped."""
    trials: list[Trial] = []

    def attempt(rate: float) -> bool:
        with group(f"trial {len(trials) + 1}: {rate:,.0f} records/s"):
            trial = try_rate(line, rate, limits)
        trials.append(trial)
        _tell(trial)
        return trial.passed

    return search(bounds, attempt), trials


def figures(found: Found, trials: Sequence[Trial], limits: Limits) -> list[Figure]:
    """`sustained_rate` (only if a rate held) and `ack_seconds` of each rate that was offered."""
    result = []
    for rate in dict.fromkeys(trial.rate for trial in trials):
        mine = [trial for trial in trials if trial.rate == rate]
        samples = tuple(second for trial in mine for second in trial.sent.ack_seconds)
        if samples:
            words = "; ".join("passed" if t.passed else "failed: " + ", ".join(t.reasons) for t in mine)
            note = f"every request of {mine[0].sent.batch} records, from when it was due; {words}"
            result.append(Figure("ack_seconds", {"rate": f"{rate:.0f}"}, "s", samples, note))
    if found.rate is not None:
        held = tuple(trial.achieved for trial in trials if trial.rate == found.rate)
        proof = f"held {len(held)} times" if found.proven else "held once only: the trials were used up"
        above = f"{found.failed_at:,.0f} failed" if found.failed_at else "no higher rate failed"
        note = f"records acknowledged a second at {found.rate:,.0f} offered; {proof}; {above}; {limits.words}"
        result.append(Figure("sustained_rate", {}, "records/s", held, note))
    return result


def _tell(trial: Trial) -> None:
    bench_line({
        "figure": "rate_trial",
        "rate": round(trial.rate, 1),
        "achieved": round(trial.achieved, 1),
        "ack_p99_seconds": round(p99(trial.sent.ack_seconds), 4) if trial.sent.ack_seconds else None,
        "missed": trial.sent.missed,
        "drained_seconds": trial.drained_seconds and round(trial.drained_seconds, 1),
        "passed": trial.passed,
    })
    log.info("%s records/s: %s", f"{trial.rate:,.0f}", "held" if trial.passed else "; ".join(trial.reasons))
