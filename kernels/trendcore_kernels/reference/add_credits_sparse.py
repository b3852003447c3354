"""Sum of credits for rows of members."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.spec import Cells, Codes, Ints


def add_credits_sparse(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    member_cell: Ints,
    member: Ints,
) -> Ints:
    """Add the credits of each row's member in its cell.

    Parameters
    ----------
    cell
        (W,) cell of each work.
    set_offsets, set_codes
        (W+1,) and (S,) member sets.
    credits
        (S,) credits of their entries.
    member_cell, member
        (K,) rows as `tally_sparse` gives them. Members without a row are left out.

    Returns
    -------
    Ints
        (K,) sums.

    Examples
    --------
    >>> sets = np.array([0, 2, 3]), np.array([0, 9, 9], dtype=np.uint8)
    >>> rows = np.array([0, 0]), np.array([0, 9])
    >>> add_credits_sparse(np.array([0, 0], dtype=np.int32), *sets, np.array([5, 6, 7]), *rows)
    array([ 5, 13])
    """
    row_of = {key: row for row, key in enumerate(zip(member_cell.tolist(), member.tolist(), strict=True))}
    out = np.zeros(len(member), dtype=np.int64)
    for w, c in enumerate(cell.tolist()):
        for entry in range(set_offsets[w], set_offsets[w + 1]):
            row = row_of.get((c, int(set_codes[entry])))
            if row is not None:
                out[row] += credits[entry]
    return out
