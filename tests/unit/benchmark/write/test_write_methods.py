"""The ladder's plan and rows; the writing itself is an integration test."""

from collections import Counter

import pytest

from crossover.benchmark.write.methods import DEFINITIONS, METHODS, Plan, _insert_statement, order, require_all, rungs
from crossover.benchmark.write.rows import DAYS, make_rows
from crossover.errors import CorruptData
from crossover.load.rows import by_day
from crossover.records import Kind
from crossover.sql import sql


def test_every_rung_is_written_once_a_repetition_in_another_order_each_time() -> None:
    taken = list(order(3, seed=7))
    turns = [taken[n * len(rungs()) : (n + 1) * len(rungs())] for n in range(3)]
    assert all(sorted(turn) == sorted(rungs()) for turn in turns)
    assert turns[0] != turns[1] != turns[2]
    assert taken == list(order(3, seed=7)) != list(order(3, seed=8))


def test_every_method_meets_tables_without_with_one_and_with_four_indexes() -> None:
    assert Counter((rung.method, rung.table) for rung in rungs()) == {
        **{(method, "heap"): 3 for method in METHODS},
        ("copy_binary", "partitioned"): 3,
        ("copy_binary", "unlogged"): 3,
    }
    assert {rung.indexes for rung in rungs()} == {0, 1, 4}
    assert len({rung.name for rung in rungs()}) == len(rungs())


@pytest.mark.parametrize("count", [1, 4])
def test_the_index_files_make_as_many_indexes_as_they_say(count: int) -> None:
    assert sql(f"benchmark_write/indexes_{count}.sql", table="t").count("CREATE INDEX") == count


def test_the_rows_are_the_same_for_the_same_seed_and_unlike_among_themselves() -> None:
    rows = make_rows(12_345, seed=3)
    assert len(rows) == len(rows.tuples) == 12_345
    assert len({row[0] for row in rows.tuples}) == 12_345
    assert len({row[-3:] for row in rows.tuples}) == 12_345, "each has a place in Kafka of its own"
    assert rows.tuples == make_rows(12_345, seed=3).tuples
    assert rows.tuples != make_rows(12_345, seed=4).tuples


def test_tuples_and_batches_hold_the_same_columns_in_the_order_of_the_table() -> None:
    rows = make_rows(10, seed=1)
    assert rows.batches[0].schema.names == [column.name for column in Kind.LOGS.stored_columns]
    assert rows.tuples[3] == tuple(rows.batches[0].slice(3, 1).to_pylist()[0].values())
    assert DEFINITIONS.startswith('"event_id" text NOT NULL, "timestamp" timestamp with time zone NOT NULL')


def test_the_first_rows_are_a_part_and_groups_are_of_the_size_of_a_commit() -> None:
    rows = make_rows(2500, seed=1)
    assert rows.first(700).tuples == rows.tuples[:700]
    assert [sum(batch.num_rows for batch in group) for group in rows.groups(1000)] == [1000, 1000, 500]


def test_the_rows_lie_within_the_days_that_a_partitioned_table_has() -> None:
    assert 2 <= len(by_day(list(make_rows(5000, seed=1).batches))) <= DAYS


def test_slower_methods_get_fewer_rows_but_never_none() -> None:
    plan = Plan("r", 10, 1, 1, 1000)
    assert {method: plan.rows_of(method) for method in METHODS} == {
        "insert": 1, "executemany": 2, "multi_row": 2, "copy_text": 10, "copy_binary": 10,
    }  # fmt: skip


def test_many_rows_are_one_statement() -> None:
    assert _insert_statement("t", 3).count(b"%s") == 3 * len(Kind.LOGS.stored_columns)
    assert _insert_statement("t", 3).count(b"INSERT") == 1
    assert b"%" not in _insert_statement("t", 3).partition(b"INSERT")[0], "no marker in the comment"


@pytest.mark.parametrize(("counted", "distinct"), [(9, 9), (10, 9), (11, 10), (0, 0)])
def test_a_wrong_count_is_an_error_and_never_a_rate(counted: int, distinct: int) -> None:
    require_all("copy_text_0_heap", 10, 10, 10)
    with pytest.raises(CorruptData, match="10 rows written"):
        require_all("copy_text_0_heap", 10, counted, distinct)
