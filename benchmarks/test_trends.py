"""Trends of index series: trendcore beside a loop over pymannkendall, same series, same answer, one run.

python -m pytest benchmarks/test_trends.py --benchmark-json benchmarks/results/DATE-trends.json

The loop is run over a sample of the series, and takes in proportion to their number. It gives no interval of
the slope, no growth rate and no exact p; ours gives all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
import polars as pl
import pymannkendall
import pytest

import trendcore as tc
from trendcore.trends.monotone import line_and_test
from trendcore.trends.series import collect

ROUNDS: Final = 7
N_SERIES: Final = 60_000
N_YEARS: Final = 45
#: series that the loop goes through
SAMPLE: Final = 300
CLOSE: Final = 1e-9
PEERS: Final[dict[str, Callable[..., Any]]] = {
    "hamed_rao": pymannkendall.hamed_rao_modification_test,
    "original": pymannkendall.original_test,
}

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="session")
def values() -> Floats:
    """Wandering series: without a trend, but autocorrelated as yearly series are."""
    rng = np.random.default_rng(1)
    drawn: Floats = rng.normal(size=(N_SERIES, N_YEARS)).cumsum(axis=1)
    return drawn


@pytest.fixture(scope="session")
def table(values: Floats) -> pl.DataFrame:
    """Them as an index table in the order in which it is published: by cell, then by pair."""
    names = [f"{chr(65 + i // 26)}{chr(65 + i % 26)}" for i in range(201)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    keys = pl.DataFrame(
        [(field, a, b) for field in ("ai", "qis", "semiconductors") for a, b in pairs][:N_SERIES],
        schema=["field", "a", "b"],
        orient="row",
    )
    conventions = {"source": "openalex", "role": "author", "index": "salton", "counting": "full"}
    return pl.DataFrame(
        {
            "year": np.tile(np.arange(1980, 1980 + N_YEARS, dtype=np.int16), N_SERIES),
            "value": values.ravel(),
        }
    ).with_columns(
        *keys[np.repeat(np.arange(N_SERIES), N_YEARS)],
        **{name: pl.lit(word) for name, word in conventions.items()},
        marginals=pl.lit("docs_int"),
        universe=pl.lit("all"),
        value_flag=pl.lit(None, pl.String),
    ).sort("field", "year", "a", "b")  # fmt: skip


def _say(benchmark: Any, what: str, n_series: int, threads: int) -> None:
    per_second = n_series / benchmark.stats.stats.median
    benchmark.extra_info.update(
        what=what, series=n_series, years=N_YEARS, threads=threads, series_per_s=round(per_second, 1)
    )


def _trend(table: pl.DataFrame, test: Any) -> pl.DataFrame:
    return tc.trends.trend(table, test=test, backend="cpu")


def _loop(values: Floats, test: str) -> list[Any]:
    peer = PEERS[test]
    return [peer(series) for series in values]


def _same(found: pl.DataFrame, right: list[Any]) -> None:
    """The series are in the order of their keys, as the sample is."""
    names = {"s": "s", "var_s": "var_s", "z": "z", "p": "p", "tau": "Tau", "slope": "slope"}
    columns = found.head(len(right)).with_columns(pl.col("var_s", "z", "p").fill_null(np.nan))
    known = np.array([row.var_s > 0 for row in right])
    assert known.sum() > 0.9 * len(right)
    for ours, theirs in names.items():
        expected = np.array([getattr(row, theirs) for row in right])
        np.testing.assert_allclose(
            columns[ours].to_numpy()[known], expected[known], rtol=CLOSE, atol=CLOSE, err_msg=ours
        )


@pytest.mark.parametrize("test", PEERS)
@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")  # of the loop: a negative variance
def test_trend(benchmark: Any, table: pl.DataFrame, values: Floats, test: str) -> None:
    _same(_trend(table, test), _loop(values[:SAMPLE], test))
    benchmark.pedantic(lambda: _trend(table, test), rounds=ROUNDS, iterations=1)
    label = f"`tc.trends.trend`, {test}, from a long table"
    _say(benchmark, label, N_SERIES, numba.get_num_threads())


@pytest.mark.parametrize("test", PEERS)
def test_arrays(benchmark: Any, table: pl.DataFrame, test: str) -> None:
    """From arrays, as the loop, to all that it gives, and the interval of the slope."""
    series = collect(table, time="year", values=["value"], by=None)

    def run() -> dict[str, Any]:
        return line_and_test(series, "value", 0.95, test, "cpu")

    run()
    benchmark.pedantic(run, rounds=ROUNDS, iterations=1)
    _say(benchmark, f"the same from arrays, {test}", N_SERIES, numba.get_num_threads())


@pytest.mark.parametrize("test", PEERS)
@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_loop(benchmark: Any, values: Floats, test: str) -> None:
    sample = values[:SAMPLE]
    benchmark.pedantic(lambda: _loop(sample, test), rounds=ROUNDS, iterations=1)
    _say(benchmark, f"a loop over pymannkendall, {test}", SAMPLE, 1)


def test_change_points(benchmark: Any, table: pl.DataFrame) -> None:
    tc.trends.change_points(table, backend="cpu")
    benchmark.pedantic(lambda: tc.trends.change_points(table, backend="cpu"), rounds=3, iterations=1)
    _say(benchmark, "`tc.trends.change_points`, l2", N_SERIES, numba.get_num_threads())
