"""Sum of pair weights for rows of pairs."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.reference._weights import weighed_pairs
from trendcore_kernels.spec import Cells, Codes, Ints, Weighting


def weigh_sparse(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    pair_cell: Ints,
    a: Ints,
    b: Ints,
    weighting: Weighting,
) -> Ints:
    """Add the weights of each row's pair in its cell.

    Parameters
    ----------
    cell
        (W,) cell of each work.
    set_offsets, set_codes
        (W+1,) and (S,) member sets.
    credits
        (S,) credits of their entries; may have length 0 where the weighting does not look at them.
    pair_cell, a, b
        (Q,) rows as `tally_sparse` gives them. Pairs without a row are left out.
    weighting
        What a work adds to each of its pairs, see `Weighting`.

    Returns
    -------
    Ints
        (Q,) sums in units of 2^-32, which may be 0.

    Examples
    --------
    >>> sets = np.array([0, 3]), np.array([0, 1, 3], dtype=np.uint8)
    >>> rows = np.array([0, 0, 0]), np.array([0, 0, 1]), np.array([1, 3, 3])
    >>> none = np.array([], dtype=np.int64)
    >>> weigh_sparse(np.array([0], dtype=np.int32), *sets, none, *rows, Weighting.PAIR)
    array([1431655766, 1431655765, 1431655765])
    """
    keys = zip(pair_cell.tolist(), a.tolist(), b.tolist(), strict=True)
    row_of = {key: row for row, key in enumerate(keys)}
    out = np.zeros(len(a), dtype=np.int64)
    for *key, weight in weighed_pairs(cell, set_offsets, set_codes, credits, weighting):
        row = row_of.get((key[0], key[1], key[2]))
        if row is not None:
            out[row] += weight
    return out
