"""The exact interval of a count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from trendcore.errors import UsageError
from trendcore.uncertainty import poisson_interval


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_the_tails_are_those_of_the_distribution(level: float) -> None:
    counts = np.array([0, 1, 2, 4, 5, 30, 10_000, 3_000_000])
    lo, hi = poisson_interval(counts, level)
    np.testing.assert_allclose(poisson.cdf(counts, hi), (1 - level) / 2, rtol=1e-6)
    np.testing.assert_allclose(poisson.sf(counts[1:] - 1, lo[1:]), (1 - level) / 2, rtol=1e-6)
    assert lo[0] == 0.0


def test_published_limits() -> None:
    """Garwood 1936, table of the fiducial limits for 95 %."""
    lo, hi = poisson_interval([1, 2, 5, 10, 20])
    np.testing.assert_allclose(lo, [0.0253, 0.2422, 1.6235, 4.7954, 12.2165], atol=5e-5)
    np.testing.assert_allclose(hi, [5.5716, 7.2247, 11.6683, 18.3904, 30.8884], atol=5e-5)


@pytest.mark.parametrize("counts", [[-1], [float("nan")]])
def test_no_counts(counts: list[float]) -> None:
    with pytest.raises(UsageError, match="counts are 0 or more"):
        poisson_interval(counts)
