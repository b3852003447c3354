"""`tc.trends.bursts`: the published example, every path, and what has no upper rate."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

import trendcore as tc
from trendcore.errors import InputError, UsageError
from trendcore_kernels import dispatch

R = [10, 12, 11, 14, 19, 20, 21, 22, 12, 10]


def steps(r: Any, d: Any = 1000, **keys: Any) -> pl.DataFrame:
    d = [d] * len(r) if isinstance(d, int) else d
    return pl.DataFrame(
        {"year": range(2000, 2000 + len(r)), "r": r, "d": d},
        schema_overrides={"r": pl.Float64, "d": pl.Float64},
    ).with_columns(**{name: pl.lit(key) for name, key in keys.items()})


def path(cost: np.ndarray[Any, Any], rise: float) -> list[int]:
    """The cheapest path by going through all of them; of equal ones the lower, from the end on."""
    n = cost.shape[1]
    paths = [states[::-1] for states in product((0, 1), repeat=n)]

    def of(states: tuple[int, ...]) -> float:
        rises = sum(b > a for a, b in zip((0, *states), states, strict=False))
        return float(cost[states, range(n)].sum()) + rise * rises

    least = min(map(of, paths))
    return list(next(states for states in paths if of(states) <= least + 1e-9))


def test_published_example() -> None:
    """States 0000111100; a greedy reading gives all 0."""
    found = tc.trends.bursts(steps(R), s=1.4, gamma=1)
    assert found.select("burst", "first", "last", "years", "relevant", "total").rows() == [
        (1, 2004, 2007, 4, 82.0, 4000.0)
    ]
    p0 = sum(R) / 10_000
    p1 = 1.4 * p0
    weight = sum(r * np.log(p1 / p0) + (1000 - r) * np.log((1 - p1) / (1 - p0)) for r in R[4:8])
    assert found["weight"].item() == pytest.approx(weight, rel=1e-12)
    assert found["rate"].item() == p0


def test_no_path_is_cheaper() -> None:
    rng = np.random.default_rng(1)
    viterbi = dispatch.get("viterbi", "cpu")
    n_up = 0
    for _ in range(60):
        n = int(rng.integers(1, 9))
        cost, rise = rng.integers(0, 5, (2, n)).astype(float), float(rng.integers(0, 4))
        found = viterbi(np.array([0, n]), *cost, np.array([rise])).tolist()
        assert found == path(cost, rise)
        n_up += sum(found)
    assert n_up > 50


def test_two_bursts_are_numbered_and_series_do_not_touch() -> None:
    r = [1, 1, 9, 9, 1, 1, 1, 9, 9, 9]
    table = pl.concat([steps(r, 100, a="JP"), steps(r[::-1], 100, a="US"), steps([1] * 10, 100, a="XK")])
    found = tc.trends.bursts(table)
    assert found.select("a", "burst", "first", "last").rows() == [
        ("JP", 1, 2002, 2003),
        ("JP", 2, 2007, 2009),
        ("US", 1, 2000, 2002),
        ("US", 2, 2006, 2007),
        ("XK", None, None, None),
    ]
    assert found["flag"].to_list() == [None] * 4 + ["no_burst"]
    assert found.equals(tc.trends.bursts(table, backend="reference"))


@pytest.mark.parametrize(
    ("r", "d", "how"),
    [([0, 0, 0], 10, {}), ([10, 10], 10, {}), (R, 1000, {"s": 1.0}), (R, 1000, {"s": 0.5}), ([0, 0], 0, {})],
)
def test_without_an_upper_rate_there_is_no_burst(r: list[int], d: int, how: dict[str, float]) -> None:
    found = tc.trends.bursts(steps(r, d), **how).row(0, named=True)
    assert found["flag"] == "no_upper_rate"
    null = ("burst", "first", "last", "years", "relevant", "total", "weight")
    assert [found[name] for name in null] == [None] * len(null)


def test_the_upper_rate_stays_below_one() -> None:
    found = tc.trends.bursts(steps([1, 1, 8, 8, 1], 8), s=100.0).row(0, named=True)
    assert (found["first"], found["last"]) == (2002, 2003)


def test_steps_without_works_cost_nothing() -> None:
    r, d = R.copy(), [1000] * 10
    r[5] = d[5] = 0
    found = tc.trends.bursts(steps(r, d), s=1.4).row(0, named=True)
    assert (found["first"], found["last"], found["n"]) == (2004, 2007, 10)


def test_an_entry_at_the_first_step_costs_a_rise() -> None:
    """Kleinberg's automaton starts in the lower state before the first step."""
    r = [9, 1, 1, 1, 1, 1]
    ln = np.log(6)
    p0 = 14 / 600
    p1 = 2 * p0
    gain = 9 * np.log(p1 / p0) + 91 * np.log((1 - p1) / (1 - p0))
    just_below, just_above = gain / ln * 0.999, gain / ln * 1.001
    assert tc.trends.bursts(steps(r, 100), gamma=just_below)["first"].item() == 2000
    assert tc.trends.bursts(steps(r, 100), gamma=just_above)["flag"].item() == "no_burst"


def test_missing_years_are_no_steps() -> None:
    table = steps(R).with_columns(r=pl.when(pl.col("year") != 2002).then("r"))
    found = tc.trends.bursts(table, s=1.4).row(0, named=True)
    assert (found["n"], found["flag"], found["first"]) == (9, "gaps", 2004)
    assert tc.trends.bursts(steps([None], 3))["flag"].item() == "no_values"
    assert tc.trends.bursts(steps([], 3, a="x")).height == 0


@pytest.mark.parametrize("r", [[1, -1], [1, 11]])
def test_bad_counts(r: list[int]) -> None:
    with pytest.raises(InputError, match="r is negative or greater than d, first in year 2001"):
        tc.trends.bursts(steps(r, 10))


@pytest.mark.parametrize("change", [{"s": -1.0}, {"gamma": float("inf")}, {"s": float("nan")}])
def test_bad_arguments(change: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="is a number from 0 on"):
        tc.trends.bursts(steps(R), **change)
