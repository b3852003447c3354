"""Ranks of values in their cell, and the intervals of these."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def rank_intervals(values: Floats, replicates: Floats, level: float) -> Floats:
    """Rank of each value (1 is the largest, ties share the lower number), and where it is in the replicates.

    Parameters
    ----------
    values
        (n,) values of an index in a cell; those that are NaN have no rank.
    replicates
        (n, R) replicates of them.
    level
        Level of confidence.

    Returns
    -------
    np.ndarray
        (n, 3) rank, and the ends of its interval: order statistics, as of `bootstrap`.

    Examples
    --------
    >>> rank_intervals(np.array([5.0, 7.0]), np.array([[5.0, 9.0], [7.0, 8.0]]), 0.95).tolist()
    [[2.0, 1.0, 2.0], [1.0, 1.0, 2.0]]
    """
    from scipy.stats import rankdata

    n = replicates.shape[1]
    ranked = rankdata(-replicates, method="min", axis=0, nan_policy="omit").astype(np.float64)
    ranked.sort(axis=1)  # NaN last
    defined = n - np.isnan(replicates).sum(axis=1)
    tails = np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    places = np.minimum(np.floor(tails * defined[:, np.newaxis]).astype(np.int64), defined[:, np.newaxis] - 1)
    ends = np.take_along_axis(ranked, np.maximum(places, 0), axis=1)
    own = rankdata(-values, method="min", nan_policy="omit").astype(np.float64)
    return np.column_stack([own, ends])
