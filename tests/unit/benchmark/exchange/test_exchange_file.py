"""A run goes into a file and comes back the same; a wrong file is refused by the name of its place."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossover.benchmark import exchange, results
from crossover.benchmark.exchange import Exchanged, dump, parse, parse_all
from crossover.errors import BadInput

text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
name = text.filter(bool)
number = st.floats(allow_nan=False, allow_infinity=False)
seconds = st.floats(min_value=0, allow_infinity=False)
count = st.integers(0, 2**63 - 1)
facts = st.dictionaries(text, text, max_size=3)
words = st.lists(text, max_size=2).map(tuple)
zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
moment = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def samples(draw):
    made = draw(st.lists(st.integers(-(2**31), 2**31 - 1), unique=True, max_size=4))
    return tuple(
        results.Sample(
            repetition,
            seconds=time,
            answer_rows=draw(st.none() | st.integers(0, 2**31 - 1)),
            answer_hash=draw(st.none() | text),
            error=draw(text) if time is None else None,
            arm=draw(st.sampled_from("ab")),
            block=draw(st.integers(0, 2**31 - 1)),
        )
        for repetition in made
        for time in [draw(st.none() | seconds)]
    )


evidence = st.builds(
    results.Evidence,
    started_at=moment,
    seconds=seconds,
    steal=st.none() | seconds,
    foreign=st.none() | seconds,
    clock_jump_seconds=number,
    other_runs=words,
    configuration_changed=words,
    stale_statistics=words,
    idle_workers=words,
    steady=st.booleans(),
    asked_samples=st.integers(0, 2**31 - 1),
    cache_made=text,
    cores=st.none() | seconds,
    memory_bytes=st.none() | count,
    condition_made=text,
    condition_failed=words,
)
cells = st.builds(
    results.Cell,
    case=name,
    engine=name,
    size_rows=count,
    layout=name,
    rows=count,
    bytes=st.none() | count,
    files=st.none() | count,
    cache_state=name,
    condition=name,
    configuration=facts,
    parameters=facts,
    statement=text,
    answer_hash=st.none() | text,
    answers_agree=st.none() | st.booleans(),
    error=st.none() | text,
    samples=samples(),
    evidence=st.none() | evidence,
)
figures = st.builds(
    results.Figure, name=name, dimensions=facts, unit=text, values=st.lists(number, max_size=3).map(tuple), note=text
)
runs = st.builds(
    results.Run,
    run_id=name,
    dataset=name,
    started_at=moment,
    environment=facts,
    settings=st.dictionaries(text, plain, max_size=3),
    cells=st.lists(cells, max_size=2, unique_by=lambda cell: cell.key).map(tuple),
    figures=st.lists(figures, max_size=2, unique_by=lambda f: (f.name, tuple(sorted(f.dimensions.items())))).map(tuple),
    stamp=st.none() | st.builds(results.Stamp, valid=st.booleans(), reasons=words),
)
rungs = st.builds(
    results.Rung,
    size_rows=count,
    kind=name,
    rows=count,
    snapshot_id=st.integers(-(2**63), 2**63 - 1),
    bounds=st.dictionaries(st.integers(0, 999_999_999), st.integers(-(2**63), 2**63 - 1), max_size=3),
    postgres_table=name,
    fingerprint=name,
    proofs=facts,
)


@settings(max_examples=40, deadline=None)
@given(runs, st.lists(rungs, max_size=2, unique_by=lambda rung: (rung.size_rows, rung.kind)))
def test_any_run_comes_back_as_it_went(run, ladder):
    assert parse_all(dump(run, ladder)) == Exchanged(run, tuple(ladder))


def test_odd_numbers_come_back_to_the_last_bit(build):
    values = (5e-324, 1.7976931348623157e308, 0.1, 1e22, 1e16, 123456789.12345679, 1 / 3)
    samples = tuple(results.Sample(i, value, 1, "x", None) for i, value in enumerate(values, 1))
    figure = results.Figure("write_rate", {}, "rows/s", (-0.0, *values))
    back = parse(dump(build.run(build.cell(samples=samples), figures=(figure,))))
    assert [s.seconds.hex() for s in back.cells[0].samples] == [value.hex() for value in values]
    assert [value.hex() for value in back.figures[0].values] == [value.hex() for value in figure.values]


def test_a_time_of_another_zone_is_written_in_utc(build):
    moment = datetime(2026, 3, 1, 1, 30, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    written = dump(build.run(started_at=moment))
    assert b'"started_at": "2026-02-28T19:45:00.000005Z"' in written
    assert parse(written).started_at == moment


def test_the_same_run_gives_the_same_bytes(build):
    run = build.run(build.cell())
    turned = replace(run, environment=dict(reversed(run.environment.items())))
    assert dump(turned) == dump(run)


def test_every_field_of_the_results_is_in_the_file():
    kinds = [results.Sample, results.Evidence, results.Cell, results.Figure, results.Stamp, results.Run, results.Rung]
    for kind in kinds:
        written = msgspec.structs.fields(getattr(exchange, f"_{kind.__name__}"))
        assert {field.name for field in written} == {field.name for field in fields(kind)}, kind


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"figures": (results.Figure("write_rate", {}, "s", (1.0, float("nan"))),)}, "$.run.figures[0].values[1]"),
        ({"figures": (results.Figure("write_rate", {}, "s", (float("-inf"),)),)}, "$.run.figures[0].values[0]"),
        ({"started_at": datetime(2026, 3, 1)}, "$.run.started_at"),  # noqa: DTZ001
        ({"environment": {"cpu": "a\x00b"}}, "$.run.environment.cpu"),
        ({"settings": {"heap": {"seed": 2**64}}}, "$.run.settings.heap.seed"),
        ({"run_id": "\ud800"}, "$.run.run_id"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_when_it_is_written(build, change, told):
    with pytest.raises(BadInput) as raised:
        dump(build.run(**change))
    assert told in raised.value.message


def test_two_cells_with_one_key_are_not_written(build):
    with pytest.raises(BadInput, match="twice"):
        dump(build.run(build.cell(seed=1), build.cell(seed=2)))


def change(data, *path, to):
    """The file with one place changed; `to` is a value, or a function of the old one."""
    document = json.loads(data)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to(place[path[-1]]) if callable(to) else to
    return json.dumps(document).encode()


FIRST = ("run", "cells", 0)


@pytest.mark.parametrize(
    ("path", "to", "told"),
    [
        ((*FIRST, "samples", 1, "seconds"), "0.1", "$.run.cells[0].samples[1].seconds"),
        ((*FIRST, "samples", 1, "seconds"), -0.1, "$.run.cells[0].samples[1].seconds"),
        ((*FIRST, "samples", 1, "seconds"), None, "either a time or an error - at `$.run.cells[0].samples[1]`"),
        ((*FIRST, "samples", 1, "arm"), "c", "$.run.cells[0].samples[1].arm"),
        ((*FIRST, "samples", 1, "repetition"), -1, "repetition -1 stands there twice - at `$.run.cells[0].samples`"),
        ((*FIRST, "rows"), 1.5, "$.run.cells[0].rows"),
        ((*FIRST, "answers_agree"), "yes", "$.run.cells[0].answers_agree"),
        ((*FIRST, "colour"), "red", "unknown field `colour` - at `$.run.cells[0]`"),
        ((*FIRST, "evidence", "started_at"), "2026-03-01T12:00:00", "$.run.cells[0].evidence.started_at"),
        ((*FIRST, "evidence", "started_at"), "yesterday", "$.run.cells[0].evidence.started_at"),
        ((*FIRST, "statement"), "a\x00b", "null character or half a surrogate pair - at `$.run.cells[0].statement`"),
        (("run", "figures", 0, "values", 0), "fast", "$.run.figures[0].values[0]"),
        (("run", "figures"), lambda figures: figures * 2, "$.run.figures"),
        (("run", "stamp", "valid"), 1, "$.run.stamp.valid"),
        (("run", "settings"), [], "$.run.settings"),
        (("rungs", 0, "bounds"), {"first": 1}, "$.rungs[0].bounds"),
        (("rungs",), lambda rungs: rungs * 2, "$.rungs"),
        (("format",), "other", "$.format"),
        (("version",), "1", "$.version"),
        (("version",), 0, "$.version"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_in_it(build, path, to, told):
    data = dump(build.run(build.cell()), [build.rung()])
    with pytest.raises(BadInput) as raised:
        parse(change(data, *path, to=to))
    assert told in raised.value.message


def test_a_missing_field_is_named(build):
    document = json.loads(dump(build.run(build.cell())))
    del document["run"]["cells"][0]["statement"]
    with pytest.raises(BadInput, match=r"statement.*\$\.run\.cells\[0\]"):
        parse(json.dumps(document).encode())


def test_a_newer_version_is_refused_in_words(build):
    with pytest.raises(BadInput, match="version 2; this crossover reads versions up to 1") as raised:
        parse(change(dump(build.run()), "version", to=2))
    assert "newer" in raised.value.cure


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": NaN}', b"[" * 100_000, b'{"format": "\\ud800"}', b"9" * 5000],
)
def test_what_is_no_run_at_all_is_bad_input(data):
    with pytest.raises(BadInput):
        parse(data)


def test_a_number_beyond_all_floats_is_bad_input(build):
    data = dump(build.run(build.cell())).replace(b'"seconds": 2.5', b'"seconds": 1e999')
    assert b"1e999" in data
    with pytest.raises(BadInput):
        parse(data)


def test_settings_nested_without_end_are_refused(build):
    deep = json.loads("[" * 60 + "]" * 60)
    with pytest.raises(BadInput, match=r"32 deep - at `\$\.run\.settings\.heap\[0\]"):
        parse(change(dump(build.run()), "run", "settings", to={"heap": deep}))


def test_too_large_a_file_is_refused_unread():
    with pytest.raises(BadInput, match="67,108,865 bytes"):
        parse(b" " * (exchange.MAXIMUM_BYTES + 1))
