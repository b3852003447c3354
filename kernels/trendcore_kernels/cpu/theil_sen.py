"""Median of all slopes, the line with it, and the slopes of two ranks."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._ranks import SAMPLE, following, number_of, order, ranked, sample
from trendcore_kernels.cpu._series import in_slices
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
    slopes, sorted_of = np.empty(longest * (longest - 1) // 2), np.empty(longest)
    when, what = np.empty(2 * longest), np.empty(2 * longest)
    keys, keys_of_values = slopes.view(np.int64), sorted_of.view(np.int64)
    some = np.empty(SAMPLE, np.int64)
    for w in range(start, stop):
        begin, n = offsets[w], offsets[w + 1] - offsets[w]
        n_pairs = n * (n - 1) // 2
        if n_pairs == 0:
            continue
        for i in range(n):
            when[i] = when[n + i] = float(years[begin + i] - years[begin])
            what[i] = what[n + i] = values[begin + i]
        _slopes(when, what, n, slopes)
        order(keys, n_pairs)
        sample(keys, n_pairs, some)
        middle = _median(keys, n_pairs, some)
        slope[w] = middle
        if 0 <= low_rank[w] < n_pairs:
            low[w] = number_of(ranked(keys, n_pairs, low_rank[w], some))
        if 0 <= high_rank[w] < n_pairs:
            high[w] = number_of(ranked(keys, n_pairs, high_rank[w], some))
        for i in range(n):
            sorted_of[i] = what[i] + 0.0
        order(keys_of_values, n)
        sample(keys_of_values, n, some)
        centre = float(years[begin + (n - 1) // 2] + years[begin + n // 2]) / 2.0
        intercept[w] = _median(keys_of_values, n, some) - middle * centre


@jit
def _slopes(years: Floats, values: Floats, n: int, slopes: Floats) -> None:
    """Fill in the slopes of all pairs of n years, which come twice, one after the other.

    So pairs at a distance of d, and of n - d, are made in one loop: few long loops, for vector instructions.
    """
    at = 0
    for d in range(1, n // 2 + 1):
        stop = d if 2 * d == n else n
        for i in range(stop):
            # a sum with 0 has no sign where it is 0
            slopes[at + i] = (values[i + d] - values[i]) / (years[i + d] - years[i]) + 0.0
        at += stop


@jit
def _median(keys: Ints, n: int, some: Ints) -> float:
    rank = (n - 1) // 2
    key = ranked(keys, n, rank, some)
    number = number_of(key)
    return (number + (number if n % 2 else number_of(following(keys, n, rank, key)))) / 2.0
