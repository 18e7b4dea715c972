"""What the generator calls good, ingest's own reading accepts; what it calls broken, that rejects."""

import numpy as np
import pytest

from crossover.generate.batch import BROKEN
from crossover.generate.synthesise import SyntheticSource
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.records import Kind
from crossover.wire import Limits, parse_json


@pytest.mark.parametrize("kind", list(Kind))
def test_exactly_the_broken_records_are_rejected(kind):
    world = make_world(3, start_us=20_000 * DAY_US, days=3, knobs=Knobs(0.05, 0.1, 0.05, 0.1))
    source = SyntheticSource(kind, world, "gen-test", 12_000, batch_records=1000, body_bytes=1 << 23)
    codes = set()
    while batch := source.take():
        rejected = parse_json(kind, bytes(batch.body), "lines", Limits()).rejected
        assert [fault.index for fault in rejected] == np.flatnonzero(batch.marks == BROKEN).tolist()
        codes |= {fault.code for fault in rejected}
    assert len(codes) >= 4
