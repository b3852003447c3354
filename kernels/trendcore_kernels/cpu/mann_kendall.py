"""Counts of Mann and Kendall's test for a trend."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._series import in_slices
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import Kendall


def mann_kendall(offsets: Ints, values: Floats) -> Kendall:
    """Count pairs of years by the sign of their difference, and ties, see `reference.mann_kendall`."""
    s, tied_pairs, ties = (np.empty(len(offsets) - 1, dtype=np.int64) for _ in range(3))
    in_slices(_count, frozen(offsets), frozen(values), s, tied_pairs, ties)
    return Kendall(s, tied_pairs, ties)


@jit
def _count(
    start: int, stop: int, offsets: Ints, values: Floats, s: Ints, tied_pairs: Ints, ties: Ints
) -> None:
    for w in range(start, stop):
        series = values[offsets[w] : offsets[w + 1]]
        n = len(series)
        up, tied, weighted = 0, 0, 0
        for i in range(n):
            value = series[i]
            equal = 0
            for j in range(n):
                equal += series[j] == value
            for j in range(i + 1, n):
                up += int(series[j] > value) - int(series[j] < value)
            tied += equal - 1  # each value of a group counts the others
            weighted += (equal - 1) * (2 * equal + 5)
        s[w], tied_pairs[w], ties[w] = up, tied // 2, weighted
