"""Percentiles, BCa and ranks against plain computations from replicates; flags; inputs that degenerate."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm
from support.resampling import INDICES, some_works, tally_of

import trendcore as tc
from trendcore.errors import UsageError

PATTERNS = some_works(4, 500).group_by("year", "members").len("n").with_columns(pl.col("members").list.sort())
TALLY = tally_of(PATTERNS, ["year"])
KEY = ["year", "a", "b", "index", "counting", "marginals"]


def by_value(
    tally: tc.Tally, indices: list[str], **how: Any
) -> list[tuple[dict[str, Any], np.ndarray[Any, Any]]]:
    """Each row of a table of intervals with all its replicates, infinite ones as they are left out."""
    table = tc.uncertainty.bootstrap(tally, indices, **how)
    draws = tc.uncertainty.replicates(tally, indices, replicates=how["replicates"], seed=how["seed"])
    values = draws.group_by(KEY, maintain_order=True).agg("value")
    both = table.join(values.rename({"value": "values"}), on=KEY, nulls_equal=True)
    return [
        (row, np.array([np.nan if value is None else value for value in row.pop("values")]))
        for row in both.iter_rows(named=True)
    ]


@pytest.mark.parametrize(("replicates", "level"), [(1000, 0.95), (1000, 0.5), (37, 0.9), (2, 0.95)])
def test_percentiles_are_those_of_the_leiden_ranking(replicates: int, level: float) -> None:
    rows = by_value(TALLY, ["salton", "shii", "joint"], replicates=replicates, seed=3, level=level)
    checked = 0
    for row, values in rows:
        if row["interval"] != "percentile":
            continue
        ordered = np.sort(values[np.isfinite(values)])
        places = [
            min(int((1 + sign * Fraction(str(level))) / 2 * len(ordered)), len(ordered) - 1)
            for sign in (-1, 1)
        ]
        assert [row["lo"], row["hi"]] == ordered[places].tolist()
        assert row["undefined"] == np.isnan(values).mean()
        checked += 1
    assert checked > 50


def test_a_thousand_replicates_are_cut_at_25_and_975() -> None:
    for row, values in by_value(TALLY, ["jaccard"], replicates=1000, seed=3)[:20]:
        assert [row["lo"], row["hi"]] == np.sort(values)[[25, 975]].tolist()


def test_bca_is_efrons() -> None:
    """With the acceleration of a jackknife over works, each left out and tallied anew."""
    some = tally_of(PATTERNS.filter(pl.col("year") == 2020), ["year"])
    assert some.patterns is not None
    n = some.patterns["n"].to_numpy()
    rows = by_value(some, ["salton", "ncses", "joint:newman"], replicates=400, seed=8, method="bca")
    left_out: list[dict[tuple[Any, ...], float]] = []
    for at in range(some.patterns.height):
        less = some.patterns.with_columns(n=pl.Series(np.where(np.arange(len(n)) == at, n - 1, n)))
        table = tc.indices.compute(
            tally_of(less.filter(pl.col("n") > 0), ["year"]), ["salton", "ncses", "joint:newman"]
        )
        left_out.append({row[:6]: row[6] for row in table.select(*KEY, "value").iter_rows()})
    checked = 0
    for row, values in rows:
        if row["interval"] != "bca":
            continue
        theta = np.array([one[tuple(row[name] for name in KEY)] for one in left_out], dtype=float)
        apart = np.average(theta, weights=n) - theta
        acceleration = (n * apart**3).sum() / (6 * (n * apart**2).sum() ** 1.5)
        z0 = norm.ppf(((values < row["value"]).sum() + 0.5 * (values == row["value"]).sum()) / len(values))
        moved = z0 + norm.ppf([0.025, 0.975])
        tails = norm.cdf(z0 + moved / (1 - acceleration * moved))
        ordered = np.sort(values)
        assert [row["lo"], row["hi"]] == [ordered[min(int(tail * 400), 399)] for tail in tails]
        checked += 1
    assert checked > 60


def test_ranks() -> None:
    table = tc.uncertainty.bootstrap(TALLY, ["salton"], replicates=200, seed=2, ranks=True)
    draws = tc.uncertainty.replicates(TALLY, ["salton"], replicates=200, seed=2)
    for year in (2020, 2021):
        mine = table.filter((pl.col("year") == year) & pl.col("rank").is_not_null())
        expected = mine["value"].rank("min", descending=True).cast(pl.Float64)
        assert mine["rank"].equals(expected, check_names=False)
        of_year = draws.filter(pl.col("year") == year)
        ends = of_year.with_columns(
            first=pl.col("value").rank("min", descending=True).over("replicate"),
            last=pl.col("value").rank("max", descending=True).over("replicate"),
        )
        ends = ends.group_by("a", "b").agg(
            lo=pl.col("first").sort().get(5).cast(pl.Float64),
            hi=pl.col("last").sort().get(195).cast(pl.Float64),
        )
        both = mine.join(ends, on=["a", "b"])
        assert both.height == mine.height
        sure = both.filter(pl.col("interval_flag").is_null())
        assert sure["rank_lo"].equals(sure["lo_right"], check_names=False)
        assert sure["rank_hi"].equals(sure["hi_right"], check_names=False)
        assert sure.select(pl.col("rank").is_between("rank_lo", "rank_hi").mean()).item() > 0.9
        unsure = both.filter(pl.col("interval_flag") == "undefined_replicates")
        assert unsure["rank_lo"].null_count() == unsure.height


# -------------------------------------------------------------------------------------------------- flags


def flags(table: pl.DataFrame, index: str) -> dict[tuple[str, str | None], tuple[Any, ...]]:
    mine = table.filter(pl.col("index") == index)
    return {
        (row[0], row[1]): row[2:]
        for row in mine.select("a", "b", "lo", "hi", "interval", "interval_flag").iter_rows()
    }


def test_what_is_flagged() -> None:
    works = pl.DataFrame(
        {
            "members": [["A", "B"], ["A", "C"], ["B", "C"], ["D", "E"], ["A"]],
            "n": [40, 3, 30, 1, 20],
        }
    )
    table = tc.uncertainty.bootstrap(tally_of(works, []), ["joint", "salton", "pmi", "ric"], seed=1)
    joint, salton, pmi, ric = (flags(table, name) for name in ("joint", "salton", "pmi", "ric"))
    assert joint["A", "B"][2:] == ("percentile", None)
    assert joint["A", "C"] == (
        pytest.approx(0.6187, abs=1e-4),
        pytest.approx(8.7673, abs=1e-4),
        "poisson",
        None,
    )
    assert joint["A", "D"] == (0.0, pytest.approx(3.6889, abs=1e-4), "poisson", None)
    assert salton["A", "B"][2:] == ("percentile", None)
    assert salton["A", "C"][3] == "small_count"
    assert salton["A", "D"] == (None, None, None, "not_met")
    assert salton["D", "E"] == (None, None, None, "undefined_replicates")  # one work: not drawn in 37 %
    assert pmi["A", "C"][3] in ("infinite", "small_count")  # drawn 0 times in 5 %: minus infinity
    assert ric["D", "E"] == (None, None, None, "undefined_replicates")


def test_weightings_by_shares_that_are_not_at_hand_have_no_interval() -> None:
    works = pl.DataFrame({"c": [["A", "B"], ["A", "B", "C"]] * 9, "s": [[0.5, 0.5], [0.6, 0.3, 0.1]] * 9})
    tally = tc.tally(works, members="c", shares="s", by=[], counting=["full", "share"], patterns=True)
    for found in (
        tc.uncertainty.bootstrap(tally, ["joint:share", "joint"], replicates=50),
        tc.uncertainty.delta(tally, ["joint:share", "joint"]),
    ):
        by_share = found.filter(pl.col("counting") == "share")
        assert by_share["lo"].null_count() == by_share.height
        assert by_share["interval_flag"].unique().to_list() == ["needs_shares"]
        assert found.filter(pl.col("counting") == "full")["lo"].null_count() == 0


def test_trade_has_no_works() -> None:
    flows = pl.DataFrame(
        {"year": 2022, "hs6": ["854231"], "exporter": ["TW"], "importer": ["US"], "value": [5000]}
    )
    for found in (
        tc.uncertainty.bootstrap(tc.tally_trade(flows), ["value"]),
        tc.uncertainty.delta(tc.tally_trade(flows), ["value"]),
    ):
        assert found.select("lo", "hi", "interval", "interval_flag").row(0) == (None, None, None, "no_works")


# ---------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"replicates": 1}, "replicates is from 2"),
        ({"seed": -1}, "seed is from 0"),
        ({"seed": 1 << 64}, "seed is from 0"),
        ({"seed": 1.5}, "seed is a whole number"),
        ({"replicates": 2.5}, "replicates is a whole number"),
        ({"level": "0.9"}, "level is the share"),
        ({"bloc": 1}, "bloc is the name of a bloc"),
        ({"level": 1.0}, "level is the share"),
        ({"level": 95}, "level is the share"),
        ({"method": "basic"}, "method is 'percentile' or 'bca'"),
        ({"backend": "tpu"}, "no backend"),
    ],
)
def test_arguments_that_make_no_sense(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tc.uncertainty.bootstrap(TALLY, ["joint"], **how)


def test_works_are_needed() -> None:
    bare = tally_of(PATTERNS, ["year"], patterns=False)
    for function in (tc.uncertainty.bootstrap, tc.uncertainty.delta):
        with pytest.raises(UsageError, match="patterns=True"):
            function(bare, ["joint"])


@pytest.mark.parametrize(
    "works",
    [
        pl.DataFrame({"members": [], "n": []}, schema={"members": pl.List(pl.String), "n": pl.Int64}),
        pl.DataFrame({"members": [[]], "n": [3]}, schema={"members": pl.List(pl.String), "n": pl.Int64}),
        pl.DataFrame({"members": [["A"]], "n": [1]}),
        pl.DataFrame({"members": [["A", "B"]], "n": [1]}),
        pl.DataFrame({"members": [["A", "B"]], "n": [100_000]}),
        pl.DataFrame({"members": [["A", "B"], ["A", "C"], ["B", "C"]], "n": [7, 7, 7]}),
        pl.DataFrame({"members": [["A", "B", "C", "D"]], "n": [5]}),
    ],
    ids=["no works", "unknown only", "one country", "one work", "one pair", "all alike", "one set"],
)
@pytest.mark.parametrize("method", ["delta", "percentile", "bca"])
def test_degenerate_works_give_nulls_and_no_warnings(works: pl.DataFrame, method: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tally = tally_of(works, [])
        if method == "delta":
            found = tc.uncertainty.delta(tally, INDICES)
        else:
            found = tc.uncertainty.bootstrap(tally, INDICES, replicates=60, method=method, ranks=True)
    ends = found.drop_nulls(["lo", "hi"])
    assert ends.select(
        ((pl.col("lo") <= pl.col("hi")) & pl.col("lo").is_finite() & pl.col("hi").is_finite()).all()
    ).item()
    without = found.filter(pl.col("lo").is_null() & pl.col("hi").is_null())
    assert without["interval"].null_count() == without.height
    assert without["interval_flag"].null_count() == 0


def test_a_country_that_vanishes() -> None:
    """A year without a country has no rows of it, and draws of other years do not change."""
    gone = PATTERNS.filter(~((pl.col("year") == 2021) & pl.col("members").list.contains("C0")))
    before = tc.uncertainty.bootstrap(TALLY, ["salton"], replicates=50)
    after = tc.uncertainty.bootstrap(tally_of(gone, ["year"]), ["salton"], replicates=50)
    assert after.filter((pl.col("year") == 2021) & (pl.col("a") == "C0")).is_empty()
    assert after.filter(pl.col("year") == 2020).equals(before.filter(pl.col("year") == 2020))


# -------------------------------------------------------------------------------- works in place of a tally


def test_works_are_tallied_with_what_resampling_takes() -> None:
    works = some_works(5, 200)
    shares = [[1 / len(one) for _ in one] for one in works["members"].to_list()]
    works = works.with_columns(shares=pl.Series(shares, dtype=pl.List(pl.Float64)))
    indices = ["salton", "joint:newman", "harmonic"]
    how = {"members": "members", "by": ["year"], "shares": "shares"}
    counting = ["full", "newman", "harmonic"]
    tally = tc.tally(works, counting=counting, credit="none", patterns="credits", **how)
    for function in (tc.uncertainty.bootstrap, tc.uncertainty.delta):
        found = function(works.lazy(), indices, **how)
        assert found.equals(function(tally, indices))
        assert found.drop_nulls("lo")["index"].n_unique() == 3
    assert tc.uncertainty.replicates(works, ["salton"], replicates=3, **how).height > 0
    sides = works.with_columns(owners="members")
    owned = tc.uncertainty.delta(sides, ["ownership"], members="members", partners="owners", by=["year"])
    assert owned["index"].unique().to_list() == ["ownership"]


@pytest.mark.parametrize(
    "function", [tc.uncertainty.bootstrap, tc.uncertainty.delta, tc.uncertainty.replicates]
)
def test_what_is_tallied_how(function: Any) -> None:
    with pytest.raises(UsageError, match="give a tally, or works with the arguments"):
        function(PATTERNS, ["joint"])
    with pytest.raises(UsageError, match="this is a tally already"):
        function(TALLY, ["joint"], members="members")


# ---------------------------------------------------------------------------------- what an attacker found


def test_ranks_of_rare_pairs_lie_in_their_intervals() -> None:
    """Pairs that are drawn without a joint work share the last places; any of these may be theirs."""
    rng = np.random.default_rng(2)
    names = np.array([f"C{code:02}" for code in range(25)])
    weights = 1.0 / np.arange(1, 26) ** 1.2
    sets = [
        rng.choice(names, size=rng.integers(1, 5), replace=False, p=weights / weights.sum()).tolist()
        for _ in range(900)
    ]
    table = tc.uncertainty.bootstrap(
        pl.DataFrame({"c": sets}), ["salton", "ric"], replicates=300, ranks=True, members="c", by=[]
    )
    there = table.drop_nulls(["rank", "rank_lo", "rank_hi"])
    assert there.height > 200
    outside = there.filter(~pl.col("rank").is_between("rank_lo", "rank_hi"))
    assert outside.height < 0.02 * there.height


def test_an_infinite_ratio_has_no_rank() -> None:
    works = pl.DataFrame({"members": [["A", "B"], ["A", "C"], ["C", "D"], ["A"]], "n": [30, 30, 30, 9]})
    table = tc.uncertainty.bootstrap(tally_of(works, []), ["ric"], replicates=200, ranks=True)
    infinite = table.filter(pl.col("value_flag") == "infinite")
    assert infinite.height > 0
    assert infinite.select(pl.col("rank", "rank_lo", "rank_hi").null_count()).row(0) == (infinite.height,) * 3


def test_ranks_of_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendcore.uncertainty.bootstrapping._MOST_RANKED", 1000)
    with pytest.raises(UsageError, match="ask for 27 replicates or fewer"):
        tc.uncertainty.bootstrap(TALLY, ["salton"], replicates=100, ranks=True)


@pytest.mark.parametrize("method", ["delta", "percentile", "bca"])
def test_a_range_that_ends_is_no_certainty(method: str) -> None:
    """All of B's works are with A: exact intervals of shares, none of what has no such interval."""
    works = pl.DataFrame({"members": [["A", "B"], ["A", "C"], ["A"]], "n": [20, 30, 5]})
    how = {} if method == "delta" else {"method": method, "replicates": 100}
    function = tc.uncertainty.delta if method == "delta" else tc.uncertainty.bootstrap
    table = function(tally_of(works, []), ["share", "inclusion", "shii"], **how)
    share, inclusion, shii = (flags(table, name) for name in ("share", "inclusion", "shii"))
    assert share["B", "A"] == (pytest.approx(0.8316, abs=1e-4), 1.0, "binomial", None)
    assert shii["B", None] == share["B", "A"]
    assert inclusion["A", "B"] == (None, None, None, "undefined" if method == "delta" else "degenerate")
    assert share["B", "C"] == (0.0, pytest.approx(0.1684, abs=1e-4), "binomial", None)
    assert share["A", "B"][2] == method


