"""What holds for any works: bounds, symmetry, identities of indices, order, growth with joint works."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import trendcore as tc

WORKS = st.lists(
    st.lists(st.sampled_from(["AE", "AF", "JP", "KR", "US"]), max_size=5), min_size=1, max_size=30
)
ALL = ["joint", "share", "salton", "equivalence", "jaccard", "inclusion", "association", "association_raw"]
ALL += [
    "steijn",
    "ncses",
    "oer",
    "aoer",
    "ric",
    "orc",
    "pmi",
    "npmi",
    "ric:links",
    "ric:matrix",
    "salton:links",
]


def wide(works: list[list[str]]) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"field": ["x"] * len(works), "countries": works},
        schema={"field": pl.String, "countries": pl.List(pl.String)},
    )
    return tc.indices.compute_wide(tc.tally(frame, members="countries", by=["field"]), ALL, zeros=True)


@settings(max_examples=60, deadline=None)
@given(WORKS)
def test_bounds(works: list[list[str]]) -> None:
    table = wide(works)
    for name in ("share", "salton", "equivalence", "jaccard", "inclusion", "salton:links"):
        values = table[name].drop_nulls()
        assert ((values >= 0) & (values <= 1 + 1e-15)).all(), name
    for name in ("association", "steijn", "ncses", "oer", "aoer", "ric", "orc", "ric:links", "ric:matrix"):
        assert (table[name].drop_nulls() >= 0).all(), name
    npmi = table["npmi"].drop_nulls()
    assert ((npmi >= -1 - 1e-12) & (npmi <= 1 + 1e-12)).all()


@settings(max_examples=60, deadline=None)
@given(WORKS)
def test_identities(works: list[list[str]]) -> None:
    table = wide(works)
    forward = table.filter(pl.col("a") < pl.col("b"))
    reverse = table.filter(pl.col("a") > pl.col("b")).select(a="b", b="a", back="share")
    both = forward.join(reverse, on=["a", "b"], how="left")
    for row in both.iter_rows(named=True):
        if row["salton"] is not None:
            assert row["equivalence"] == pytest.approx(row["salton"] ** 2, rel=1e-12)
            assert row["equivalence"] == pytest.approx(row["share"] * row["back"], rel=1e-12)
            assert row["inclusion"] == pytest.approx(max(row["share"], row["back"]), rel=1e-12)
        if row["association"] is not None:
            assert row["association"] == pytest.approx(2 * row["oer"], rel=1e-12)
        if row["pmi"] is not None:
            assert 2 ** row["pmi"] == pytest.approx(row["association"], rel=1e-12)
        assert (row["association"] == 0) == (row["npmi"] == -1)


@settings(max_examples=40, deadline=None)
@given(WORKS)
def test_names_turned_round_give_the_same_symmetric_values_to_the_bit(works: list[list[str]]) -> None:
    """Which country is a and which is b follows from their names only."""
    mirror = {"AE": "ZZ", "AF": "YY", "JP": "XX", "KR": "WW", "US": "VV"}
    turned = wide([[mirror[name] for name in work] for work in works])
    back = {new: old for old, new in mirror.items()}
    renamed = turned.with_columns(pl.col("a").replace(back), pl.col("b").replace(back))
    key = ["field", "a", "b"]
    directed = ["share", "aoer", "ric", "ric:links", "ric:matrix"]
    original = wide(works)
    assert_frame_equal(
        renamed.select(*key, *directed).sort(key), original.select(*key, *directed), check_exact=True
    )
    symmetric = [name for name in original.columns if name not in (*key, *directed) and "__flag" not in name]
    forward = original.filter(pl.col("a") < pl.col("b")).select(*key, *symmetric)
    swapped = (
        renamed.filter(pl.col("a") > pl.col("b"))
        .rename({"a": "b", "b": "a"})
        .select(*key, *symmetric)
        .sort(key)
    )
    assert_frame_equal(swapped, forward, check_exact=True)


@settings(max_examples=40, deadline=None)
@given(WORKS, st.randoms())
def test_order_of_the_works_does_not_matter(works: list[list[str]], random: object) -> None:
    shuffled = list(works)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert_frame_equal(wide(shuffled), wide(works), check_exact=True)


@settings(max_examples=40, deadline=None)
@given(WORKS)
def test_indices_that_never_fall_when_collaboration_rises(works: list[list[str]]) -> None:
    """One of b's works without a becomes joint, totals unchanged: see Smolinsky & Yang 2024."""
    base = [*works, ["AE", "JP"], ["AF", "KR"], ["AE", "AF"], ["US", "KR"]]
    more = [*works, ["AE", "AF"], ["JP", "KR"], ["AE", "AF"], ["US", "KR"]]
    before, after = wide(base), wide(more)
    key = ["field", "a", "b"]
    pair = (pl.col("a") == "AE") & (pl.col("b") == "AF")
    joined = before.filter(pair).join(after.filter(pair), on=key, suffix="_after").row(0, named=True)
    for name in ("ric", "orc", "salton", "jaccard", "inclusion"):
        if joined[name] is not None and joined[f"{name}_after"] is not None:
            assert joined[f"{name}_after"] >= joined[name], name
