"""Names that a DAG run gives to what it makes, so that a page or a second task finds them again."""

import hashlib
import re


def run_name(dag_id: str, run_id: str) -> str:
    """The name of the dataset and of the benchmark run that belong to one DAG run.

    It is a pure function of the two ids, unlike for unlike runs, and fits `settings.DATASET_PATTERN`:
    `q20261123t130501_9f3c2a` for a run of `quickstart` at 13:05:01, else a slug of the run id in the middle.
    """
    moment = re.search(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)", run_id)
    if moment:
        middle = "{}{}{}t{}{}{}".format(*moment.groups())
    else:
        middle = re.sub(r"[^a-z0-9]+", "_", run_id.lower()).strip("_")[:20]
    digest = hashlib.sha256(f"{dag_id}\n{run_id}".encode()).hexdigest()[:6]
    return f"{dag_id[0].lower()}{middle}_{digest}"
