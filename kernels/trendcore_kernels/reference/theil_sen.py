"""Median of all slopes, the line with it, and the slopes of two ranks."""

from __future__ import annotations

from itertools import combinations
from math import nan

import numpy as np

from trendcore_kernels.reference._series import each, middle
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import TheilSen


def theil_sen(offsets: Ints, years: Ints, values: Floats, low_rank: Ints, high_rank: Ints) -> TheilSen:
    """Order the slopes of all pairs of years.

    Parameters
    ----------
    offsets
        (W+1,) bounds of the series.
    years, values
        (E,) their years, ascending, and values.
    low_rank, high_rank
        (W,) ranks of the slopes to give, from 0 for the smallest one; one that no slope has gives NaN.

    Examples
    --------
    >>> line = np.arange(3), np.array([1.0, 3.0, 7.0])
    >>> found = theil_sen(np.array([0, 3]), *line, np.array([0]), np.array([2]))
    >>> [array.item() for array in (found.slope, found.intercept, found.low, found.high)]
    [3.0, 0.0, 2.0, 4.0]
    """
    rows: list[tuple[float, ...]] = []
    of_series = zip(each(offsets, years), each(offsets, values), low_rank, high_rank, strict=True)
    for when, what, low, high in of_series:
        points = list(zip(when, what, strict=True))
        # a sum with 0 has no sign where it is 0, so that equal numbers are the same bits in any order
        slopes = sorted((y - x) / float(t - s) + 0.0 for (s, x), (t, y) in combinations(points, 2))
        if not slopes:
            rows.append((nan, nan, nan, nan))
            continue
        slope = middle(slopes)
        line = middle(sorted(y + 0.0 for y in what)) - slope * middle(when)
        ends = [slopes[rank] if 0 <= rank < len(slopes) else nan for rank in (low, high)]
        rows.append((slope, line, *ends))
    columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return TheilSen(*(column.copy() for column in columns))
