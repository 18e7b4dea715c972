"""A producer's own count of what it sent: the left-hand side of the ledger's equation."""

from dataclasses import asdict, dataclass

from crossover.connections import connect_postgres
from crossover.records import Kind
from crossover.settings import Settings
from crossover.sql import sql


@dataclass
class Tally:
    """Counts of records of one kind from one producer.

    `sent` = `acked` + `rejected` + `unknown`; `unknown` = no answer came, so it may or may not be stored.
    `duplicates` counts records among `acked` whose event_id was sent before on purpose; `missed` counts records that
    the open-loop schedule wanted but that were never sent.
    """

    dataset: str
    kind: Kind
    producer: str
    sent: int = 0
    acked: int = 0
    rejected: int = 0
    unknown: int = 0
    duplicates: int = 0
    missed: int = 0
    finished: bool = False


def save_tally(tally: Tally, settings: Settings) -> None:
    """Write or overwrite the producer's row in table ledger_producer. Raises ServiceDown."""
    with connect_postgres(settings, application="tally") as connection:
        connection.execute(sql("ledger/save_tally.sql").encode(), asdict(tally))
