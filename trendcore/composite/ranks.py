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
        part = scores[start:end]
        ordered = np.sort(part)  # NaN last
        n = part.size - int(np.count_nonzero(np.isnan(part)))
        better = n - np.searchsorted(ordered[:n], part, side="right")
        ranks[start:end] = np.where(np.isnan(part), 0, 1 + better)
    return ranks
