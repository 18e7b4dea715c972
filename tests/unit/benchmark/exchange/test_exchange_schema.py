"""The published schema and the reader say the same of every file."""

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest

from crossover.benchmark.exchange import dump, parse
from crossover.errors import BadInput

SCHEMA = json.loads(files("crossover.benchmark").joinpath("run.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
WRONG = (None, "", "a\x00", -1, 1.5, True, [None], {"k": None}, 2**31, 2**63)
# What no schema can say; the description of ours names it.
BEYOND_A_SCHEMA = ("twice", "64 bits")


@pytest.fixture(scope="module")
def document(build):
    samples = (build.cell().samples[1], build.failed().samples[0])
    cell = build.cell(samples=tuple(replace(sample, repetition=i) for i, sample in enumerate(samples)))
    return json.loads(dump(build.run(cell, settings={"compacted": {"seed": 1.5}}), [build.rung()]))


def test_the_schema_is_itself_well_formed():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_whole_run_fits_the_schema(build, document):
    VALIDATOR.validate(document)
    VALIDATOR.validate(json.loads(dump(build.run(stamp=None))))


def places(value, path=()):
    """Every place of the document; of a list only its first two elements, which the samples have of both kinds."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:1] if path[-1] != "samples" else value):
            yield from places(inner, (*path, index))


def changed(document, path, act):
    whole = json.loads(json.dumps(document))
    place = whole
    for step in path[:-1]:
        place = place[step]
    act(place, path[-1])
    return whole


def put(value):
    return lambda place, last: place.__setitem__(last, value)


def reads(document):
    try:
        parse(json.dumps(document).encode())
    except BadInput as error:
        return None if any(words in error.message for words in BEYOND_A_SCHEMA) else False
    return True


def test_every_single_change_is_judged_alike_by_schema_and_reader(document):
    judged = {True: 0, False: 0}
    for path in list(places(document))[1:]:
        changes = [put(value) for value in WRONG] + [lambda place, last: place.pop(last)]
        if isinstance(path[-1], str):
            changes.append(lambda place, last: place.__setitem__(last + "?", place.pop(last)))
        for act in changes:
            wrong = changed(document, path, act)
            read = reads(wrong)
            if read is not None:
                fits = VALIDATOR.is_valid(wrong)
                judged[fits] += 1
                assert fits == read, path
    assert min(judged.values()) > 100, judged
