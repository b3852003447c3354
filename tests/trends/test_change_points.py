"""`tc.trends.change_points`: exact against every way to cut, and what must not be cut."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.series import frame

import trendcore as tc
from trendcore.errors import UsageError


def cuts(values: Any, **how: Any) -> list[int]:
    """First years of all segments but the first one."""
    return (
        tc.trends.change_points(frame(values, first=0), **how)
        .filter(pl.col("segment") > 0)["first"]
        .to_list()
    )


def total(values: np.ndarray[Any, Any], at: tuple[int, ...], cost: str) -> float:
    """Cost of cutting there, from the likelihood itself."""
    parts = np.split(values, at)
    if cost == "l2":
        variance = (np.diff(values) ** 2).mean() / 2
        return sum(float(((part - part.mean()) ** 2).sum()) for part in parts) / variance
    return -2 * sum(
        float((part * np.log(part.mean()) - part.mean()).sum()) for part in parts if part.sum() > 0
    )


@pytest.mark.parametrize("cost", ["l2", "poisson"])
@pytest.mark.parametrize("least", [1, 2, 3])
def test_no_way_to_cut_is_cheaper(cost: Any, least: int) -> None:
    rng = np.random.default_rng(least)
    n_cut = 0
    for _ in range(30):
        n = int(rng.integers(2 * least, 12))
        levels = np.repeat(rng.integers(0, 12, 4), 3)[:n]
        values = rng.poisson(levels).astype(float)
        if np.ptp(values) == 0:
            continue
        penalty, most = float(rng.choice([0.3, 1, 2])), int(rng.integers(1, 4))
        found = cuts(values, cost=cost, penalty=penalty, max_changes=most, min_segment=least)
        n_cut += len(found)
        ways = [
            at
            for k in range(most + 1)
            for at in combinations(range(least, n - least + 1), k)
            if all(b - a >= least for a, b in pairwise(at))
        ]
        sums = {at: total(values, at, cost) + penalty * np.log(n) * len(at) for at in ways}
        assert sums[tuple(found)] == pytest.approx(min(sums.values()), rel=1e-9, abs=1e-9)
    assert n_cut > 20


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_of_sums_equal_but_for_rounding_the_one_with_fewer_changes(backend: str) -> None:
    """The second year is as cheap alone as with the first one: 2 ln 2 saved, and ln 4 paid."""
    found = tc.trends.change_points(
        frame([1, 0, 4, 4]), cost="poisson", penalty=1, min_segment=1, backend=backend
    )
    assert found["first"].to_list() == [1980, 1982]


def test_levels_and_steps() -> None:
    values = [1.0, 2, 1, 2, 1, 2, 8, 9, 8, 9, 8, 9, 2, 1, 2, 1, 2, 1]
    found = tc.trends.change_points(frame(values, a="JP"))
    rows = found.select("a", "n", "changes", "segment", "first", "last", "years", "level", "step").rows()
    assert rows == [
        ("JP", 18, 2, 0, 1980, 1985, 6, 1.5, None),
        ("JP", 18, 2, 1, 1986, 1991, 6, 8.5, 7.0),
        ("JP", 18, 2, 2, 1992, 1997, 6, 1.5, -7.0),
    ]
    assert cuts(values, max_changes=0) == []
    assert cuts(values, max_changes=1) in ([6], [12])


@pytest.mark.parametrize("cost", ["l2", "poisson"])
def test_noise_is_seldom_cut(cost: Any) -> None:
    """As the docstring of the penalty says."""
    rng = np.random.default_rng(5)
    table = pl.concat([frame(rng.poisson(30, 25), w=w) for w in range(400)])
    for penalty, low, high in ((3.0, 0, 0.08), (1.0, 0.35, 0.75)):
        found = tc.trends.change_points(table, cost=cost, penalty=penalty).filter(segment=0)
        assert low <= (found["changes"] > 0).mean() <= high


def test_series_of_many_lengths_together_and_alone() -> None:
    rng = np.random.default_rng(2)
    tables = [
        frame(rng.normal(size=n) + 6 * (np.arange(n) > n // 2), w=w) for w, n in enumerate((6, 9, 30, 9, 45))
    ]
    together = tc.trends.change_points(pl.concat(tables))
    assert together.equals(pl.concat([tc.trends.change_points(table) for table in tables]))
    assert together["changes"].max() == 1
    assert together.equals(tc.trends.change_points(pl.concat(tables), backend="reference"))


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    from trendcore.trends import segmenting

    rng = np.random.default_rng(3)
    table = pl.concat([frame(rng.normal(size=10).cumsum(), w=w) for w in range(20)])
    whole = tc.trends.change_points(table)
    monkeypatch.setattr(segmenting, "_BLOCK", 200)
    assert whole.equals(tc.trends.change_points(table))


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ([], "no_values"),
        ([None, None], "no_values"),
        ([1.0] * 5, "too_short,constant"),
        ([1, 2], "too_short"),
    ],
)
def test_short_series_are_not_cut(values: list[float | None], flag: str) -> None:
    table = pl.concat([frame(values, a="X"), frame([1.0], a="Y")]) if values else frame(values)
    found = tc.trends.change_points(table).row(0, named=True)
    null = ("changes", "segment", "first", "last", "years", "level", "step")
    assert [found[name] for name in null] == [None] * len(null)
    assert (found["n"], found["flag"]) == (len([v for v in values if v is not None]), flag)


@pytest.mark.parametrize("cost", ["l2", "poisson"])
@pytest.mark.parametrize("value", [0.0, 7.0])
def test_constant_series_have_one_level(cost: Any, value: float) -> None:
    found = tc.trends.change_points(frame([value] * 20), cost=cost).row(0, named=True)
    assert (found["changes"], found["level"], found["flag"]) == (0, value, "constant")


@pytest.mark.parametrize("bad", [-1.0, 0.5])
def test_what_is_no_count_has_no_poisson_cost(bad: float) -> None:
    table = pl.concat([frame([bad, *[1.0] * 9], a="JP"), frame([2.0] * 10, a="US")])
    found = tc.trends.change_points(table, cost="poisson")
    assert found["flag"].to_list() == ["not_counts", "constant"]
    assert found["changes"].to_list() == [None, 0]


def test_gaps_and_incomplete_years() -> None:
    table = frame([0.0] * 6 + [5.0] * 7).with_columns(
        value_flag=pl.when(pl.col("year") == 1992).then(pl.lit("incomplete_year"))
    )
    found = tc.trends.change_points(table.filter(pl.col("year") != 1983))
    assert found.select("first", "last", "years").rows() == [(1980, 1985, 5), (1986, 1991, 6)]
    assert found["flag"].unique().to_list() == ["gaps,incomplete_years_left_out"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": "rbf"}, "no cost 'rbf': choose one of l2, poisson"),
        ({"penalty": -1}, "penalty is a number from 0 on"),
        ({"penalty": float("nan")}, "penalty is a number from 0 on"),
        ({"max_changes": -1}, "max_changes is a number from 0 on"),
        ({"min_segment": 0}, "min_segment is a number of years from 1 on"),
    ],
)
def test_bad_arguments(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tc.trends.change_points(frame(range(9)), **change)
