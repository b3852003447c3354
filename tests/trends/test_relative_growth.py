"""`tc.trends.relative_growth` and `emergence`: fits against a plain maximiser, and what has no growth."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats
from support.series import frame

import trendcore as tc
from trendcore.errors import InputError, SchemaError, UsageError

CLOSE = 1e-7


def plain_fit(t: Any, c: Any, w: Any) -> tuple[float, float, float]:
    """Slope of ln E(c) = a + b t + ln w by maximising the likelihood, and ends of its interval."""

    def loss(x: np.ndarray[Any, Any]) -> Any:
        eta = x[0] + x[1] * t + np.log(w)
        return (np.exp(eta) - c * eta).sum()

    def gradient(x: np.ndarray[Any, Any]) -> Any:
        rest = np.exp(x[0] + x[1] * t + np.log(w)) - c
        return np.array([rest.sum(), (rest * t).sum()])

    start = np.array([np.log(c.sum() / w.sum()), 0.0])
    x = optimize.minimize(loss, start, jac=gradient, method="BFGS", options={"gtol": 1e-10}).x
    mu = np.exp(x[0] + x[1] * t + np.log(w))
    information = np.array([[mu.sum(), (mu * t).sum()], [(mu * t).sum(), (mu * t * t).sum()]])
    scatter = max(((c - mu) ** 2 / mu).sum() / (len(t) - 2), 1)
    reach = stats.t.ppf(0.975, len(t) - 2) * np.sqrt(scatter * np.linalg.inv(information)[1, 1])
    return float(x[1]), float(x[1] - reach), float(x[1] + reach)


def test_agrees_with_a_plain_maximiser() -> None:
    rng = np.random.default_rng(7)
    pairs, worlds = [], []
    for w in range(25):
        n = int(rng.integers(5, 30))
        t = np.arange(n) - n / 2
        world = rng.integers(50, 500, n)
        counts = rng.poisson(world * 0.05 * np.exp(rng.normal() * 0.1 * t)) + (w % 3) * rng.integers(0, 9, n)
        pairs.append(frame(counts, w=w))
        worlds.append(frame(world, w=w))
    found = tc.trends.relative_growth(pl.concat(pairs), world=pl.concat(worlds))
    for w, row in enumerate(found.iter_rows(named=True)):
        c, world = pairs[w]["value"].to_numpy(), worlds[w]["value"].to_numpy()
        t = np.arange(len(c)) - len(c) / 2
        for name, whole in (("growth", np.ones(len(c))), ("growth_world", world)):
            columns = [row[name + end] for end in ("", "_lo", "_hi")]
            assert columns == pytest.approx(plain_fit(t, c, whole), rel=1e-5, abs=CLOSE), (w, name)
            doubling = np.log(2) / row[name] if row[name] > 0 else None
            assert row[f"{name}_doubling"] == pytest.approx(doubling) or doubling is None
        assert (row["growth_own"], row["growth_own_flag"]) == (None, "no_field")


def test_exact_growth_and_the_world_of_the_table() -> None:
    years = 12
    table = pl.concat([frame(2.0 ** np.arange(years), a="JP"), frame(10 * 3.0 ** np.arange(years), a="US")])
    found = tc.trends.relative_growth(table)
    assert found["growth"].to_list() == pytest.approx([np.log(2), np.log(3)], rel=1e-9)
    assert found["growth_doubling"][0] == pytest.approx(1, rel=1e-9)
    world = 2.0 ** np.arange(years) + 10 * 3.0 ** np.arange(years)
    given = tc.trends.relative_growth(table, world=frame(world))
    assert found["growth_world"].to_list() == pytest.approx(given["growth_world"].to_list(), rel=1e-9)
    assert found["growth_world"][0] < 0 < found["growth_world"][1]
    assert found["growth_world_doubling"][0] is None


def test_own_works_in_all_fields() -> None:
    ai, qis = 2.0 ** np.arange(8), np.full(8, 50.0)
    table = pl.concat([frame(ai, a="JP", field="ai"), frame(qis, a="JP", field="qis")])
    found = tc.trends.relative_growth(table)
    right = [plain_fit(np.arange(8) - 4.0, each, ai + qis)[0] for each in (ai, qis)]
    assert found["growth_own"].to_list() == pytest.approx(right, rel=1e-5)
    with_all = pl.concat([table, frame(np.full(8, 1000.0), a="JP", field="all")])
    found = tc.trends.relative_growth(with_all)
    assert found["field"].to_list() == ["ai", "all", "qis"]
    assert found["growth_own"].to_list() == pytest.approx([np.log(2), None, 0], abs=1e-9)
    assert found["growth_own_flag"].to_list() == [None, "nothing_to_compare", None]


def test_zeros_stay_in() -> None:
    """A year without works is not dropped, whether its row is there or not."""
    with_zeros = frame([8, 0, 4, 0, 2, 0, 1, 0], a="JP")
    other = frame([100.0] * 8, a="US")
    found = tc.trends.relative_growth(pl.concat([with_zeros, other]))
    holed = tc.trends.relative_growth(pl.concat([with_zeros.filter(pl.col("value") > 0), other]))
    assert found.equals(holed)
    assert found["n"].to_list() == [8, 8]
    dropped = tc.trends.relative_growth(pl.concat([with_zeros.filter(pl.col("value") > 0), other]), fill=None)
    assert dropped["n"].to_list() == [4, 8]


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ([0] * 8, "all_zero"),
        ([5] + [0] * 7, "at_one_end"),
        ([0] * 7 + [5], "at_one_end"),
        ([5, 6], "too_short"),
        ([7], "too_short"),
    ],
)
def test_what_has_no_slope(values: list[int], flag: str) -> None:
    found = tc.trends.relative_growth(frame(values), world=frame([100] * 8)).row(0, named=True)
    for name in ("growth", "growth_world"):
        assert [found[name + end] for end in ("", "_lo", "_hi", "_doubling")] == [None] * 4
        assert found[f"{name}_flag"] == flag


def test_counts_in_one_year_between_have_a_slope() -> None:
    found = tc.trends.relative_growth(frame([0, 0, 5, 0, 0, 0])).row(0, named=True)
    assert found["growth"] == pytest.approx(
        plain_fit(np.arange(6.0), np.array([0, 0, 5, 0, 0, 0]), np.ones(6))[0]
    )
    assert found["growth_world_flag"] == "nothing_to_compare"


def test_few_counts_are_said() -> None:
    found = tc.trends.relative_growth(pl.concat([frame([0, 1, 0, 3, 0], a="JP"), frame([1] * 5, a="US")]))
    assert found["flag"].to_list() == ["small_count", None]


def test_constant_counts_grow_by_nothing() -> None:
    found = tc.trends.relative_growth(frame([1.0] * 9)).row(0, named=True)
    assert (found["growth"], found["growth_doubling"], found["growth_flag"]) == (0.0, None, None)


def test_steep_and_huge_counts() -> None:
    found = tc.trends.relative_growth(frame(10.0 ** np.arange(0, 15, 2.0))).row(0, named=True)
    assert found["growth"] == pytest.approx(2 * np.log(10), rel=1e-9)


def test_years_without_a_total_are_left_out_and_said() -> None:
    table = frame(2.0 ** np.arange(10))
    found = tc.trends.relative_growth(table, world=frame([1000.0] * 7)).row(0, named=True)
    assert found["growth_world"] == pytest.approx(np.log(2), rel=1e-9)
    assert found["growth_world_flag"] == "unknown_total"


def test_the_world_is_not_known_where_a_part_of_it_is_left_out() -> None:
    """Else the others would seem to grow faster than a world that lacks one."""
    table = pl.concat([frame([50] * 8, a="JP"), frame([20] * 8, a="US")])
    said = pl.DataFrame({"a": ["JP"], "year": [1987], "complete": [False]})
    found = tc.trends.relative_growth(table, complete=said).filter(a="US").row(0, named=True)
    assert (found["growth_world"], found["growth_world_flag"]) == (0, "unknown_total")
    fields = table.rename({"a": "field"})
    said = said.rename({"a": "field"})
    found = tc.trends.relative_growth(fields, complete=said).filter(field="US").row(0, named=True)
    assert (found["growth_own"], found["growth_own_flag"]) == (0, "unknown_total")


def test_totals_of_keys_that_the_table_cannot_have() -> None:
    code = pl.lit(7, pl.Int16).alias("code")
    world = pl.concat([frame([100] * 8, code=7), frame([5] * 8, code=70_000)])
    found = tc.trends.relative_growth(frame([1] * 8).with_columns(code), world=world)
    assert found.equals(tc.trends.relative_growth(frame([1] * 8).with_columns(code), world=world.head(8)))
    assert found["growth_world"].item() == 0


def test_bad_counts_and_totals() -> None:
    with pytest.raises(InputError, match="value is a count, and below 0 first in year 1981"):
        tc.trends.relative_growth(frame([1, -1]))
    with pytest.raises(
        InputError, match=r"growth_world: a count of 1 is greater than the total of 0, .* 1981"
    ):
        tc.trends.relative_growth(frame([1, 1]), world=frame([1, 0]))
    with pytest.raises(
        InputError, match=r"growth_world: a count of 9 is greater than the total of 8, .* 1980"
    ):
        tc.trends.emergence(frame([9, 1]), world=frame([8, 8]), window=3)
    for total in (-1, float("inf")):
        with pytest.raises(InputError, match="value of world is negative or infinite"):
            tc.trends.relative_growth(frame([1, 1]), world=frame([9, total]))
    with pytest.raises(InputError, match="value is a count, and below 1e-100 first in year 1981"):
        tc.trends.relative_growth(frame([1, 5e-324]))
    with pytest.raises(SchemaError, match="column 'value' of world holds String; totals are numbers"):
        tc.trends.relative_growth(frame([1, 1]), world=frame([1, 1]).cast({"value": pl.String}))
    with pytest.raises(InputError, match="world has two rows of"):
        tc.trends.relative_growth(frame([1, 1]), world=pl.concat([frame([1]), frame([1])]))
    with pytest.raises(SchemaError, match="world has no column value"):
        tc.trends.relative_growth(frame([1, 1]), world=pl.DataFrame({"year": [1]}))
    with pytest.raises(UsageError, match="level is between 0 and 1"):
        tc.trends.relative_growth(frame([1, 1]), level=0)
    with pytest.raises(UsageError, match="min_years is at least 2"):
        tc.trends.relative_growth(frame([1, 1]), min_years=1)


# -------------------------------------------------------------------------------------------------- emergence


def emerging(values: Any, **how: Any) -> dict[str, Any]:
    table = pl.concat([frame(values, a="JP"), frame([500.0] * 30, a="US")])
    return tc.trends.emergence(table, **how).filter(a="JP").row(0, named=True)


def test_what_is_new_grows_and_lasts_emerges() -> None:
    found = emerging([0] * 20 + [1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
    assert (found["first"], found["last"], found["n"], found["count"]) == (2000, 2009, 10, 231.0)
    assert (found["novelty"], found["persistence"], found["emerging"]) == (1.0, 1.0, True)
    assert found["novelty_world"] == pytest.approx((5000 + 231) / (15_000 + 231))
    assert 0 < found["growth_world_lo"] < found["growth_world"] < found["growth_world_hi"]


@pytest.mark.parametrize(
    ("values", "lacks"),
    [
        ([40] * 20 + [1, 2, 3, 5, 8, 13, 21, 34, 55, 89], "novelty"),
        ([0] * 20 + [9] * 10, "growth"),
        ([0] * 20 + [1, 0, 0, 0, 0, 0, 5, 0, 60, 90], "persistence"),
    ],
)
def test_each_attribute_is_needed(values: list[int], lacks: str) -> None:
    found = emerging(values)
    has = {
        "novelty": found["novelty"] > found["novelty_world"],
        "growth": found["growth_world_lo"] > 0,
        "persistence": found["persistence"] >= 0.8,
    }
    assert not has[lacks]
    assert found["emerging"] is False


def test_emergence_that_cannot_be_said() -> None:
    few = emerging([0] * 27 + [1, 1, 2])
    assert (few["emerging"], few["flag"]) == (None, "small_count")
    short = tc.trends.emergence(pl.concat([frame(range(8), a="JP"), frame([50] * 8, a="US")]))
    assert short["flag"].to_list() == ["no_years_before"] * 2
    assert short["novelty"].to_list() == [None, None]
    empty = tc.trends.emergence(pl.concat([frame([None], a="JP"), frame([1], a="US")]), fill=None).row(
        0, named=True
    )
    assert (empty["emerging"], empty["flag"], empty["count"]) == (None, "no_values,small_count", 0.0)


def test_the_window_is_that_of_the_cell() -> None:
    """A country that vanished long ago does not emerge at its own end."""
    vanished = pl.concat([frame([0, 1, 2, 4, 8, 16], a="SU"), frame([500.0] * 30, a="US")])
    for fill in (0, None):
        found = tc.trends.emergence(vanished, fill=fill).filter(a="SU").row(0, named=True)
        assert (found["last"], found["count"], found["emerging"]) == (2009, 0.0, None)


def test_a_year_left_out_is_none_without_counts() -> None:
    table = pl.concat([frame([0] * 20 + [9] * 10, a="JP"), frame([500.0] * 30, a="US")])
    said = pl.DataFrame({"a": ["JP"], "year": [2009], "complete": [False]})
    found = tc.trends.emergence(table, complete=said).filter(a="JP").row(0, named=True)
    assert (found["last"], found["n"], found["persistence"]) == (2009, 9, 1)


@pytest.mark.parametrize(
    "change", [{"window": 2}, {"min_count": -1}, {"min_persistence": 1.1}, {"level": 1.0}]
)
def test_bad_thresholds(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        tc.trends.emergence(frame([1, 2]), **change)
