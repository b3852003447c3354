"""Counts of any works: as counted one by one, conserved, and the same however they are counted."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tallies import (
    COUNTRIES,
    ONE,
    assert_same_tally,
    author_credits,
    members,
    naive,
    pair_weight,
    rows,
    works,
    works_frame,
)

import trendcore as tc
from trendcore.tallies.types import WEIGHTINGS

BY = ["field", "year"]
ALL: dict[str, Any] = {"members": "countries", "by": BY, "counting": list(WEIGHTINGS), "patterns": True}


def tally(frame: Any, **changes: Any) -> tc.Tally:
    return tc.tally(frame, **{**ALL, **changes})


@settings(max_examples=60, deadline=None)
@given(works())
def test_whole_counts_are_those_of_a_loop(drawn: list[tuple[str, int, list[str | None]]]) -> None:
    counted = tally(works_frame(drawn))
    expected = naive(((field, year), listed) for field, year, listed in drawn)
    flat = {
        name: {(*key[0], *key[1:]): row for key, row in table.items()} for name, table in expected.items()
    }
    assert rows(counted.totals, 2) == flat["totals"]
    assert rows(counted.members.drop("fractional"), 3) == flat["members"]
    assert rows(counted.pairs.select(*BY, "a", "b", "joint"), 4) == flat["pairs"]
    assert counted.patterns is not None
    sets = {(*key, tuple(listed)): (n,) for *key, listed, n in counted.patterns.iter_rows()}
    assert sets == flat["patterns"]
    for frame, n_keys in (
        (counted.totals, 2),
        (counted.members, 3),
        (counted.pairs, 4),
        (counted.patterns, 3),
    ):
        assert frame.rows() == sorted(frame.rows(), key=lambda row, n=n_keys: row[:n])


@settings(max_examples=60, deadline=None)
@given(works())
def test_conservation(drawn: list[tuple[str, int, list[str | None]]]) -> None:
    for row in _sums_by_cell(tally(works_frame(drawn))).iter_rows(named=True):
        assert row["fractional"] == row["works_known"] * ONE
        assert row["joint"] == row["sum_pairs"] // 2
        assert row["member_works"] == row["sum_n"]
        international = row["sum_n"] - (row["works_known"] - row["works_intl"])
        assert row["w_newman"] * 2 == international * ONE
        assert row["w_pair"] == row["works_intl"] * ONE
        assert row["patterns"] == row["works"]


@settings(max_examples=40, deadline=None)
@given(works())
def test_newman_link_strength_is_the_number_of_international_works(
    drawn: list[tuple[str, int, list[str | None]]],
) -> None:
    counted = tally(works_frame(drawn))
    ends = pl.concat([counted.pairs.select(*BY, "w_newman", member=end) for end in ("a", "b")])
    strength = ends.group_by(*BY, "member").agg(pl.col("w_newman").sum())
    both = counted.members.join(strength, on=[*BY, "member"], how="left").with_columns(
        pl.col("w_newman").fill_null(0)
    )
    largest = max((len(listed) for *_, listed in drawn), default=0)
    for row in both.iter_rows(named=True):
        assert abs(row["w_newman"] - row["works_intl"] * ONE) <= row["works_intl"] * largest


def _sums_by_cell(counted: tc.Tally) -> pl.DataFrame:
    assert counted.patterns is not None
    sums = counted.members.group_by(BY).agg(pl.col("fractional").sum(), member_works=pl.col("works").sum())
    pairs = counted.pairs.group_by(BY).agg(pl.col("joint", "w_newman", "w_pair").sum())
    patterns = counted.patterns.group_by(BY).agg(patterns=pl.col("n").sum())
    return (
        counted.totals.join(sums, on=BY, how="left")
        .join(pairs, on=BY, how="left")
        .join(patterns, on=BY, how="left")
        .fill_null(0)
    )


SHARED = st.lists(
    members(most=5).flatmap(
        lambda listed: st.tuples(
            st.just(listed), st.lists(st.integers(0, 12), min_size=len(listed), max_size=len(listed))
        )
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(SHARED, st.booleans())
def test_credits_and_weights_are_those_of_fractions(
    drawn: list[tuple[list[str | None], list[int]]], keep: bool
) -> None:
    """Within one unit a work and pair: shares are rounded down once, then apportioned."""
    shared = [(listed, [part / max(sum(parts), 13) for part in parts]) for listed, parts in drawn]
    frame = pl.DataFrame(
        {"c": [listed for listed, _ in shared], "s": [shares for _, shares in shared]},
        schema={"c": pl.List(pl.String), "s": pl.List(pl.Float64)},
    )
    counted = tc.tally(
        frame,
        members="c",
        shares="s",
        by=[],
        counting=list(WEIGHTINGS),
        unknown="keep" if keep else "renormalise",
    )
    fractional: dict[str, Fraction] = {}
    weights: dict[tuple[str, str, str], Fraction] = {}
    for listed, shares in shared:
        own = author_credits(listed, shares, keep=keep)
        for at, a in enumerate(sorted(own)):
            fractional[a] = fractional.get(a, Fraction(0)) + own[a]
            for b in sorted(own)[at + 1 :]:
                for name in WEIGHTINGS:
                    added = pair_weight(name, len(own), own[a], own[b])
                    weights[a, b, name] = weights.get((a, b, name), Fraction(0)) + added
    # a share of k/13 that is rounded down is wrong by up to 13 units once it is divided by 1/13
    slack = 64 * max(len(shared), 1)
    for row in counted.members.iter_rows(named=True):
        assert abs(row["fractional"] - fractional[row["member"]] * ONE) <= slack
    for row in counted.pairs.iter_rows(named=True):
        for name in WEIGHTINGS:
            assert abs(row[f"w_{name}"] - weights[row["a"], row["b"], name] * ONE) <= slack, name


@settings(max_examples=50, deadline=None)
@given(works(), st.randoms(), st.lists(st.integers(0, 40), max_size=3))
def test_backend_order_and_batches_do_not_matter(
    drawn: list[tuple[str, int, list[str | None]]], order: random.Random, cuts: list[int]
) -> None:
    frame = works_frame(drawn)
    counted = tally(frame)
    assert_same_tally(counted, tally(frame, backend="reference"))
    with patch("trendcore.tallies.counting.DENSE_MEMBERS", 0):
        assert_same_tally(counted, tally(frame))
    shuffled = list(drawn)
    order.shuffle(shuffled)
    assert_same_tally(counted, tally(works_frame(shuffled)))
    bounds = [0, *sorted(min(cut, len(drawn)) for cut in cuts), len(drawn)]
    parts = [frame[start:stop] for start, stop in pairwise(bounds)]
    assert_same_tally(counted, tally(part for part in parts))
    first, *others = [tally(part) for part in parts]
    assert_same_tally(counted, first.merge(*others))
    assert_same_tally(counted, tally(frame.lazy()))


@settings(max_examples=30, deadline=None)
@given(works())
def test_how_members_are_written_does_not_matter(drawn: list[tuple[str, int, list[str | None]]]) -> None:
    frame = works_frame(drawn)
    counted = tally(frame)
    backwards = pl.Enum([*reversed(COUNTRIES), ""])
    for dtype in (pl.Categorical, backwards):
        assert_same_tally(counted, tally(frame.with_columns(pl.col("countries").cast(pl.List(dtype)))))
    codes = {name: 1000 - 90 * at for at, name in enumerate(COUNTRIES)}
    for dtype in (pl.Int16, pl.UInt64):
        coded = [[codes.get(member or "") for member in listed] for *_, listed in drawn]
        column = pl.Series("countries", coded, dtype=pl.List(dtype))
        labels = {code: name for name, code in codes.items()}
        assert_same_tally(counted, tally(frame.with_columns(column), labels=labels))


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    """Works that are enough for threads to share, of one to three countries."""
    draw = np.random.default_rng(7)
    n = 300_000
    countries = draw.integers(0, len(COUNTRIES), (n, 3))
    countries[draw.random(n) < 0.7, 1:] = countries[0, 0]
    return pl.DataFrame({
        "field": draw.choice(["ai", "qis"], n),
        "year": draw.integers(2000, 2004, n).astype(np.int16),
        "countries": [[COUNTRIES[code] for code in row] for row in countries.tolist()],
    })  # fmt: skip


def test_threads_do_not_matter(many: pl.DataFrame) -> None:
    import numba

    before = numba.get_num_threads()
    try:
        found = []
        for threads in (1, 2):
            numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
            found.append(tally(many))
    finally:
        numba.set_num_threads(before)
    assert_same_tally(*found)
    assert_same_tally(found[0], tally(many.sample(fraction=1, shuffle=True, seed=1)))


def test_blocks_do_not_matter(many: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tally(many)
    monkeypatch.setattr("trendcore.tallies.works.BLOCK_WORKS", 70_001)
    assert_same_tally(whole, tally(many))
    monkeypatch.setattr("trendcore.tallies.inputs.BATCH_ROWS", 50_000)
    assert_same_tally(whole, tally(many.lazy()))


def test_sparse_counts_are_the_dense_ones(monkeypatch: pytest.MonkeyPatch, many: pl.DataFrame) -> None:
    some = many[:5000]
    partners: dict[str, Any] = {"members": "countries", "partners": "owners", "by": BY}
    owned = some.with_columns(owners=pl.col("countries").shift(1).fill_null([]))
    dense = tally(some), tc.tally(owned, **partners)
    monkeypatch.setattr("trendcore.tallies.counting.DENSE_MEMBERS", 0)
    assert_same_tally(dense[0], tally(some))
    assert_same_tally(dense[1], tc.tally(owned, **partners))


def test_more_members_than_dense_kernels_take() -> None:
    names = [f"C{number:04d}" for number in range(400)]
    works = pl.DataFrame({"c": [[a, b] for a, b in pairwise(names)]})
    counted = tc.tally(works, members="c", by=[], counting="pair", patterns=True)
    assert counted.pairs.rows() == [(a, b, 1, ONE) for a, b in pairwise(names)]
    assert counted.members["works"].to_list() == [1, *[2] * 398, 1]
    assert counted.patterns is not None
    assert counted.patterns["members"].to_list() == works["c"].to_list()
