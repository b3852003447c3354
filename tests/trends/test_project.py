"""`tc.trends.project`: published only where the past bears it out, with intervals that held."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from support.series import frame

import trendcore as tc
from trendcore.errors import UsageError
from trendcore.trends import projecting


def many(kind: str, n: int, n_series: int = 300) -> pl.DataFrame:
    rng = np.random.default_rng(len(kind))
    noise = rng.normal(size=(n_series, n))
    values = {
        "noise": noise,
        "walk": noise.cumsum(axis=1),
        "drift": (noise + 1).cumsum(axis=1),
        "growth": np.exp((noise * 0.1 + 0.08).cumsum(axis=1)),
    }[kind]
    return pl.concat([frame(row, w=w) for w, row in enumerate(values)])


def test_a_line_goes_on() -> None:
    found = tc.trends.project(frame(np.arange(30.0), first=1990))
    assert found.select("year", "horizon", "forecast", "lo", "hi", "method").rows() == [
        (2019 + h, h, 29.0 + h, 29.0 + h, 29.0 + h, "linear") for h in (1, 2, 3)
    ]
    assert found.select("mae", "skill", "coverage", "last", "last_value", "flag").row(0) == (
        0.0, 1.0, 1.0, 2019, 29.0, None,
    )  # fmt: skip


def test_exponential_growth_goes_on() -> None:
    found = tc.trends.project(frame(1.5 ** np.arange(30.0)))
    assert found["method"].to_list() == ["log_linear"] * 3
    assert found["forecast"].to_list() == pytest.approx([1.5**30, 1.5**31, 1.5**32], rel=1e-9)


@pytest.mark.parametrize(("kind", "most"), [("noise", 0.02), ("walk", 0.2)])
def test_what_has_no_trend_is_seldom_projected(kind: str, most: float) -> None:
    found = tc.trends.project(many(kind, 45)).filter(horizon=1)
    assert found["forecast"].is_not_null().mean() <= most
    null = found.filter(pl.col("forecast").is_null())
    assert null["flag"].unique().to_list() == ["not_better_than_last_value"]
    assert null.select("lo", "hi").null_count().row(0) == (null.height, null.height)
    assert null["mae"].null_count() == null["skill"].null_count() == 0


@pytest.mark.parametrize("kind", ["drift", "growth"])
@pytest.mark.parametrize("level", [0.5, 0.8])
def test_intervals_held_and_hold(kind: str, level: float) -> None:
    """Both in the back test and in years that were never shown."""
    whole = many(kind, 48, 400)
    found = tc.trends.project(whole.filter(pl.col("year") < 1980 + 45), level=level)
    given = found.filter(pl.col("forecast").is_not_null()).join(whole, on=["w", "year"])
    assert given.height > 500
    assert (given["lo"] <= given["hi"]).all()
    assert given["coverage"].mean() == pytest.approx(level, abs=0.06)
    inside = (given["value"] >= given["lo"]) & (given["value"] <= given["hi"])
    assert inside.mean() == pytest.approx(level, abs=0.08)
    error, of_last = ((given["value"] - given[name]).abs().mean() for name in ("forecast", "last_value"))
    assert error < of_last


def test_errors_are_those_of_a_loop() -> None:
    """One series by plain loops: slopes of scipy, ways, choice, judgement, interval."""
    values = np.random.default_rng(12).normal(size=40).cumsum() + 1.5 * np.arange(40)
    found = tc.trends.project(frame(values), years=2, level=0.7, min_skill=0)
    slope = {t: stats.theilslopes(values[t - 9 : t + 1]).slope for t in range(9, 40)}
    damp = [0.85, 0.85 + 0.85**2]
    ways: dict[str, Any] = {
        "damped": lambda t, h: values[t] + slope[t] * damp[h - 1],
        "linear": lambda t, h: values[t] + slope[t] * h,
        "last": lambda t, _: values[t],
    }
    size = {
        name: {(t, h): abs(values[t + h] - way(t, h)) for h in (1, 2) for t in range(12, 40 - h)}
        for name, way in ways.items()
    }
    assert values.min() < 0  # no logarithms
    choosing = {name: np.mean([e for (t, h), e in size[name].items() if t + h <= 29]) for name in size}
    best = min(("damped", "linear"), key=lambda name: choosing[name])
    judged = {name: np.mean([e for (t, _), e in size[name].items() if t >= 29]) for name in size}
    row = found.row(0, named=True)
    assert row["method"] == best
    assert row["mae"] == pytest.approx(judged[best], rel=1e-12)
    assert row["mae_last"] == pytest.approx(judged["last"], rel=1e-12)
    assert row["n_tests"] == 10 + 9
    unit = {t: np.abs(np.diff(values[t - 9 : t + 1])).mean() for t in range(12, 40)}
    for h, forecast, lo, hi in found.select("horizon", "forecast", "lo", "hi").rows():
        scaled = sorted(e / unit[t] for (t, ahead), e in size[best].items() if ahead == h)
        reach = scaled[int(np.ceil(0.7 * (len(scaled) + 1))) - 1] * unit[39]
        assert forecast == pytest.approx(ways[best](39, h), rel=1e-12)
        assert (lo, hi) == (pytest.approx(forecast - reach), pytest.approx(forecast + reach))


def test_only_known_years_are_used() -> None:
    """What comes later changes no earlier back test: a series and the same one cut give the same slopes."""
    values = np.random.default_rng(3).normal(size=60).cumsum()
    grid = values[None, :]
    whole = projecting._slopes(grid, "cpu")[0]
    cut = projecting._slopes(grid[:, :40], "cpu")[0]
    np.testing.assert_array_equal(whole[: len(cut)], cut)


def test_what_was_never_below_zero_stays_there() -> None:
    falling = tc.trends.project(
        frame(np.concatenate([np.tile([40.0, 41.0], 4), np.arange(40, 0, -2.0)])), years=5
    )
    assert falling["forecast"].is_not_null().all()
    assert falling["lo"].min() >= 0
    assert falling["forecast"].min() == 0
    below = tc.trends.project(
        frame(np.concatenate([np.tile([20.0, 21.0], 4), np.arange(20, -20, -2.0)])), years=5
    )
    assert below["forecast"].min() < -20


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ([], "no_values"),
        ([None], "no_values"),
        ([3.0], "too_short"),
        (range(15), "too_short"),
        ([5.0] * 40, "not_better_than_last_value"),
        ([0.0] * 40, "not_better_than_last_value"),
    ],
)
def test_what_cannot_be_judged_is_null(values: Any, flag: str) -> None:
    table = pl.concat([frame(values, a="X"), frame([1.0], a="Y")]) if len(values) == 1 else frame(values)
    found = tc.trends.project(table, years=2).head(2)
    assert found["flag"].to_list() == [flag] * 2
    assert found["horizon"].to_list() == [1, 2]
    for name in ("forecast", "lo", "hi"):
        assert found[name].to_list() == [None] * 2


def test_too_few_errors_for_the_level() -> None:
    found = tc.trends.project(frame(np.arange(30.0)), level=0.99)
    assert found["flag"].unique().to_list() == ["few_errors"]
    assert found["forecast"].null_count() == 3


def test_gaps_and_incomplete_years() -> None:
    table = (
        frame([*np.arange(40.0), -100])
        .filter(~pl.col("year").is_in([1995, 2003]))
        .with_columns(value_flag=pl.when(pl.col("year") == 2020).then(pl.lit("incomplete_year")))
    )
    found = tc.trends.project(table)
    assert found.select("year", "forecast").rows() == [(2020, 40.0), (2021, 41.0), (2022, 42.0)]
    assert found["flag"].unique().to_list() == ["gaps,incomplete_years_left_out"]


def test_blocks_and_backends_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    table = many("drift", 30, 20)
    whole = tc.trends.project(table)
    assert whole.equals(tc.trends.project(table, backend="reference"))
    monkeypatch.setattr(projecting, "_BLOCK", 7)
    assert whole.equals(tc.trends.project(table))


@pytest.mark.parametrize(
    "change", [{"years": 0}, {"level": 0.0}, {"tests": 4}, {"min_skill": 1.0}, {"min_skill": -0.1}]
)
def test_bad_arguments(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        tc.trends.project(frame(range(9)), **change)
