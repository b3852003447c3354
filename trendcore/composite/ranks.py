"""Ranks within cells: 1 is the best, equal scores share the better rank, a unit without a score has none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def ranks_of(scores: Floats, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Rank units within their cells.

    Parameters
    ----------
    scores
        Scores (n,), NaN for none.
    cells
        First row of each cell, then n (n_cells + 1,).

    Returns
    -------
    npt.NDArray[np.int32]
        Ranks (n,) from 1, 0 for none.

    Examples
    --------
    >>> ranks_of(np.array([5.0, 7.0, 7.0, np.nan]), np.array([0, 4]))
    array([3, 1, 1, 0], dtype=int32)
    """
    ranks = np.zeros(scores.shape, dtype=np.int32)
    for start, end in zip(cells[:-1].tolist(), cells[1:].tolist(), strict=True):
        part = -scores[start:end]
        n = part.size - int(np.count_nonzero(np.isnan(part)))
        order = np.argsort(part)[:n]  # NaN last
        ordered = part[order]
        first = np.flatnonzero(np.diff(ordered, prepend=-np.inf))  # where a run of equal scores begins
        ranks[start + order] = np.repeat(1 + first, np.diff(first, append=n))
    return ranks
