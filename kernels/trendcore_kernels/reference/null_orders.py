"""Order of works in each round."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.reference._philox import philox
from trendcore_kernels.spec import Counts, Ints


def null_orders(rounds: Ints, n_works: int, key: int) -> Counts:
    """Order works at random for each round.

    Parameters
    ----------
    rounds
        (W,) numbers of the rounds, below 2^32.
    n_works
        N, below 2^31.
    key
        Of the random words, below 2^64.

    Returns
    -------
    Counts
        (W, N) places of works, sorted by the words of the places, ties by place.

    Examples
    --------
    >>> null_orders(np.array([0, 1]), 4, key=7)
    array([[3, 2, 1, 0], [0, 3, 2, 1]], dtype=int32)
    """
    out = np.zeros((len(rounds), n_works), dtype=np.int32)
    for row, number in enumerate(rounds.tolist()):
        words: list[int] = []
        for block in range(-(-n_works // 4)):
            words.extend(philox(block, number, 0, 1, key & 0xFFFFFFFF, key >> 32))
        out[row] = sorted(range(n_works), key=words.__getitem__)
    return out
