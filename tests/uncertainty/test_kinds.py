"""Intervals of patents by both sides, of weightings by shares of authors, and of blocs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from support.resampling import some_works

import trendcore as tc
from trendcore.errors import UsageError
from trendcore.uncertainty.intervals import Intervals
from trendcore.uncertainty.replicating import Draws, replicated
from trendcore.uncertainty.sample import sample_of

KEY = ["year", "a", "b", "index", "counting", "marginals"]


def with_two_sides() -> pl.DataFrame:
    works, others = some_works(6, 300), some_works(7, 300)
    return works.with_columns(owners=others["members"].list.head(2))


def with_shares() -> pl.DataFrame:
    rng = np.random.default_rng(8)
    works = some_works(9, 300)
    shares = [
        rng.multinomial(8, np.ones(len(one)) / len(one)) / 8 if one else []
        for one in works["members"].to_list()
    ]
    return works.with_columns(shares=pl.Series([list(one) for one in shares], dtype=pl.List(pl.Float64)))


def directed(works: pl.DataFrame) -> tc.Tally:
    return tc.tally(works, members="members", partners="owners", by=["year"], patterns=True)


def shared(works: pl.DataFrame) -> tc.Tally:
    counting = ["full", "newman", "share", "nature", "harmonic"]
    return tc.tally(
        works, members="members", shares="shares", by=["year"], patterns="credits", counting=counting
    )


CASES: dict[str, tuple[Any, Any, list[str]]] = {
    "directed": (with_two_sides, directed, ["ownership", "joint", "shia", "shai"]),
    "shares": (with_shares, shared, ["joint:share", "nature_cs", "harmonic", "salton:links:share", "salton"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_replicate_is_the_tally_of_its_works(case: str) -> None:
    """Works repeated as often as they weigh, tallied anew, give the values of a replicate."""
    make, count, indices = CASES[case]
    works = make()
    whole = count(works)
    found = tc.indices.evaluate(whole, indices)
    sample = sample_of(whole, found.base)
    assert whole.patterns is not None
    lists = [name for name in whole.patterns.columns if whole.patterns.schema[name] == pl.List]
    weights = Draws(3, 4, "cpu").of(sample, 0, 3)
    every = tc.uncertainty.replicates(whole, indices, replicates=3, seed=4, zeros=True)
    compared = 0
    for number in range(3):
        drawn = whole.patterns.with_columns(times=pl.Series(weights[:, number].astype(np.int64)))
        repeated = drawn.select(pl.col("year", *lists).repeat_by("times")).explode(
            "year", *lists, empty_as_null=False
        )
        again = repeated.rename({"partners": "owners"}, strict=False)
        if "credits" in lists:
            again = again.with_columns(shares=pl.col("credits").list.eval(pl.element() / 2**32))
        expected = tc.indices.compute(count(again), indices, zeros=True).select(*KEY, expected="value")
        mine = every.filter(pl.col("replicate") == number)
        both = mine.join(expected, on=KEY, nulls_equal=True)
        np.testing.assert_allclose(both["value"].to_numpy(), both["expected"].to_numpy(), rtol=1e-13)
        compared += both.height
    assert compared > 0.9 * every.height


@pytest.mark.parametrize("case", CASES)
def test_every_interval_is_there(case: str) -> None:
    make, count, indices = CASES[case]
    whole = count(make())
    for table in (
        tc.uncertainty.bootstrap(whole, indices, replicates=200, seed=2),
        tc.uncertainty.bootstrap(whole, indices, replicates=200, seed=2, method="bca"),
        tc.uncertainty.delta(whole, [name for name in indices if name != "salton:links:share"]),
    ):
        there = table.filter(pl.col("lo").is_not_null() & pl.col("hi").is_not_null())
        assert there["index"].n_unique() == table["index"].n_unique()
        inside = there.select((pl.col("lo") <= pl.col("value")) & (pl.col("value") <= pl.col("hi")))
        assert inside.to_series().mean() > 0.99  # type: ignore[operator]


@pytest.mark.parametrize("case", CASES)
def test_the_two_methods_agree(case: str) -> None:
    make, count, indices = CASES[case]
    whole = count(pl.concat([make()] * 4))
    chosen = [name for name in indices if name != "salton:links:share"]
    quick = tc.uncertainty.delta(whole, chosen)
    drawn = tc.uncertainty.bootstrap(whole, chosen, seed=1)
    both = quick.join(drawn, on=KEY, nulls_equal=True).filter(pl.col("value").is_between(1e-9, 1e9))
    both = both.filter(pl.col("interval_flag").is_null() & pl.col("interval_flag_right").is_null())
    widths = both.select(ratio=(pl.col("hi") - pl.col("lo")) / (pl.col("hi_right") - pl.col("lo_right")))
    assert widths.height > 50
    assert 0.9 < widths["ratio"].median() < 1.15  # type: ignore[operator]


def test_totals_of_weightings_by_shares_have_no_delta_interval() -> None:
    table = tc.uncertainty.delta(shared(with_shares()), ["salton:links:share"])
    drawn = table.filter(pl.col("interval_flag") != "not_met")
    assert drawn["interval_flag"].unique().to_list() == ["needs_bootstrap"]


# -------------------------------------------------------------------------------------------------- blocs


def of_countries() -> tc.Tally:
    names = {
        f"C{code}": name for code, name in enumerate(["US", "CN", "JP", "DE", "IN", "AU", "KR", "TW", "FR"])
    }
    works = some_works(3, 500).with_columns(pl.col("members").list.eval(pl.element().replace(names)))
    return tc.tally(works, members="members", by=["year"], patterns=True)


def test_a_bloc_is_one_node_in_every_replicate() -> None:
    """With the numbers of works as they are, the values are those of the bloc's own tally."""

    class AsTheyAre(Draws):
        def of(self, sample: Any, first: int, stop: int) -> Any:
            return np.repeat(sample.n.astype(np.int32)[:, np.newaxis], stop - first, axis=1)

    tally = of_countries()
    found = tc.indices.evaluate(tally.regroup(groups="quad"), ["joint", "salton", "ric", "salton:docs_all"])
    sample = sample_of(tally, found.base, "quad")
    seen = 0
    for part in replicated(found, sample, Intervals(found).rows_drawn(sample), AsTheyAre(2, 0, "cpu")):
        values = np.where(np.isfinite(part.values[:, 0]), part.values[:, 0], np.nan)
        np.testing.assert_array_equal(values, found.value(part.request)[part.rows])
        seen += len(part.rows)
    assert seen > 40


