"""The pair tally: trendcore beside Polars, DuckDB and SciPy, same input, same answer, one run.

python -m pytest benchmarks --works 2e7 --benchmark-json benchmarks/results/DATE-tally-M.json
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import peers
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import trendcore as tc
from trendcore.simulate import affiliations

ROUNDS = 5
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.fixture(scope="session")
def works(n_works: int) -> pl.DataFrame:
    """Simulated works, members as lists of codes: what every peer takes."""
    drawn = affiliations(n_works)
    lists = pa.LargeListArray.from_arrays(pa.array(drawn.offsets), pa.array(drawn.codes))
    return pl.DataFrame({"field": drawn.field, "year": drawn.year, "members": pl.Series(lists)})


@pytest.fixture(scope="session")
def named(works: pl.DataFrame) -> pl.DataFrame:
    """The same works, members as lists of names in an Enum: what an analyst's frame holds."""
    names = [f"C{code:03d}" for code in range(200)]
    flat = works["members"].explode(empty_as_null=False, keep_nulls=False)
    per_work = len(flat) // works.height
    lists = flat.cat.to(pl.Enum(names)).reshape((works.height, per_work)).arr.to_list()
    return works.with_columns(lists.alias("members"))


@pytest.fixture(scope="session")
def right(works: pl.DataFrame) -> peers.Answer:
    return peers.answer(peers.with_polars(works))


def _ours(works: pl.DataFrame) -> tc.Tally:
    return tc.tally(works, members="members", by=peers.BY, credit="none")  # the peers count whole


def _plain(tally: tc.Tally) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs and members in the form of the peers; names are codes as they were written."""
    pairs = tally.pairs.with_columns(pl.col("a", "b").str.strip_prefix("C").cast(pl.Int64))
    ordered = pairs.with_columns(a=pl.min_horizontal("a", "b"), b=pl.max_horizontal("a", "b"))
    members = tally.members.select(*peers.BY, pl.col("member").str.strip_prefix("C").cast(pl.Int64), "works")
    return ordered.select(*peers.BY, "a", "b", "joint"), members


def _run(
    benchmark: Any, works: pl.DataFrame, call: Callable[[], Any], right: peers.Answer, *, rounds: int = ROUNDS
) -> None:
    found = call()  # also compiles and warms up
    answer = peers.answer(_plain(found) if isinstance(found, tc.Tally) else found)
    assert_frame_equal(answer.pairs, right.pairs)
    assert_frame_equal(answer.members, right.members)
    del found, answer
    benchmark.extra_info.update(works=works.height, threads=THREADS)
    benchmark.pedantic(call, rounds=rounds, iterations=1)


def test_trendcore_codes(benchmark: Any, works: pl.DataFrame, right: peers.Answer) -> None:
    _run(benchmark, works, lambda: _ours(works), right)


def test_trendcore_enum(benchmark: Any, named: pl.DataFrame, right: peers.Answer) -> None:
    _run(benchmark, named, lambda: _ours(named), right)


def test_polars(benchmark: Any, works: pl.DataFrame, right: peers.Answer) -> None:
    _run(benchmark, works, lambda: peers.with_polars(works), right)


def test_duckdb(benchmark: Any, works: pl.DataFrame, right: peers.Answer) -> None:
    _run(benchmark, works, lambda: peers.with_duckdb(works, THREADS), right, rounds=3)


def test_scipy(benchmark: Any, works: pl.DataFrame, right: peers.Answer) -> None:
    _run(benchmark, works, lambda: peers.with_scipy(works), right, rounds=3)
