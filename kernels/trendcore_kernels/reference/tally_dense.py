"""Works by cell, member and pair, in arrays of all of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from trendcore_kernels.reference._apportion import equal
from trendcore_kernels.reference._works import sets
from trendcore_kernels.spec import Cells, Codes, DenseTally, Ints, pair_column


def tally_dense(cell: Cells, offsets: Ints, codes: Codes, n_cells: int, n_members: int) -> DenseTally:
    """Count works by cell, member and pair.

    Parameters
    ----------
    cell
        (W,) cell of each work, below ``n_cells``.
    offsets, codes
        (W+1,) and (E,) lists of members.
    n_cells, n_members
        C and M; codes from ``n_members`` on are unknown.

    Examples
    --------
    >>> works = np.zeros(2, np.int32), np.array([0, 2, 5]), np.array([0, 2, 2, 2, 255], dtype=np.uint8)
    >>> tally = tally_dense(*works, 1, 3)
    >>> tally.member_works, tally.joint
    (array([[1, 0, 2]]), array([[0, 1, 0]]))
    """
    works, known, intl, sum_n, sum_pairs = np.zeros((5, n_cells), dtype=np.int64)
    member_works, member_intl, fractional = np.zeros((3, n_cells, n_members), dtype=np.int64)
    joint, bilateral = np.zeros((2, n_cells, n_members * (n_members - 1) // 2), dtype=np.int64)
    for c, members in zip(cell.tolist(), sets(offsets, codes, n_members), strict=True):
        n = len(members)
        works[c] += 1
        known[c] += n >= 1
        intl[c] += n >= 2
        sum_n[c] += n
        sum_pairs[c] += n * (n - 1)
        for a, credit in zip(members, equal(n), strict=True):
            member_works[c, a] += 1
            member_intl[c, a] += n >= 2
            fractional[c, a] += credit
        for a, b in combinations(members, 2):
            joint[c, pair_column(a, b, n_members)] += 1
            bilateral[c, pair_column(a, b, n_members)] += n == 2
    totals = works, known, intl, sum_n, sum_pairs
    return DenseTally(*totals, member_works, member_intl, fractional, joint, bilateral)
