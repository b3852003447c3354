"""Sum of credits by cell and member."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.spec import Cells, Codes, Ints


def add_credits_dense(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    n_cells: int,
    n_members: int,
) -> Ints:
    """Add the credits of each member in each cell.

    Parameters
    ----------
    cell
        (W,) cell of each work, below ``n_cells``.
    set_offsets, set_codes
        (W+1,) and (S,) member sets.
    credits
        (S,) credits of their entries.
    n_cells, n_members
        C and M.

    Returns
    -------
    Ints
        (C, M) sums.

    Examples
    --------
    >>> sets = np.array([0, 2, 3]), np.array([0, 1, 1], dtype=np.uint8)
    >>> add_credits_dense(np.array([0, 0], dtype=np.int32), *sets, np.array([5, 6, 7]), 1, 2)
    array([[ 5, 13]])
    """
    out = np.zeros((n_cells, n_members), dtype=np.int64)
    for w, c in enumerate(cell.tolist()):
        for entry in range(set_offsets[w], set_offsets[w + 1]):
            out[c, set_codes[entry]] += credits[entry]
    return out
