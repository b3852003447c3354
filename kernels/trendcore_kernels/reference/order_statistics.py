"""Values of each row by their rank."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.spec import Floats, Ints


def order_statistics(values: Floats, ranks: Ints) -> Floats:
    """Find the values of some ranks in each row, without those that are NaN; -0 counts as 0.

    Parameters
    ----------
    values
        (W, R).
    ranks
        (W, Q) from 0, least value first.

    Returns
    -------
    np.ndarray
        (W, Q) float64; NaN where the rank is negative, or not below the number of values.

    Examples
    --------
    >>> order_statistics(np.array([[3.0, np.nan, 1.0]]), np.array([[0, 1, 2]]))
    array([[ 1.,  3., nan]])
    """
    found = np.full(ranks.shape, np.nan)
    for row in range(len(values)):
        ordered = sorted(float(value) + 0.0 for value in values[row] if not np.isnan(value))
        for q in range(ranks.shape[1]):
            if 0 <= ranks[row, q] < len(ordered):
                found[row, q] = ordered[ranks[row, q]]
    return found