def test_intervals_of_a_bloc() -> None:
    tally = of_countries()
    for table in (
        tc.uncertainty.bootstrap(tally, ["joint", "salton"], bloc="quad", seed=3),
        tc.uncertainty.delta(tally, ["joint", "salton"], bloc="quad"),
    ):
        assert (table["a"].str.starts_with("bloc:") | table["b"].str.starts_with("bloc:")).all()
        assert table["lo"].null_count() == 0
        assert table.select((pl.col("lo") <= pl.col("value")).all()).item()
        assert table["universe"].unique().to_list() == ["bloc:quad"]
    with pytest.raises(UsageError, match="give the tally of all members, and the bloc"):
        tc.uncertainty.delta(tally.regroup(groups="quad"), ["joint"])
    with pytest.raises(UsageError, match="quads"):
        tc.uncertainty.delta(tally, ["joint"], bloc="quads")
    assert tally.patterns is not None


def test_works_are_drawn_as_they_are_without_the_bloc() -> None:
    tally = of_countries()
    base = tc.indices.evaluate(tally, ["joint"]).base
    grouped = tc.indices.evaluate(tally.regroup(groups="quad"), ["joint"]).base
    one, two = sample_of(tally, base), sample_of(tally, grouped, "quad")
    np.testing.assert_array_equal(one.keys, two.keys)
    np.testing.assert_array_equal(one.n, two.n)