def test_seeds_of_other_libraries_are_the_same_numbers() -> None:
    expected = tc.uncertainty.bootstrap(TALLY, ["salton"], replicates=20, seed=5)
    assert tc.uncertainty.bootstrap(TALLY, ["salton"], replicates=np.int32(20), seed=np.int64(5)).equals(
        expected
    )
    chance = tc.uncertainty.calibrated(TALLY, draws=20, seed=5)
    assert tc.uncertainty.calibrated(TALLY, draws=20, seed=np.int64(5)).equals(chance)


def test_more_works_than_draws_can_hold_are_refused() -> None:
    one = pl.DataFrame({"members": [["A", "B"]], "n": [1 << 31]})
    small = tally_of(one.with_columns(n=pl.lit(1, pl.Int64)), [])
    many = tc.Tally(small.pairs, small.members, small.totals, one, small.meta)
    with pytest.raises(UsageError, match="do not fit 32 bits"):
        tc.uncertainty.bootstrap(many, ["joint"])


@pytest.mark.parametrize("name", ["value", "index", "universe", "lo", "interval_flag", "undefined"])
def test_by_columns_that_are_called_as_columns_of_the_table(name: str) -> None:
    works = pl.DataFrame({name: ["x", "y"], "c": [["A", "B"]] * 2})
    with pytest.raises(UsageError, match="rename it"):
        tc.uncertainty.bootstrap(works, ["joint"], replicates=3, members="c", by=[name])
    with pytest.raises(UsageError, match="rename it"):
        tc.uncertainty.replicates(works.rename({name: "replicate"}), ["joint"], members="c", by=["replicate"])


def test_no_indices() -> None:
    with pytest.raises(UsageError, match="name the indices"):
        tc.uncertainty.replicates(TALLY, [])
