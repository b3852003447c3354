"""Weight of each pattern in some replicates of the Poisson bootstrap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore_kernels.reference._philox import philox
from trendcore_kernels.spec import Ints, Words
from trendcore_kernels.spec.draws import TOP_LEVEL

_HALF = 0xFFFFFFFF


def poisson_draws(
    key: Words,
    n: Ints,
    thresholds: Words,
    starts: Ints,
    least: Ints,
    seed: int,
    first: int,
    n_replicates: int,
) -> npt.NDArray[np.int32]:
    """Draw the weight of each pattern in each replicate: Poisson with rate n, see `spec.draws`.

    Parameters
    ----------
    key
        (W,) what tells patterns apart; equal keys have equal words.
    n
        (W,) works of each pattern, below 2^31.
    thresholds, starts, least
        Of `poisson.poisson_tables`.
    seed
        From 0 to 2^64 - 1.
    first, n_replicates
        Number of the first replicate, and how many.

    Returns
    -------
    np.ndarray
        (W, R) int32.

    Examples
    --------
    >>> from trendcore_kernels.poisson import poisson_tables
    >>> tables = poisson_tables()
    >>> parts = tables.thresholds, tables.starts, tables.least
    >>> key, n = np.array([7, 8], dtype=np.uint64), np.array([1, 5])
    >>> poisson_draws(key, n, *parts, 0, 0, 6)
    array([[ 0,  1,  1,  1,  1,  2],
           [ 6,  8,  4, 10,  5,  6]], dtype=int32)
    """
    draws = np.zeros((len(key), n_replicates), dtype=np.int32)
    for p in range(len(key)):
        for number, level in _draws_of(int(n[p])):
            table = thresholds[starts[level] : starts[level + 1]]
            for at in range(n_replicates):
                word = _word(int(key[p]), first + at, number, seed)
                draws[p, at] += least[level] + sum(1 for threshold in table if word >= int(threshold))
    return draws


def _draws_of(n: int) -> list[tuple[int, int]]:
    """Return number and level of each draw of a pattern."""
    low = [(level, level) for level in range(TOP_LEVEL) if n >> level & 1]
    return low + [(TOP_LEVEL + i, TOP_LEVEL) for i in range(n >> TOP_LEVEL)]


def _word(key: int, replicate: int, number: int, seed: int) -> int:
    x = philox(key & _HALF, key >> 32, replicate >> 1, number, seed & _HALF, seed >> 32)
    low, high = (x[2], x[3]) if replicate & 1 else (x[0], x[1])
    return high << 32 | low
