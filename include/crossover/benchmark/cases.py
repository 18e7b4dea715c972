"""The benchmark's questions: one folder each under sql/benchmark, loaded and checked before anything is timed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any, Literal

import msgspec
import yaml

from crossover.benchmark.canonical import TOLERANCE
from crossover.errors import BadInput, BadSetting
from crossover.sql import sql

FOLDER = "benchmark"
# A case without one of these is no case: they are the two sides of every comparison.
REQUIRED = ("postgres", "spark")
_PLACEHOLDERS = {
    "postgres": re.compile(r"%\((\w+)\)s"),
    # One colon before a name; two are a cast.
    "spark": re.compile(r"(?<![:\w]):([A-Za-z_]\w*)"),
    "duckdb": re.compile(r"\$([A-Za-z_]\w*)"),
}
DIALECTS = tuple(_PLACEHOLDERS)
_COMMENT = re.compile(r"--[^\n]*")
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_TYPES: dict[str, type] = {"text": str, "timestamp": datetime, "integer": int}


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value of a question: `value` is fixed, or None when probe.sql chooses it from the data."""

    type: Literal["text", "timestamp", "integer"]
    how: str
    value: str | int | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    why: str
    ordered: bool
    decimals: int = 6
    tolerance: float = TOLERANCE
    parameters: dict[str, Parameter] = {}


@dataclass(frozen=True)
class Case:
    """One question, written once per dialect.

    `ordered`: the order of the rows is part of the answer. `decimals`: numbers that agree to so many are the same, and
    so are inexact numbers that differ by no more than `tolerance` of their size.
    """

    name: str
    title: str
    why: str
    ordered: bool
    decimals: int
    parameters: Mapping[str, Parameter] = field(hash=False)
    tolerance: float = TOLERANCE

    @property
    def probed(self) -> set[str]:
        """Names of the parameters that probe.sql chooses."""
        return {name for name, parameter in self.parameters.items() if parameter.value is None}

    @property
    def dialects(self) -> tuple[str, ...]:
        """The engines that can be asked: those whose NAME.sql is in the case's folder."""
        return tuple(dialect for dialect in DIALECTS if dialect in _written(self.name))

    def statement(self, dialect: str, relation: str) -> str:
        """The question in one engine's dialect over `relation`, without the file's comments."""
        return _bare(sql(f"{FOLDER}/{self.name}/{dialect}.sql", logs=relation))

    def probe(self, relation: str) -> str | None:
        """The PostgreSQL query that chooses the probed parameters (one row); None if all are fixed."""
        return _bare(sql(f"{FOLDER}/{self.name}/probe.sql", logs=relation)) if self.probed else None

    def bind(self, probed: Mapping[str, Any]) -> dict[str, Any]:
        """All values by name: the fixed ones and what the probe found.

        Raises:
            BadInput: the probe found nothing, or not what is declared.
        """
        if set(probed) != self.probed:
            raise BadInput(f"case {self.name}: probe.sql gave {sorted(probed)} for {sorted(self.probed)}")
        values = {name: probed.get(name, parameter.value) for name, parameter in self.parameters.items()}
        for name, value in values.items():
            if not isinstance(value, _TYPES[self.parameters[name].type]):
                raise BadInput(f"case {self.name}: {name} = {value!r} is not a {self.parameters[name].type}")
        return values


def case_names() -> list[str]:
    """The names of all cases, sorted."""
    return sorted(entry.name for entry in files("crossover.sql").joinpath(FOLDER).iterdir() if entry.is_dir())


def load_cases(names: Iterable[str] | None = None) -> list[Case]:
    """Load and check the named cases, or all of them.

    Raises:
        BadInput: no such case.
        BadSetting: a case file is wrong or lacks a side, or a parameter is declared and not used, or the reverse.
    """
    known = case_names()
    wanted = known if names is None else list(names)
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise BadInput(f"unknown cases: {', '.join(unknown)}", cure=f"choose from: {', '.join(known)}")
    return [load_case(name) for name in wanted]


def load_case(name: str) -> Case:
    """Load one case and check it. Raises BadSetting."""
    text = files("crossover.sql").joinpath(FOLDER, name, "case.yaml").read_text(encoding="utf-8")
    try:
        described = msgspec.convert(yaml.safe_load(text), _File)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise BadSetting(f"case {name}: case.yaml: {error}") from error
    case = Case(
        name,
        described.title,
        described.why.strip(),
        described.ordered,
        described.decimals,
        described.parameters,
        described.tolerance,
    )
    _check_files(name)
    for dialect in case.dialects:
        check_parameters(f"case {name}, {dialect}.sql", case.statement(dialect, "t"), dialect, set(case.parameters))
    if case.probed:
        case.probe("t")
    return case


def _written(name: str) -> set[str]:
    folder = files("crossover.sql").joinpath(FOLDER, name)
    return {entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql")}


def _check_files(name: str) -> None:
    written = _written(name)
    lacking, unknown = sorted(set(REQUIRED) - written), sorted(written - {*DIALECTS, "probe"})
    if lacking or unknown:
        raise BadSetting(
            f"case {name}: .sql files that are lacking: {lacking or 'none'}; for no known engine: {unknown or 'none'}",
            cure=f"a case has one file an engine: {', '.join(f'{dialect}.sql' for dialect in DIALECTS)}",
        )


def check_parameters(where: str, statement: str, dialect: str, declared: set[str]) -> None:
    """Raise BadSetting unless the statement uses exactly the declared parameters.

    A filter whose value never reaches the statement makes two questions the same and the result worthless.
    """
    used = set(_PLACEHOLDERS[dialect].findall(_QUOTED.sub("''", statement)))
    dropped, unknown = sorted(declared - used), sorted(used - declared)
    if dropped or unknown:
        raise BadSetting(
            f"{where}: declared but not used: {dropped or 'none'}; used but not declared: {unknown or 'none'}",
            cure="make the statement and case.yaml agree",
        )


def _bare(text: str) -> str:
    return "\n".join(line for line in _COMMENT.sub("", text).splitlines() if line.strip())
