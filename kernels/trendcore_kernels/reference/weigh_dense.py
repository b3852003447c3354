"""Sum of pair weights by cell and pair."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.reference._weights import weighed_pairs
from trendcore_kernels.spec import Cells, Codes, Ints, Weighting, pair_column


def weigh_dense(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    n_cells: int,
    n_members: int,
    weighting: Weighting,
) -> Ints:
    """Add the weights of each pair in each cell.

    Parameters
    ----------
    cell
        (W,) cell of each work, below ``n_cells``.
    set_offsets, set_codes
        (W+1,) and (S,) member sets.
    credits
        (S,) credits of their entries; may have length 0 where the weighting does not look at them.
    n_cells, n_members
        C and M.
    weighting
        What a work adds to each of its pairs, see `Weighting`.

    Returns
    -------
    Ints
        (C, P) sums in units of 2^-32; columns as `pair_column`.

    Examples
    --------
    >>> sets = np.array([0, 3]), np.array([0, 1, 3], dtype=np.uint8)
    >>> none = np.array([], dtype=np.int64)
    >>> weigh_dense(np.array([0], dtype=np.int32), *sets, none, 1, 4, Weighting.NEWMAN) / 2**32
    array([[0.5, 0. , 0.5, 0. , 0.5, 0. ]])
    """
    out = np.zeros((n_cells, n_members * (n_members - 1) // 2), dtype=np.int64)
    for c, a, b, weight in weighed_pairs(cell, set_offsets, set_codes, credits, weighting):
        out[c, pair_column(a, b, n_members)] += weight
    return out
