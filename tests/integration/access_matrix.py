"""Who may do what, as probes with the principals that must succeed: everybody else must be denied.

    python -m tests.integration.access_matrix      tries all with the administrator's settings, prints what it finds

Needs no pytest, so that a pod inside a cluster can run it.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from crossover.access.kafka import users
from crossover.access.postgres import logins
from crossover.settings import Settings, load_settings
from crossover.sql import sql
from tests.integration import access_probes as probes

TALLY = dict.fromkeys(("sent", "acked", "rejected", "unknown", "duplicates", "missed"), 0) | {
    "dataset": "main", "kind": "logs", "producer": "probe", "finished": True,
}  # fmt: skip
PARITY = dict.fromkeys(("acked", "unknown", "duplicates", "postgres", "lake", "lost", "twice"), 0) | {
    "dataset": "main", "kind": "logs", "equal": True,
}  # fmt: skip
PLACE = {"topic": "logs.raw", "partition": 0, "next_offset": 0}
RUN = "INSERT INTO benchmark_run (run_id, dataset, environment, settings) VALUES ('probe', 'main', '{}', '{}')"

OWNERS = {"load", "airflow"}
NOBODY: set[str] = set()
POSTGRES: dict[probes.Attempt, set[str]] = {
    probes.postgres("read records", "SELECT count(*) FROM main.logs"): OWNERS | {"maintenance", "benchmark"},
    probes.postgres("write records", "INSERT INTO main.logs SELECT * FROM main.logs WHERE false"): OWNERS,
    probes.postgres("drop records", "DROP TABLE main.logs"): OWNERS,
    probes.postgres("look at datasets", "SELECT * FROM dataset"): OWNERS | {"stream", "maintenance", "benchmark"},
    probes.postgres("seal a dataset", "UPDATE dataset SET sealed_offsets = NULL WHERE false"): OWNERS,
    probes.postgres("make a dataset", "CREATE SCHEMA probe"): OWNERS | {"benchmark"},
    probes.postgres("make a platform table", "CREATE TABLE public.probe (n int)"): OWNERS,
    probes.postgres("tell the tally", sql("ledger/save_tally.sql"), TALLY): OWNERS | {"generator"},
    probes.postgres("tell the lake's place", sql("ledger/save_lake_offset.sql"), PLACE): OWNERS | {"stream"},
    probes.postgres("move the loader's place", "UPDATE sink_offset SET next_offset = 0"): OWNERS,
    probes.postgres("keep the parity", sql("ledger/save_parity.sql"), PARITY): OWNERS | {"maintenance"},
    probes.postgres("keep results", RUN): OWNERS | {"benchmark"},
    probes.postgres("drop results", "DELETE FROM benchmark_run WHERE false"): OWNERS,
    probes.postgres("become superuser", "SET ROLE postgres"): NOBODY,
    probes.postgres("make a role", "CREATE ROLE probe"): NOBODY,
    probes.postgres("read password hashes", "SELECT rolpassword FROM pg_authid"): NOBODY,
    probes.postgres("read a server's file", "SELECT pg_read_file('PG_VERSION')"): NOBODY,
    probes.postgres("run a program", "COPY (SELECT 1) TO PROGRAM 'true'"): NOBODY,
    probes.database("enter the catalog", "lake_catalog"): {"lake"},
    probes.database("enter Airflow's database", "airflow"): {"airflow_meta"},
    probes.database("enter database postgres", "postgres"): NOBODY,
}
KAFKA: dict[probes.Attempt, set[str]] = {
    probes.kafka("write logs", probes.produce("logs.raw")): {"ingest"},
    probes.kafka("write events", probes.produce("events.activity")): {"ingest"},
    probes.kafka("write dead letters", probes.produce("logs.dlq")): {"ingest", "load"},
    probes.kafka("read logs", probes.consume("logs.raw")): {"load", "stream"},
    probes.kafka("read a foreign topic", probes.consume("other")): NOBODY,
    probes.kafka("ask for the ends", probes.ends("events.activity")): {
        "ingest", "load", "stream", "maintenance", "benchmark", "airflow",
    },
    probes.kafka("use a group of ours", probes.look_at_group("crossover-probe")): {"load", "stream"},
    probes.kafka("use a foreign group", probes.look_at_group("probe")): NOBODY,
    probes.kafka("make a log topic", probes.create("logs.raw.")): {"airflow"},
    probes.kafka("make a dead-letter topic", probes.create("logs.dlq.")): {"load", "airflow"},
    probes.kafka("make a foreign topic", probes.create("other.")): NOBODY,
    probes.kafka("drop a topic", probes.delete("logs.raw.")): {"airflow"},
    probes.kafka("drop a foreign topic", probes.delete("other.")): NOBODY,
    probes.kafka("set a topic's retention", probes.configure("logs.raw")): {"airflow"},
    probes.kafka("make a rule for oneself", probes.grant_oneself): NOBODY,
    probes.kafka("make a user", probes.make_user): NOBODY,
}  # fmt: skip

HDFS_USERS = ("hadoop", "stream", "connect", "load", "crossover")
Finding = dict[str, set[str]]


def expected(attempts: Mapping[probes.Attempt, set[str]]) -> Finding:
    """The declared rights by resource."""
    return {attempt.resource: allowed for attempt, allowed in attempts.items()}


def expected_in_hdfs() -> Finding:
    """The declared rights on the lake's folders."""
    lake, owners = {"hadoop", "stream", "connect"}, {"hadoop", "stream"}
    verbs = {"list": lake, "write": lake, "remove from": lake}
    folders = ("/warehouse", "/checkpoints")
    found = {f"{verb} {folder}": allowed for folder in folders for verb, allowed in verbs.items()}
    return found | {f"open {folder} to all": owners for folder in folders}


def try_hdfs(settings: Settings, names: Iterable[str] = HDFS_USERS) -> Finding:
    """What each user may do with the lake's folders."""
    lake = [urlsplit(uri) for uri in (settings.lake.warehouse, settings.lake.checkpoints)]
    found: Finding = {}
    for name in names:
        for what, allowed in probes.hdfs(f"hdfs://{lake[0].netloc}", name, [uri.path for uri in lake]).items():
            found.setdefault(what, set()).update({name} if allowed else NOBODY)
    return found


def try_all(settings: Settings) -> dict[str, Finding]:
    """Every principal tries everything."""
    return {
        "PostgreSQL": probes.matrix(settings, POSTGRES, [principal.name for principal, _ in logins()]),
        "Kafka": probes.matrix(settings, KAFKA, [principal.name for principal in users()]),
        "HDFS": try_hdfs(settings),
    }


def declared() -> dict[str, Finding]:
    """What `try_all` must find."""
    return {"PostgreSQL": expected(POSTGRES), "Kafka": expected(KAFKA), "HDFS": expected_in_hdfs()}


if __name__ == "__main__":
    found = try_all(load_settings())
    for part, finding in found.items():
        print(f"{part}:{probes.table(finding, sorted(set().union(*finding.values())))}")
    print("MATRIX", json.dumps({part: {k: sorted(v) for k, v in f.items()} for part, f in found.items()}))
    sys.exit(found != declared())
