"""Works by cell, and by a among the members and b among the partners, in arrays of all of them."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.reference._works import sets
from trendcore_kernels.spec import Cells, Codes, DenseDirected, Ints


def directed_dense(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    partner_offsets: Ints,
    partner_codes: Codes,
    n_cells: int,
    n_members: int,
) -> DenseDirected:
    """Count works by member, by partner and by ordered pair.

    Parameters
    ----------
    cell
        (W,) cell of each work, below ``n_cells``.
    offsets, codes
        (W+1,) and (E,) lists of members.
    partner_offsets, partner_codes
        (W+1,) and (F,) lists of partners.
    n_cells, n_members
        C and M; codes from ``n_members`` on are unknown.

    Examples
    --------
    >>> members = np.array([0, 2]), np.array([0, 1], dtype=np.uint8)
    >>> partners = np.array([0, 1]), np.array([1], dtype=np.uint8)
    >>> tally = directed_dense(np.zeros(1, np.int32), *members, *partners, 1, 2)
    >>> tally.joint, tally.works_abroad, tally.partner_abroad
    (array([[[0, 1], [0, 0]]]), array([[1, 0]]), array([[0, 1]]))
    """
    works, works_known = np.zeros((2, n_cells), dtype=np.int64)
    by_member = np.zeros((4, n_cells, n_members), dtype=np.int64)
    member_works, partner_works, works_abroad, partner_abroad = by_member
    joint = np.zeros((n_cells, n_members, n_members), dtype=np.int64)
    sides = sets(offsets, codes, n_members), sets(partner_offsets, partner_codes, n_members)
    for c, members, partners in zip(cell.tolist(), *sides, strict=True):
        works[c] += 1
        if not members or not partners:
            continue
        works_known[c] += 1
        for a in members:
            member_works[c, a] += 1
            works_abroad[c, a] += any(b != a for b in partners)
        for b in partners:
            partner_works[c, b] += 1
            partner_abroad[c, b] += any(a != b for a in members)
        for a in members:
            for b in partners:
                joint[c, a, b] += a != b
    return DenseDirected(works, works_known, member_works, partner_works, works_abroad, partner_abroad, joint)
