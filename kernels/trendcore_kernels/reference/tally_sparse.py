"""Works by cell, member and pair, in rows of those that have works."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np

from trendcore_kernels.reference._apportion import equal
from trendcore_kernels.reference._rows import columns
from trendcore_kernels.reference._works import sets
from trendcore_kernels.spec import Cells, Codes, Ints, SparseTally


def tally_sparse(cell: Cells, offsets: Ints, codes: Codes, n_cells: int, n_members: int) -> SparseTally:
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
    >>> tally = tally_sparse(*works, 1, 3)
    >>> tally.member, tally.member_works, tally.a, tally.b, tally.joint
    (array([0, 2]), array([1, 2]), array([0]), array([2]), array([1]))
    """
    works, known, intl, sum_n, sum_pairs = np.zeros((5, n_cells), dtype=np.int64)
    member_works: Counter[tuple[int, int]] = Counter()
    member_intl: Counter[tuple[int, int]] = Counter()
    fractional: Counter[tuple[int, int]] = Counter()
    joint: Counter[tuple[int, int, int]] = Counter()
    bilateral: Counter[tuple[int, int, int]] = Counter()
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
            joint[c, a, b] += 1
            bilateral[c, a, b] += n == 2
    member_rows = columns(
        [(*key, member_works[key], member_intl[key], fractional[key]) for key in sorted(member_works)], 5
    )
    pair_rows = columns([(*key, joint[key], bilateral[key]) for key in sorted(joint)], 5)
    return SparseTally(works, known, intl, sum_n, sum_pairs, *member_rows, *pair_rows)
