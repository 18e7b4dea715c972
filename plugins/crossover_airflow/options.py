"""From the fields of a trigger form to the options of a command, so that a DAG file only wires."""

from collections.abc import Mapping
from typing import Any

from crossover.errors import BadSetting

_FAULTS = ("error_rate", "late_rate", "duplicate_rate", "broken_rate")


def _from_params(*names: str) -> list[str]:
    return [part for name in names for part in (_option(name), f"{{{{ params.{name} }}}}")]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


# Options of `crossover generate` and `crossover benchmark run` that are fields of the form under the same name.
LOAD_OPTIONS = _from_params("events", "rate", "seed", *_FAULTS)
_SWEEP = ("smallest", "largest", "first", "more", "minutes", "engines", "caches", "repetitions", "warmups")
BENCHMARK_OPTIONS = _from_params("sizes", "cases", "repetitions", "warmups")
# Options of `crossover benchmark write`: of its part methods, then of the parts that send through the whole line.
WRITE_OPTIONS = _from_params("rows", "repetitions", "seed") + _from_params(
    "seconds", "start", "tries", "ack_p99", "background", "batch"
)


def sweep_plan(layout: str, dataset: str, run: str, params: Mapping[str, Any]) -> list[list[str]]:
    """One argv a case for `crossover benchmark sweep`; the case's name comes last, where the task shows it.

    None for a layout that is not asked for.

    Raises:
        BadInput: an unknown case.
    """
    from crossover.benchmark.cases import load_cases

    if layout not in str(params["layouts"]).split(","):
        return []
    names = None if params["cases"] == "all" else str(params["cases"]).split(",")
    shared = ["crossover", "benchmark", "sweep", "--run", run, "--dataset", dataset, "--layouts", layout]
    for name in _SWEEP:
        shared += [_option(name), str(params[name])]
    return [[*shared, "--cases", case.name] for case in load_cases(names)]


def load_plan(params: Mapping[str, Any]) -> list[list[str]]:
    """One argv a generator pod, or a single replay if `replay_file` is set.

    The shards divide counts and rate. With `minutes` the counts are scaled to what the rate sends in that time.

    Raises:
        BadSetting: minutes without a rate.
    """
    if params["replay_file"]:
        argv = ["crossover", "replay", params["replay_file"], "--dataset", params["dataset"]]
        return [[*argv, "--rate", str(params["rate"]), "--repeat", str(params["repeat"])]]
    logs, events = _counts(params)
    pods = int(params["pods"])
    shared = ["crossover", "generate", "--dataset", params["dataset"], "--logs", str(logs), "--events", str(events)]
    shared += ["--rate", str(params["rate"]), "--seed", str(params["seed"]), "--shards", str(pods)]
    for name in _FAULTS:
        shared += [_option(name), str(params[name])]
    return [[*shared, "--shard", str(shard)] for shard in range(pods)]


def _counts(params: Mapping[str, Any]) -> tuple[int, int]:
    logs, events, minutes = params["logs"], params["events"], params["minutes"]
    if not minutes:
        return logs, events
    if not params["rate"] or not logs + events:
        raise BadSetting(
            "minutes needs a rate, and logs or events to share it out",
            cure="set rate above 0, or minutes to 0 to send the counts as they are",
        )
    total = params["rate"] * 60 * minutes
    share = round(total * logs / (logs + events))
    return share, total - share
