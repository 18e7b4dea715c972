"""Sending, against a real HTTP server on this machine that misbehaves as told."""

import json
import threading

import pytest

from crossover.errors import BadSetting, ServiceDown, ServiceError
from crossover.generate.schedule import Schedule
from crossover.generate.send import Delivery, Target
from crossover.generate.synthesise import SyntheticSource
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.records import Kind
from crossover.tally import Tally


class Run:
    """A delivery of `total` records of one kind, and what it saved."""

    def __init__(self, url, total=3000, kind=Kind.LOGS, knobs=None, rate=0.0, connections=2, deadline=20.0, batch=500):
        self.saved: list[Tally] = []
        self.stop = threading.Event()
        world = make_world(1, start_us=20_000 * DAY_US, days=1, knobs=knobs or Knobs())
        source = SyntheticSource(kind, world, "gen-test", total, batch_records=batch, body_bytes=1 << 23)
        self.tallies = {kind: Tally("main", kind, "gen-test") for kind in Kind}
        self.delivery = Delivery(
            source,
            Schedule(rate, wait=self.stop.wait),
            Target(url, "main", connections, deadline),
            self.tallies,
            stop=self.stop,
            save=self.saved.append,
        )
        self.tally = self.tallies[kind]

    def go(self) -> "Run":
        self.delivery.run()
        return self


def test_every_record_is_acknowledged_and_the_final_tally_is_saved_as_finished(ingest):
    run = Run(ingest.url).go()
    assert sorted(ingest.stored) == sorted(f"gen-test:{n}" for n in range(3000))
    assert run.saved == [Tally("main", Kind.LOGS, "gen-test", sent=3000, acked=3000, finished=True)]


def test_requests_carry_path_content_type_and_dataset(ingest):
    Run(ingest.url, total=10).go()
    Run(ingest.url, total=10, kind=Kind.EVENTS).go()
    assert ingest.paths == ["/api/collect/logs", "/api/collect/activities"]
    assert {h["Content-Type"] for h in ingest.headers} == {"application/x-ndjson"}
    assert {h["X-Crossover-Dataset"] for h in ingest.headers} == {"main"}


def test_a_busy_server_gets_the_same_bytes_again_and_not_before_retry_after(ingest, monkeypatch):
    ingest.faults = lambda n: (503, {"Retry-After": "7"}, b"busy") if n < 2 else "serve"
    run = Run(ingest.url, total=500, connections=1)
    pauses: list[float] = []
    monkeypatch.setattr(run.stop, "wait", lambda seconds: pauses.append(seconds))
    run.go()
    assert pauses == [7.0, 7.0]
    assert ingest.bodies[0] == ingest.bodies[1] == ingest.bodies[2]
    assert run.tally.acked == run.tally.sent == 500


@pytest.mark.parametrize("fault", [None, "store and hang up", (429, {}, b""), (500, {}, b"boom"), (502, {}, b"<html>")])
def test_after_one_fault_every_record_is_acknowledged_once(ingest, fault):
    ingest.faults = lambda n: fault if n == 1 else "serve"
    run = Run(ingest.url, total=2000).go()
    assert set(ingest.stored) == {f"gen-test:{n}" for n in range(2000)}
    assert (run.tally.sent, run.tally.acked, run.tally.unknown) == (2000, 2000, 0)


def test_a_batch_without_answer_before_the_deadline_is_unknown_and_the_rest_is_sent(ingest):
    poison = '"gen-test:0"'
    ingest.faults = lambda n: None if poison.encode() in ingest.bodies[n] else "serve"
    run = Run(ingest.url, total=2000, deadline=0.3).go()
    assert (run.tally.sent, run.tally.acked, run.tally.unknown) == (2000, 1500, 500)
    assert run.saved[-1].finished


def test_a_server_that_never_answers_ends_the_run_with_every_batch_accounted_for(ingest):
    ingest.faults = lambda n: None
    run = Run(ingest.url, total=50_000, deadline=0.2)
    with pytest.raises(ServiceDown, match="does not answer"):
        run.go()
    ids = {json.loads(line)["event_id"] for body in ingest.bodies for line in body.splitlines()}
    assert run.tally.sent == run.tally.unknown == run.saved[-1].unknown == len(ids)
    assert len(ids) <= 1500


def test_nobody_listening_is_service_down():
    with pytest.raises(ServiceDown):
        Run("http://127.0.0.1:9", deadline=0.1).go()


def test_an_unknown_dataset_ends_the_run_with_the_servers_words_and_nothing_counts_as_unknown(ingest):
    ingest.faults = lambda n: (404, {}, b'{"error":"no dataset main","cure":"crossover dataset create main"}')
    run = Run(ingest.url, connections=1)
    with pytest.raises(BadSetting) as caught:
        run.go()
    assert caught.value.cure == "crossover dataset create main"
    assert (run.tally.sent, run.tally.rejected, run.tally.unknown) == (500, 500, 0)


@pytest.mark.parametrize("text", [b"ok", b'{"accepted":499,"rejected":0,"errors":[]}'])
def test_an_answer_that_does_not_account_for_every_record_is_an_error(ingest, text):
    ingest.faults = lambda n: (200, {}, text)
    run = Run(ingest.url, total=500, connections=1)
    with pytest.raises(ServiceError):
        run.go()
    assert run.tally.unknown == 500


def test_duplicates_and_broken_records_are_counted_apart(ingest):
    run = Run(ingest.url, total=12_000, knobs=Knobs(duplicate_rate=0.05, broken_rate=0.05)).go()
    tally = run.tally
    assert tally.acked - tally.duplicates == len(set(ingest.stored)) == 12_000
    assert tally.acked == len(ingest.stored)
    assert tally.rejected > 400
    assert tally.duplicates > 400
    assert tally.sent == tally.acked + tally.rejected
    assert (run.delivery.unexpected.rejected, run.delivery.unexpected.accepted) == (0, 0)


def test_a_good_record_that_is_rejected_is_told_apart_from_a_broken_one(ingest):
    answer = {"accepted": 499, "rejected": 1, "errors": [{"index": 3, "code": "x", "reason": "too long"}]}
    ingest.faults = lambda n: (200, {}, json.dumps(answer).encode())
    run = Run(ingest.url, total=500, connections=1).go()
    assert run.delivery.unexpected.rejected == 1
    assert run.delivery.unexpected.example == "too long"


def test_stopping_finishes_the_batch_under_way_and_leaves_a_finished_tally(ingest):
    run = Run(ingest.url, total=1_000_000, connections=1)

    def stop_at_third(n: int) -> str:
        if n == 2:
            run.stop.set()
        return "serve"

    ingest.faults = stop_at_third
    run.go()
    assert run.tally.acked == run.tally.sent == len(ingest.stored) == 1500
    assert run.saved[-1].finished
    assert run.delivery.cut_short


def test_a_stop_after_the_last_record_cuts_nothing_short(ingest):
    run = Run(ingest.url, total=500, connections=1).go()
    run.stop.set()
    assert not run.delivery.cut_short


def test_a_slow_server_makes_an_open_loop_miss_sends_and_seqs_stay_dense(ingest):
    def slow_at_first(n: int) -> str:
        if n == 0:
            threading.Event().wait(2.5)
        return "serve"

    ingest.faults = slow_at_first
    run = Run(ingest.url, total=5000, rate=2000, connections=1).go()
    tally = run.tally
    assert tally.missed > 0
    assert tally.acked + tally.missed == 5000
    assert sorted(ingest.stored) == sorted(f"gen-test:{n}" for n in range(tally.acked))
