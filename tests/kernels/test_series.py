"""Kernels of series against sorting, on many shapes of numbers: ties, long tails, long series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trendcore_kernels import dispatch

SHAPES: dict[str, Any] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "walk": lambda rng, n: rng.normal(size=n).cumsum(),
    "ties": lambda rng, n: rng.integers(0, 3, n).astype(float),
    "one apart": lambda _, n: (np.arange(n) == n // 2).astype(float),
    "long tails": lambda rng, n: rng.standard_cauchy(n) ** 3,
    "tiny and huge": lambda rng, n: 10.0 ** rng.integers(-140, 140, n) * rng.choice([-1, 1], n),
    "constant": lambda _, n: np.full(n, 2.5),
    "line": lambda _, n: 3.0 * np.arange(n),
}


@pytest.mark.parametrize("n", [2, 3, 10, 11, 12, 13, 44, 45, 120])
@pytest.mark.parametrize("shape", SHAPES)
def test_slopes_of_all_ranks(shape: str, n: int, backend: str) -> None:
    rng = np.random.default_rng(n)
    n_pairs = n * (n - 1) // 2
    ranks = np.unique(np.r_[np.arange(min(n_pairs, 5)), rng.integers(0, n_pairs, 25), n_pairs - 1])
    if backend == "reference":
        ranks = ranks[:3]
    years = np.cumsum(rng.integers(1, 4, n))
    values = SHAPES[shape](rng, n)
    i, j = np.triu_indices(n, 1)
    slopes = np.sort((values[j] - values[i]) / (years[j] - years[i]))
    many = len(ranks)
    offsets = np.arange(many + 1, dtype=np.int64) * n
    series = offsets, np.tile(years, many), np.tile(values, many)
    found = dispatch.get("theil_sen", backend)(*series, ranks, ranks[::-1].copy())
    np.testing.assert_array_equal(found.low, slopes[ranks])
    np.testing.assert_array_equal(found.high, slopes[ranks][::-1])
    np.testing.assert_array_equal(found.slope, np.full(many, np.median(slopes)))
    intercept = np.median(values) - np.median(slopes) * np.median(years)
    np.testing.assert_array_equal(found.intercept, np.full(many, intercept))


@pytest.mark.parametrize(("lower", "changes"), [(0, 0), (1e-12, 0), (1e-6, 1)])
def test_a_cut_that_saves_no_more_than_rounding_is_not_made(lower: float, changes: int, backend: str) -> None:
    """Runs of one year cost half of the run of both, less a little."""
    costs, penalty = np.array([[1 - lower, 4.0, 1]]), np.array([2.0])
    found = dispatch.get("segments", backend)(costs, penalty, 2, 1, 1)
    assert found.changes.tolist() == [changes]
    assert found.label.tolist() == [[0, changes]]
