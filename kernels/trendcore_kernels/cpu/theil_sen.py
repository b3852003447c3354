"""Median of all slopes, the line with it, and the slopes of two ranks."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._series import in_slices, select
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import TheilSen


def theil_sen(offsets: Ints, years: Ints, values: Floats, low_rank: Ints, high_rank: Ints) -> TheilSen:
    """Order the slopes of all pairs of years, see `reference.theil_sen`."""
    n_series = len(offsets) - 1
    slope, intercept, low, high = (np.full(n_series, np.nan) for _ in range(4))
    ranks = frozen(low_rank), frozen(high_rank)
    in_slices(_order, frozen(offsets), frozen(years), frozen(values), *ranks, slope, intercept, low, high)
    return TheilSen(slope, intercept, low, high)


@jit
def _order(
    start: int,
    stop: int,
    offsets: Ints,
    years: Ints,
    values: Floats,
    low_rank: Ints,
    high_rank: Ints,
    slope: Floats,
    intercept: Floats,
    low: Floats,
    high: Floats,
) -> None:
    longest = 0
    for w in range(start, stop):
        longest = max(longest, offsets[w + 1] - offsets[w])
    slopes = np.empty(longest * (longest - 1) // 2)
    ordered = np.empty(longest)
    for w in range(start, stop):
        begin, n = offsets[w], offsets[w + 1] - offsets[w]
        n_pairs = n * (n - 1) // 2
        if n_pairs == 0:
            continue
        at = 0
        for i in range(begin, begin + n - 1):
            for j in range(i + 1, begin + n):
                # a sum with 0 has no sign where it is 0
                slopes[at + j - i - 1] = (values[j] - values[i]) / float(years[j] - years[i]) + 0.0
            at += begin + n - 1 - i
        middle = _median(slopes, n_pairs)
        slope[w] = middle
        for i in range(n):
            ordered[i] = values[begin + i] + 0.0
        when = float(years[begin + (n - 1) // 2] + years[begin + n // 2]) / 2.0
        intercept[w] = _median(ordered, n) - middle * when
        if 0 <= low_rank[w] < n_pairs:
            low[w] = select(slopes, 0, n_pairs, low_rank[w])
        if 0 <= high_rank[w] < n_pairs:
            high[w] = select(slopes, 0, n_pairs, high_rank[w])


@jit
def _median(numbers: Floats, n: int) -> float:
    below = select(numbers, 0, n, (n - 1) // 2)
    return (below + select(numbers, 0, n, n // 2)) / 2.0
