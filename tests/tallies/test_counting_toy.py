"""Exact values: the counting toy, and complete uniform networks."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from support.tallies import ONE

import trendcore as tc

# authors: d1 US | US | JP, d2 (US+JP) | KR, d3 JP | JP, d4 US | JP | KR | TW
TOY = pl.DataFrame(
    {
        "units": [["US", "US", "JP"], ["US", "JP", "KR"], ["JP", "JP"], ["US", "JP", "KR", "TW"]],
        "shares": [[1 / 3] * 3, [1 / 4, 1 / 4, 1 / 2], [1 / 2] * 2, [1 / 4] * 4],
        "first": ["US", "US", "JP", "US"],
    }
)
WEIGHTINGS = ["newman", "pair", "share", "nature", "harmonic"]


def fractions(*texts: str) -> list[Fraction]:
    return [Fraction(text) for text in texts]


def assert_near(fixed: int, exact: Fraction, n_works: int = 4) -> None:
    """Within a unit a work: each work is apportioned to whole units."""
    assert abs(fixed - exact * ONE) <= n_works


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize(
    ("credit", "exact"),
    [
        ("complete", fractions("5", "2", "1", "4")),
        ("complete_normalised", fractions("23/12", "7/12", "1/4", "5/4")),
        ("country", fractions("25/12", "7/12", "1/4", "13/12")),
        ("author", fractions("11/6", "3/4", "1/4", "7/6")),
        ("straight", fractions("1", "0", "0", "3")),
    ],
)
def test_credits_of_the_toy(backend: str, credit: str, exact: list[Fraction]) -> None:
    tally = tc.tally(
        TOY, members="units", shares="shares", first="first", credit=credit, by=[], backend=backend
    )
    assert tally.members.select("member", "works").rows() == [("JP", 4), ("KR", 2), ("TW", 1), ("US", 3)]
    for fixed, value in zip(tally.members["fractional"], exact, strict=True):
        assert_near(fixed, value)
    if credit != "complete":
        assert tally.members["fractional"].sum() == 4 * ONE


def test_modified_credit_is_the_root_of_the_share() -> None:
    tally = tc.tally(TOY, members="units", shares="shares", credit="modified", by=[])
    roots = (2 / 3) ** 0.5 + (1 / 4) ** 0.5 + (1 / 4) ** 0.5
    assert tally.members["fractional"][3] / ONE == pytest.approx(roots, abs=1e-9)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_pairs_of_the_toy(backend: str) -> None:
    tally = tc.tally(TOY, members="units", shares="shares", counting=WEIGHTINGS, by=[], backend=backend)
    weights = {row["a"] + "-" + row["b"]: row for row in tally.pairs.iter_rows(named=True)}
    expected = {
        "JP-US": fractions("11/6", "3/2", "25/36", "2", "17/18"),
        "KR-US": fractions("5/6", "1/2", "3/8", "5/4", "7/12"),
        "JP-TW": fractions("1/3", "1/6", "1/8", "1/2", "1/4"),
    }
    assert [weights[pair]["joint"] for pair in expected] == [3, 2, 1]
    for pair, exact in expected.items():
        for name, value in zip(WEIGHTINGS, exact, strict=True):
            assert_near(weights[pair][f"w_{name}"], value)
    totals = fractions("9/2", "3", "131/72", "6", "103/36")
    for name, value in zip(WEIGHTINGS, totals, strict=True):
        assert_near(tally.pairs[f"w_{name}"].sum(), value, n_works=24)
    assert tally.pairs["joint"].sum() == 10
    assert tally.pairs["w_newman"].sum() == 9 * ONE // 2
    assert tally.pairs["w_pair"].sum() == 3 * ONE
    assert tally.pairs["w_nature"].sum() == 6 * ONE
    assert tally.totals.row(0) == (4, 4, 3, 10, 20)
    assert tally.meta.counting == ("full", *WEIGHTINGS)
    assert tally.meta.credit == "author"


def test_weights_without_shares_go_by_country() -> None:
    tally = tc.tally(TOY, members="units", counting=["bilateral", "nature"], by=[])
    pair = tally.pairs.filter(pl.col("a") == "JP", pl.col("b") == "US").row(0, named=True)
    assert pair["w_bilateral"] == ONE
    assert_near(pair["w_nature"], Fraction(1) + Fraction(2, 3) + Fraction(1, 2))


@pytest.mark.parametrize("n", [3, 4, 7, 20])
def test_complete_uniform_networks(n: int) -> None:
    names = [f"C{number:02d}" for number in range(n)]
    works = pl.DataFrame({"c": [[a, b] for at, a in enumerate(names) for b in names[at + 1 :]]})
    tally = tc.tally(works, members="c", by=[])
    expected = {
        "oer": n / (2 * (n - 1)),
        "association": n / (n - 1),
        "ric:links": 1 / 2,
        "ric:matrix": (n - 1) / (n - 2),
        "orc:links": (n - 3) / (2 * (n - 2)),
        "steijn": 1.0,
    }
    for name, value in expected.items():
        found = tc.indices.compute(tally, [name])["value"].unique()
        assert found.to_list() == [pytest.approx(value, rel=1e-14, abs=1e-15)], name
