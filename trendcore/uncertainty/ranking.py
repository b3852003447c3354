"""Ranks of values in their cell, and the intervals of these."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore.arrays import Ints

Floats = npt.NDArray[np.float64]


def ranks_of(tails: Floats, n: Ints) -> Ints:
    """Rank, from 0, of the value that cuts a tail off n values; -1 of none.

    Rounded first to where a tail is meant: 0.05 of 1000 is the 50th, though (1 - 0.9) / 2 is a little less.

    Examples
    --------
    >>> ranks_of(np.array([(1 - 0.9) / 2, 0.975, 1.0]), np.array([1000])).tolist()
    [50, 975, 999]
    """
    return np.minimum(np.floor(np.round(tails * n, 9)).astype(np.int64), n - 1)


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
    places = ranks_of(tails, defined[:, np.newaxis])
    ends = np.take_along_axis(ranked, np.maximum(places, 0), axis=1)
    own = rankdata(-values, method="min", nan_policy="omit").astype(np.float64)
    return np.column_stack([own, ends])
