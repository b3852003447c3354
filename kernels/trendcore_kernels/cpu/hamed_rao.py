"""Weighted sum of the autocorrelations of ranks that are beyond a bound."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._series import in_slices
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import HamedRao


def hamed_rao(offsets: Ints, years: Ints, values: Floats, slope: Floats, bound: Floats) -> HamedRao:
    """Add up the autocorrelations of the ranks of what a line leaves, see `reference.hamed_rao`."""
    weight, lags = np.empty(len(offsets) - 1), np.empty(len(offsets) - 1, dtype=np.int64)
    series = frozen(offsets), frozen(years), frozen(values), frozen(slope), frozen(bound)
    in_slices(_correlate, *series, weight, lags)
    return HamedRao(weight, lags)


@jit
def _correlate(
    start: int,
    stop: int,
    offsets: Ints,
    years: Ints,
    values: Floats,
    slope: Floats,
    bound: Floats,
    weight: Floats,
    lags: Ints,
) -> None:
    longest = 0
    for w in range(start, stop):
        longest = max(longest, offsets[w + 1] - offsets[w])
    rest, twice = np.empty(longest), np.empty(longest, np.int64)
    for w in range(start, stop):
        begin, n = offsets[w], offsets[w + 1] - offsets[w]
        for i in range(n):
            rest[i] = values[begin + i] - float(years[begin + i] - years[begin] + 1) * slope[w]
        for i in range(n):
            above = 0
            for j in range(n):
                above += int(rest[i] > rest[j]) - int(rest[i] < rest[j])
            twice[i] = above
        total, used = 0.0, 0
        spread = max(_product(twice, n, 0), 1)
        for lag in range(1, n):
            r = float(_product(twice, n, lag)) / float(spread)
            if abs(r) > bound[w]:
                total += float((n - lag) * (n - lag - 1) * (n - lag - 2)) * r
                used += 1
        weight[w], lags[w] = total, used


@jit
def _product(numbers: Ints, n: int, lag: int) -> int:
    total = 0
    for i in range(n - lag):
        total += numbers[i] * numbers[i + lag]
    return total
