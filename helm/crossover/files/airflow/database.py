"""What start order and probes ask of Airflow's database, without importing Airflow (six seconds of a core each time).

database.py mark                     note on the migrations' table to which version it has been brought
database.py wait                     return when that note names the installed version
database.py heartbeat JOB SECONDS    exit 1 unless this host's JOB has shown a sign of life within SECONDS
"""

import os
import socket
import sys
import time
from importlib.metadata import version

import psycopg
from psycopg import sql

HEARTBEAT = """
    SELECT max(latest_heartbeat) > now() - make_interval(secs => %s) FROM job
    WHERE job_type = %s AND hostname = %s AND state = 'running'
"""


def connect() -> psycopg.Connection:
    url = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", "", 1)
    return psycopg.connect(url, connect_timeout=5, autocommit=True)


def mark(target: str) -> None:
    with connect() as connection:
        connection.execute(sql.SQL("COMMENT ON TABLE alembic_version IS {}").format(target))


def is_ready(target: str) -> bool:
    try:
        with connect() as connection:
            row = connection.execute("SELECT obj_description(to_regclass('alembic_version'))").fetchone()
    except psycopg.OperationalError as error:
        print(f"INFO: no database yet: {error}".strip(), flush=True)
        return False
    print(f"INFO: the database is at {row[0] or 'no version'}, wanted {target}", flush=True)
    return row[0] == target


def has_heartbeat(job: str, seconds: str) -> bool:
    with connect() as connection:
        row = connection.execute(HEARTBEAT, (float(seconds), job, socket.getfqdn())).fetchone()
    return bool(row[0])


def main(verb: str, *rest: str) -> int:
    target = f"Airflow {version('apache-airflow-core')}"
    if verb == "mark":
        mark(target)
    elif verb == "wait":
        while not is_ready(target):
            time.sleep(3)
    elif not has_heartbeat(*rest):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
