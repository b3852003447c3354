"""Distinct known members of each work, ascending."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from trendcore_kernels.reference._works import sets
from trendcore_kernels.spec import Codes, Ints, MemberSets


def member_sets(offsets: Ints, codes: Codes, n_members: int, least: int) -> MemberSets:
    """Find the distinct known members of each work.

    Parameters
    ----------
    offsets, codes
        (W+1,) and (E,) lists of members.
    n_members
        Codes from this number on are unknown.
    least
        Sets of fewer members are left empty.

    Returns
    -------
    MemberSets
        Codes keep their type.

    Examples
    --------
    >>> sets = member_sets(np.array([0, 3, 4]), np.array([2, 0, 2, 255], dtype=np.uint8), 3, 1)
    >>> sets.offsets, sets.codes
    (array([0, 2, 2]), array([0, 2], dtype=uint8))
    """
    found = [members if len(members) >= least else [] for members in sets(offsets, codes, n_members)]
    return MemberSets(
        np.array([0, *accumulate(len(members) for members in found)], dtype=np.int64),
        np.array([code for members in found for code in members], dtype=codes.dtype),
    )
