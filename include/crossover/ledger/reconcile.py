"""Compare what producers say that they sent with what each store holds, and the stores with each other by content."""

from dataclasses import dataclass, field

from crossover.fingerprint import Days, differing_days, total
from crossover.records import Kind


@dataclass(frozen=True)
class Sent:
    """A producer's tally of one kind; `expected` distinct ids must be in each store."""

    producer: str
    acked: int
    rejected: int
    unknown: int
    duplicates: int
    missed: int
    finished: bool

    @property
    def expected(self) -> int:
        """Distinct event_ids that were acknowledged."""
        return self.acked - self.duplicates


@dataclass(frozen=True)
class Held:
    """What a store holds of one producer."""

    rows: int
    distinct_ids: int


@dataclass(frozen=True)
class Finding:
    """The ledger's answer for one kind of one dataset; `complaints` says in words what is wrong, by producer or day."""

    dataset: str
    kind: Kind
    acked: int
    unknown: int
    duplicates: int
    postgres: int
    lake: int
    lost: int
    twice: int
    complaints: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """True if nothing is lost, nothing is twice and both stores hold the same."""
        return not self.complaints


def reconcile(
    dataset: str,
    kind: Kind,
    sent: list[Sent],
    postgres: dict[str, Held],
    lake: dict[str, Held],
    postgres_days: Days,
    lake_days: Days,
) -> Finding:
    """Pure comparison. A producer without a tally cannot lose by our count; it is named in the notes."""
    complaints: list[str] = []
    lost = twice = 0
    told = {tally.producer: tally for tally in sent}
    for store, held in (("PostgreSQL", postgres), ("the lake", lake)):
        store_lost, store_twice, words = _against(store, told, held)
        lost, twice = lost + store_lost, twice + store_twice
        complaints += words
    complaints += [
        f"content differs on {line} (PostgreSQL against the lake)" for line in differing_days(postgres_days, lake_days)
    ]
    untold = sorted((postgres.keys() | lake.keys()) - told.keys())
    notes = [f"{producer} left no tally; its rows are compared between the stores only" for producer in untold]
    for tally in sent:
        if tally.unknown:
            notes.append(f"{tally.producer}: {tally.unknown:,} records got no answer and may or may not be stored")
        if not tally.finished:
            notes.append(f"{tally.producer} has not said that it ended")
    return Finding(
        dataset=dataset,
        kind=kind,
        acked=sum(tally.acked for tally in sent),
        unknown=sum(tally.unknown for tally in sent),
        duplicates=sum(tally.duplicates for tally in sent),
        postgres=total(postgres_days).rows,
        lake=total(lake_days).rows,
        lost=lost,
        twice=twice,
        complaints=complaints,
        notes=notes,
    )


def _against(store: str, told: dict[str, Sent], held: dict[str, Held]) -> tuple[int, int, list[str]]:
    """Lost and twice in one store. On purpose sent twice is not twice: the generator's duplicates are subtracted."""
    lost = twice = 0
    words = []
    for producer, tally in told.items():
        found = held.get(producer, Held(0, 0))
        missing = tally.expected - found.distinct_ids
        if missing > 0:
            lost += missing
            words.append(f"{store} lacks {missing:,} of {producer}'s {tally.expected:,} records")
        elif -missing > tally.unknown:
            words.append(f"{store} holds {-missing:,} more of {producer}'s records than were sent")
    for producer, found in held.items():
        meant = told[producer].duplicates if producer in told else 0
        extra = found.rows - found.distinct_ids - meant
        if extra > 0:
            twice += extra
            words.append(f"{store} holds {extra:,} rows of {producer} more than once")
    return lost, twice, words
