"""Shares of authors: rounding, unknown members, and what is no share."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tallies import ONE

import trendcore as tc
from trendcore.errors import InputError, SchemaError
from trendcore.tallies.shares import Shares


def tally(members: list[Any], shares: list[Any], **changes: Any) -> tc.Tally:
    dtype = changes.pop("dtype", pl.Float64)
    frame = pl.DataFrame({"c": members, "s": pl.Series(shares, dtype=pl.List(dtype))})
    return tc.tally(frame, members="c", shares="s", by=[], **changes)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), max_size=20))
def test_fixed_shares_never_add_up_to_more_than_a_work(drawn: list[float]) -> None:
    """Nor do they fall short by more than a unit an entry, but for the rounding of floats."""
    total = sum(drawn)
    values = np.array([value / max(total, 1.0) for value in drawn])
    fixed = Shares("s", np.array([0, len(values)]), values, 0).fixed()
    exact = sum((Fraction(value) for value in values.tolist()), Fraction(0))
    assert fixed.sum() <= ONE
    assert fixed.sum() >= min(exact, Fraction(1)) * ONE - len(values) - 1
    assert (fixed >= 0).all()


@pytest.mark.parametrize("n", [2, 3, 6, 7, 10, 11, 100])
@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_equal_shares_add_up_to_a_work(n: int, dtype: Any) -> None:
    """Thirds of 32 bits add up to more than 1; that is rounding, and no error."""
    names = [f"C{number:03d}" for number in range(n)]
    counted = tally([names], [[1 / n] * n], dtype=dtype)
    assert counted.members["fractional"].sum() == ONE
    assert counted.members["fractional"].max() - counted.members["fractional"].min() <= 1


def test_scaled_down_in_any_order() -> None:
    values = [0.5 + 3e-7, 0.25, 0.25 + 3e-7]
    fixed = [Shares("s", np.array([0, 3]), np.array(order), 0).fixed() for order in (values, values[::-1])]
    assert fixed[0].tolist() == fixed[1].tolist()[::-1]
    assert 0 <= ONE - fixed[0].sum() <= 3


def test_unknown_members_share_or_keep() -> None:
    members, shares = [["JP", None, "US"], ["JP"]], [[0.25, 0.5, 0.25], [0.5]]
    spread = tally(members, shares)
    assert spread.members.select("member", "fractional").rows() == [("JP", ONE * 3 // 2), ("US", ONE // 2)]
    kept = tally(members, shares, unknown="keep")
    assert kept.members.select("member", "fractional").rows() == [("JP", ONE * 3 // 4), ("US", ONE // 4)]
    assert kept.meta.unknown == "keep"


def test_shares_of_nothing_are_shared_by_country() -> None:
    counted = tally([["JP", "US"]], [[0.0, 0.0]])
    assert counted.members["fractional"].to_list() == [ONE // 2, ONE // 2]
    assert tally([["JP", "US"]], [[0.0, 0.0]], unknown="keep").members["fractional"].to_list() == [0, 0]


def test_null_lists_have_no_shares() -> None:
    counted = tally([None, ["JP"], []], [[], [1.0], None])
    assert counted.members.rows() == [("JP", 1, 0, ONE)]
    assert counted.totals["works"].to_list() == [3]


@pytest.mark.parametrize(
    ("members", "shares", "match"),
    [
        (
            [["JP"], ["JP", "US"]],
            [[1.0], [1.0]],
            "column 's', row 1 .*: 1 shares for 2 members; give one for each",
        ),
        ([["JP"], []], [[1.0], [0.5]], "row 1 .*: 1 shares for 0 members"),
        ([["JP"], ["US"]], [[1.0], [-0.1]], r"row 1 .*: \[-0.1\]; shares are numbers from 0 to 1"),
        ([["JP"], ["US"]], [[1.0], [1.01]], r"row 1 .*: \[1.01\]; shares are numbers from 0 to 1"),
        ([["JP"], ["US"]], [[1.0], [float("nan")]], r"row 1 .*: \[null or NaN\]; shares are"),
        ([["JP"], ["US"]], [[1.0], [None]], r"row 1 .*: \[null or NaN\]; shares are"),
        ([["JP"], ["US"]], [[1.0], [float("inf")]], r"row 1 .*: \[inf\]; shares are"),
        ([["JP"], ["US", "JP"]], [[1.0], [0.6, 0.5]], r"row 1 .*: \[0.6, 0.5\] add up to 1.1; .* at most 1"),
        ([[], ["US"] * 9], [[], [0.2] * 9], r"row 1 .*0.2, 1 more\] add up to 1.8"),
    ],
)
def test_what_is_no_share(members: list[Any], shares: list[Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        tally(members, shares)


def test_rows_are_those_of_the_input() -> None:
    frame = pl.DataFrame(
        {"f": [["x", "y"], ["x", "y"], ["y"]], "c": [["JP"], ["US"], ["KR"]], "s": [[1.0], [0.5], [2.0]]}
    )
    with pytest.raises(InputError, match="row 2 "):
        tc.tally(frame, members="c", shares="s", by=["f"])
    with pytest.raises(InputError, match="row 2 "):
        tc.tally([frame[:1], frame[1:]], members="c", shares="s", by=["f"])
    with pytest.raises(InputError, match="row 2 "):
        tc.tally([frame[:1], frame[1:]], members="c", shares="s", by=[])


def test_types_that_are_no_shares() -> None:
    for column in (pl.Series([["1"]]), pl.Series([[1]]), pl.Series(["1"])):
        frame = pl.DataFrame({"c": [["JP"]], "s": column})
        with pytest.raises(SchemaError, match=r"column 's' holds .*; shares are lists of floats"):
            tc.tally(frame, members="c", shares="s", by=[])


def test_patterns_by_credits() -> None:
    """Works of the same members are alike where their shares are."""
    works = pl.DataFrame(
        {
            "c": [["JP", "US"], ["US", "JP"], ["JP", "US"], [None]],
            "s": [[0.5, 0.5], [0.5, 0.5], [0.75, 0.25], [1.0]],
        }
    )
    found = tc.tally(works, members="c", shares="s", by=[], patterns="credits")
    assert found.patterns is not None
    assert found.patterns.rows() == [
        ([], [], 1), (["JP", "US"], [ONE // 2, ONE // 2], 2), (["JP", "US"], [3 * ONE // 4, ONE // 4], 1),
    ]  # fmt: skip
    plain = tc.tally(works, members="c", shares="s", by=[], patterns=True)
    assert found.regroup(counting="newman", credit="country", patterns=True).patterns.equals(plain.patterns)
    twice = found.merge(found)
    assert twice.patterns is not None
    assert twice.patterns["n"].to_list() == [2, 4, 2]
    wrong = found.patterns.with_columns(credits=pl.col("credits").list.head(1))
    with pytest.raises(InputError, match="not one credit for each member"):
        tc.Tally.from_frames(found.pairs, found.members, found.totals, by=[], patterns=wrong)
