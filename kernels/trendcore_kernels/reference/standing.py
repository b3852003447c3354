"""How many values of each row are below a number, equal to it, and not a number."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.spec import Floats, Ints


def standing(values: Floats, at: Floats) -> Ints:
    """Count, for each row, the values below a number, those equal to it, and those that are NaN.

    Parameters
    ----------
    values
        (W, R).
    at
        (W,) the number of each row; where it is NaN, none is below or equal.

    Returns
    -------
    np.ndarray
        (W, 3) int64: below, equal, not a number.

    Examples
    --------
    >>> standing(np.array([[1.0, 2.0, np.nan, 2.0]]), np.array([2.0]))
    array([[1, 2, 1]])
    """
    counts = np.zeros((len(values), 3), dtype=np.int64)
    for row in range(len(values)):
        for value in values[row]:
            counts[row, 0] += value < at[row]
            counts[row, 1] += value == at[row]
            counts[row, 2] += value != value
    return counts
