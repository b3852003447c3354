"""Whatever the series: numbers are finite or null, nothing warns, and each series has its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.series import frame

import trendcore as tc

QUICK = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
COUNTS = st.one_of(st.none(), st.sampled_from([0, 0, 1, 2]), st.integers(0, 10**12), st.just(10**100))
NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, float("nan"), 1e-300, -1e-300, 1e150, -1e150]),
    st.floats(-1e9, 1e9),
)
OF_NUMBERS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "trend": tc.trends.trend,
    "original": lambda table: tc.trends.trend(table, test="original", fill=0),
    "change_points": lambda table: tc.trends.change_points(table, min_segment=1),
    "project": lambda table: tc.trends.project(table, tests=5, level=0.5, min_skill=0),
}
OF_COUNTS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "poisson": lambda table: tc.trends.change_points(table, cost="poisson", penalty=0.5),
    "bursts": lambda table: tc.trends.bursts(
        table.with_columns(d=pl.col("value") * 2 + 1), relevant="value", total="d"
    ),
    "relative_growth": tc.trends.relative_growth,
    "emergence": tc.trends.emergence,
}


def lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    """A few series; long ones too, and ones in which a few values come again and again."""
    long = st.integers(0, 40).flatmap(lambda n: st.lists(values, min_size=n, max_size=n))
    same = st.tuples(values, st.integers(1, 40)).map(lambda pair: [pair[0]] * pair[1])
    return st.lists(st.one_of(st.lists(values, max_size=6), long, same), min_size=1, max_size=3)


def check(call: Callable[[pl.DataFrame], pl.DataFrame], series: list[list[Any]]) -> None:
    """Warnings are errors in all tests."""
    table = pl.concat([frame(values, first=2000 - len(values), w=w) for w, values in enumerate(series)])
    if table.is_empty():
        table = frame([None], w=0)
    found = call(table)
    assert found["w"].unique().sort().to_list() == table["w"].unique().sort().to_list()
    numbers = found.select(pl.selectors.float())
    assert numbers.select(pl.all().is_finite().fill_null(value=True).all()).row(0) == (True,) * numbers.width
    assert found.equals(call(table.sample(fraction=1, shuffle=True, seed=1)))


@pytest.mark.parametrize("name", OF_NUMBERS)
@given(series=lists(NUMBERS))
@QUICK
def test_numbers(name: str, series: list[list[Any]]) -> None:
    check(OF_NUMBERS[name], series)


@pytest.mark.parametrize("name", OF_COUNTS)
@given(series=lists(COUNTS))
@QUICK
def test_counts(name: str, series: list[list[Any]]) -> None:
    check(OF_COUNTS[name], series)
