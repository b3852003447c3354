"""Ranks of values in their cell, and the intervals of these."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore.arrays import Ints

Floats = npt.NDArray[np.float64]
#: values that are ranked at a time
_TOGETHER = 1 << 22


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

    What is not finite has no rank, in the values and in any replicate. Among equal values of a replicate a
    rank may be any of theirs: the lower end of the interval goes by the first of them, the upper by the last.

    Parameters
    ----------
    values
        (n,) values of an index in a cell.
    replicates
        (n, R) replicates of them.
    level
        Level of confidence.

    Returns
    -------
    np.ndarray
        (n, 3) rank, and the ends of its interval: order statistics, as of `bootstrap`; NaN where undefined.

    Examples
    --------
    >>> rank_intervals(np.array([5.0, 7.0]), np.array([[5.0, 9.0], [7.0, 8.0]]), 0.95).tolist()
    [[2.0, 1.0, 2.0], [1.0, 1.0, 2.0]]
    """
    n = replicates.shape[1]
    ranks = {method: np.empty(replicates.shape, dtype=np.int32) for method in ("min", "max")}
    size = max(_TOGETHER // max(len(values), 1), 1)
    for start in range(0, n, size):
        some = slice(start, start + size)
        for method, found in ranks.items():
            found[:, some] = _ranked(replicates[:, some], method)
    defined = np.isfinite(replicates).sum(axis=1)
    ends = []
    for method, tail in (("min", (1.0 - level) / 2.0), ("max", (1.0 + level) / 2.0)):
        ranks[method].sort(axis=1)  # those of none first
        place = ranks_of(np.full(len(values), tail), defined)
        end = np.take_along_axis(ranks[method], np.maximum(n - defined + place, 0)[:, np.newaxis], axis=1)[
            :, 0
        ]
        ends.append(np.where(defined > 0, end, np.nan))
    own = _ranked(values[:, np.newaxis], "min")[:, 0]
    return np.column_stack([np.where(own > 0, own, np.nan), *ends])


def _ranked(values: Floats, method: str) -> npt.NDArray[np.int32]:
    """Ranks in each column, 1 for the largest; 0 where a value is not finite."""
    from scipy.stats import rankdata

    finite = np.isfinite(values)
    last = np.where(finite, -values, np.inf)  # behind all others, so that it takes no place
    ranks = np.asarray(rankdata(last, method=method, axis=0))
    return np.where(finite, ranks, 0).astype(np.int32)
