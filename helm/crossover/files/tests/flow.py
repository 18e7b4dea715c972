"""Ten records through the front door into the row store, after a look at every part. Exit 0 when all is well."""

import os
import sys
import time
from datetime import UTC, datetime

import httpx
import psycopg

from crossover.connections import connect_postgres, connect_spark
from crossover.settings import load_settings

RECORDS = 10
SECONDS = 60


def check_health(addresses: list[str]) -> None:
    for address in addresses:
        httpx.get(address, timeout=20).raise_for_status()
        print(f"INFO: {address} answers")


def send(url: str, producer: str) -> None:
    now = datetime.now(UTC).isoformat()
    records = [
        {
            "event_id": f"{producer}:{number}", "timestamp": now, "level": "INFO", "service": "helm-test",
            "host": "helm-test", "message": "a record of helm test", "metadata": {},
        }
        for number in range(RECORDS)
    ]
    answer = httpx.post(f"{url}/api/collect/logs", json=records, timeout=20)
    answer.raise_for_status()
    print(f"INFO: ingest took {RECORDS} records: {answer.text}")


def stored(connection: psycopg.Connection, producer: str) -> int:
    pattern = f"{producer}:%"
    row = connection.execute("SELECT count(*) FROM main.logs WHERE event_id LIKE %s", (pattern,)).fetchone()
    return row[0]


def main(*addresses: str) -> int:
    settings = load_settings()
    check_health(list(addresses))
    session = connect_spark(settings)
    print(f"INFO: Spark {session.version} has the namespaces {[d.name for d in session.catalog.listDatabases()]}")
    session.stop()
    producer = f"{os.environ['HOSTNAME']}-{time.time_ns():x}"
    send(settings.ingest.url, producer)
    deadline = time.monotonic() + SECONDS
    with connect_postgres(settings, application="helm-test", autocommit=True) as connection:
        while (found := stored(connection, producer)) < RECORDS and time.monotonic() < deadline:
            time.sleep(1)
    print(f"{'INFO' if found == RECORDS else 'ERROR'}: PostgreSQL holds {found} of them")
    return 0 if found == RECORDS else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
