"""Counts of Mann and Kendall's test for a trend."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np

from trendcore_kernels.reference._series import each, signs
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import Kendall


def mann_kendall(offsets: Ints, values: Floats) -> Kendall:
    """Count pairs of years by the sign of the difference of their values, and ties.

    Parameters
    ----------
    offsets
        (W+1,) bounds of the series.
    values
        (E,) their values.

    Examples
    --------
    >>> found = mann_kendall(np.array([0, 4]), np.array([1.0, 3.0, 3.0, 2.0]))
    >>> found.s, found.tied_pairs, found.ties
    (array([1]), array([1]), array([18]))
    """
    s, tied_pairs, ties = [], [], []
    for series in each(offsets, values):
        groups = Counter(series).values()
        s.append(sum(signs(b, a) for a, b in combinations(series, 2)))
        tied_pairs.append(sum(t * (t - 1) // 2 for t in groups))
        ties.append(sum(t * (t - 1) * (2 * t + 5) for t in groups))
    return Kendall(*(np.array(counts, dtype=np.int64) for counts in (s, tied_pairs, ties)))
