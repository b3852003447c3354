"""Copeland's rule: a score from who beats whom, which no strong part can make up for a weak one in.

A unit beats another where the weights of the parts in which it is better exceed those in which it is worse,
over the parts that both have. Its score is the share of the other units of its cell that it beats, ties
counted half. Only the order of each part counts, so the normalisation does not matter; but a score depends on
who else is in the cell, and no parameter can be frozen. Every two units are compared: the time grows with the
square of the units of a cell that differ, some 5 s for 20,000, so that it is no alternative to draw a
thousand times there.

Sources: Copeland 1951; Munda & Nardo 2009, doi:10.1080/00036840601019364 (the outranking matrix); OECD/JRC
Handbook 2008, step 6 (the non-compensatory multi-criteria approach; its exact Kemeny order takes exponential
time, Copeland's too puts first a unit that beats all others).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: compared at a time, to hold a few MB
_BLOCK: Final = 4_000_000
#: a difference of weights this small is rounding
_EVEN: Final = 1e-12


def copeland(parts: Sequence[Floats], weights: Floats, cells: npt.NDArray[np.int64]) -> Floats:
    """Share of the other units of the cell that each unit beats (n,), 0 to 1.

    Parameters
    ----------
    parts
        Parts, each (n,); NaN where missing. A unit without any part of some weight has no score.
    weights
        Weights (k,).
    cells
        First row of each cell, then n: units of a cell are adjacent (n_cells + 1,).

    Returns
    -------
    Floats
        NaN for a unit without parts, and for one that is alone in its cell.

    Examples
    --------
    >>> parts = [np.array([3.0, 2.0, 1.0]), np.array([3.0, 1.0, 2.0])]
    >>> copeland(parts, np.array([0.5, 0.5]), np.array([0, 3]))
    array([1.  , 0.25, 0.25])
    """
    used = [(x, w) for x, w in zip(parts, weights.tolist(), strict=True) if w > 0]
    scores = np.full(parts[0].shape, np.nan)
    if not used:
        return scores
    matrix = np.column_stack([x for x, _ in used])
    of = np.array([w for _, w in used])
    for start, end in zip(cells[:-1].tolist(), cells[1:].tolist(), strict=True):
        there = np.flatnonzero(~np.isnan(matrix[start:end]).all(axis=1))
        if there.size > 1:
            scores[start + there] = _cell(matrix[start:end][there], of)
    return scores


def _cell(matrix: Floats, weights: Floats) -> Floats:
    """Scores of the units of one cell (n, k); units with the same parts are compared once."""
    rows, where, times = np.unique(matrix, axis=0, return_inverse=True, return_counts=True)
    n = len(matrix)
    points = np.empty(len(rows))
    step = max(1, _BLOCK // len(rows))
    for first in range(0, len(rows), step):
        block = rows[first : first + step]
        net = np.zeros((len(block), len(rows)))
        for x, y, w in zip(block.T, rows.T, weights.tolist(), strict=True):
            # NaN is neither more nor less: the part tells nothing of this comparison
            net += w * ((x[:, None] > y).view(np.int8) - (x[:, None] < y).view(np.int8))
        beats = (net > _EVEN) + 0.5 * (np.abs(net) <= _EVEN)
        points[first : first + step] = beats @ times - 0.5
    return np.asarray(points[where.reshape(-1)] / (n - 1))
