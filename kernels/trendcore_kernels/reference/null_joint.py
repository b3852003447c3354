"""Joint works of pairs of members in draws of the null that keeps both margins."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

from trendcore_kernels.reference._philox import philox
from trendcore_kernels.spec import Codes, Counts, Ints


def null_joint(
    draws: Ints,
    rounds: Ints,
    meetings: Counts,
    offsets: Ints,
    codes: Codes,
    a: Ints,
    b: Ints,
    n_members: int,
    key: int,
) -> Counts:
    """Count joint works of pairs in draws of the null, see `spec.nulls`.

    Parameters
    ----------
    draws
        (W,) numbers of the draws, below 2^32.
    rounds, meetings
        (T+1,) and (Z, 2) works that meet in each round, none twice in the same.
    offsets, codes
        (N+1,) and (L,) member sets of the works; ``offsets[0]`` is 0.
    a, b
        (Q,) pairs, a < b, sorted by a and b, each once.
    n_members
        Codes are below it.
    key
        Of the random words, below 2^64.

    Returns
    -------
    Counts
        (W, Q) works with both a and b, by draw and pair.

    Examples
    --------
    >>> works = np.array([0, 2, 4]), np.array([0, 1, 2, 3], dtype=np.uint8)
    >>> a, b = np.triu_indices(4, 1)
    >>> meetings = np.array([0, 1]), np.array([[0, 1]], dtype=np.int32)
    >>> null_joint(np.arange(3), *meetings, *works, a, b, n_members=4, key=7)
    array([[1, 0, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0], [1, 0, 0, 0, 0, 1]], dtype=int32)
    """
    row = {pair: q for q, pair in enumerate((a * n_members + b).tolist())}
    out = np.zeros((len(draws), len(a)), dtype=np.int32)
    for w, draw in enumerate(draws.tolist()):
        sets = [codes[start:stop].tolist() for start, stop in pairwise(offsets)]
        for number, (start, stop) in enumerate(pairwise(rounds)):
            _round(sets, meetings[start:stop].tolist(), number, draw, key)
        for members in sets:
            for first, second in combinations(sorted(members), 2):
                if first * n_members + second in row:
                    out[w, row[first * n_members + second]] += 1
    return out


def _round(sets: list[list[int]], meetings: list[list[int]], number: int, draw: int, key: int) -> None:
    offers = 0
    for first, second in meetings:
        few, many = sets[first], sets[second]
        if len(many) < len(few):
            few, many = many, few
        for i in range(n_offers(len(few), len(many))):
            word = philox(offers >> 2, number, draw, 0, key & 0xFFFFFFFF, key >> 32)[offers & 3]
            offers += 1
            j = word * (len(many) + 1) >> 32
            if j < len(many) and few[i] not in many and many[j] not in few:
                few[i], many[j] = many[j], few[i]


def n_offers(few: int, many: int) -> int:
    """Members that the smaller of two works offers.

    Examples
    --------
    >>> n_offers(2, 3), n_offers(2, 2), n_offers(0, 0)
    (2, 1, 0)
    """
    return max(few - (few == many), 0)
